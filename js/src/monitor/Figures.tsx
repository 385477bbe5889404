import type { Facts } from "./protocol";
import { clock, count, duration, rate, short } from "./words";

/** The job in figures: how fast, how long, what it took. */
export function Figures({ facts }: { facts: Facts }) {
  const { usage } = facts;
  const figures: [string, string, string?][] = [];
  if (facts.is_active) {
    const unit = facts.rate_unit === "records" ? "records" : "executions";
    figures.push(["Rate", facts.rate === null ? "–" : rate(facts.rate), unit]);
    figures.push(["Left", facts.eta === null ? "–" : `about ${duration(facts.eta)}`, "ETA"]);
  }
  if (facts.elapsed !== null) {
    const since = facts.started_at ? `since ${clock(facts.started_at)}` : "";
    const until = facts.finished_at ? `until ${clock(facts.finished_at)}` : since;
    const told = facts.is_active ? "Running for" : "Took";
    figures.push([told, duration(facts.elapsed), facts.is_active ? since : until]);
  }
  const records = facts.generated + facts.failed + facts.filtered;
  if (facts.has_target || records !== facts.executions) {
    figures.push(["Records", count(records), `${count(facts.executions)} executions`]);
  }
  if (usage.calls || usage.reused) {
    const reused = usage.reused ? `${count(usage.reused)} reused` : "";
    figures.push(["Calls", count(usage.calls), reused]);
    figures.push(["Tokens", short(usage.input + usage.output), tokens(usage)]);
    if (usage.cost || facts.is_offline) {
      figures.push(["Cost", usage.cost || "0", facts.is_offline ? "offline model" : ""]);
    }
  }
  return (
    <>
      <dl className="dgf-monitor-figures">
        {figures.map(([name, value, about]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{value}</dd>
            {about && <dd className="dgf-soft">{about}</dd>}
          </div>
        ))}
      </dl>
      {(facts.models || facts.default_model) && (
        <div className="dgf-soft" dir="auto">
          {[
            facts.models && `Model ${facts.models}`,
            facts.default_model && `default model ${facts.default_model}, if a block's code asks`,
            facts.is_offline && "the offline model is no language model",
          ]
            .filter(Boolean)
            .join(" · ")}
        </div>
      )}
    </>
  );
}

function tokens({ input, output }: { input: number; output: number }): string {
  return `${short(input)} in, ${short(output)} out`;
}
