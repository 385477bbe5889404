import { describe, expect, it } from "vitest";
import { factsOf } from "../src/editor/facts";
import type { CallView } from "../src/editor/protocol";

const call: CallView = {
  model: "m",
  messages: [],
  answer: "x",
  error: null,
  input_tokens: 10,
  output_tokens: 5,
  cost: 0.5,
  reused: false,
};

describe("what a call took", () => {
  it("is told with its cost, or that it is unknown", () => {
    expect(factsOf(call, false)).toBe("m · 10 tokens in, 5 out · cost 0.5000");
    expect(factsOf({ ...call, cost: null }, false)).toBe("m · 10 tokens in, 5 out · cost unknown");
  });

  it("was not paid for again when it was answered before", () => {
    expect(factsOf({ ...call, reused: true }, false)).toBe(
      "m · 10 tokens in, 5 out · answered before, not paid for again",
    );
  });

  it("is nothing in a dry trial", () => {
    expect(factsOf(call, true)).toBe("m · not asked");
  });
});
