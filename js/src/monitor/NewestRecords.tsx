import type { Newest } from "./protocol";
import { TracePart } from "./TracePart";
import { useTrace } from "./useTrace";

/** The latest records, each in a line; one that is pressed shows what happened to it. */
export function NewestRecords({ records, isGone }: { records: Newest[]; isGone: boolean }) {
  const { opened, problem, toggle } = useTrace();
  if (!records.length) return null;
  return (
    <section aria-label="Newest records">
      <h4 className="dgf-monitor-part">Newest records</h4>
      <ul className="dgf-monitor-list" inert={isGone}>
        {records.map((record) => (
          <li key={record.id}>
            <button
              type="button"
              className="dgf-monitor-item"
              aria-expanded={opened?.id === record.id}
              title="What happened to this record, step by step"
              onClick={() => toggle(record.id)}
            >
              <span className="dgf-soft">#{record.id}</span>
              <span className={`dgf-status dgf-status-${record.status}`}>{record.status}</span>
              <span className="dgf-monitor-line" dir="auto">
                {record.preview}
              </span>
            </button>
          </li>
        ))}
      </ul>
      <TracePart {...{ opened, problem }} close={toggle} />
    </section>
  );
}
