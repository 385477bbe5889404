/** Which fields of a record are large, small or not shown. */

import type { FullRecord } from "../../shared/record";

export const CLASSES = ["primary", "secondary", "hidden"] as const;
export type Class = (typeof CLASSES)[number];
export type Layout = Record<Class, string[]>;

/** What is stored of a layout: any of the classes may be absent. */
export type StoredLayout = Partial<Layout>;

type Shown = Pick<FullRecord, "fields" | "metadata" | "output_field">;

/** The record's fields by class. What the layout does not name goes where it belongs by nature:
 * what blocks made is primary, the output first, and what the seed gave secondary. */
export function layoutOf(record: Shown, stored: StoredLayout): Layout {
  const layout: Layout = { primary: [], secondary: [], hidden: [] };
  const there = new Set(record.fields);
  const placed = new Set<string>();
  for (const name of CLASSES) {
    for (const field of stored[name] ?? []) {
      if (!there.has(field) || placed.has(field)) continue;
      layout[name].push(field);
      placed.add(field);
    }
  }
  for (const field of record.fields) {
    if (placed.has(field)) continue;
    const isSeed = Object.hasOwn(record.metadata, field) && field !== record.output_field;
    const list = layout[isSeed ? "secondary" : "primary"];
    if (field === record.output_field) list.unshift(field);
    else list.push(field);
  }
  return layout;
}

/** The layout with a field put into a class, at its end or, with `at`, before that place. */
export function placed(layout: Layout, field: string, to: Class, at?: number): Layout {
  const without = (name: Class) => layout[name].filter((each) => each !== field);
  const next = Object.fromEntries(CLASSES.map((name) => [name, without(name)])) as Layout;
  next[to].splice(at ?? next[to].length, 0, field);
  return next;
}

/** The layout with a field one place further up (-1) or down (1), over the classes' bounds. */
export function moved(layout: Layout, field: string, by: -1 | 1): Layout {
  const from = CLASSES.findIndex((name) => layout[name].includes(field));
  const name = CLASSES[from];
  if (name === undefined) return layout;
  const at = layout[name].indexOf(field) + by;
  if (at >= 0 && at < layout[name].length) return placed(layout, field, name, at);
  const next = CLASSES[from + by];
  if (next === undefined) return layout;
  return placed(layout, field, next, by < 0 ? layout[next].length : 0);
}

/** What to store: fields that this record does not have keep their places. */
export function stored(layout: Layout, before: StoredLayout): Layout {
  const there = new Set(CLASSES.flatMap((name) => layout[name]));
  return Object.fromEntries(
    CLASSES.map((name) => [
      name,
      [...layout[name], ...(before[name] ?? []).filter((field) => !there.has(field))],
    ]),
  ) as Layout;
}
