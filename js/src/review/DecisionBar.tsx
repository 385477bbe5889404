import { useEffect, useRef } from "react";
import type { ReviewStatus } from "../shared/record";
import * as runsOf from "./runs";
import { Tool } from "./Toolbar";
import { type Advance, records, told } from "./useDecisions";
import { useReview } from "./useReview";

const DECISIONS: [ReviewStatus, string, string][] = [
  ["accepted", "Accept", "A"],
  ["rejected", "Reject", "R"],
  ["pending", "Pending", "U"],
];

const VERBS: Record<ReviewStatus, string> = {
  accepted: "Accept",
  rejected: "Reject",
  pending: "Set back to pending:",
};

/** What can be done with the row or the selected rows, and what was done last. */
export function DecisionBar({ focus }: { focus(): void }) {
  const review = useReview();
  const { runs, setRuns, found, position, told: done, isBusy, isGone } = review;
  const selected = runsOf.size(runs);
  const total = found?.total ?? 0;
  return (
    <div className="dgf-decisions" inert={isGone}>
      {review.question && <Question focus={focus} />}
      <div className="dgf-decision-row" role="toolbar" aria-label="Decide">
        {DECISIONS.map(([status, label, key]) => (
          <Tool
            key={status}
            className={`dgf-decide dgf-decide-${status}`}
            title={`${label} ${selected ? `the ${told(selected)} selected` : "this record"} (${key})`}
            isDisabled={total === 0 || isBusy}
            onClick={() => review.decide(status)}
          >
            {label} <kbd>{key}</kbd>
          </Tool>
        ))}
        <Tool title="Undo (Z)" isDisabled={!review.canUndo || isBusy} onClick={review.undo}>
          ↶ Undo
        </Tool>
        <Tool title="Redo (Shift+Z)" isDisabled={!review.canRedo || isBusy} onClick={review.redo}>
          ↷
        </Tool>
        {selected > 0 && (
          <span className="dgf-chip">
            {told(selected)} selected
            <button
              type="button"
              aria-label="Select nothing"
              title="Select nothing (Esc)"
              onClick={() => setRuns(runsOf.NONE)}
            >
              ×
            </button>
          </span>
        )}
        <output className="dgf-told" aria-live="polite">
          {isBusy ? "Working…" : done}
        </output>
        <label className="dgf-then">
          then
          <select
            value={review.advance}
            aria-label="After a decision go to"
            onChange={(event) => review.setAdvance(event.target.value as Advance)}
          >
            <option value="pending">next pending</option>
            <option value="next">next row</option>
            <option value="stay">stay</option>
          </select>
        </label>
        <Reviewer />
        <span className="dgf-soft dgf-position">
          {total ? `${told(position + 1)} / ${told(total)}` : "none"}
        </span>
      </div>
    </div>
  );
}

/** Says how many records a decision is about before it is made. */
function Question({ focus }: { focus(): void }) {
  const { question, confirm } = useReview();
  const yes = useRef<HTMLButtonElement>(null);
  useEffect(() => yes.current?.focus(), []);
  if (!question) return null;
  const { status, count } = question;
  const answer = (isSure: boolean) => {
    confirm(isSure);
    focus();
  };
  return (
    <div
      className="dgf-question"
      role="alertdialog"
      aria-label={`${VERBS[status]} ${records(count)}?`}
    >
      <span>
        {VERBS[status]} <b>{records(count)}</b>? Failed and filtered ones stay as they are; Z undoes
        it.
      </span>
      <button
        ref={yes}
        type="button"
        className={`dgf-button dgf-decide-${status}`}
        onClick={() => answer(true)}
      >
        {VERBS[status].replace(":", "")} {told(count)}
      </button>
      <button type="button" className="dgf-button" onClick={() => answer(false)}>
        Cancel
      </button>
    </div>
  );
}

/** Who decides. */
function Reviewer() {
  const { reviewer, rename } = useReview();
  return (
    <label className="dgf-then">
      as
      <input
        className="dgf-reviewer"
        aria-label="Reviewer"
        defaultValue={reviewer}
        key={reviewer}
        size={Math.max(4, reviewer.length)}
        onBlur={(event) => {
          const name = event.target.value.trim();
          const box = event.target;
          const back = () => {
            box.value = reviewer;
          };
          if (name && name !== reviewer)
            rename(name).catch(back); // it is told
          else back();
        }}
        onKeyDown={(event) => {
          if (event.key === "Enter") event.currentTarget.blur();
        }}
      />
    </label>
  );
}
