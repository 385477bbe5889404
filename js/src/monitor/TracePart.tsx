import "../trace/trace.css";
import { Boundary } from "../shared/Boundary";
import { TraceView } from "../trace/TraceView";
import type { Opened } from "./useTrace";

interface Properties {
  opened: Opened | null;
  problem: string | null;
  close(id: number): void;
}

/** The trace of a record that was opened, or why it cannot be shown. */
export function TracePart({ opened, problem, close }: Properties) {
  if (problem) return <div className="dgf-problem">{problem}</div>;
  if (!opened) return null;
  return (
    <div className="dgf-monitor-trace">
      <div className="dgf-row">
        <div dir="auto">
          <strong>{opened.trace.title}</strong>{" "}
          <span className="dgf-soft">{opened.trace.about}</span>
        </div>
        <button type="button" className="dgf-button" onClick={() => close(opened.id)}>
          Close
        </button>
      </div>
      <Boundary part="The trace">
        <TraceView key={opened.id} trace={opened.trace} />
      </Boundary>
    </div>
  );
}
