import { describe, expect, it } from "vitest";
import { END, graphOf, START } from "../src/editor/graph";
import type { Check, Trial } from "../src/editor/protocol";

const told = (id: string, fields: string[], adds: string[], problems: string[] = []) => ({
  id,
  problems,
  reads: [],
  adds,
  fields,
  is_open: false,
  fan_out: false,
});
const check: Check = {
  problems: [],
  blocks: [told("ask", ["topic"], ["answer"]), told("output", ["topic", "answer"], [], ["wrong"])],
  seed_fields: ["topic"],
  fields: ["topic", "answer", "output"],
};
const call = {
  model: "m",
  messages: [],
  answer: "x",
  error: null,
  input_tokens: 10,
  output_tokens: 5,
  cost: null,
  reused: false,
};
const step = {
  state: "done" as const,
  set: {},
  removed: [],
  seconds: 1.24,
  calls: [call],
  error: null,
  branches: null,
  is_kept: false,
  dry: false,
};
const trial: Trial = {
  seed: {},
  source: "typed",
  is_running: false,
  is_stopping: false,
  steps: { ask: step, output: step },
  stale: ["output"],
  note: null,
  error: null,
};

function drawn(trial: Trial) {
  return graphOf(
    {
      definition: { name: "p", blocks: [{ type: "Ask", id: "ask" }, { type: "Output" }] },
      ids: ["ask", "output"],
      check,
      trial,
      catalog: null,
      selected: 1,
      insertAt: 2,
      setInsertAt: () => undefined,
    },
    4,
  );
}

describe("the graph of a definition", () => {
  const graph = drawn(trial);

  it("has the blocks between Start and End, in order", () => {
    expect(graph.nodes.map((node) => node.id)).toEqual([START, "ask", "output", END]);
    expect(graph.edges.map((edge) => [edge.source, edge.target])).toEqual([
      [START, "ask"],
      ["ask", "output"],
      ["output", END],
    ]);
  });

  it("tells which fields flow along each edge, and where a block would be inserted", () => {
    expect(graph.edges.map((edge) => edge.data?.fields)).toEqual([
      ["topic"],
      ["topic", "answer"],
      ["topic", "answer", "output"],
    ]);
    expect(graph.edges.map((edge) => edge.data?.isChosen)).toEqual([false, false, true]);
  });

  it("shows problems, what was tried, and what is older than the pipeline", () => {
    expect(graph.nodes[1]?.data.tried).toEqual({ state: "done", text: "1.2 s, 15 tokens" });
    expect(graph.nodes[2]?.data).toMatchObject({
      isSelected: true,
      problems: ["wrong"],
      tried: { state: "stale", text: "stale" },
    });
    expect(graph.nodes[2]?.ariaLabel).toBe("Block 2 of 2: Output, output");
  });

  it("says of prompts alone that no model was asked, and shows no tokens", () => {
    const dry = drawn({ ...trial, steps: { ask: { ...step, dry: true } }, stale: [] });
    expect(dry.nodes[1]?.data.tried).toEqual({ state: "dry", text: "no model asked" });
  });
});
