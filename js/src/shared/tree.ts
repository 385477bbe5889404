/** A JSON value as the rows of a tree, as far as it is opened. */

import { numberIn } from "./numbers";

/** Items of a list or an object that are shown at once. */
export const PAGE = 100;
/** Characters of a text in a row; a longer one is opened. */
const ROW = 160;
/** Rows that are open when a tree is first shown, at most. */
const FIRST = 60;
const DEEPEST = 20;

export type Path = readonly (string | number)[];

export interface Row {
  /** Unique among the rows. */
  id: string;
  path: Path;
  depth: number;
  /** Of an object's member or a list's item; null: the whole value. */
  key: string | number | null;
  value: unknown;
  /** A number as it is written; null: it is none, or the whole value. */
  number: string | null;
  /** List and object: how many they hold; text: characters. */
  count: number;
  kind: "list" | "object" | "text" | "number" | "boolean" | "null" | "more";
  canOpen: boolean;
  isOpen: boolean;
}

/** What is opened, by the rows' ids, and how many items of each list are asked for. */
export interface Opened {
  open: ReadonlySet<string>;
  shown: ReadonlyMap<string, number>;
}

export function idOf(path: Path): string {
  return JSON.stringify(path);
}

export function rowsOf(value: unknown, opened: Opened): Row[] {
  const rows: Row[] = [];
  add(rows, value, null, [], null, opened);
  return rows;
}

function add(
  rows: Row[],
  value: unknown,
  number: string | null,
  path: Path,
  key: string | number | null,
  opened: Opened,
): void {
  const id = idOf(path);
  const kind = kindOf(value);
  const entries = entriesOf(value);
  const count = typeof value === "string" ? value.length : entries.length;
  const isText = kind === "text" && isLongText(value as string);
  const canOpen = entries.length > 0 || isText;
  const isOpen = canOpen && opened.open.has(id);
  rows.push({ id, path, depth: path.length, key, value, number, count, kind, canOpen, isOpen });
  if (!isOpen || isText) return;
  const shown = opened.shown.get(id) ?? PAGE;
  for (const [name, item] of entries.slice(0, shown))
    add(rows, item, numberIn(value, name), [...path, name], name, opened);
  if (shown >= entries.length) return;
  const more = { value: null, number: null, kind: "more", canOpen: false, isOpen: false } as const;
  const rest = entries.length - shown;
  rows.push({ id: `${id} more`, path, depth: path.length + 1, key: null, count: rest, ...more });
}

function kindOf(value: unknown): Row["kind"] {
  if (value === null || value === undefined) return "null";
  if (Array.isArray(value)) return "list";
  if (typeof value === "string") return "text";
  return typeof value as "object" | "number" | "boolean";
}

function entriesOf(value: unknown): [string | number, unknown][] {
  if (Array.isArray(value)) return value.map((item, index) => [index, item]);
  return typeof value === "object" && value !== null ? Object.entries(value) : [];
}

function isLongText(text: string): boolean {
  return text.length > ROW || text.includes("\n");
}

/** A text as one line of a row. */
export function lineOf(text: string): string {
  const line = text.slice(0, ROW).replace(/\n/g, "⏎");
  return text.length > ROW ? `${line}…` : line;
}

/** What is open at first: so many levels; without a number, level by level, as long as it stays a
 * short list. */
export function firstOpened(value: unknown, levels?: number): Opened {
  const open = new Set<string>();
  let level: { value: unknown; path: Path }[] = [{ value, path: [] }];
  let rows = 1;
  for (let depth = 0; level.length > 0 && depth < (levels ?? DEEPEST); depth++) {
    const next: typeof level = [];
    for (const { value: each, path } of level) {
      const entries = entriesOf(each);
      const isFree = depth === 0 || levels !== undefined;
      if (entries.length === 0 || (!isFree && rows + entries.length > FIRST)) continue;
      rows += entries.length;
      open.add(idOf(path));
      for (const [key, item] of entries.slice(0, PAGE)) {
        next.push({ value: item, path: [...path, key] });
      }
    }
    level = next;
  }
  return { open, shown: new Map() };
}

export function toggled(opened: Opened, id: string): Opened {
  const open = new Set(opened.open);
  if (!open.delete(id)) open.add(id);
  return { ...opened, open };
}

/** One more page of the list or object at a path. */
export function withMore(opened: Opened, path: Path): Opened {
  const id = idOf(path);
  const count = (opened.shown.get(id) ?? PAGE) + PAGE;
  return { ...opened, shown: new Map([...opened.shown, [id, count]]) };
}

/** A path as templates and Python write it: `generated.items[0]["odd key"]`. */
export function pathText(root: string, path: Path): string {
  return path.reduce<string>((text, key) => {
    if (typeof key === "number") return `${text}[${key}]`;
    return /^[\p{L}_][\p{L}\p{N}_]*$/u.test(key)
      ? `${text}.${key}`
      : `${text}[${JSON.stringify(key)}]`;
  }, root);
}
