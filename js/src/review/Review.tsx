import { useRef, useState } from "react";
import { Boundary } from "../shared/Boundary";
import { useDark } from "../shared/theme";
import { Grid } from "./Grid";
import { type Command, commandOf } from "./keys";
import { RecordPane } from "./RecordPane";
import * as runsOf from "./runs";
import { useRecord } from "./useRecord";
import { ReviewContext, type ReviewState, useReviewState } from "./useReview";

/** The review of records: a table, and one of them for reading. */
export function Review() {
  const review = useReviewState();
  const dark = useDark();
  const grid = useRef<HTMLDivElement>(null);
  const [isOpen, setOpen] = useState(false);
  const classes = ["dgf-root", "dgf-review"];
  if (dark) classes.push("dgf-dark");
  const { current, found } = review;
  const record = useRecord(
    isOpen ? (current?.id ?? null) : null,
    current?.version ?? null,
    review.tell,
  );
  const run = (command: Command) => {
    if (command.do === "pane") setOpen(!isOpen);
    else if (command.do === "column") moveColumn(review, command.by);
    else moveRow(review, command, grid.current);
  };
  return (
    <ReviewContext value={review}>
      <div className="dgf-live dgf-frame">
        {/* biome-ignore lint/a11y/useSemanticElements: a group of many controls, no fieldset of a form */}
        <div
          className={classes.join(" ")}
          role="group"
          aria-label={`Review of ${review.about.title}`}
          onKeyDown={(event) => {
            const command = commandOf(event);
            if (!command) return;
            run(command);
            event.preventDefault();
            event.stopPropagation();
          }}
        >
          <div className="dgf-toolbar">
            <strong>{review.about.title}</strong>
            <output className="dgf-soft">
              {found ? `${found.total.toLocaleString("en-GB")} records` : "…"}
            </output>
          </div>
          {review.isGone && (
            <div className="dgf-notice" role="alert">
              The kernel that made this review is gone. Run the cell again to go on; what was
              decided is in the store.
            </div>
          )}
          {review.notice && (
            <div className="dgf-notice" role="alert">
              <span dir="auto">{review.notice.message}</span>
              <button type="button" className="dgf-button" onClick={() => review.tell(null)}>
                Dismiss
              </button>
            </div>
          )}
          <div className="dgf-review-body" inert={review.isGone}>
            <Boundary part="The table">
              <Grid focus={grid} />
            </Boundary>
            {isOpen && record && (
              <Boundary part="The record">
                <RecordPane record={record} />
              </Boundary>
            )}
          </div>
        </div>
      </div>
    </ReviewContext>
  );
}

function moveRow(
  review: ReviewState,
  { by, isRange }: Extract<Command, { do: "move" }>,
  grid: HTMLElement | null,
) {
  const { position, found, runs } = review;
  const page = Math.max(1, Math.floor((grid?.clientHeight ?? 0) / 30) - 2);
  const steps = {
    page,
    "-page": -page,
    first: Number.NEGATIVE_INFINITY,
    last: Number.POSITIVE_INFINITY,
  };
  const last = Math.max(0, (found?.total ?? 0) - 1);
  const to = Math.max(0, Math.min(position + (typeof by === "number" ? by : steps[by]), last));
  if (isRange) review.setRuns(runsOf.add(runs, position, to));
  review.go(to);
}

function moveColumn(review: ReviewState, by: number) {
  const { shown, column } = review;
  const at = shown.findIndex((each) => each.name === column);
  const next = shown[Math.max(0, Math.min(at + by, shown.length - 1))];
  if (next) review.goColumn(next.name);
}
