import type { Facts } from "./protocol";
import { count, percent } from "./words";

interface Piece {
  name: string;
  value: number;
  /** Of the bar. */
  share: number;
}

/** The bar's pieces: what has ended, by what became of it. */
export function pieces(facts: Facts): Piece[] {
  const share = facts.total ? Math.min(1, facts.done / facts.total) : 0;
  if (facts.has_target) return [{ name: "accepted", value: facts.done, share }];
  const all = facts.generated + facts.failed + facts.filtered;
  const part = (value: number) => (all ? (share * value) / all : 0);
  return [
    { name: "good", value: facts.generated, share: part(facts.generated) },
    { name: "failed", value: facts.failed, share: part(facts.failed) },
    { name: "filtered", value: facts.filtered, share: part(facts.filtered) },
  ];
}

/** What is read out of a job that goes on: not every step, but what one would tell somebody. */
export function milestone(facts: Facts): string {
  const job = `Job ${facts.id}`;
  const failed = facts.failed ? `, ${count(facts.failed)} failed` : "";
  if (!facts.is_active) return `${job} ${facts.status}: ${facts.told}${failed}`;
  if (facts.is_stopping) return `${job} is being stopped`;
  if (facts.is_paused) return `${job} is paused`;
  const quarter = facts.total ? Math.floor((4 * facts.done) / facts.total) : 0;
  return `${job} at ${25 * quarter} %${facts.failed ? ", some failed" : ""}`;
}

/** How far the job is: one bar, and in words what is in it. */
export function Progress({ facts }: { facts: Facts }) {
  const parts = pieces(facts);
  const left = Math.max(0, facts.total - facts.done);
  const words = facts.has_target
    ? [
        ["good", "not accepted", facts.generated - (facts.accepted ?? 0)],
        ["failed", "failed", facts.failed],
        ["filtered", "filtered", facts.filtered],
      ]
    : parts.map(({ name, value }) => [name, name, value]);
  return (
    <div>
      <div className="dgf-monitor-told">
        <span className="dgf-monitor-done">{facts.told}</span>
        <ul className="dgf-monitor-legend">
          {words.map(([kind, name, value]) =>
            value || kind === "good" ? (
              <li key={kind} className={`dgf-piece-${kind}`}>
                {count(value as number)} {name}
                {kind === "good" && !facts.has_target && facts.accepted !== null
                  ? ` (${count(facts.accepted)} accepted)`
                  : ""}
              </li>
            ) : null,
          )}
          {left > 0 && <li className="dgf-piece-left">{count(left)} to go</li>}
        </ul>
      </div>
      <div
        className={`dgf-monitor-bar ${facts.is_active && !facts.is_paused ? "dgf-moving" : ""}`}
        role="progressbar"
        aria-label={`job ${facts.id}`}
        aria-valuemin={0}
        aria-valuemax={facts.total || 1}
        aria-valuenow={Math.min(facts.done, facts.total || 1)}
        aria-valuetext={facts.told}
      >
        {parts.map(({ name, share }) =>
          share ? (
            <span key={name} className={`dgf-piece-${name}`} style={{ width: `${100 * share}%` }} />
          ) : null,
        )}
      </div>
      {facts.budgets.map((bound) => (
        <div key={bound.option} className="dgf-monitor-bound" title={bound.what}>
          <span className="dgf-code">{bound.option}</span>
          <span className="dgf-monitor-bar dgf-thin" aria-hidden="true">
            <span
              className={bound.share >= 0.9 ? "dgf-piece-failed" : "dgf-piece-bound"}
              style={{ width: `${100 * bound.share}%` }}
            />
          </span>
          <span>
            {bound.told} ({percent(bound.share)})
          </span>
        </div>
      ))}
    </div>
  );
}
