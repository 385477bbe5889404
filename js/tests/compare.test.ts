import { describe, expect, it } from "vitest";
import { commandOf } from "../src/compare/keys";
import {
  isTurned,
  listed,
  nextOpen,
  type Pair,
  tallyOf,
  turned,
  withChoice,
  withDifferences,
} from "../src/compare/pairs";
import { fieldsOf, markedOf, same, seedFields } from "../src/compare/sides";
import { keepNumbers } from "../src/shared/numbers";
import type { FullRecord } from "../src/shared/record";
import { keyEvent, within } from "./pressing";

const pair = (left: number, more: Partial<Pair> = {}): Pair => ({
  left,
  right: left + 100,
  choice: null,
  isDifferent: null,
  ...more,
});

describe("pairs", () => {
  const pairs = [
    pair(1, { isDifferent: false }),
    pair(2, { isDifferent: true, choice: "left" }),
    pair(3),
    pair(4, { isDifferent: true, choice: "tie" }),
  ];

  it("are listed by what is known of them", () => {
    expect(listed(pairs, "all")).toEqual([0, 1, 2, 3]);
    expect(listed(pairs, "first")).toEqual([1, 2, 3, 0]);
    expect(listed(pairs, "different")).toEqual([1, 3]);
    expect(listed(pairs, "open")).toEqual([0, 2]);
  });

  it("lead to the next without a choice, also from the end to the top", () => {
    expect(nextOpen(pairs, [0, 1, 2, 3], 0)).toBe(2);
    expect(nextOpen(pairs, [0, 1, 2, 3], 2)).toBe(0);
    expect(nextOpen(pairs, [1, 3], 0)).toBeNull();
    expect(nextOpen(pairs, [2], 0)).toBeNull();
  });

  it("are counted, changed and compared one by one", () => {
    expect(tallyOf(pairs)).toEqual({ left: 1, right: 0, tie: 1, neither: 0, chosen: 2 });
    expect(withChoice(pairs, 2, "neither").map(({ choice }) => choice)).toEqual([
      null,
      "left",
      "neither",
      "tie",
    ]);
    expect(withDifferences(pairs, 2, [false]).map((one) => one.isDifferent)).toEqual([
      false,
      true,
      false,
      true,
    ]);
  });

  it("change sides in about half of the cases, the same ones each time", () => {
    const many = Array.from({ length: 1000 }, (_, at) => pair(at));
    const sides = many.map((one) => isTurned(one, 7));
    const count = sides.filter(Boolean).length;
    expect(count).toBeGreaterThan(400);
    expect(count).toBeLessThan(600);
    expect(many.map((one) => isTurned(one, 7))).toEqual(sides);
    expect(many.map((one) => isTurned(one, 8))).not.toEqual(sides);
    expect((["left", "right", "tie", "neither"] as const).map(turned)).toEqual([
      "right",
      "left",
      "tie",
      "neither",
    ]);
  });
});

function record(metadata: object, state: object, more: Partial<FullRecord> = {}): FullRecord {
  return {
    metadata,
    state: { ...metadata, ...state },
    fields: Object.keys({ ...metadata, ...state }),
    output_field: "output",
    ...more,
  } as FullRecord;
}

describe("fields", () => {
  it("stand with the output first, without what the seed says", () => {
    const left = record({ n: 1, word: "a" }, { draft: "x", output: "one", gone: 1 });
    const right = record({ n: 1, word: "a" }, { draft: "x", output: "two", word: "b" });
    expect(seedFields(left, right)).toEqual([["n", 1]]);
    expect(fieldsOf(left, right).map(({ name, kind }) => [name, kind])).toEqual([
      ["output", "different"],
      ["word", "different"],
      ["draft", "same"],
      ["gone", "left"],
    ]);
  });

  it("are written as they are stored", () => {
    const left = record({}, { big: 12345678901234567000 });
    keepNumbers(left.state, { big: "12345678901234567890" });
    expect(fieldsOf(left, record({}, { big: 1 }))[0]?.texts).toEqual(["12345678901234567890", "1"]);
  });

  it("are equal whatever the order of their keys", () => {
    expect(same({ a: [1, { b: null }], c: 2 }, { c: 2, a: [1, { b: null }] })).toBe(true);
    expect(same({ a: undefined }, { b: undefined })).toBe(false);
    expect(same([1, 2], [2, 1])).toBe(false);
    expect(same([], {})).toBe(false);
    expect(same(1, "1")).toBe(false);
    expect(same(null, {})).toBe(false);
  });
});

describe("marks", () => {
  it("tell what only one side has", () => {
    expect(markedOf(["the red house stands", "the blue house stands"])).toEqual({
      left: [
        { text: "the ", isOwn: false },
        { text: "red", isOwn: true },
        { text: " house stands", isOwn: false },
      ],
      right: [
        { text: "the ", isOwn: false },
        { text: "blue", isOwn: true },
        { text: " house stands", isOwn: false },
      ],
    });
    const lists = markedOf(["[\n  1,\n  2\n]", "[\n  1,\n  3\n]"]);
    expect(lists?.left.filter(({ isOwn }) => isOwn).map(({ text }) => text.trim())).toEqual(["2"]);
    expect(lists?.right.map(({ text }) => text).join("")).toBe("[\n  1,\n  3\n]");
  });

  it("are none where nearly everything differs", () => {
    expect(markedOf(["one two three", "vier fünf sechs sieben"])).toBeNull();
    expect(markedOf(["x".repeat(300_000), "y".repeat(300_000)])).toBeNull();
  });
});

const press = (key: string, more: object = {}) => commandOf(keyEvent(key, more));

describe("keys", () => {
  it("choose, move and undo", () => {
    expect(press("1")).toEqual({ do: "choose", choice: "left" });
    expect(press("ArrowRight")).toEqual({ do: "choose", choice: "right" });
    expect(press("X")).toEqual({ do: "choose", choice: "neither" });
    expect(press("PageDown")).toEqual({ do: "move", by: 10 });
    expect(press("Z", { shiftKey: true })).toEqual({ do: "redo" });
  });

  it("leave texts, what scrolls and the notebook's chords alone", () => {
    expect(press("1", { target: within("textarea") })).toBeNull();
    expect(press("ArrowLeft", { target: within("pre") })).toBeNull();
    expect(press("ArrowDown", { shiftKey: true })).toBeNull();
    expect(press("1", { target: within("pre") })).toEqual({ do: "choose", choice: "left" });
    expect(press("z", { ctrlKey: true })).toBeNull();
  });
});
