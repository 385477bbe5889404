import { textIn } from "../../shared/numbers";
import type { FullRecord } from "../../shared/record";
import { useCard } from "./acts";

/** Scores that are shown at a glance, at most. */
const MOST = 8;

/** What the record is, and what was decided about it. */
export function Head() {
  const { record } = useCard();
  const { status, verdict, reason } = record;
  const isOutcome = status === "failed" || status === "filtered";
  return (
    <header className="dgf-card-head">
      <div className="dgf-card-line">
        <h3>Record {record.id}</h3>
        <span className={`dgf-status dgf-status-${status}`}>{status}</span>
        {verdict && <span className="dgf-soft">the rule says: {verdict}</span>}
        {scoresOf(record).map((name) => (
          <span key={name} className="dgf-card-score">
            <bdi>{name}</bdi> <b>{textIn(record.state, name)}</b>
          </span>
        ))}
      </div>
      <div className="dgf-card-line dgf-soft">
        <span>{originOf(record)}</span>
        {record.model && <span>model {record.model}</span>}
        <time dateTime={record.updated_at}>
          {toldBy(record)} {shortTime(record.updated_at)}
        </time>
      </div>
      {isOutcome && (
        <div className={status === "failed" ? "dgf-problem" : "dgf-card-reason"} dir="auto">
          {reason ?? `It ${status === "failed" ? "failed" : "was filtered"} without a reason.`}{" "}
          <span className="dgf-soft">
            There is no result to review; a note and tags can be given.
          </span>
        </div>
      )}
    </header>
  );
}

/** Numbers and verdicts that blocks gave. */
function scoresOf(record: FullRecord): string[] {
  return Object.entries(record.state)
    .filter(([name, value]) => {
      const isScore = typeof value === "number" || typeof value === "boolean";
      return isScore && !Object.hasOwn(record.metadata, name);
    })
    .slice(0, MOST)
    .map(([name]) => name);
}

function originOf(record: FullRecord): string {
  const parts = [`job ${record.job_id}`, `seed ${record.seed_index}`];
  if (record.repetition > 0) parts.push(`repetition ${record.repetition}`);
  if (record.branch) parts.push(`branch ${record.branch}`);
  if (record.attempt > 1) parts.push(`attempt ${record.attempt}`);
  return parts.join(" · ");
}

function toldBy({ status, reviewer }: FullRecord): string {
  const isDecided = status === "accepted" || status === "rejected";
  return `${isDecided ? status : "last changed"}${reviewer ? ` by ${reviewer}` : ""}`;
}

function shortTime(time: string): string {
  return `${time.replace("T", " ").slice(0, 16)} UTC`;
}
