import { describe, expect, it } from "vitest";
import { begun, Drafts, isConflict } from "../src/review/card/drafts";
import {
  isSameNumbers,
  jsonTyped,
  modesFor,
  readTyped,
  retyped,
  rounded,
  switched,
  type Typed,
  typedIn,
  typedOf,
  writtenAs,
} from "../src/review/card/editing";
import { isSame, jsonIn, kindOf, looksLikeMarkdown, typeOf } from "../src/review/card/kinds";
import { layoutOf, moved, placed, stored } from "../src/review/card/layout";
import type { Json } from "../src/shared/json";
import { keepNumbers } from "../src/shared/numbers";

describe("kindOf", () => {
  it("tells what a value is to a reader", () => {
    expect([null, undefined, "", 0, false].map(kindOf)).toEqual([
      "null",
      "null",
      "text",
      "number",
      "boolean",
    ]);
    expect(kindOf(["a", "b"])).toBe("texts");
    expect([[], {}, [1], ["a", 1], [{ role: "x" }]].map(kindOf)).toEqual(Array(5).fill("json"));
    const talk = [
      { role: "user", content: "Hi" },
      { role: "assistant", content: null, tool_calls: [] },
      { role: "user", content: [{ type: "text", text: "Look" }] },
    ];
    expect(kindOf(talk)).toBe("messages");
    expect(kindOf([...talk, { role: "user" }])).toBe("json");
  });

  it("says types in words", () => {
    expect(["x", 1, true, null, [1, 2], { a: 1 }, {}].map(typeOf)).toEqual([
      "text",
      "number",
      "true or false",
      "empty",
      "list of 2",
      "object with 1 key",
      "object with 0 keys",
    ]);
  });

  it("guesses Markdown and finds JSON in texts", () => {
    for (const text of [
      "# Tides",
      "so:\n- one\n- two",
      "**bold**",
      "a\n```\ncode",
      "|a|b|\n|---|---|",
      "[x](y)",
    ])
      expect([text, looksLikeMarkdown(text)]).toEqual([text, true]);
    for (const text of [
      "Plain text. 2 * 3 * 4",
      "#hashtag",
      "a - b",
      "snake_case_name",
      "<b>bold</b>",
    ])
      expect([text, looksLikeMarkdown(text)]).toEqual([text, false]);
    expect(jsonIn(' {"a": [1]}')).toEqual({ a: [1] });
    expect([jsonIn("42"), jsonIn("{a}"), jsonIn("[link]")]).toEqual([null, null, null]);
  });

  it("compares values whatever the order of keys", () => {
    expect(isSame({ a: 1, b: [1, { c: null }] }, { b: [1, { c: null }], a: 1 })).toBe(true);
    expect(isSame({ a: 1 }, { a: 1, b: undefined })).toBe(false);
    expect(isSame([1, 2], { 0: 1, 1: 2 })).toBe(false);
    expect(isSame("1", 1)).toBe(false);
  });
});

describe("layoutOf", () => {
  const record = {
    fields: ["topic", "generated", "score", "output"],
    metadata: { topic: "tides" },
    output_field: "output",
  };

  it("puts the output first, then what blocks made, and what the seed gave below", () => {
    const layout = layoutOf(record, {});
    expect(layout).toEqual({
      primary: ["output", "generated", "score"],
      secondary: ["topic"],
      hidden: [],
    });
    expect(layoutOf({ ...record, output_field: "topic" }, {}).primary[0]).toBe("topic");
  });

  it("follows what is stored, and knows where the rest belongs", () => {
    expect(layoutOf(record, { primary: ["topic", "gone"], hidden: ["score", "topic"] })).toEqual({
      primary: ["output", "topic", "generated"],
      secondary: [],
      hidden: ["score"],
    });
  });

  it("moves a field by one place, over the classes' bounds", () => {
    const layout = layoutOf(record, {});
    expect(moved(layout, "score", -1).primary).toEqual(["output", "score", "generated"]);
    const lower = moved(layout, "score", 1);
    expect([lower.primary, lower.secondary]).toEqual([
      ["output", "generated"],
      ["score", "topic"],
    ]);
    expect(moved(lower, "score", -1)).toEqual(layout);
    expect(moved(layout, "output", -1)).toEqual(layout);
    expect(moved(layout, "topic", 1)).toEqual({ ...layout, secondary: [], hidden: ["topic"] });
    expect(placed(layout, "topic", "primary").primary.at(-1)).toBe("topic");
  });

  it("keeps the places of fields that this record does not have", () => {
    const before = { primary: ["elsewhere"], hidden: ["score"] };
    expect(stored(layoutOf(record, before), before)).toEqual({
      primary: ["output", "generated", "elsewhere"],
      secondary: ["topic"],
      hidden: ["score"],
    });
  });
});

describe("editing", () => {
  it("keeps a value what it is", () => {
    const values = ["text", "", ["a", ""], 0.5, -3, true, false, { a: [1, null] }, [1, "a"], []];
    for (const value of values) expect(readTyped(typedOf(value))).toEqual({ value });
    expect(modesFor(1)).toEqual(["number", "text", "json"]);
    expect(modesFor("1")).toEqual(["text", "json"]);
    expect(modesFor({})).toEqual(["text", "json"]);
  });

  it("does not take for a number what is none", () => {
    const read = (text: string) => readTyped({ mode: "number", text, items: [] });
    expect(read(" 1e3 ")).toEqual({ value: 1000 });
    expect(read("0,5")).toEqual({ problem: '"0,5" is not a number, such as 0.75' });
    expect(read("")).toEqual({ problem: "Nothing is not a number, such as 0.75" });
    expect(read("007")).toHaveProperty("problem");
    expect(read("1e999")).toEqual({ problem: "1e999 is larger than any number can be" });
    expect(read("12345678901234567891")).toHaveProperty("value");
  });

  it("checks JSON as it is typed", () => {
    const read = (text: string) => readTyped({ mode: "json", text, items: [] });
    expect(read('{"a": ')).toEqual({ problem: "Can be saved when it is JSON" });
    expect(read(" ")).toEqual({ problem: "Nothing is not JSON: null is" });
    expect(read('{"id": "12345678901234567891"}')).toEqual({
      value: { id: "12345678901234567891" },
    });
    expect(read('{"a": [-1e999]}')).toEqual({ problem: "-1e999 is larger than any number can be" });
    expect(read('{"a": "1e999"}')).toEqual({ value: { a: "1e999" } });
  });

  it("sends numbers as they were typed, and says which digits are not kept", () => {
    const json = (text: string): Typed => ({ mode: "json", text, items: [] });
    expect(jsonTyped(json(' {"id": 12345678901234567891, "__proto__": 1.0} '))).toBe(
      '{"id": 12345678901234567891, "__proto__": 1.0}',
    );
    expect(jsonTyped(typedOf('a "b"'))).toBe('"a \\"b\\""');
    expect([typedOf(true), typedOf(["a", ""])].map(jsonTyped)).toEqual(["true", '["a",""]']);
    const lost = (text: string) => rounded(json(text));
    expect(lost("[0.1234567890123456789]")).toEqual({
      typed: "0.1234567890123456789",
      stored: "0.12345678901234568",
    });
    expect(lost("1e-400")).toEqual({ typed: "1e-400", stored: "0" });
    for (const kept of [
      "0.10",
      "-0.0",
      "1.50e3",
      "0.000001",
      "1e21",
      "12345678901234567891",
      "1e-7",
    ])
      expect([kept, lost(kept)]).toEqual([kept, null]);
    expect(lost('"0.1234567890123456789"')).toBeNull();
  });

  it("shows what changes with numbers as they were typed", () => {
    const written = (text: string) =>
      writtenAs({ mode: "json", text, items: [] }, JSON.parse(text) as Json);
    for (const value of [
      { a: [], b: [1, { c: {} }], d: "x\n{[,:" },
      [[[]]],
      null,
      "a",
      [true, "\\"],
    ])
      for (const space of [0, 2])
        expect(written(JSON.stringify(value, null, space))).toBe(
          typeof value === "string" ? value : JSON.stringify(value, null, 2),
        );
    expect(written('{"n":12345678901234567890,"f":1.0}')).toBe(
      '{\n  "n": 12345678901234567890,\n  "f": 1.0\n}',
    );
    expect(writtenAs({ mode: "number", text: " 1.0", items: [] }, 1)).toBe("1.0");
  });

  it("begins with numbers as they are written", () => {
    const state = { f: 1, big: { n: 12345678901234567000 }, s: "1.0" };
    keepNumbers(state, { f: "1.0", big: { n: "12345678901234567890" } });
    expect(typedIn(state, "f").text).toBe("1.0");
    expect(typedIn(state, "big").text).toBe('{\n  "n": 12345678901234567890\n}');
    expect(isSameNumbers(typedIn(state, "f"), typedOf(1))).toBe(false);
    const drafts = new Drafts();
    drafts.begin(1, "field f", state, "f");
    expect(drafts.isChanged(1, "field f")).toBe(false);
  });

  it("switches between ways to type a value without changing it", () => {
    const number = typedOf(42);
    expect(readTyped(switched(number, "json"))).toEqual({ value: 42 });
    expect(readTyped(switched(switched(number, "json"), "number"))).toEqual({ value: 42 });
    expect(readTyped(switched(number, "text"))).toEqual({ value: "42" });
    expect(readTyped(switched(typedOf("42"), "json"))).toEqual({ value: "42" });
    expect(readTyped(switched(typedOf('{"a": 1}'), "json"))).toEqual({ value: { a: 1 } });
    expect(switched(typedOf({ a: 1 }), "text").text).toBe('{\n  "a": 1\n}');
    expect(readTyped(switched(switched(typedOf(["a", "b"]), "json"), "texts"))).toEqual({
      value: ["a", "b"],
    });
  });

  it("keeps the line breaks of a text that nobody touched", () => {
    expect(retyped("a\r\nb\r\nc", "a\nbee\nc")).toBe("a\r\nbee\r\nc");
    expect(retyped("a\r\nb", "a\nb\nc")).toBe("a\r\nb\r\nc");
    expect(retyped("a\rb\nc", "a\nb\nd")).toBe("a\rb\nd");
    expect(retyped("a\nb", "a\nc")).toBe("a\nc");
  });
});

describe("Drafts", () => {
  it("are kept per record and field until they are dropped", () => {
    const drafts = new Drafts();
    let heard = 0;
    drafts.subscribe(() => heard++);
    drafts.begin(7, "field output", { output: "old" }, "output");
    expect([drafts.isChanged(7, "field output"), drafts.changedIds()]).toEqual([false, []]);
    drafts.put(7, "field output", { base: "old", typed: { mode: "text", text: "new", items: [] } });
    drafts.put(9, "note", { base: null, typed: { mode: "text", text: "so so", items: [] } });
    expect(drafts.changedIds()).toEqual([7, 9]);
    expect([drafts.fields(7), drafts.fields(9)]).toEqual([["output"], []]);
    drafts.drop(7, "field output");
    drafts.drop(7, "field output");
    expect([drafts.changedIds(), heard]).toEqual([[9], 4]);
  });

  it("know when the field has another value by now", () => {
    const draft = { base: { a: 1, b: 2 }, typed: typedOf("x") };
    expect(isConflict(draft, { b: 2, a: 1 })).toBe(false);
    expect(isConflict(draft, { a: 1 })).toBe(true);
    expect(isConflict({ ...draft, base: null }, undefined)).toBe(false);
    const [old, now] = [{ n: [12345678901234567000] }, { n: [12345678901234567000] }];
    keepNumbers(old, { n: { 0: "12345678901234567890" } });
    keepNumbers(now, { n: { 0: "12345678901234567891" } });
    expect(isConflict(begun(old, "n"), old.n, typedIn(old, "n"))).toBe(false);
    expect(isConflict(begun(old, "n"), now.n, typedIn(now, "n"))).toBe(true);
  });
});
