import { describe, expect, it } from "vitest";
import { given, isStructural } from "../src/editor/form/given";

const CONFIG = {
  words: { type: "array" },
  tags: { type: "array", default: ["a"] },
  temperature: { type: "number", nullable: true },
};

describe("given", () => {
  it("leaves out what was emptied", () => {
    expect(
      given({ temperature: undefined, words: [] }, { temperature: 1, words: ["x"] }, CONFIG),
    ).toEqual({});
  });

  it("keeps what somebody chose: null, false, an empty list that is not the default", () => {
    expect(given({ temperature: null, flag: false, tags: [] }, {}, CONFIG)).toEqual({
      temperature: null,
      flag: false,
      tags: [],
    });
  });

  it("drops what was emptied inside of a value", () => {
    const emptied = { rule: { n: undefined } } as never;
    expect(given(emptied, { rule: { n: 1 } }, CONFIG)).toEqual({});
  });

  it("does not touch other keys", () => {
    expect(given({ words: [], temperature: 1 }, { words: [] }, CONFIG)).toEqual({
      words: [],
      temperature: 1,
    });
  });
});

describe("isStructural", () => {
  it("tells an entry added or removed from one typed in", () => {
    expect(isStructural({ words: ["a", ""] }, { words: ["a"] })).toBe(true);
    expect(isStructural({ words: ["ab"] }, { words: ["a"] })).toBe(false);
    expect(isStructural({ map: { a: "1", b: "2" } }, { map: { a: "1" } })).toBe(true);
    expect(isStructural({ map: { a: "2" } }, { map: { a: "1" } })).toBe(false);
    expect(isStructural({ name: "ab" }, { name: "a" })).toBe(false);
  });
});
