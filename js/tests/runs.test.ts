import { describe, expect, it } from "vitest";
import { add, all, has, NONE, type Runs, remove, size, toggle } from "../src/review/runs";

describe("positions as runs", () => {
  it("joins what touches and keeps the rest apart, in order", () => {
    let runs: Runs = add(NONE, 5, 7);
    runs = add(runs, 1, 2);
    expect(runs).toEqual([
      [1, 2],
      [5, 7],
    ]);
    expect(add(runs, 4, 3)).toEqual([[1, 7]]);
    expect(size(runs)).toBe(5);
    expect([0, 1, 2, 3, 5, 8].map((at) => has(runs, at))).toEqual([
      false,
      true,
      true,
      false,
      true,
      false,
    ]);
  });

  it("takes one out of all", () => {
    const rest = toggle(all(1_000_000), 500);
    expect(rest).toEqual([
      [0, 499],
      [501, 999_999],
    ]);
    expect(size(rest)).toBe(999_999);
    expect(toggle(rest, 500)).toEqual([[0, 999_999]]);
    expect(remove(rest, 0, 999_998)).toEqual([[999_999, 999_999]]);
    expect(all(0)).toEqual([]);
  });
});
