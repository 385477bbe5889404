import { memo } from "react";
import { useBridge } from "../bridge/hooks";
import { CellContent, isRight } from "./Cell";
import { useDrafts } from "./card/acts";
import { draftsOf } from "./card/drafts";
import type { Column } from "./columns";
import { BOX, ROW } from "./Grid";
import { Part } from "./Part";
import type { MissingRow, Row } from "./protocol";
import { useReview } from "./useReview";

interface Properties {
  id: string;
  position: number;
  top: number;
  row: Row | MissingRow | undefined;
  columns: Column[];
  template: string;
  /** The column that keys act on, when they act on this row. */
  active: string | null;
  isSelected: boolean;
}

/** One record in the table. */
export const GridRow = memo(function GridRow(properties: Properties) {
  const { id, position, top, row, columns, template, active, isSelected } = properties;
  const review = useReview();
  const drafts = draftsOf(useBridge().model);
  useDrafts(drafts);
  const main = columns.findIndex(({ field }) => field !== null);
  const classes = ["dgf-grid-row"];
  if (active !== null) classes.push("dgf-active");
  if (isSelected) classes.push("dgf-chosen");
  return (
    <Part
      className={classes.join(" ")}
      role="row"
      aria-rowindex={position + 2}
      aria-selected={isSelected}
      style={{
        gridTemplateColumns: template,
        height: ROW,
        transform: `translateY(${top}px)`,
      }}
      onClick={(event) => {
        const cell = (event.target as HTMLElement).closest<HTMLElement>("[data-column]");
        const { cursor, turns } = review;
        const { shiftKey, ctrlKey, metaKey } = event;
        if (cell?.dataset.column) review.goColumn(cell.dataset.column);
        turns.take(() => {
          if (shiftKey) cursor.reach(position);
          else cursor.go(position);
          if (!shiftKey && (ctrlKey || metaKey)) cursor.toggle(position);
          return undefined;
        });
      }}
    >
      <Part className="dgf-cell dgf-box dgf-pinned" role="gridcell" style={{ left: 0 }}>
        <input
          type="checkbox"
          tabIndex={-1}
          aria-label={`Select row ${position + 1}`}
          checked={isSelected}
          onChange={() => review.cursor.toggle(position)}
          onClick={(event) => event.stopPropagation()}
        />
      </Part>
      {columns.map((column, at) => (
        <Part
          key={column.name}
          id={`${id}-${column.name}`}
          className={classesOf(column, active)}
          role="gridcell"
          aria-colindex={at + 2}
          data-column={column.name}
          dir={column.field === null ? undefined : "auto"}
          style={column.isPinned ? { left: leftOf(columns, at) } : undefined}
        >
          {row?.status === undefined ? (
            <Absent row={row} column={column} isFirst={at === 0} />
          ) : (
            <>
              {column.field !== null && drafts.isChanged(row.id, `field ${column.field}`) && (
                <span className="dgf-unsaved">not saved</span>
              )}
              <CellContent row={row} column={column} isMain={at === main} />
            </>
          )}
        </Part>
      ))}
    </Part>
  );
});

/** Pixels that the pinned columns before one take. */
export function leftOf(columns: Column[], at: number): number {
  return BOX + columns.slice(0, at).reduce((sum, column) => sum + column.width, 0);
}

function classesOf(column: Column, active: string | null): string {
  const classes = ["dgf-cell"];
  if (isRight(column)) classes.push("dgf-right");
  if (column.isPinned) classes.push("dgf-pinned");
  if (column.name === active) classes.push("dgf-active-cell");
  return classes.join(" ");
}

/** A row that is on its way, or whose record was deleted: its id, and "deleted" for its status. */
function Absent(properties: { row: MissingRow | undefined; column: Column; isFirst: boolean }) {
  const { row, column, isFirst } = properties;
  if (!row) return <span className="dgf-loading" />;
  if (column.kind === "id" && column.name === "id")
    return <span className="dgf-none">{row.id}</span>;
  if (column.kind === "status" || isFirst) return <span className="dgf-none">deleted</span>;
  return null;
}
