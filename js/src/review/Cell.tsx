import { memo } from "react";
import type { Status } from "../shared/record";
import type { Column } from "./columns";
import type { Preview, Row } from "./protocol";

/** What a row shows in a column; `isMain`: the first of the fields in sight. */
export const CellContent = memo(function CellContent(properties: {
  row: Row;
  column: Column;
  isMain: boolean;
}) {
  const { row, column, isMain } = properties;
  if (column.field !== null) {
    const value = row.values[column.field];
    if (value === undefined) return <Missing row={row} column={column} isMain={isMain} />;
    return (
      <>
        {row.edited.includes(column.field) && (
          <span className="dgf-edited" title="Edited; the original is kept">
            ✎<span className="dgf-unseen">edited </span>
          </span>
        )}
        <Value value={value} />
      </>
    );
  }
  switch (column.kind) {
    case "status":
      return <StatusLabel status={row.status} title={row.reason} />;
    case "tags":
      return row.tags.map((tag) => (
        <span key={tag} className="dgf-tag" dir="auto">
          {tag}
        </span>
      ));
    case "time":
      return timeTold(String(row[keyOf(column)] ?? ""));
    default:
      return <>{row[keyOf(column)] as string | number | null}</>;
  }
});

/** Where a row has what a fixed column shows. */
function keyOf(column: Column): keyof Row {
  return column.name.replace(/^record\./, "") as keyof Row;
}

export function StatusLabel({ status, title }: { status: Status; title?: string | null }) {
  return (
    <span className={`dgf-status dgf-status-${status}`} title={title ?? undefined}>
      {status}
    </span>
  );
}

/** A field that the record has not: a failed one says why in its place. */
function Missing({ row, column, isMain }: { row: Row; column: Column; isMain: boolean }) {
  const isOutcome = row.status === "failed" || row.status === "filtered";
  if (isMain && isOutcome && row.reason) return <span className="dgf-none">{row.reason}</span>;
  return isOutcome && column.source !== "seed" ? <span className="dgf-none">–</span> : null;
}

export function Value({ value }: { value: Preview }) {
  if (value === null) return <span className="dgf-none">null</span>;
  if (typeof value === "boolean") {
    return <span className={value ? "dgf-yes" : "dgf-no"}>{value ? "✓ true" : "✗ false"}</span>;
  }
  if (typeof value === "number") return numberTold(value);
  if (typeof value === "string")
    return value === "" ? <span className="dgf-none">empty</span> : oneLine(value);
  return (
    <span className={value.kind === "text" ? undefined : "dgf-code"}>
      {oneLine(value.start)}
      {value.kind === "text" && "…"}
    </span>
  );
}

const NUMBER = new Intl.NumberFormat("en-GB", { maximumFractionDigits: 4 });

function numberTold(value: number): string {
  return Math.abs(value) >= 1e-4 || value === 0 ? NUMBER.format(value) : value.toExponential(2);
}

/** A text of several lines in one: where a line ended is shown. */
function oneLine(text: string): string {
  return text.replace(/\s*\n\s*/g, " ⏎ ");
}

function timeTold(text: string): string {
  return text.replace("T", " ").slice(0, 19);
}

/** Whether a column's values stand to the right. */
export function isRight(column: Column): boolean {
  return column.kind === "number" || column.kind === "id";
}
