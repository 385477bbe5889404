import { describe, expect, it } from "vitest";
import type { BlockEntry, Definition } from "../src/editor/definition";
import { merge } from "../src/editor/merge";

const of = (...blocks: BlockEntry[]): Definition => ({ name: "p", blocks });
const a: BlockEntry = { type: "A", config: { x: 1, y: 1 } };
const b: BlockEntry = { type: "B" };

describe("two changes at once", () => {
  it("typing in a block here and a block added there are both kept", () => {
    const typed = of({ type: "A", config: { x: 2, y: 1 } }, b);
    const added = of(a, { type: "C" }, b);
    const both = of({ type: "A", config: { x: 2, y: 1 } }, { type: "C" }, b);
    expect(merge(of(a, b), typed, added)).toEqual(both);
    expect(merge(of(a, b), added, typed)).toEqual(both);
  });

  it("different keys of one block are both kept, of one key mine", () => {
    const mine = of({ type: "A", config: { x: 2, y: 1 }, when: "a" });
    const theirs = of({ type: "A", config: { x: 3, y: 4 } });
    expect(merge(of(a), mine, theirs)).toEqual(
      of({ type: "A", config: { x: 2, y: 4 }, when: "a" }),
    );
  });

  it("rules and blocks go together, and what was taken away stays away", () => {
    const mine = { ...of(a), accept_when: "x" };
    const theirs = of({ type: "A", config: { y: 1 } });
    expect(merge(of(a), mine, theirs)).toEqual({ ...theirs, accept_when: "x" });
  });

  it("nothing is guessed where both changed the list, or one removed what the other changed", () => {
    expect(merge(of(a, b), of(a, b, { type: "C" }), of(a))).toBeNull();
    expect(merge(of(a, b), of({ ...a, when: "x" }, b), of(b))).toBeNull();
    expect(merge(of(a, b), of(b), of(b))).toEqual(of(b));
  });
});
