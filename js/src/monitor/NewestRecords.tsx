import { useState } from "react";
import { useBridge } from "../bridge/hooks";
import { Source } from "../shared/Source";
import type { Newest } from "./protocol";

/** The latest records, each in a line; one that is pressed shows what happened to it. */
export function NewestRecords({ records, isGone }: { records: Newest[]; isGone: boolean }) {
  const { requests } = useBridge();
  const [open, setOpen] = useState<{ id: number; text: string } | null>(null);
  const [problem, setProblem] = useState<string | null>(null);
  if (!records.length) return null;
  const press = (id: number) => {
    setProblem(null);
    if (open?.id === id) {
      setOpen(null);
      return;
    }
    requests.ask<{ text: string }>("record", { record: id }).then(
      ({ text }) => setOpen({ id, text }),
      (failure: Error) => setProblem(failure.message),
    );
  };
  return (
    <section aria-label="Newest records" inert={isGone}>
      <h4 className="dgf-monitor-part">Newest records</h4>
      <ul className="dgf-monitor-list">
        {records.map((record) => (
          <li key={record.id}>
            <button
              type="button"
              className="dgf-monitor-item"
              aria-expanded={open?.id === record.id}
              title="What happened to this record, step by step"
              onClick={() => press(record.id)}
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
      {problem && <div className="dgf-problem">{problem}</div>}
      {open && (
        <div className="dgf-monitor-more">
          <div className="dgf-row">
            <strong>Record {open.id}</strong>
            <button type="button" className="dgf-button" onClick={() => setOpen(null)}>
              Close
            </button>
          </div>
          <Source label={`Record ${open.id}`} className="dgf-source">
            {open.text}
          </Source>
        </div>
      )}
    </section>
  );
}
