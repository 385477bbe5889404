import type { FullRecord } from "../shared/record";

/** What is read of a record: its fields, or what happened. */
export type PanePart = "card" | "trace";

export interface PaneProperties {
  /** Null: on its way. */
  record: FullRecord | null;
  part: PanePart;
  setPart(part: PanePart): void;
  /** The field that is being edited; "": the main one; null: none. */
  edited: string | null;
  setEdited(field: string | null): void;
  /** Gives the focus back to the table. */
  focus(): void;
}

/** One record for reading, beside the table or in its place. */
export function RecordPane({ record }: PaneProperties) {
  if (!record) return <section className="dgf-pane" aria-label="Record" aria-busy />;
  return (
    <section className="dgf-pane" aria-label={`Record ${record.id}`}>
      <h3>Record {record.id}</h3>
      {record.fields.map((name) => (
        <div key={name}>
          <strong dir="auto">{name}</strong>
          <pre dir="auto">
            {typeof record.state[name] === "string"
              ? (record.state[name] as string)
              : JSON.stringify(record.state[name], null, 2)}
          </pre>
        </div>
      ))}
    </section>
  );
}
