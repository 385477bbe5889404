import { type FieldProps, type RJSFSchema, toFieldPathId, type UiSchema } from "@rjsf/utils";
import { type ComponentType, useEffect, useRef, useState } from "react";
import { Echoes } from "../../shared/code/echoes";
import type { Json } from "../../shared/json";
import { andFocus, last, Small } from "./templates";

interface Row {
  key: number;
  name: string;
  value: Json;
}

/** Names of one's own, each with a value: in an order, which is kept.
 *
 * A row without a name, or with one that is there already, stays out of the definition. */
export function MapField(properties: FieldProps) {
  const { schema, uiSchema, formData, fieldPathId, registry, onChange } = properties;
  const isRoot = fieldPathId.path.length === 0;
  const title = schema.title ?? properties.name;
  const id = fieldPathId.$id;
  const made = useRef(0);
  const list = useRef<HTMLDivElement>(null);
  const [rows, setRows] = useState<Row[]>(() => toRows(formData, made));
  const SchemaField = registry.fields.SchemaField as ComponentType<FieldProps>;
  const values = (schema.additionalProperties ?? {}) as RJSFSchema;

  // What somebody else changed; rows that are not written yet would be lost otherwise.
  const written = JSON.stringify(formData ?? {});
  const sent = useRef(written);
  const [echoes] = useState(() => new Echoes<string>());
  useEffect(() => {
    if (written === sent.current) echoes.clear();
    if (written === sent.current || echoes.isEcho(written)) return;
    sent.current = written;
    const values = JSON.parse(written) as Record<string, Json>;
    setRows((old) => toRows(values, made, old));
  }, [written, echoes]);

  const set = (next: Row[], topic: string) => {
    setRows(next);
    const kept = toObject(next);
    const text = JSON.stringify(kept);
    if (text === sent.current) return;
    sent.current = text;
    echoes.sent(text);
    onChange(
      Object.keys(kept).length || isRoot ? kept : undefined,
      fieldPathId.path,
      undefined,
      topic,
    );
  };
  const change = (at: number, values: Partial<Row>, topic: string) =>
    set(rows.with(at, { ...(rows[at] as Row), ...values }), topic);
  const move = (at: number, by: number) => {
    const row = rows[at] as Row;
    set(rows.toSpliced(at, 1).toSpliced(at + by, 0, row), `${id}!${made.current++}`);
  };
  const names = rows.map((row) => row.name);
  return (
    // biome-ignore lint/a11y/useSemanticElements: a fieldset would want a legend of its own
    <div
      ref={list}
      className="dgf-form-group"
      role="group"
      aria-label={title}
      aria-describedby={isRoot ? undefined : `${id}__help`}
    >
      {rows.map((row, at) => {
        const problem = problemOf(row.name, names, at);
        const inner = toFieldPathId(`${row.key}`, registry.globalFormOptions, fieldPathId.path);
        const spoken = row.name || `entry ${at + 1}`;
        return (
          <div key={row.key} className="dgf-map-row">
            <div className="dgf-form-row">
              <input
                className="dgf-input dgf-code dgf-map-name"
                type="text"
                dir="auto"
                aria-label={`Name of ${title} ${at + 1}`}
                aria-invalid={problem !== null}
                placeholder="name"
                value={row.name}
                onChange={(event) =>
                  change(at, { name: event.target.value }, `${id}.${row.key}.name`)
                }
              />
              <Small label={`Move ${spoken} up`} disabled={at === 0} onClick={() => move(at, -1)}>
                ↑
              </Small>
              <Small
                label={`Move ${spoken} down`}
                disabled={at === rows.length - 1}
                onClick={() => move(at, 1)}
              >
                ↓
              </Small>
              <Small
                label={`Remove ${spoken}`}
                onClick={() => {
                  andFocus(
                    () => set(rows.toSpliced(at, 1), `${id}!${made.current++}`),
                    () => last(list.current, ":scope > .dgf-button"),
                  );
                }}
              >
                ×
              </Small>
            </div>
            {problem && <div className="dgf-bad">{problem}</div>}
            <SchemaField
              name={row.name || `entry ${at + 1}`}
              schema={{ ...values, title: `Value of ${spoken}` }}
              uiSchema={(uiSchema?.items ?? {}) as UiSchema}
              formData={row.value}
              fieldPathId={inner}
              registry={registry}
              required
              onChange={(value, path) => {
                const rest = path.slice(fieldPathId.path.length + 1);
                const next = withValue(row.value, rest, (value ?? null) as Json);
                change(at, { value: next }, `${id}.${row.key}.value`);
              }}
              onBlur={properties.onBlur}
              onFocus={properties.onFocus}
            />
          </div>
        );
      })}
      <button
        type="button"
        id={id}
        className="dgf-button"
        aria-label={`Add to ${title}`}
        onClick={() => {
          const value = values.type === "string" ? "" : null;
          andFocus(
            () => set([...rows, { key: made.current++, name: "", value }], `${id}!`),
            () => last(list.current, ".dgf-map-name"),
          );
        }}
      >
        Add
      </button>
    </div>
  );
}

function problemOf(name: string, names: readonly string[], at: number): string | null {
  if (name.trim() === "") return "not written yet: it needs a name";
  return names.indexOf(name) < at ? "not written: the name is there already" : null;
}

/** A row for each value; those that were there before stay what they are on the page. */
function toRows(values: unknown, made: { current: number }, old: readonly Row[] = []): Row[] {
  return Object.entries((values ?? {}) as Record<string, Json>).map(([name, value]) => ({
    key: old.find((row) => row.name === name)?.key ?? made.current++,
    name,
    value,
  }));
}

function toObject(rows: readonly Row[]): Record<string, Json> {
  const kept: Record<string, Json> = {};
  for (const { name, value } of rows) {
    if (name.trim() !== "" && !(name in kept)) kept[name] = value;
  }
  return kept;
}

/** A value with the part at a path put in anew. */
function withValue(whole: Json, path: readonly (string | number)[], part: Json): Json {
  const [first, ...rest] = path;
  if (first === undefined) return part;
  const copy = (Array.isArray(whole) ? [...whole] : { ...(whole as object) }) as Record<
    string | number,
    Json
  >;
  copy[first] = withValue(copy[first] ?? null, rest, part);
  return copy as Json;
}
