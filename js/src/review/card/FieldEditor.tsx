import { type KeyboardEvent, type ReactNode, useMemo, useState } from "react";
import { CopyButton } from "../../shared/CopyButton";
import { useCard } from "./acts";
import { Changes, saidIn } from "./Changes";
import { Conflict } from "./Conflict";
import { type Draft, isConflict } from "./drafts";
import {
  isSameNumbers,
  type Mode,
  modesFor,
  readTyped,
  rounded,
  switched,
  type Typed,
  textOf,
  typedIn,
  writtenAs,
} from "./editing";
import { isSame, typeOf } from "./kinds";
import { TypedInput } from "./TypedInput";
import { useSaving } from "./useSaving";

const LABELS: Record<Mode, string> = {
  text: "As text",
  texts: "As a list",
  number: "As a number",
  boolean: "True or false",
  json: "As JSON",
};

/** A field while it is edited. What is typed is kept until it is saved or given up. */
export function FieldEditor({ name, draft }: { name: string; draft: Draft }) {
  const { record, drafts, isGone, leave } = useCard();
  const { save, isSaving, problem, forget } = useSaving(name);
  const [isAsking, setAsking] = useState(false);
  const { typed, base, start } = draft;
  const part = `field ${name}` as const;
  const read = readTyped(typed);
  const isChanged = drafts.isChanged(record.id, part);
  const isTaken = useMemo(() => {
    const began = start ? { base, start } : { base };
    return isConflict(began, record.state[name], typedIn(record.state, name));
  }, [base, start, record.state, name]);
  const hasOriginal = Object.hasOwn(record.original, name);

  const type = (next: Typed) => {
    forget();
    drafts.put(record.id, part, { ...draft, typed: next });
  };
  const giveUp = () => {
    drafts.drop(record.id, part);
    leave(name);
  };
  const cancel = () => (isChanged ? setAsking(true) : giveUp());
  const press = (event: KeyboardEvent) => {
    if (event.nativeEvent.isComposing) return;
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) void save();
    else if (event.key === "Escape") isAsking ? setAsking(false) : cancel();
    else return;
    event.preventDefault();
    event.stopPropagation();
  };
  return (
    // biome-ignore lint/a11y/useSemanticElements: one value, edited; no fieldset of a form
    <div
      role="group"
      aria-label={`Editing ${name}`}
      className="dgf-card-editor"
      onKeyDownCapture={press}
    >
      {isTaken && <Conflict name={name} draft={draft} />}
      <Modes value={base} typed={typed} set={(mode) => type(switched(typed, mode))} name={name} />
      <TypedInput name={name} typed={typed} set={type} />
      <p className="dgf-card-told">
        <Told read={read} draft={draft} />
      </p>
      {problem && (
        <div className="dgf-problem" role="alert">
          {problem}
        </div>
      )}
      {isAsking ? (
        <div className="dgf-row" role="alert">
          <span>Give up what was typed?</span>
          <button type="button" className="dgf-button" onClick={giveUp}>
            Give it up
          </button>
          <button type="button" className="dgf-button" onClick={() => setAsking(false)}>
            Go on editing
          </button>
        </div>
      ) : (
        <div className="dgf-row dgf-card-buttons">
          <button
            type="button"
            className="dgf-button dgf-main"
            title="Ctrl+Enter"
            disabled={isGone || isSaving || isTaken || "problem" in read}
            onClick={() => void save()}
          >
            {isSaving ? "Saving…" : "Save"}
          </button>
          <button type="button" className="dgf-button" title="Esc" onClick={cancel}>
            Cancel
          </button>
          {hasOriginal && (
            <button
              type="button"
              className="dgf-button"
              onClick={() => type(typedIn(record.original, name))}
            >
              Back to the original
            </button>
          )}
          <CopyButton label={`what was typed for ${name}`} text={() => textOf(typed)} />
          {isGone && (
            <span className="dgf-bad">The kernel is gone: copy what you typed to keep it.</span>
          )}
        </div>
      )}
      {isChanged && !isTaken && "value" in read && (
        <Preview>
          <Changes
            name={name}
            before={saidIn(hasOriginal ? record.original : record.state, name)}
            after={{ value: read.value, text: writtenAs(typed, read.value) }}
            labels={hasOriginal ? "From the original" : "From what it is"}
          />
        </Preview>
      )}
    </div>
  );
}

/** Compared while it is open alone: long texts take their time. */
function Preview({ children }: { children: ReactNode }) {
  const [isOpen, setOpen] = useState(false);
  return (
    <details
      className="dgf-card-preview"
      onToggle={({ currentTarget }) => setOpen(currentTarget.open)}
    >
      <summary>What changes</summary>
      {isOpen && children}
    </details>
  );
}

/** What would be saved. */
function Told({ read, draft }: { read: ReturnType<typeof readTyped>; draft: Draft }) {
  const { typed, base, start = typed } = draft;
  if ("problem" in read) return <span className="dgf-bad">{read.problem}</span>;
  if (isSame(read.value, base) && isSameNumbers(typed, start))
    return <span className="dgf-soft">As it was</span>;
  const [before, after] = [typeOf(base), typeOf(read.value)];
  const lost = rounded(typed);
  const isOther = before.split(" ")[0] !== after.split(" ")[0];
  return (
    <span className={isOther || lost ? "dgf-card-other" : "dgf-soft"}>
      Saved as: {after}
      {isOther && ` (it was: ${before})`}
      {lost && `; ${lost.typed} has more digits than a number holds, and becomes ${lost.stored}`}
    </span>
  );
}

function Modes(properties: { name: string; value: unknown; typed: Typed; set(mode: Mode): void }) {
  const { name, value, typed, set } = properties;
  const modes = modesFor(value);
  return (
    // biome-ignore lint/a11y/useSemanticElements: buttons that belong together, no fieldset
    <div role="group" aria-label={`Edit ${name}`} className="dgf-card-views">
      {(modes.includes(typed.mode) ? modes : [typed.mode, ...modes]).map((mode) => (
        <button
          key={mode}
          type="button"
          className="dgf-small"
          aria-pressed={mode === typed.mode}
          onClick={() => set(mode)}
        >
          {LABELS[mode]}
        </button>
      ))}
    </div>
  );
}
