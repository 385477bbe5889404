import { describe, expect, it } from "vitest";
import { openTag, optionsAfter } from "../src/editor/form/templateText";
import { difference } from "../src/shared/code/difference";
import { Echoes } from "../src/shared/code/echoes";

describe("difference", () => {
  it("is the smallest single change", () => {
    expect(difference("abcd", "abXcd")).toEqual({ from: 2, to: 2, insert: "X" });
    expect(difference("abcd", "ad")).toEqual({ from: 1, to: 3, insert: "" });
    expect(difference("aaa", "aa")).toEqual({ from: 2, to: 3, insert: "" });
    expect(difference("", "ab")).toEqual({ from: 0, to: 0, insert: "ab" });
    expect(difference("x", "y")).toEqual({ from: 0, to: 1, insert: "y" });
  });
});

describe("Echoes", () => {
  it("knows what was sent, once, and for a while", () => {
    let now = 0;
    const echoes = new Echoes<string>(() => now);
    echoes.sent("a");
    echoes.sent("ab");
    echoes.sent("abc");
    expect(echoes.isEcho("ab")).toBe(true);
    expect(echoes.isEcho("a")).toBe(false);
    now = 3000;
    expect(echoes.isEcho("abc")).toBe(false);
  });
});

describe("completion", () => {
  const facts = { fields: ["content"], seed: ["topic"] };
  const labels = (before: string, kind: "{{" | "{%" = "{{") =>
    optionsAfter(before, kind, () => ["item"], facts, false)?.map((each) => each.label) ?? null;

  it("finds the tag one is in", () => {
    expect(openTag("a {{ b")).toEqual({ kind: "{{", inner: " b" });
    expect(openTag("{{ a }} {% if ")).toEqual({ kind: "{%", inner: " if " });
    expect(openTag("{{ a }} b")).toBeNull();
    expect(openTag("plain")).toBeNull();
  });

  it("offers what may stand there", () => {
    expect(labels(" ")).toEqual(["content", "item", "metadata"]);
    expect(labels(" metadata.")).toEqual(["topic"]);
    expect(labels(" content.")).toBeNull();
    expect(labels(" content | ")).toContain("truncate");
    expect(labels(" content is ")).toContain("defined");
    expect(labels(" ", "{%")).toContain("endfor");
    expect(labels(" for x", "{%")).toBeNull();
    expect(labels(" for x in ", "{%")).toEqual(["content", "item", "metadata"]);
    expect(labels(' "a')).toBeNull();
  });
});
