import { type PointerEvent, useState } from "react";
import { isRight } from "./Cell";
import { type Column, changed, movedTo, NARROWEST } from "./columns";
import { HEAD } from "./Grid";
import { leftOf } from "./GridRow";
import { Part } from "./Part";
import { cycleSort, isFiltered, sortOf } from "./query";
import * as runsOf from "./runs";
import { useReview } from "./useReview";

/** The names of the columns: pressed they sort, dragged they move, at their edge they are widened. */
export function GridHead(properties: {
  template: string;
  menu(column: Column, element: HTMLElement): void;
}) {
  const { template, menu } = properties;
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
        <Part
          className="dgf-cell dgf-box dgf-pinned"
          role="columnheader"
          aria-colindex={1}
          aria-label="Selected"
          style={{ left: 0 }}
        >
          <input
            type="checkbox"
            tabIndex={-1}
            aria-label="Select all that match"
            title="Select all that match (Ctrl+A)"
            checked={count > 0 && selected === count}
            ref={(box) => {
              if (box) box.indeterminate = selected > 0 && selected < count;
            }}
            onChange={() => setRuns(selected === count ? runsOf.NONE : runsOf.all(count))}
          />
        </Part>
        {shown.map((column, at) => (
          <Head key={column.name} column={column} at={at} menu={menu} />
        ))}
      </Part>
    </Part>
  );
}

function Head(properties: {
  column: Column;
  at: number;
  menu(column: Column, element: HTMLElement): void;
}) {
  const { column, at, menu } = properties;
  const { shown, columns, setColumns, query, setQuery } = useReview();
  const [isTarget, setTarget] = useState(false);
  const sorted = sortOf(query, column.name);
  const direction = sorted?.sort.is_descending ? "descending" : "ascending";
  const classes = ["dgf-cell", "dgf-head-cell"];
  if (column.isPinned) classes.push("dgf-pinned");
  if (isRight(column)) classes.push("dgf-right");
  if (isTarget) classes.push("dgf-drop");
  return (
    <Part
      className={classes.join(" ")}
      role="columnheader"
      aria-colindex={at + 2}
      aria-sort={sorted ? direction : undefined}
      data-head={column.name}
      style={column.isPinned ? { left: leftOf(shown, at) } : undefined}
      draggable
      onDragStart={(event) => {
        event.dataTransfer.setData("text/x-dgf-column", column.name);
        event.dataTransfer.effectAllowed = "move";
      }}
      onDragOver={(event) => {
        if (!event.dataTransfer.types.includes("text/x-dgf-column")) return;
        event.preventDefault();
        setTarget(true);
      }}
      onDragLeave={() => setTarget(false)}
      onDrop={(event) => {
        setTarget(false);
        event.preventDefault();
        const name = event.dataTransfer.getData("text/x-dgf-column");
        const from = shown.findIndex((each) => each.name === name);
        if (from >= 0) setColumns(movedTo(columns, name, column.name, from < at));
      }}
    >
      <button
        type="button"
        tabIndex={-1}
        className="dgf-column-name"
        dir="auto"
        title={`${column.label}: press to sort, with Shift by this as well`}
        onClick={(event) => setQuery(cycleSort(query, column.name, event.shiftKey))}
      >
        {column.label}
        {sorted && (
          <span className="dgf-sort" aria-hidden>
            {sorted.sort.is_descending ? "↓" : "↑"}
            {(query.sort?.length ?? 0) > 1 && sorted.rank + 1}
          </span>
        )}
      </button>
      <button
        type="button"
        tabIndex={-1}
        className={isFiltered(query, column.name) ? "dgf-more dgf-is-filtered" : "dgf-more"}
        aria-label={`Menu of column ${column.label}`}
        aria-haspopup="menu"
        title="Sort, filter, hide, pin, move (M)"
        onClick={(event) => menu(column, event.currentTarget.parentElement as HTMLElement)}
      >
        ▾
      </button>
      <Edge column={column} />
    </Part>
  );
}

/** The right edge of a column, to be dragged; the menu does the same by keyboard. */
function Edge({ column }: { column: Column }) {
  const { columns, setColumns } = useReview();
  const start = (event: PointerEvent<HTMLElement>) => {
    event.preventDefault();
    event.stopPropagation();
    const edge = event.currentTarget;
    const { clientX } = event;
    edge.setPointerCapture(event.pointerId);
    const move = (next: globalThis.PointerEvent) => {
      const width = Math.max(NARROWEST, column.width + Math.round(next.clientX - clientX));
      setColumns(changed(columns, column.name, { width }));
    };
    const end = () => {
      edge.removeEventListener("pointermove", move);
      edge.removeEventListener("pointerup", end);
      edge.removeEventListener("pointercancel", end);
    };
    edge.addEventListener("pointermove", move);
    edge.addEventListener("pointerup", end);
    edge.addEventListener("pointercancel", end);
  };
  return (
    <span
      className="dgf-edge-handle"
      aria-hidden
      draggable={false}
      onPointerDown={start}
      onMouseDown={(event) => event.preventDefault()}
      onDragStart={(event) => event.preventDefault()}
    />
  );
}
