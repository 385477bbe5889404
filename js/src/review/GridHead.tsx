import { isRight } from "./Cell";
import { HEAD } from "./Grid";
import { leftOf } from "./GridRow";
import { Part } from "./Part";
import * as runsOf from "./runs";
import { useReview } from "./useReview";

/** The names of the columns. */
export function GridHead({ template }: { template: string }) {
  const { shown, found, runs, setRuns } = useReview();
  const count = found?.total ?? 0;
  const selected = runsOf.size(runs);
  return (
    <Part className="dgf-grid-head" role="rowgroup" style={{ height: HEAD }}>
      <Part
        className="dgf-grid-row"
        role="row"
        aria-rowindex={1}
        style={{ gridTemplateColumns: template, height: HEAD }}
      >
        <Part className="dgf-cell dgf-box dgf-pinned" role="columnheader" style={{ left: 0 }}>
          <input
            type="checkbox"
            tabIndex={-1}
            aria-label="Select all rows that match"
            checked={count > 0 && selected === count}
            ref={(box) => {
              if (box) box.indeterminate = selected > 0 && selected < count;
            }}
            onChange={() => setRuns(selected === count ? runsOf.NONE : runsOf.all(count))}
          />
        </Part>
        {shown.map((column, at) => (
          <Part
            key={column.name}
            className={`dgf-cell${column.isPinned ? " dgf-pinned" : ""}${isRight(column) ? " dgf-right" : ""}`}
            role="columnheader"
            aria-colindex={at + 2}
            style={column.isPinned ? { left: leftOf(shown, at) } : undefined}
          >
            <span className="dgf-column-name" dir="auto">
              {column.label}
            </span>
          </Part>
        ))}
      </Part>
    </Part>
  );
}
