import { expect, test } from "vitest";
import { said } from "../src/shared/Conversation";
import { blocksOf, countIn, FOLD, foldedLength } from "../src/shared/folding";
import { differenceOf } from "../src/shared/textDifference";

test("long texts fold by characters and by lines, short ones do not", () => {
  expect(foldedLength("short")).toBe(5);
  expect(foldedLength("x".repeat(1_000_000))).toBe(FOLD);
  expect(foldedLength("line\n".repeat(40))).toBe(20 * 5 - 1);
  expect(foldedLength("a".repeat(FOLD + 100))).toBe(FOLD + 100);
  expect(foldedLength("line\n".repeat(21))).toBe(20 * 5 - 1);
});

test("no character is cut in two", () => {
  const text = `${"x".repeat(FOLD - 1)}${"😀".repeat(1000)}`;
  expect(foldedLength(text)).toBe(FOLD - 1);
});

test("a long text in blocks of whole lines is the same text", () => {
  const text = `${"a line\n".repeat(3000)}${"x".repeat(20_000)}\nlast`;
  const blocks = blocksOf(text);
  expect(blocks.join("")).toBe(text);
  expect(blocks.length).toBe(4);
  expect(blocks.slice(0, -1).every((block) => block.endsWith("\n"))).toBe(true);
  expect(blocksOf("")).toEqual([]);
});

test("what is searched for is counted whatever the case", () => {
  expect(countIn("The moon and the Moon", "MOON")).toBe(2);
});

test("two texts differ in words, long ones in lines, and some in everything", () => {
  expect(differenceOf("a cold moon", "a warm moon")).toEqual([
    { kind: "same", text: "a " },
    { kind: "removed", text: "cold" },
    { kind: "added", text: "warm" },
    { kind: "same", text: " moon" },
  ]);
  expect(differenceOf("1,\n2", "1,\n3", "lines")?.map(({ text }) => text)).toEqual([
    "1,\n",
    "2",
    "3",
  ]);
  expect(differenceOf("the moon", "THE MOON")).toEqual([
    { kind: "removed", text: "the moon" },
    { kind: "added", text: "THE MOON" },
  ]);
  expect(differenceOf("same", "same")).toEqual([{ kind: "same", text: "same" }]);
  expect(differenceOf("", "")).toEqual([]);
  const lines = "one line\n".repeat(4000);
  expect(differenceOf(`${lines}old\n`, `${lines}new\n`)?.slice(1)).toEqual([
    { kind: "removed", text: "old\n" },
    { kind: "added", text: "new\n" },
  ]);
  expect(differenceOf("x".repeat(300_000), "y".repeat(300_000))).toBeNull();
});

test("messages say texts, parts of texts, and what else they hold", () => {
  expect(said({ role: "user", content: "Hi" })).toBe("Hi");
  expect(
    said({ role: "user", content: [{ type: "text", text: "Look:" }, { type: "image" }] }),
  ).toBe('Look:\n{\n  "type": "image"\n}');
  expect(said({ role: "assistant", content: null, tool_calls: [] } as never)).toBe(
    '{\n  "tool_calls": []\n}',
  );
  expect(said({ role: "user", content: null })).toBe("");
});
