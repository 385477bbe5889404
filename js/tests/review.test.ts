import { describe, expect, it, vi } from "vitest";
import { changed, columnsOf, layoutOf, moved, shownColumns } from "../src/review/columns";
import { commandOf } from "../src/review/keys";
import type { Row } from "../src/review/protocol";
import {
  addCondition,
  chipsOf,
  cycleSort,
  toggleStatus,
  typedSearch,
  typedValue,
} from "../src/review/query";
import { PAGE, Rows } from "../src/review/rows";
import { keyEvent, within } from "./pressing";

const press = (key: string, more: object = {}) => commandOf(keyEvent(key, more));

describe("keys", () => {
  it("decide, move and select in any case", () => {
    expect(press("a")).toEqual({ do: "decide", status: "accepted" });
    expect(press("R")).toEqual({ do: "decide", status: "rejected" });
    expect(press("Z", { shiftKey: true })).toEqual({ do: "redo" });
    expect(press("ArrowDown", { shiftKey: true })).toEqual({ do: "move", by: 1, isRange: true });
    expect(press("N", { shiftKey: true })).toEqual({ do: "move", by: 1, isRange: false });
  });

  it("leave texts, buttons and the notebook's chords alone", () => {
    expect(press("a", { target: within("textarea") })).toBeNull();
    expect(press(" ", { target: within("button") })).toBeNull();
    const asked = within("[role='alertdialog']");
    for (const key of ["a", "R", "u", "z", "n", "ArrowDown", "x", "t"]) {
      expect(press(key, { target: asked })).toBeNull();
    }
    expect(press("Escape", { target: asked })).toEqual({ do: "leave" });
    expect(press(" ")).toEqual({ do: "select" });
    expect(press("s", { ctrlKey: true })).toBeNull();
    expect(press("z", { ctrlKey: true })).toBeNull();
    expect(press("a", { ctrlKey: true })).toBeNull();
    expect(press("a", { ctrlKey: true, target: within("[role='grid']") })).toEqual({ do: "all" });
  });
});

describe("a query", () => {
  it("has statuses in one order, and none when all will do", () => {
    const two = toggleStatus(toggleStatus({}, "failed"), "pending");
    expect(two).toEqual({ statuses: ["pending", "failed"] });
    expect(toggleStatus(toggleStatus(two, "failed"), "pending")).toEqual({});
  });

  it("sorts up, down, not at all; and by several", () => {
    const up = cycleSort({}, "score", false);
    expect(up).toEqual({ sort: [{ column: "score", is_descending: false }] });
    const both = cycleSort(cycleSort(up, "id", true), "id", true);
    expect(both.sort).toEqual([
      { column: "score", is_descending: false },
      { column: "id", is_descending: true },
    ]);
    expect(cycleSort(cycleSort(up, "score", false), "score", false)).toEqual({});
  });

  it("is made of parts that can each be taken away", () => {
    const query = addCondition(
      addCondition({ tags: ["odd"], is_edited: true }, { field: "score", op: ">=", value: 0.5 }),
      { field: "score", op: ">=", value: 0.7 },
    );
    expect(chipsOf(query).map(({ label }) => label)).toEqual(["edited", "tag odd", "score >= 0.7"]);
    expect(chipsOf(query)[1]?.without).toEqual({
      is_edited: true,
      where: [{ field: "score", op: ">=", value: 0.7 }],
    });
  });

  it("takes the word that is being typed for the beginning of one", () => {
    expect(typedSearch("green te")).toBe("green te*");
    expect(typedSearch("green tea ")).toBe("green tea");
    expect(typedSearch('"green te')).toBe('"green te"');
    expect(typedSearch("  ")).toBe("");
    expect([typedValue("0.5", "number"), typedValue("0.5", "text"), typedValue("true", "bool")]) //
      .toEqual([0.5, "0.5", true]);
  });
});

describe("columns", () => {
  const fields = [
    { name: "output", column: "field.output", kind: "text", source: "say" } as const,
    { name: "status", column: "field.status", kind: "text", source: "say" } as const,
  ];

  it("name a field like a fixed column apart, and are kept as they were left", () => {
    const usual = columnsOf(fields, {}, false);
    expect(shownColumns(usual).map(({ name }) => name)).toEqual([
      "id",
      "status",
      "field.output",
      "field.status",
      "record.tags",
      "record.reviewer",
    ]);
    const mine = changed(moved(usual, "field.output", 1), "record.tags", {
      isPinned: true,
      width: 200,
    });
    const again = columnsOf(fields, { columns: layoutOf(mine) }, false);
    expect(again).toEqual(mine);
    expect(shownColumns(again).map(({ name }) => name)).toEqual([
      "record.tags",
      "id",
      "status",
      "field.status",
      "field.output",
      "record.reviewer",
    ]);
  });

  it("have a new field where it usually is", () => {
    const layout = { columns: layoutOf(columnsOf(fields.slice(0, 1), {}, false)) };
    const names = columnsOf(fields, layout, false).map(({ name }) => name);
    expect(names.indexOf("field.status")).toBe(names.indexOf("field.output") + 1);
  });
});

describe("rows", () => {
  const row = (id: number) => ({ id, status: "pending", values: {} }) as unknown as Row;
  const page = (start: number, stop: number) =>
    Array.from({ length: stop - start }, (_, at) => row(start + at + 1));

  it("are asked for by the page, and answers to an older query are dropped", async () => {
    const answers: (() => void)[] = [];
    const ask = vi.fn(
      (selection: number, start: number, stop: number) =>
        new Promise<{ selection: number; start: number; rows: Row[] }>((resolve) => {
          answers.push(() => resolve({ selection, start, rows: page(start, stop) }));
        }),
    );
    const rows = new Rows(ask, () => {});
    rows.open(1, 250, ["output"]);
    rows.want(95, 130);
    expect(ask.mock.calls.map(([, start, stop]) => [start, stop])).toEqual([
      [0, PAGE],
      [PAGE, 2 * PAGE],
    ]);
    rows.open(2, 250, ["output"]);
    expect(ask).toHaveBeenCalledTimes(4);
    answers[0]?.();
    await Promise.resolve();
    expect(rows.get(0)).toBeUndefined();
    answers[2]?.();
    await Promise.resolve();
    expect(rows.get(0)?.id).toBe(1);
  });

  it("show a decision before it is stored, the latest one of two", async () => {
    const rows = new Rows(
      async (selection, start, stop) => ({ selection, start, rows: page(start, stop) }),
      () => {},
    );
    rows.open(1, 10, []);
    rows.want(0, 10);
    await Promise.resolve();
    const first = rows.change([3], { status: "accepted" });
    const second = rows.change([3], { status: "rejected" });
    rows.settle(first, [{ ...row(3), status: "accepted", version: 2 } as Row]);
    expect(rows.get(2)?.status).toBe("rejected");
    rows.settle(second);
    expect(rows.get(2)?.status).toBe("accepted");
  });
});
