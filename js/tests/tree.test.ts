import { describe, expect, it } from "vitest";
import {
  firstOpened,
  idOf,
  type Opened,
  pathText,
  rowsOf,
  toggled,
  withMore,
} from "../src/shared/tree";

const NONE: Opened = { open: new Set(), shown: new Map() };
const told = (value: unknown, opened: Opened) =>
  rowsOf(value, opened).map(({ depth, key, kind, count }) => [depth, key, kind, count]);

describe("rowsOf", () => {
  it("shows what is opened", () => {
    const value = { name: "tide", list: [1, null, true], none: {} };
    expect(told(value, NONE)).toEqual([[0, null, "object", 3]]);
    const all = toggled(toggled(NONE, idOf([])), idOf(["list"]));
    expect(told(value, all)).toEqual([
      [0, null, "object", 3],
      [1, "name", "text", 4],
      [1, "list", "list", 3],
      [2, 0, "number", 0],
      [2, 1, "null", 0],
      [2, 2, "boolean", 0],
      [1, "none", "object", 0],
    ]);
    expect(told(value, toggled(all, idOf([])))).toEqual([[0, null, "object", 3]]);
  });

  it("shows big lists a page at a time", () => {
    const list = Array.from({ length: 250 }, (_, at) => at);
    let opened = firstOpened(list);
    expect(rowsOf(list, opened).length).toBe(102);
    expect(told(list, opened).at(-1)).toEqual([1, null, "more", 150]);
    opened = withMore(opened, []);
    expect(told(list, opened).at(-1)).toEqual([1, null, "more", 50]);
    opened = withMore(opened, []);
    expect(told(list, opened).at(-1)).toEqual([1, 249, "number", 0]);
  });

  it("lets long texts be opened, short ones not", () => {
    const [, short, long, lines] = rowsOf(["a", "x".repeat(200), "a\nb"], firstOpened([1, 2]));
    expect([short?.canOpen, long?.canOpen, lines?.canOpen]).toEqual([false, true, true]);
  });
});

describe("firstOpened", () => {
  it("opens level by level what is quickly read, or as many levels as asked", () => {
    const deep = { a: { b: { c: { d: 1 } } } };
    expect(rowsOf(deep, firstOpened(deep)).length).toBe(5);
    expect(rowsOf(deep, firstOpened(deep, 1)).length).toBe(2);
    const wide = { small: [1, 2], big: Array.from({ length: 70 }, () => 0) };
    expect(rowsOf(wide, firstOpened(wide)).length).toBe(5);
  });
});

describe("pathText", () => {
  it("is written as templates write it", () => {
    expect(pathText("generated", [])).toBe("generated");
    expect(pathText("generated", ["items", 0, "odd key", "größe"])).toBe(
      'generated.items[0]["odd key"].größe',
    );
  });
});
