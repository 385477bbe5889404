import type { ReactNode } from "react";
import { changeRules } from "./definition";
import { PANELS, type PanelName } from "./panels";
import { useEditor } from "./useEditor";

/** Name, state and what can be done with the whole pipeline. */
export function Toolbar(properties: {
  isFull: boolean;
  setFull(full: boolean): void;
  panel: PanelName | null;
  setPanel(panel: PanelName | null): void;
  save(): void;
}) {
  const { isFull, setFull, panel, setPanel, save } = properties;
  const editor = useEditor();
  const problems =
    editor.check.problems.length +
    editor.check.blocks.reduce((count, block) => count + block.problems.length, 0);
  const { version, is_changed: isChanged } = editor.saved;
  return (
    <div className="dgf-toolbar" role="toolbar" aria-label="Pipeline" inert={editor.isGone}>
      <input
        className="dgf-name dgf-input"
        aria-label="Pipeline's name"
        value={editor.definition.name}
        onChange={(event) =>
          editor.edit(changeRules(editor.definition, { name: event.target.value }), "name")
        }
      />
      <Tool title="Undo (Ctrl+Z)" onClick={editor.undo} disabled={!editor.canUndo}>
        ↶
      </Tool>
      <Tool title="Redo (Ctrl+Shift+Z)" onClick={editor.redo} disabled={!editor.canRedo}>
        ↷
      </Tool>
      <span className="dgf-space" />
      <output className={problems ? "dgf-bad" : "dgf-good"}>
        {problems ? `${problems} problem${problems > 1 ? "s" : ""}` : "no problems"}
      </output>
      <output className="dgf-soft">
        {version === null
          ? "not saved"
          : isChanged
            ? `changed since version ${version}`
            : `version ${version}`}
      </output>
      {(Object.keys(PANELS) as PanelName[]).map((name) => (
        <Tool
          key={name}
          title={PANELS[name].label}
          isPressed={panel === name}
          onClick={() => setPanel(panel === name ? null : name)}
        >
          {PANELS[name].label}
        </Tool>
      ))}
      <Tool title="Save a version in the store (Ctrl+S)" onClick={save} isMain>
        Save
      </Tool>
      <Tool
        title={isFull ? "Back into the notebook (Esc)" : "Full screen"}
        onClick={() => setFull(!isFull)}
      >
        {isFull ? "Exit" : "Full screen"}
      </Tool>
    </div>
  );
}

function Tool(properties: {
  title: string;
  onClick(): void;
  disabled?: boolean;
  isMain?: boolean;
  isPressed?: boolean;
  children: ReactNode;
}) {
  const { title, onClick, disabled = false, isMain = false, isPressed, children } = properties;
  return (
    <button
      type="button"
      className={isMain ? "dgf-button dgf-main" : "dgf-button"}
      title={title}
      aria-label={title}
      aria-pressed={isPressed}
      disabled={disabled}
      onClick={onClick}
    >
      {children}
    </button>
  );
}
