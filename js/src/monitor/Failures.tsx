import { useState } from "react";
import { useBridge } from "../bridge/hooks";
import type { Cause, Example, Failures as FailuresTold } from "./protocol";
import { TracePart } from "./TracePart";
import { useTrace } from "./useTrace";
import { count, percent, plural } from "./words";

interface Properties {
  failures: FailuresTold | undefined;
  isGone: boolean;
}

/** Why records failed, the most frequent cause first; each opens to one example. */
export function Failures({ failures, isGone }: Properties) {
  if (!failures?.causes.length) return null;
  const { causes, counted, total, others } = failures;
  return (
    <section aria-label="Failures">
      <h4 className="dgf-monitor-part">
        Failures{" "}
        <span className="dgf-soft">
          {counted < total
            ? `${count(counted)} of ${count(total)} looked at so far`
            : `${plural(total, "record")}, by cause`}
        </span>
      </h4>
      <ul className="dgf-monitor-list">
        {causes.map((cause) => (
          <CauseItem
            key={`${cause.block} ${cause.error} ${cause.record_id}`}
            {...{ cause, isGone }}
          />
        ))}
      </ul>
      {others > 0 && <div className="dgf-soft">and {plural(others, "other cause")}</div>}
    </section>
  );
}

function CauseItem({ cause, isGone }: { cause: Cause; isGone: boolean }) {
  const { requests } = useBridge();
  const [isOpen, setOpen] = useState(false);
  const [example, setExample] = useState<Example | null>(null);
  const [problem, setProblem] = useState<string | null>(null);
  const trace = useTrace();
  const toggle = () => {
    setOpen(!isOpen);
    if (isOpen || example || isGone) return;
    requests
      .ask<Example>("example", { record: cause.record_id })
      .then(setExample, (failure: Error) => setProblem(failure.message));
  };
  return (
    <li>
      <button type="button" className="dgf-monitor-item" aria-expanded={isOpen} onClick={toggle}>
        <span className="dgf-status dgf-status-failed">{count(cause.count)} ×</span>
        <span className="dgf-monitor-words" dir="auto">
          {cause.message}
        </span>
        <span className="dgf-soft">{percent(cause.share)}</span>
      </button>
      {isOpen && (
        <div className="dgf-monitor-more">
          <div className="dgf-soft">
            {[cause.block && `block ${cause.block}`, cause.error].filter(Boolean).join(" · ")}
          </div>
          {example && (
            <>
              <div>
                For example {example.place}{" "}
                <button
                  type="button"
                  className="dgf-button"
                  disabled={isGone}
                  aria-expanded={trace.opened !== null}
                  onClick={() => trace.toggle(cause.record_id)}
                >
                  Its trace
                </button>
              </div>
              {example.message !== cause.message && <div dir="auto">{example.message}</div>}
              <div className="dgf-soft" dir="auto">
                {example.told}
              </div>
            </>
          )}
          {problem && <div className="dgf-problem">{problem}</div>}
          <TracePart opened={trace.opened} problem={trace.problem} close={trace.toggle} />
        </div>
      )}
    </li>
  );
}
