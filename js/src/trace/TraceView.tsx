import { useMemo, useRef, useState } from "react";
import { CopyButton } from "../shared/CopyButton";
import { SearchContext } from "../shared/LongText";
import { jsonText } from "../shared/numbers";
import { type BranchView, firstOpen, matchesIn, viewOf } from "./model";
import type { TraceBranch, TraceDocument } from "./protocol";
import { StateTree } from "./StateTree";
import { StepRow } from "./StepRow";
import { duration, facts, plural, shortened } from "./words";

/** What happened, step by step. */
export function TraceView(properties: {
  trace: TraceDocument;
  /** What is offered for a step, beside its name: the block's id is given. */
  offer?: (blockId: string) => React.ReactNode;
}) {
  const { trace, offer } = properties;
  const [at, setAt] = useState(0);
  const branch = trace.branches[at];
  return (
    <div className="dgf-trace">
      {trace.branches.length > 1 && (
        <label className="dgf-trace-branches">
          <span>
            Branch ({(trace.branches.length + trace.more).toLocaleString("en")}
            {trace.more > 0 ? `, the first ${trace.branches.length} are shown` : ""})
          </span>
          <select
            className="dgf-input"
            value={at}
            onChange={(event) => setAt(Number(event.target.value))}
          >
            {trace.branches.map((one, number) => (
              <option key={one.label} value={number}>
                {one.label}
                {one.status === null ? "" : `: ${one.status}`}
              </option>
            ))}
          </select>
        </label>
      )}
      {branch ? (
        <Branch
          key={at}
          branch={branch}
          isTold={branch.reason !== null && trace.title.includes(branch.reason)}
          {...(offer ? { offer } : {})}
        />
      ) : (
        <p className="dgf-soft">Nothing has happened yet.</p>
      )}
    </div>
  );
}

function Branch(properties: {
  branch: TraceBranch;
  /** The title has said why it ended. */
  isTold: boolean;
  offer?: (blockId: string) => React.ReactNode;
}) {
  const { branch, isTold, offer } = properties;
  const view = useMemo(() => viewOf(branch), [branch]);
  const [open, setOpen] = useState(() => new Set(firstOpen(view)));
  const [query, setQuery] = useState("");
  const list = useRef<HTMLOListElement>(null);
  const marked = useRef(-1);
  const found = useMemo(
    () => view.steps.map((step) => matchesIn(step, query.trim())),
    [view, query],
  );
  const count = found.reduce((sum, one) => sum + one, 0);
  const all = view.steps.length > 0 && open.size === view.steps.length;
  const toggle = (number: number) => {
    const next = new Set(open);
    if (!next.delete(number)) next.add(number);
    setOpen(next);
  };
  const search = (text: string) => {
    setQuery(text);
    marked.current = -1;
    if (text.trim()) {
      const hits = view.steps.flatMap((step, number) =>
        matchesIn(step, text.trim()) ? [number] : [],
      );
      setOpen(new Set(hits));
    }
  };
  const next = () => {
    const marks = list.current?.querySelectorAll("mark") ?? [];
    if (!marks.length) return;
    marked.current = (marked.current + 1) % marks.length;
    marks[marked.current]?.scrollIntoView({ block: "center" });
  };
  return (
    <SearchContext value={query.trim()}>
      <Totals view={view} isTold={isTold} />
      <div className="dgf-trace-bar">
        <button
          type="button"
          className="dgf-small"
          onClick={() => setOpen(all ? new Set() : new Set(view.steps.keys()))}
        >
          {all ? "Close all" : "Open all"}
        </button>
        <CopyButton label="the trace as JSON" text={() => jsonText(branch)}>
          Copy trace
        </CopyButton>
        <input
          type="search"
          className="dgf-input dgf-trace-search"
          placeholder="Find in this trace"
          aria-label="Find in this trace; Enter goes to the next place"
          value={query}
          onChange={(event) => search(event.target.value)}
          onKeyDown={(event) => {
            if (event.key === "Enter") next();
            if (event.key === "Escape" && query) {
              search("");
              event.stopPropagation();
            }
          }}
        />
        <span className="dgf-soft" role="status">
          {query.trim() &&
            (count
              ? `${plural(count, "place")} in ${plural(found.filter(Boolean).length, "step")}`
              : "not found")}
        </span>
      </div>
      <StateTree label="Seed" fields={branch.seed} />
      <ol className="dgf-steps" ref={list}>
        {view.steps.map((step, number) => (
          <StepRow
            key={step.step.block_id}
            view={step}
            total={view.seconds}
            isOpen={open.has(number)}
            onToggle={() => toggle(number)}
            ending={number === view.steps.length - 1 ? branch.reason : null}
            offer={offer?.(step.step.block_id)}
          />
        ))}
      </ol>
    </SearchContext>
  );
}

function Totals({ view, isTold }: { view: BranchView; isTold: boolean }) {
  const { branch, steps, seconds, sums } = view;
  const ran = steps.filter((step) => step.state !== "skipped").length;
  const skipped = steps.length - ran;
  return (
    <p className="dgf-trace-totals">
      {branch.status !== null && (
        <span className={`dgf-status dgf-status-${branch.status}`}>{branch.status}</span>
      )}{" "}
      {[
        plural(ran, "step"),
        ...(skipped ? [`${skipped} skipped`] : []),
        duration(seconds),
        ...facts(sums),
      ].join(" · ")}
      {branch.reason && !isTold && (
        <span className={branch.status === "failed" ? "dgf-bad" : "dgf-soft"} dir="auto">
          {" "}
          {shortened(branch.reason)}
        </span>
      )}
    </p>
  );
}
