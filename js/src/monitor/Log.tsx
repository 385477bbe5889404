import { useTrait } from "../bridge/hooks";
import { Source } from "../shared/Source";
import type { LogTail } from "./protocol";
import { plural } from "./words";

/** The last lines of the job's log, folded away; unfolded they stay so while they change. */
export function Log({ id }: { id: number }) {
  const [tail] = useTrait<LogTail>("log_tail");
  if (!tail.count) return null;
  const lines = (tail.lines ?? []).map(({ block, level, message }) => {
    const told = level === "print" ? "" : `[${level}] `;
    return `${block ?? "-"}  ${told}${message}`;
  });
  return (
    <details className="dgf-monitor-log">
      <summary>
        {plural(tail.count, "line")} in its log: %dgf log {id}
      </summary>
      <Source label={`The last lines of the log of job ${id}`} className="dgf-source">
        {lines.join("\n")}
      </Source>
    </details>
  );
}
