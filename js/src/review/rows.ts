import type { MissingRow, Row, RowsAnswer } from "./protocol";

/** Rows asked for at once. */
export const PAGE = 100;
/** Rows before and after those in sight that are fetched along. */
const MARGIN = 20;
/** Pages kept. */
const KEPT = 60;
/** Milliseconds without a further wish until a page is asked for; the first wish does not wait. */
const SETTLE = 50;

export type AskRows = (
  selection: number,
  start: number,
  stop: number,
  fields: string[],
) => Promise<RowsAnswer>;

/** What is shown of records before the store has said so. */
export interface Change {
  ids: number[];
  values: Partial<Row>;
}

/** The rows of one selection by position, fetched a page at a time when they come into sight. */
export class Rows {
  private pages = new Map<number, (Row | MissingRow)[]>();
  private stale = new Set<number>();
  private asked = new Map<number, number>();
  private listeners = new Set<() => void>();
  private changes = new Map<number, Change>();
  private timer: ReturnType<typeof setTimeout> | undefined;
  private lastWish = 0;
  private wished: [number, number] = [0, 0];
  private round = 0;
  private selection = 0;
  private total = 0;
  private awaited = new Map<number, ((row: Row | MissingRow | undefined) => void)[]>();
  private fields: string[] = [];
  /** Grows with every change of what `get` gives. */
  version = 0;

  constructor(
    private readonly ask: AskRows,
    private readonly fail: (error: Error) => void,
  ) {}

  /** Show another selection, or other fields of the same. */
  open(selection: number, total: number, fields: string[]): void {
    const isOther = selection !== this.selection;
    const isSame = !isOther && fields.join("\n") === this.fields.join("\n");
    this.selection = selection;
    this.total = total;
    if (isSame) return;
    this.fields = fields;
    this.round++;
    this.asked.clear();
    if (isOther) {
      this.pages.clear();
      this.stale.clear();
      this.giveUp();
    }
    this.refresh();
  }

  /** The selection has become longer at its end. */
  extend(total: number): void {
    const last = Math.floor((this.total - 1) / PAGE);
    this.total = total;
    if (this.pages.has(last)) this.stale.add(last);
    this.asked.delete(last);
    this.fetch();
  }

  /** Rows may have changed: those in sight are asked for again, and shown as they were until then. */
  refresh(): void {
    this.round++;
    this.asked.clear();
    this.stale = new Set(this.pages.keys());
    this.fetch();
    this.tell();
  }

  get(position: number): Row | MissingRow | undefined {
    const row = this.pages.get(Math.floor(position / PAGE))?.[position % PAGE];
    const change = row && this.changes.get(row.id);
    return row?.status !== undefined && change ? { ...row, ...change.values } : row;
  }

  /** The row at a position as soon as it is here; undefined: it did not come, or others are shown. */
  async wait(position: number): Promise<Row | MissingRow | undefined> {
    const row = this.get(position);
    if (row || !this.selection || position >= this.total) return row;
    return new Promise((resolve) => {
      this.awaited.set(position, [...(this.awaited.get(position) ?? []), resolve]);
      this.fetch();
    });
  }

  /** Rows from one position to before another are in sight. */
  want(first: number, last: number): void {
    this.wished = [first, last];
    clearTimeout(this.timer);
    const now = Date.now();
    const isSettled = now - this.lastWish > 3 * SETTLE;
    this.lastWish = now;
    if (isSettled) this.fetch();
    else this.timer = setTimeout(() => this.fetch(), SETTLE);
  }

  /** Shows records changed before the store has said so, until the change is settled. */
  change(ids: number[], values: Partial<Row>): Change {
    const change = { ids, values };
    for (const id of ids) this.changes.set(id, change);
    this.tell();
    return change;
  }

  /** A change is in the store, with these rows as they are now; or it failed, without any. */
  settle(change: Change, now: Row[] = []): void {
    for (const id of change.ids) {
      if (this.changes.get(id) === change) this.changes.delete(id); // no later one
    }
    this.put(now);
  }

  /** Rows as they are now; of their values those that are given. */
  put(rows: Row[]): void {
    const known = new Map(rows.map((row) => [row.id, row]));
    for (const [number, page] of this.pages) {
      if (!page.some((row) => known.has(row.id))) continue;
      const changed = page.map((old) => {
        const row = known.get(old.id);
        if (!row || old.status === undefined) return old;
        return { ...row, values: { ...old.values, ...row.values } };
      });
      this.pages.set(number, changed);
    }
    this.tell();
  }

  /** Position of a record among the rows that are here; null: not here. */
  positionOf(id: number): number | null {
    for (const [number, page] of this.pages) {
      const at = page.findIndex((row) => row.id === id);
      if (at >= 0) return number * PAGE + at;
    }
    return null;
  }

  subscribe = (listener: () => void): (() => void) => {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  };

  close(): void {
    clearTimeout(this.timer);
    this.round++;
    this.giveUp();
  }

  private fetch(): void {
    if (!this.selection) return;
    const numbers = new Set([...this.awaited.keys()].map((at) => Math.floor(at / PAGE)));
    const [first, last] = this.wished;
    if (last > first) {
      const from = Math.floor(Math.max(0, first - MARGIN) / PAGE);
      const to = Math.floor(Math.min(this.total - 1, last + MARGIN) / PAGE);
      for (let number = from; number <= to; number++) numbers.add(number);
    }
    for (const number of numbers) {
      const isHere = this.pages.has(number) && !this.stale.has(number);
      if (!isHere && this.asked.get(number) !== this.round) this.fetchPage(number);
    }
  }

  private giveUp(number?: number): void {
    for (const [position, resolves] of this.awaited) {
      if (number !== undefined && Math.floor(position / PAGE) !== number) continue;
      this.awaited.delete(position);
      for (const resolve of resolves) resolve(undefined);
    }
  }

  private fetchPage(number: number): void {
    const round = this.round;
    this.asked.set(number, round);
    const start = number * PAGE;
    const stop = Math.min(start + PAGE, this.total);
    this.ask(this.selection, start, stop, this.fields).then(
      ({ rows }) => {
        if (round !== this.round) return; // of another query
        const before = this.pages.get(number) ?? [];
        this.pages.delete(number); // the latest last
        this.pages.set(
          number,
          rows.map((row, at) => newer(before[at], row)),
        );
        this.stale.delete(number);
        this.forget();
        this.tell();
        this.handOut(number);
      },
      (error: Error) => {
        if (round !== this.round) return;
        this.asked.delete(number);
        this.fail(error);
        this.giveUp(number);
      },
    );
  }

  private handOut(number: number): void {
    for (const [position, resolves] of this.awaited) {
      if (Math.floor(position / PAGE) !== number) continue;
      const row = this.get(position);
      this.awaited.delete(position);
      for (const resolve of resolves) resolve(row);
    }
  }

  private forget(): void {
    for (const number of this.pages.keys()) {
      if (this.pages.size <= KEPT) return;
      this.pages.delete(number);
      this.asked.delete(number);
    }
  }

  private tell(): void {
    this.version++;
    for (const listener of this.listeners) listener();
  }
}

/** What is known of a record already may be newer than an answer that was long on its way. */
function newer(known: Row | MissingRow | undefined, row: Row | MissingRow): Row | MissingRow {
  if (known?.status === undefined || row.status === undefined) return row;
  if (known.id !== row.id || known.version <= row.version) return row;
  return { ...known, values: { ...row.values, ...known.values } };
}
