import { useId } from "react";
import { CallPanel } from "./CallPanel";
import { Changes } from "./Changes";
import { ErrorPanel } from "./ErrorPanel";
import type { StepState, StepView } from "./model";
import { StateTree } from "./StateTree";
import { duration, facts } from "./words";

const WORDS: Record<StepState, string> = {
  done: "",
  failed: "failed",
  skipped: "skipped",
  filtered: "filtered out here",
};
/** Keys that go from one step's head to another. */
const MOVES: Record<string, (at: number, last: number) => number> = {
  ArrowDown: (at, last) => Math.min(at + 1, last),
  ArrowUp: (at) => Math.max(at - 1, 0),
  Home: () => 0,
  End: (_, last) => last,
};

interface Properties {
  view: StepView;
  /** Seconds of all steps. */
  total: number;
  isOpen: boolean;
  onToggle: () => void;
  /** Why the branch ended with it. */
  ending: string | null;
  offer: React.ReactNode;
}

/** One step: a bar that says when it ran and how long, and below it what happened. */
export function StepRow({ view, total, isOpen, onToggle, ending, offer }: Properties) {
  const id = useId();
  const { step, state, sums } = view;
  const told = facts(sums);
  return (
    <li className={`dgf-step dgf-step-${state}`}>
      <button
        type="button"
        className="dgf-step-head"
        aria-expanded={isOpen}
        aria-controls={id}
        onClick={onToggle}
        onKeyDown={move}
      >
        <span className="dgf-step-name">
          <span aria-hidden="true" className="dgf-step-fold">
            {isOpen ? "▾" : "▸"}
          </span>
          <span className="dgf-step-number">{step.index + 1}</span>
          <b>{step.block_id}</b> <span className="dgf-soft">{step.block_type}</span>
          {WORDS[state] && <span className={`dgf-step-word`}>{WORDS[state]}</span>}
          {view.began !== null && (
            <span className="dgf-step-branch" title={`It fanned out; this is branch ${view.began}`}>
              ↳ branch {view.began}
            </span>
          )}
        </span>
        <Bar view={view} total={total} />
        <span className="dgf-step-time">
          {state === "skipped" ? "" : `${duration(step.seconds)} `}
          {state !== "skipped" && total > 0 && (
            <span className="dgf-soft">{Math.round(100 * view.share)} %</span>
          )}
        </span>
        {told.length > 0 && <span className="dgf-step-facts dgf-soft">{told.join(" · ")}</span>}
      </button>
      <div id={id}>
        {isOpen && (
          <div className="dgf-step-body">
            {offer}
            {step.error && <ErrorPanel error={step.error} />}
            {state === "filtered" && ending && (
              <p>
                It ended the branch: <span dir="auto">{ending}</span>
              </p>
            )}
            {state === "skipped" && (
              <p className="dgf-soft">
                Its condition (<code>when</code>) was false, or it is disabled: nothing ran, its
                fields are null.
              </p>
            )}
            {step.calls.map((call) => (
              <CallPanel key={call.number} call={call} count={step.calls.length} />
            ))}
            <Changes changes={view.changes} isAnswered={step.calls.length > 0} />
            <StateTree label="State before" fields={view.before} />
            <StateTree label="State after" fields={view.after} />
          </div>
        )}
      </div>
    </li>
  );
}

/** When it ran among the others, and for which part of it a model was asked. */
function Bar({ view, total }: { view: StepView; total: number }) {
  if (view.state === "skipped") return <span className="dgf-track" />;
  const left = total ? (100 * view.start) / total : 0;
  const asking = view.step.seconds ? (100 * view.asking) / view.step.seconds : 0;
  return (
    <span className="dgf-track" aria-hidden="true">
      <span
        className={`dgf-span dgf-span-${view.state}`}
        style={{ left: `min(${left}%, 100% - 3px)`, width: `max(${100 * view.share}%, 3px)` }}
      >
        <span className="dgf-asking" style={{ width: `${asking}%` }} />
      </span>
    </span>
  );
}

function move(event: React.KeyboardEvent<HTMLButtonElement>) {
  const target = MOVES[event.key];
  if (!target || event.altKey || event.ctrlKey || event.metaKey) return;
  const heads = [
    ...(event.currentTarget.closest("ol")?.querySelectorAll<HTMLElement>(".dgf-step-head") ?? []),
  ];
  const at = heads.indexOf(event.currentTarget);
  heads[target(at, heads.length - 1)]?.focus();
  // Whatever is around the trace has a use for these keys of its own.
  event.preventDefault();
  event.stopPropagation();
}
