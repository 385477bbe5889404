import { useEffect, useRef } from "react";
import { endTold, startName } from "./attempts";
import type { RunningAgain } from "./useAgain";

/** What running again would do, to be confirmed; how it goes; what came of it. */
export function AgainBar(properties: {
  again: RunningAgain;
  choose(record: number): void;
  isGone: boolean;
  /** Another record is the current one since. */
  isOver: boolean;
}) {
  const { again, choose, isGone, isOver } = properties;
  const { plan, again: state, before, isBusy, error } = again;
  const leave = useRef<HTMLButtonElement>(null);
  useEffect(() => {
    // Not the button that pays: Enter pressed twice starts nothing.
    if (plan) leave.current?.focus();
  }, [plan]);
  if (error !== null) {
    return (
      <div className="dgf-notice" role="alert">
        <span dir="auto">{error}</span>
        <button type="button" className="dgf-button" onClick={again.dismiss}>
          Close
        </button>
      </div>
    );
  }
  if (plan) {
    return (
      <div
        className="dgf-notice dgf-mild dgf-confirm"
        role="alertdialog"
        aria-label="Run again"
        onKeyDown={(event) => {
          if (event.key !== "Escape") return;
          event.stopPropagation();
          again.dismiss();
        }}
      >
        <span dir="auto">{plan.told.charAt(0).toUpperCase() + plan.told.slice(1)}.</span>
        <span className="dgf-row">
          <button
            type="button"
            className="dgf-button dgf-main"
            disabled={isBusy || isGone}
            onClick={again.start}
          >
            {startName(plan)}
          </button>
          <button ref={leave} type="button" className="dgf-button" onClick={again.dismiss}>
            Leave it
          </button>
        </span>
      </div>
    );
  }
  if (!state || isOver) return null;
  if (state.is_running) {
    return (
      <div className="dgf-notice dgf-mild" role="status">
        <span>Running again in job {state.job_id}…</span>
        <button type="button" className="dgf-button" onClick={again.stop}>
          Stop
        </button>
      </div>
    );
  }
  const isNew = state.current !== null && state.current !== before;
  const isBad = isNew && state.record_status === "failed";
  return (
    <div className={`dgf-notice${isBad ? "" : " dgf-mild"}`} role={isBad ? "alert" : "status"}>
      <span dir="auto">{endTold(state, before)}</span>
      <span className="dgf-row">
        {isNew && before !== null && (
          <button
            type="button"
            className={`dgf-button${isBad ? " dgf-main" : ""}`}
            onClick={() => choose(before)}
          >
            {isBad ? `Undo: record ${before} is the current one again` : "Undo"}
          </button>
        )}
        <button type="button" className="dgf-button" onClick={again.dismiss}>
          Close
        </button>
      </span>
    </div>
  );
}
