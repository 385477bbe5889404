import { useMemo, useState } from "react";
import { Boundary } from "../shared/Boundary";
import { change, changeRules } from "./definition";
import { ConfigForm } from "./form/ConfigForm";
import type { Facts } from "./form/facts";
import { StepResult } from "./StepResult";
import { useEditor } from "./useEditor";

/** The selected block's configuration, or the pipeline's rules. */
export function Inspector() {
  const { selected, ids, definition } = useEditor();
  const [tab, setTab] = useState<"settings" | "result">("settings");
  if (selected === null) {
    return (
      <section className="dgf-inspector" aria-label="The pipeline's settings">
        <Rules />
      </section>
    );
  }
  const id = ids[selected] as string;
  // Not by the id: it changes while it is typed, and the form would lose the focus.
  const key = `${ids.length} ${selected} ${definition.blocks[selected]?.type}`;
  const tabs = { settings: "Settings", result: "Result" } as const;
  return (
    <section className="dgf-inspector" aria-label="The selected block">
      <div className="dgf-tabs" role="tablist">
        {(Object.keys(tabs) as (keyof typeof tabs)[]).map((name) => (
          <button
            key={name}
            type="button"
            role="tab"
            aria-selected={tab === name}
            className="dgf-tab"
            onClick={() => setTab(name)}
          >
            {tabs[name]}
          </button>
        ))}
      </div>
      <Boundary key={`${key} ${tab}`} part={`The block's ${tab}`}>
        {tab === "settings" ? <Block at={selected} /> : <StepResult id={id} />}
      </Boundary>
    </section>
  );
}

function Rules() {
  const editor = useEditor();
  const { definition, check } = editor;
  return (
    <>
      <h3>Pipeline</h3>
      <label className="dgf-field">
        <span>description</span>
        <input
          className="dgf-input"
          value={definition.description ?? ""}
          onChange={(event) =>
            editor.edit(changeRules(definition, { description: event.target.value }), "description")
          }
        />
      </label>
      <label className="dgf-field">
        <span>accept_when</span>
        <input
          className="dgf-input dgf-code"
          placeholder="valid and score > 0.7"
          value={definition.accept_when ?? ""}
          onChange={(event) =>
            editor.edit(changeRules(definition, { accept_when: event.target.value }), "accept_when")
          }
        />
        <small>
          A Jinja2 expression over the final fields: records it is true for are accepted.
        </small>
      </label>
      <Problems problems={check.problems} />
      <p className="dgf-soft">
        Every seed brings: {check.seed_fields.join(", ") || "nothing needed"}
      </p>
    </>
  );
}

const NO_VALUES = {};

function Block({ at }: { at: number }) {
  const editor = useEditor();
  const block = editor.definition.blocks[at];
  const known = editor.catalog?.blocks.find((item) => item.type === block?.type);
  const told = editor.check.blocks[at];
  const { seed } = editor.trial;
  const facts = useMemo<Facts>(
    () => ({
      fields: told?.fields ?? [],
      seed: seed === null ? null : Object.keys(seed),
      // Before a seed is chosen it may bring anything.
      isOpen: seed === null || (told?.is_open ?? true),
      models: editor.catalog?.models ?? [],
    }),
    [told, seed, editor.catalog],
  );
  if (!block) return null;
  const id = editor.ids[at];
  const set = (values: Parameters<typeof change>[2], key: string | null) =>
    editor.edit(change(editor.definition, at, values), key === null ? null : `${id}.${key}`);
  return (
    <>
      <h3 dir="auto">{known?.name ?? block.type}</h3>
      <p className="dgf-soft">{known?.description}</p>
      <Problems problems={told?.problems ?? []} />
      {known?.config && Object.keys(known.config).length === 0 && (
        <p className="dgf-soft">This block describes no configuration; it may take any.</p>
      )}
      {known?.config && (
        <ConfigForm
          config={known.config}
          values={block.config ?? NO_VALUES}
          facts={facts}
          onChange={(config, topic) => set({ config }, topic)}
        />
      )}
      <label className="dgf-field">
        <span>when</span>
        <input
          className="dgf-input dgf-code"
          value={block.when ?? ""}
          onChange={(event) => set({ when: event.target.value }, "when")}
        />
        <small>A Jinja2 expression; the block is skipped where it is false.</small>
      </label>
      <label className="dgf-field">
        <span>id</span>
        <input
          className="dgf-input dgf-code"
          placeholder={id}
          value={block.id ?? ""}
          onChange={(event) => set({ id: event.target.value }, "id")}
        />
      </label>
      <label className="dgf-check">
        <input
          type="checkbox"
          checked={block.disabled ?? false}
          onChange={(event) => set({ disabled: event.target.checked }, "disabled")}
        />
        disabled
      </label>
      <p className="dgf-soft">
        Fields here: {told?.fields.join(", ") || "none"}
        {told?.is_open ? ", and any other" : ""}
      </p>
    </>
  );
}

function Problems({ problems }: { problems: readonly string[] }) {
  return problems.map((problem) => (
    <div key={problem} className="dgf-problem" role="alert" dir="auto">
      {problem}
    </div>
  ));
}
