import { describe, expect, it } from "vitest";
import { hitsOf, nameOf, partsOf, patternOf, symbolOf } from "../src/shared/visible";

const hits = (text: string, search: string) =>
  partsOf(text, hitsOf(search))
    .filter(({ kind }) => kind === "hit")
    .map((part) => part.text);

describe("partsOf", () => {
  it("leaves what can be seen alone, in any script", () => {
    for (const text of [
      "tab\there\nand there",
      "شكرا 👩‍👩‍👧 نعم",
      "می‌خواهم",
      "🏴\u{e0067}\u{e0062}\u{e007f}",
    ]) {
      expect(partsOf(text, null)).toEqual([{ kind: "plain", text }]);
    }
    expect(partsOf("", null)).toEqual([]);
  });

  it("cuts out characters that cannot be seen", () => {
    expect(partsOf("a\u0000b\u202ec\r\n\u{e0041}", null)).toEqual([
      { kind: "plain", text: "a" },
      { kind: "hidden", text: "\u0000" },
      { kind: "plain", text: "b" },
      { kind: "hidden", text: "\u202e" },
      { kind: "plain", text: "c" },
      { kind: "hidden", text: "\r" },
      { kind: "plain", text: "\n" },
      { kind: "hidden", text: "\u{e0041}" },
    ]);
    expect(symbolOf("\u0000")).toBe("␀");
    expect(symbolOf("\u202e")).toBe("[U+202E]");
    expect(nameOf("\u202e")).toBe("right-to-left override (U+202E)");
  });

  it("has few parts even of nothing but control characters", () => {
    const parts = partsOf("\u0001".repeat(10_000), null);
    expect(parts.length).toBe(501);
    expect(parts.at(-1)?.text).toBe("␁".repeat(9_500));
  });

  it("marks what is searched for as it stands", () => {
    expect(partsOf("1+1 and 1+1", patternOf("1+1")).map(({ kind }) => kind)).toEqual([
      "hit",
      "plain",
      "hit",
    ]);
    expect(patternOf("")).toBeNull();
  });
});

describe("hitsOf", () => {
  it("finds whole words and beginnings, whatever the case", () => {
    expect(hits("The moon, moonlight and MOON", "moon ")).toEqual(["moon", "MOON"]);
    expect(hits("The moon, moonlight and MOON", "moon*")).toEqual(["moon", "moon", "MOON"]);
    expect(hits("The moon tides", "moon tid")).toEqual(["moon", "tid"]);
    expect(hits("Ω-value: عربي", "عربي")).toEqual(["عربي"]);
  });

  it("finds phrases over what stands between words", () => {
    expect(hits("Low tide. The low, tide", '"low tide"')).toEqual(["Low tide", "low, tide"]);
    expect(hits("a (b) c", "(b)")).toEqual(["b"]);
    expect(hitsOf("  ** ")).toBeNull();
  });
});
