/** What the form library draws single values with. */

import type { WidgetProps } from "@rjsf/utils";
import { useMemo, useRef, useState } from "react";
import { CodeEditor } from "../../shared/code/CodeEditor";
import { useFacts } from "./facts";
import { Suggesting } from "./Suggesting";
import { templateLanguage, templateProblems } from "./templateText";

/** Ids of the label and the help text that templates.tsx draws around a widget. */
export function described(id: string) {
  return { id, "aria-labelledby": `${id}__label`, "aria-describedby": `${id}__help` };
}

function TextWidget(properties: WidgetProps) {
  const { id, schema, value, onChange, placeholder, required, options, multiline } = properties;
  const words = [schema.type].flat();
  const isNumber = words.includes("number") || words.includes("integer");
  const text = value === undefined || value === null ? "" : String(value);
  const emptied = options.emptyValue;
  // An input would swallow line breaks that are there.
  const [isLong] = useState(() => multiline === true || text.includes("\n"));
  if (isNumber) {
    return (
      <input
        {...described(id)}
        className="dgf-input"
        type="number"
        step={words.includes("integer") ? 1 : "any"}
        min={schema.minimum}
        max={schema.maximum}
        required={required}
        placeholder={placeholder}
        value={text}
        onChange={(event) => {
          // While it is half a number ("-", "1e") nothing is known yet.
          if (event.target.validity.badInput) return;
          onChange(event.target.value === "" ? emptied : event.target.value);
        }}
      />
    );
  }
  const common = {
    ...described(id),
    dir: "auto",
    required: required ?? false,
    placeholder,
    value: text,
    onChange: (event: { target: { value: string } }) =>
      onChange(event.target.value === "" ? emptied : event.target.value),
  };
  return isLong ? (
    <textarea {...common} className="dgf-input" rows={Math.min(12, text.split("\n").length + 2)} />
  ) : (
    <input {...common} className="dgf-input" type="text" />
  );
}

function MultilineWidget(properties: WidgetProps) {
  return <TextWidget {...properties} multiline />;
}

function CheckboxWidget({ id, value, onChange, options, required }: WidgetProps) {
  const fallback = options.fallback === true;
  return (
    <input
      {...described(id)}
      type="checkbox"
      checked={typeof value === "boolean" ? value : fallback}
      onChange={({ target }) =>
        onChange(target.checked === fallback && !required ? undefined : target.checked)
      }
    />
  );
}

/** One of some values; the first choice is to give none. */
function SelectWidget(properties: WidgetProps) {
  const { id, value, onChange, options, placeholder, required } = properties;
  const choices = (options.enumOptions ?? []).filter((choice) => choice.value !== null);
  const at = choices.findIndex((choice) => JSON.stringify(choice.value) === JSON.stringify(value));
  const isOther = at < 0 && value !== undefined && value !== null;
  return (
    <select
      {...described(id)}
      className="dgf-input"
      required={required}
      value={isOther ? "other" : at}
      onChange={({ target }) => onChange(choices[Number(target.value)]?.value)}
    >
      <option value={-1}>{placeholder ? `${placeholder} (default)` : "(default)"}</option>
      {choices.map((choice, index) => (
        <option key={JSON.stringify(choice.value)} value={index}>
          {typeof choice.value === "boolean" ? String(choice.value) : choice.label}
        </option>
      ))}
      {isOther && <option value="other">{String(value)} (not allowed)</option>}
    </select>
  );
}

/** A prompt: a template of the fields there are. */
function TemplateWidget({ id, value, onChange, placeholder, required, options }: WidgetProps) {
  const facts = useFacts();
  const latest = useRef(facts);
  latest.current = facts;
  const language = useMemo(() => templateLanguage("prose", () => latest.current), []);
  return (
    <CodeEditor
      id={id}
      value={typeof value === "string" ? value : ""}
      onChange={(text) => onChange(text === "" ? options.emptyValue : text)}
      language={language}
      check={(text, cursor) => templateProblems(text, cursor, latest.current)}
      facts={facts}
      placeholder={placeholder ?? ""}
      isRequired={required === true}
    />
  );
}

function ModelWidget(properties: WidgetProps) {
  const { models } = useFacts();
  const { placeholder } = properties;
  return <Suggesting {...properties} names={models} placeholder={placeholder || "default model"} />;
}

function FieldWidget(properties: WidgetProps) {
  const { fields } = useFacts();
  return <Suggesting {...properties} names={fields} />;
}

export const WIDGETS = {
  TextWidget,
  CheckboxWidget,
  SelectWidget,
  multiline: MultilineWidget,
  template: TemplateWidget,
  model: ModelWidget,
  field: FieldWidget,
};
