import type { Status } from "../shared/record";
import type { Condition, Query, Sort } from "./protocol";

/** All statuses in the order in which they are shown. */
export const STATUSES: readonly Status[] = [
  "pending",
  "accepted",
  "rejected",
  "failed",
  "filtered",
];

/** A part of a query that can be taken away. */
export interface Chip {
  label: string;
  without: Query;
}

/** The query without what says nothing. */
export function tidy(query: Query): Query {
  return Object.fromEntries(
    Object.entries(query).filter(
      ([, value]) =>
        value !== undefined && value !== "" && !(Array.isArray(value) && !value.length),
    ),
  ) as Query;
}

/** All records, in the same order. */
export function unfiltered(query: Query): Query {
  return query.sort ? { sort: query.sort } : {};
}

/** With one status more or less; with all of them any will do. */
export function toggleStatus(query: Query, status: Status): Query {
  const held = query.statuses ?? [];
  const next = held.includes(status)
    ? held.filter((each) => each !== status)
    : STATUSES.filter((each) => each === status || held.includes(each));
  const { statuses: _, ...rest } = query;
  return next.length && next.length < STATUSES.length ? { ...rest, statuses: next } : rest;
}

/** How a column is sorted, and as which of several; null: it is not. */
export function sortOf(query: Query, column: string): { sort: Sort; rank: number } | null {
  const rank = (query.sort ?? []).findIndex((sort) => sort.column === column);
  const sort = query.sort?.[rank];
  return sort ? { sort, rank } : null;
}

/** Sorted by a column: upwards, downwards, not at all; `isMore`: after the others. */
export function cycleSort(query: Query, column: string, isMore: boolean): Query {
  const held = sortOf(query, column)?.sort;
  const next = held ? (held.is_descending ? null : true) : false;
  return sortBy(query, column, next, isMore);
}

/** Sorted by a column, `isDescending` null: not by it. */
export function sortBy(
  query: Query,
  column: string,
  isDescending: boolean | null,
  isMore = false,
): Query {
  const wish = isDescending === null ? [] : [{ column, is_descending: isDescending }];
  const held = query.sort ?? [];
  if (!isMore) return tidy({ ...query, sort: wish });
  const at = held.findIndex((sort) => sort.column === column);
  if (at < 0) return tidy({ ...query, sort: [...held, ...wish] });
  return tidy({ ...query, sort: held.toSpliced(at, 1, ...wish) });
}

/** With a further condition; one of the same column and operator is replaced. */
export function addCondition(query: Query, condition: Condition): Query {
  const others = (query.where ?? []).filter(
    ({ field, op }) => field !== condition.field || op !== condition.op,
  );
  return { ...query, where: [...others, condition] };
}

/** Whether the query has something to say about a column. */
export function isFiltered(query: Query, column: string): boolean {
  if (query.where?.some(({ field }) => field === column)) return true;
  switch (column) {
    case "status":
      return query.statuses !== undefined;
    case "record.tags":
      return query.tags !== undefined;
    case "record.reviewer":
      return query.reviewer !== undefined;
    case "record.verdict":
      return query.verdict !== undefined;
    case "record.note":
      return query.has_note !== undefined;
    case "reason":
      return query.reason !== undefined;
    default:
      return false;
  }
}

/** The parts of a query but for statuses, search and sort, each with what is left without it. */
export function chipsOf(query: Query): Chip[] {
  const chips: Chip[] = [];
  const plain = (name: keyof Query, label: string) => {
    const { [name]: _, ...without } = query;
    chips.push({ label, without });
  };
  if (query.is_edited !== undefined) plain("is_edited", query.is_edited ? "edited" : "not edited");
  if (query.has_note !== undefined) plain("has_note", query.has_note ? "with a note" : "no note");
  if (query.reviewer !== undefined) plain("reviewer", `reviewer ${query.reviewer}`);
  if (query.verdict !== undefined) plain("verdict", `rule ${query.verdict}`);
  if (query.reason !== undefined) plain("reason", `reason contains ${query.reason}`);
  if (query.ids !== undefined) plain("ids", `ids ${query.ids.map(runTold).join(", ")}`);
  if (query.current_only === false) plain("current_only", "all attempts");
  for (const tag of query.tags ?? []) {
    const tags = query.tags?.filter((each) => each !== tag) ?? [];
    chips.push({ label: `tag ${tag}`, without: tidy({ ...query, tags }) });
  }
  for (const condition of query.where ?? []) {
    const where = query.where?.filter((each) => each !== condition) ?? [];
    chips.push({ label: conditionTold(condition), without: tidy({ ...query, where }) });
  }
  return chips;
}

export function conditionTold({ field, op, value }: Condition): string {
  return value === undefined ? `${field} ${op}` : `${field} ${op} ${value}`;
}

/** What is typed as the value of a condition: a number where it is one, true or false. */
export function typedValue(text: string, kind: string): string | number | boolean {
  const trimmed = text.trim();
  if (kind === "bool" && (trimmed === "true" || trimmed === "false")) return trimmed === "true";
  if (kind !== "text" && trimmed !== "" && Number.isFinite(Number(trimmed))) return Number(trimmed);
  return text;
}

/** Words as they are searched while being typed: the last one may be the beginning of a longer one. */
export function typedSearch(text: string): string {
  const trimmed = text.trim();
  if (!trimmed || /[\s"*]$/.test(text) || /"[^"]*$/.test(trimmed)) return closed(trimmed);
  return `${trimmed}*`;
}

/** What stands in the box for a search. */
export function shownSearch(search: string | undefined): string {
  return search ?? "";
}

function closed(text: string): string {
  return (text.match(/"/g)?.length ?? 0) % 2 ? `${text}"` : text;
}

function runTold([first, last]: [number, number]): string {
  return first === last ? `${first}` : `${first}–${last}`;
}
