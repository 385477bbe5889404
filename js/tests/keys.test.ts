import { describe, expect, it } from "vitest";
import { Cursor } from "../src/review/cursor";
import type { Row, RowsAnswer } from "../src/review/protocol";
import { Rows } from "../src/review/rows";
import { Turns } from "../src/review/turns";
import { doneTold, moved } from "../src/review/useDecisions";

describe("turns", () => {
  it("act at once, or after the one before, in order", async () => {
    const done: string[] = [];
    const turns = new Turns(() => {});
    let arrive = () => {};
    turns.take(() => void done.push("first"));
    turns.take(() => {
      done.push("goes");
      return new Promise<void>((resolve) => {
        arrive = resolve;
      });
    });
    turns.take(() => void done.push("second"));
    turns.take(() => void done.push("third"));
    expect([done, turns.isBusy]).toEqual([["first", "goes"], true]);
    arrive();
    await new Promise((resolve) => setTimeout(resolve));
    expect([done, turns.isBusy]).toEqual([["first", "goes", "second", "third"], false]);
  });

  it("drop decisions that have no row, and go on after what failed", async () => {
    const done: string[] = [];
    const failed: string[] = [];
    const turns = new Turns((error) => failed.push(error.message));
    turns.take(() => Promise.reject(new Error("no answer")));
    turns.take(() => void done.push("decision"), true);
    turns.take(() => void done.push("move"));
    turns.dropDecisions();
    await new Promise((resolve) => setTimeout(resolve));
    expect([done, failed, turns.isBusy]).toEqual([["move"], ["no answer"], false]);
  });
});

describe("the cursor", () => {
  it("stays among the rows, and selects up to where it goes", () => {
    const cursor = new Cursor();
    cursor.toggle(0);
    expect([cursor.position, cursor.runs]).toEqual([0, []]);
    cursor.open(1, 10, null);
    cursor.go(Number.POSITIVE_INFINITY);
    expect(cursor.position).toBe(9);
    cursor.go(4);
    cursor.reach(6);
    expect([cursor.position, cursor.runs]).toEqual([6, [[4, 6]]]);
    cursor.open(2, 3, null);
    expect([cursor.position, cursor.runs]).toEqual([2, []]);
  });
});

describe("a row that is waited for", () => {
  const row = (id: number) => ({ id, status: "pending", values: {} }) as unknown as Row;
  const ask = async (selection: number, start: number, stop: number): Promise<RowsAnswer> => ({
    selection,
    start,
    rows: Array.from({ length: stop - start }, (_, at) => row(start + at + 1)),
  });

  it("comes though it is not in sight; not when others are shown by then", async () => {
    const rows = new Rows(ask, () => {});
    rows.open(1, 1500, []);
    const here = rows.wait(1200);
    rows.refresh();
    expect((await here)?.id).toBe(1201);
    const gone = rows.wait(700);
    rows.open(2, 1500, []);
    expect(await gone).toBeUndefined();
  });

  it("does not come when the store does not answer", async () => {
    const failed: string[] = [];
    const rows = new Rows(
      () => Promise.reject(new Error("no store")),
      (error) => failed.push(error.message),
    );
    rows.open(1, 1500, []);
    expect(await rows.wait(3)).toBeUndefined();
    expect(failed).toEqual(["no store"]);
  });
});

describe("what is counted and told", () => {
  it("is the same when a record gets the status it has", () => {
    expect(moved({ accepted: 60 }, "accepted", "accepted")).toEqual({ accepted: 60 });
    expect(moved({ pending: 2 }, "pending", "rejected")).toEqual({ pending: 1, rejected: 1 });
  });

  it("names what a rule had done when it is undone", () => {
    const what = "undone: 1,478 accepted, 18 rejected, asked by ada";
    const acted = { rows: [], can_undo: false, can_redo: true };
    const action = { id: 3, what, count: 1496, skipped: {} };
    expect(doneTold({ ...acted, action })).toBe("Undone: 1,496 decisions by the rule.");
    const current = { ...action, what: "undone: record 1 is the current one again", count: 2 };
    expect(doneTold({ ...acted, action: current })).toBe(
      "Undone: record 1 is the current one again.",
    );
  });
});
