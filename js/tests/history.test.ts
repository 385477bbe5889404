import { describe, expect, it } from "vitest";
import { begin, record, redo, undo } from "../src/editor/history";

describe("history", () => {
  it("goes back and forth, and a new edit ends what lies ahead", () => {
    let history = record(record(begin("a"), "b"), "c");
    history = undo(undo(history));
    expect(history.present).toBe("a");
    expect(undo(history)).toBe(history);
    history = redo(history);
    expect(history.present).toBe("b");
    history = record(history, "x");
    expect(redo(history)).toBe(history);
    expect(undo(history).present).toBe("b");
  });

  it("joins edits of one topic into one step", () => {
    let history = begin("");
    for (const text of ["h", "hi", "hi!"]) history = record(history, text, "prompt");
    expect(undo(history).present).toBe("");
    history = record(history, "other", "name");
    expect(undo(history).present).toBe("hi!");
  });
});
