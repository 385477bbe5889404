import type { Insight, Part } from "./protocol";
import { brief, count, percent, plural, short } from "./words";

/** Where the time goes: each block's share, and how long it runs. */
export function Blocks({ insight, now }: { insight: Insight; now: [string, number][] }) {
  const blocks = insight.blocks ?? [];
  const { sampled = 0, executions = 0 } = insight;
  return (
    <>
      {now.length > 0 && (
        <div className="dgf-soft">
          Now in: {now.map(([block, branches]) => `${block} (${count(branches)})`).join(", ")}
        </div>
      )}
      {blocks.length > 0 && (
        <table className="dgf-monitor-table">
          <caption>
            Time per block
            {sampled < executions && (
              <span className="dgf-soft">
                {" "}
                from {plural(sampled, "execution")} of {count(executions)}, evenly spread
              </span>
            )}
          </caption>
          <thead>
            <tr>
              <th scope="col">Block</th>
              <th scope="col" className="dgf-left">
                Share
              </th>
              <th scope="col">Mean</th>
              <th scope="col">Median</th>
              <th scope="col">95 %</th>
            </tr>
          </thead>
          <tbody>
            {blocks.map((each) => (
              <tr key={each.block}>
                <th scope="row">{each.block}</th>
                <td>
                  <span className="dgf-monitor-share">
                    <span className="dgf-monitor-bar dgf-thin" aria-hidden="true">
                      <span className="dgf-piece-good" style={{ width: `${100 * each.share}%` }} />
                    </span>
                    {percent(each.share)}
                  </span>
                </td>
                <td>{brief(each.mean)}</td>
                <td>{brief(each.median)}</td>
                <td>{brief(each.high)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </>
  );
}

/** What was used, by model and by block, where there are several of either. */
export function Parts({ parts }: { parts: Part[] }) {
  const kinds = new Map<string, number>();
  for (const { kind } of parts) kinds.set(kind, (kinds.get(kind) ?? 0) + 1);
  const shown = parts.filter(({ kind }) => (kinds.get(kind) ?? 0) > 1);
  if (!shown.length) return null;
  return (
    <table className="dgf-monitor-table">
      <caption>Tokens and cost</caption>
      <thead>
        <tr>
          <th scope="col">Of</th>
          <th scope="col">Calls</th>
          <th scope="col">Tokens in</th>
          <th scope="col">Out</th>
          <th scope="col">Cost</th>
        </tr>
      </thead>
      <tbody>
        {shown.map((part) => (
          <tr key={`${part.kind} ${part.name}`}>
            <th scope="row">
              <span className="dgf-soft">{part.kind}</span> {part.name}
            </th>
            <td>{count(part.calls)}</td>
            <td>{short(part.input)}</td>
            <td>{short(part.output)}</td>
            <td>{part.cost || "0"}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
