import type { FullRecord } from "../shared/record";

export interface PaneProperties {
  record: FullRecord;
}

/** One record for reading, beside the table or in its place. */
export function RecordPane({ record }: PaneProperties) {
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
