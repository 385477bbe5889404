import type { FieldInfo } from "./protocol";

/** What a pipeline's review looks like; kept in the store. */
export interface Layout {
  columns?: ColumnLayout[];
  primary?: string[];
  secondary?: string[];
  hidden?: string[];
}

export interface ColumnLayout {
  name: string;
  width?: number;
  is_hidden?: boolean;
  is_pinned?: boolean;
}

export interface Column {
  /** What queries call it: fields are apart from the columns that every record has. */
  name: string;
  /** The field of the state it shows; null: a fixed column. */
  field: string | null;
  label: string;
  kind: string;
  source: string;
  width: number;
  isHidden: boolean;
  isPinned: boolean;
}

interface Fixed {
  name: string;
  label: string;
  kind: string;
  width: number;
  isHidden?: boolean;
}

const BEFORE: Fixed[] = [
  { name: "id", label: "ID", kind: "id", width: 70 },
  { name: "status", label: "Status", kind: "status", width: 100 },
  { name: "record.verdict", label: "Rule", kind: "word", width: 90 },
];

const AFTER: Fixed[] = [
  { name: "record.tags", label: "Tags", kind: "tags", width: 120 },
  { name: "record.note", label: "Note", kind: "text", width: 160, isHidden: true },
  { name: "record.reviewer", label: "Reviewer", kind: "word", width: 100 },
  { name: "reason", label: "Reason", kind: "text", width: 200, isHidden: true },
  { name: "model", label: "Model", kind: "word", width: 110, isHidden: true },
  { name: "job_id", label: "Job", kind: "id", width: 60, isHidden: true },
  { name: "seed_index", label: "Seed", kind: "id", width: 70, isHidden: true },
  { name: "repetition", label: "Repetition", kind: "id", width: 90, isHidden: true },
  { name: "branch", label: "Branch", kind: "word", width: 80, isHidden: true },
  { name: "record.attempt", label: "Attempt", kind: "id", width: 80, isHidden: true },
  { name: "record.created_at", label: "Created", kind: "time", width: 150, isHidden: true },
  { name: "record.updated_at", label: "Changed", kind: "time", width: 150, isHidden: true },
];

const WIDTHS: Record<string, number> = { number: 90, bool: 80 };
const TEXT_WIDTH = 260;
export const NARROWEST = 44;

/** All columns in their order: as the layout says, what it does not know of at its usual place. */
export function columnsOf(fields: FieldInfo[], layout: Layout, hasRule: boolean): Column[] {
  const usual = [
    ...BEFORE.map(fixedColumn).map((column) =>
      column.name === "record.verdict" && !hasRule ? { ...column, isHidden: true } : column,
    ),
    ...fields.map((field) => fieldColumn(field, layout)),
    ...AFTER.map(fixedColumn),
  ];
  const known = new Map(usual.map((column) => [column.name, column]));
  const laid = (layout.columns ?? []).flatMap((wish) => {
    const column = known.get(wish.name);
    known.delete(wish.name);
    return column ? [{ ...column, ...wished(wish, column) }] : [];
  });
  // A field that is new stands where it would without a layout: behind the one before it.
  const columns = [...laid];
  usual.forEach((column, at) => {
    if (!known.has(column.name)) return;
    const before = usual[at - 1];
    const place = before ? columns.findIndex(({ name }) => name === before.name) + 1 : 0;
    columns.splice(laid.length ? place : columns.length, 0, column);
  });
  return columns;
}

/** Columns in sight: the pinned ones first. */
export function shownColumns(columns: Column[]): Column[] {
  const shown = columns.filter((column) => !column.isHidden);
  return [
    ...shown.filter((column) => column.isPinned),
    ...shown.filter((column) => !column.isPinned),
  ];
}

/** What the store keeps of columns. */
export function layoutOf(columns: Column[]): ColumnLayout[] {
  return columns.map(({ name, width, isHidden, isPinned }) => ({
    name,
    width,
    ...(isHidden ? { is_hidden: true } : {}),
    ...(isPinned ? { is_pinned: true } : {}),
  }));
}

/** The columns with one changed. */
export function changed(columns: Column[], name: string, change: Partial<Column>): Column[] {
  return columns.map((column) => (column.name === name ? { ...column, ...change } : column));
}

/** The columns with one moved by so many of those in sight. */
export function moved(columns: Column[], name: string, by: number): Column[] {
  const shown = shownColumns(columns);
  const from = shown.findIndex((column) => column.name === name);
  const target = shown[from + by];
  if (from < 0 || !target || by === 0) return columns;
  return movedTo(columns, name, target.name, by > 0);
}

/** The columns with one moved to before another, or after it. */
export function movedTo(columns: Column[], name: string, target: string, isAfter = false) {
  const column = columns.find((each) => each.name === name);
  if (!column || name === target) return columns;
  const rest = columns.filter((each) => each.name !== name);
  const at = rest.findIndex((each) => each.name === target);
  rest.splice(at + (isAfter ? 1 : 0), 0, column);
  return rest;
}

function fixedColumn(fixed: Fixed): Column {
  const { name, label, kind, width, isHidden = false } = fixed;
  return { name, field: null, label, kind, source: "", width, isHidden, isPinned: false };
}

function fieldColumn(field: FieldInfo, layout: Layout): Column {
  const { name, column, kind, source } = field;
  return {
    name: column,
    field: name,
    label: name,
    kind,
    source,
    width: WIDTHS[kind] ?? TEXT_WIDTH,
    isHidden: layout.hidden?.includes(name) ?? false,
    isPinned: false,
  };
}

function wished(wish: ColumnLayout, column: Column): Partial<Column> {
  return {
    width: Math.max(NARROWEST, wish.width ?? column.width),
    isHidden: wish.is_hidden ?? false,
    isPinned: wish.is_pinned ?? false,
  };
}
