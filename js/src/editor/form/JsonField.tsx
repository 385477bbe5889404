import { json } from "@codemirror/lang-json";
import type { FieldProps } from "@rjsf/utils";
import { useMemo, useRef, useState } from "react";
import { CodeEditor } from "../../shared/code/CodeEditor";
import { Echoes } from "../../shared/code/echoes";
import { jsonProblems, readJson } from "../../shared/code/jsonText";
import type { Json } from "../../shared/json";
import { useFacts } from "./facts";
import { hasTemplateMark } from "./jinja";
import { type JsonKind, readValue, textOf } from "./jsonValue";
import { templateLanguage, templateProblems } from "./templateText";

/** A value written as JSON; where the block takes a text too, as a template of it. */
export function JsonField(properties: FieldProps) {
  const { schema, formData, fieldPathId, onChange, name, required, uiSchema } = properties;
  const facts = useFacts();
  const latest = useRef(facts);
  latest.current = facts;
  const kind = useMemo(() => kindOf(schema, name, uiSchema), [schema, name, uiSchema]);
  const [text, setText] = useState(() => textOf(formData as Json | undefined, kind));
  const [pinned, setPinned] = useState<boolean | null>(null);
  const [echoes] = useState(() => new Echoes<string>());
  const known = useRef(JSON.stringify(formData));
  const [isLeft, setLeft] = useState(false);

  const given = JSON.stringify(formData);
  if (given !== known.current) {
    known.current = given;
    const isOurs = JSON.stringify(valueIn(text)) === given || echoes.isEcho(given);
    if (!isOurs) setText(textOf(formData as Json | undefined, kind));
  }
  const isTemplate = kind.mayBeTemplate && isTemplateText(text);

  function isTemplateText(of: string): boolean {
    if (pinned !== null) return pinned;
    if (!hasTemplateMark(of)) return false;
    return typeof formData === "string" || "error" in readJson(of);
  }
  function valueIn(of: string): Json | undefined {
    return readValue(of, kind, kind.mayBeTemplate && isTemplateText(of));
  }
  function write(value: Json | undefined) {
    echoes.sent(JSON.stringify(value));
    onChange(value, fieldPathId.path);
  }
  function edit(next: string) {
    setText(next);
    const read = readValue(next, kind, kind.mayBeTemplate && isTemplateText(next));
    // What cannot be written stays here, with its error, until it can.
    setLeft(read === undefined && next.trim() !== "");
    if (read !== undefined || next.trim() === "") write(read);
  }

  const language = useMemo(
    () => (isTemplate ? templateLanguage("json", () => latest.current) : json()),
    [isTemplate],
  );
  return (
    <>
      <CodeEditor
        id={fieldPathId.$id}
        value={text}
        onChange={edit}
        language={language}
        check={(of, cursor) =>
          isTemplate
            ? templateProblems(of, cursor, latest.current)
            : kind.words.includes("string") && !kind.mayBeTemplate
              ? []
              : jsonProblems(of, kind.isSchema)
        }
        facts={isTemplate ? facts : kind}
        placeholder={String(
          uiSchema?.["ui:placeholder"] ?? (kind.isSchema ? '{"type": "object"}' : ""),
        )}
        isRequired={required === true}
      />
      {isLeft && <div className="dgf-bad">Not written into the pipeline until it is JSON.</div>}
      {kind.mayBeTemplate && (
        <label className="dgf-form-mode">
          <input
            type="checkbox"
            checked={isTemplate}
            onChange={({ target }) => {
              setPinned(target.checked);
              const read = readValue(text, kind, target.checked);
              if (read !== undefined) write(read);
            }}
          />
          Jinja2 template, filled in for each record
        </label>
      )}
    </>
  );
}

function kindOf(
  schema: FieldProps["schema"],
  name: string,
  uiSchema: FieldProps["uiSchema"],
): JsonKind {
  const choices = [...(schema.anyOf ?? []), ...(schema.oneOf ?? [])] as { type?: string }[];
  const words = [schema.type, ...choices.map((choice) => choice.type ?? "object")]
    .flat()
    .filter((word) => word !== undefined);
  return {
    words,
    mayBeTemplate: uiSchema?.["ui:mayBeTemplate"] === true,
    isSchema: /schema/i.test(name) && words.includes("object"),
  };
}
