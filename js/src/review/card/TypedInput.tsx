import { json } from "@codemirror/lang-json";
import { useId, useMemo } from "react";
import { CodeEditor } from "../../shared/code/CodeEditor";
import { jsonProblems } from "../../shared/code/jsonText";
import { hasLongLine } from "../../shared/folding";
import { asShown, retyped, type Typed } from "./editing";
import { TextsInput } from "./TextsInput";

export interface TypedProperties {
  name: string;
  typed: Typed;
  set(typed: Typed): void;
}

/** The field that a value is typed into. */
export function TypedInput({ name, typed, set }: TypedProperties) {
  const { mode, text } = typed;
  if (mode === "json") return <JsonInput name={name} typed={typed} set={set} />;
  if (mode === "texts") return <TextsInput name={name} typed={typed} set={set} />;
  if (mode === "number") {
    return (
      <input
        data-first
        className="dgf-input dgf-card-number"
        inputMode="decimal"
        aria-label={name}
        value={text}
        onChange={({ target }) => set({ ...typed, text: target.value })}
      />
    );
  }
  if (mode === "boolean") {
    return (
      <select
        data-first
        className="dgf-input dgf-card-number"
        aria-label={name}
        value={text}
        onChange={({ target }) => set({ ...typed, text: target.value })}
      >
        <option value="true">true</option>
        <option value="false">false</option>
      </select>
    );
  }
  return <GrowingText label={name} text={text} set={(next) => set({ ...typed, text: next })} />;
}

/** A text field that is as high as its text, up to where it would fill the window. */
export function GrowingText(properties: { label: string; text: string; set(text: string): void }) {
  const { label, text, set } = properties;
  const shown = asShown(text);
  return (
    <textarea
      className="dgf-input dgf-card-growing"
      dir={hasLongLine(shown) ? undefined : "auto"}
      aria-label={label}
      rows={Math.min(30, shown.split("\n", 30).length + 1)}
      spellCheck
      value={shown}
      onChange={({ target }) => set(retyped(text, target.value))}
    />
  );
}

function JsonInput({ name, typed, set }: TypedProperties) {
  const id = useId();
  const language = useMemo(() => json(), []);
  return (
    <div className="dgf-card-json">
      <span className="dgf-unseen" id={`${id}__label`}>
        {name} as JSON
      </span>
      <span className="dgf-unseen" id={`${id}__help`}>
        Escape leaves the editor.
      </span>
      <CodeEditor
        id={id}
        value={typed.text}
        onChange={(text) => set({ ...typed, text })}
        language={language}
        check={(text) => jsonProblems(text, false)}
        facts={null}
        placeholder="null"
        isRequired
      />
    </div>
  );
}
