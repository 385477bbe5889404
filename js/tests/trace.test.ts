import { expect, test } from "vitest";
import { structureOf } from "../src/trace/CallPanel";
import { changesOf, firstOpen, isSame, matchesIn, sumsOf, viewOf } from "../src/trace/model";
import type { TraceBranch, TraceCall, TraceStep } from "../src/trace/protocol";
import { duration, facts, money } from "../src/trace/words";

const STEP: TraceStep = {
  index: 0,
  block_id: "ask",
  block_type: "TextGenerator",
  branch: "",
  set: {},
  removed: [],
  seconds: 1,
  error: null,
  skipped: false,
  calls: [],
};
const CALL: TraceCall = {
  number: 0,
  model: "big",
  request: { messages: [{ role: "user", content: "Ask about the Moon" }], temperature: 0 },
  answer: "The moon it is",
  finish_reason: "stop",
  usage: { input_tokens: 10, output_tokens: 5, calls: 1, cost: 0.5 },
  latency: 0.8,
  tries: [
    { latency: 0.1, status: 503, error: "busy" },
    { latency: 0.2, status: 200, error: null },
  ],
  error: null,
  reused: false,
};
const BRANCH: TraceBranch = {
  label: "Main branch",
  status: "pending",
  reason: null,
  seed: { topic: "moon", kept: 1 },
  steps: [
    { ...STEP, set: { assistant: "x", topic: "sun" }, removed: ["kept"], calls: [CALL] },
    { ...STEP, index: 1, block_id: "cut", branch: "3", set: { piece: null }, seconds: 3 },
    { ...STEP, index: 2, block_id: "maybe", branch: "3", skipped: true, seconds: 0 },
  ],
};

test("states, changes, bars and branches are worked out from what each step changed", () => {
  const view = viewOf(BRANCH);
  expect(view.seconds).toBe(4);
  expect(view.steps.map((step) => [step.start, step.share])).toEqual([
    [0, 0.25],
    [1, 0.75],
    [4, 0],
  ]);
  expect(view.steps[0]?.after).toEqual({ topic: "sun", assistant: "x" });
  expect(view.steps[0]?.changes).toMatchObject([
    { name: "assistant", kind: "added", after: "x" },
    { name: "topic", kind: "changed", before: "moon", after: "sun" },
    { name: "kept", kind: "removed", before: 1 },
  ]);
  expect(view.steps.map((step) => step.began)).toEqual([null, "3", null]);
  expect(view.steps.map((step) => step.state)).toEqual(["done", "done", "skipped"]);
  expect(view.steps[0]?.asking).toBe(0.8);
  expect(firstOpen(view)).toEqual([1]);
});

test("the step that failed or filtered is told, and the failed one is open", () => {
  const failed = viewOf({
    ...BRANCH,
    steps: [{ ...STEP, error: { error: "no", detail: {} } }, STEP],
  });
  expect(failed.steps.map((step) => step.state)).toEqual(["failed", "done"]);
  expect(firstOpen(failed)).toEqual([0]);
  const filtered = viewOf({ ...BRANCH, status: "filtered", steps: [STEP, STEP] });
  expect(filtered.steps.map((step) => step.state)).toEqual(["done", "filtered"]);
  expect(firstOpen(viewOf({ ...BRANCH, steps: [] }))).toEqual([]);
});

test("what calls took is summed: retries, waits, cost where all of it is known", () => {
  const sums = sumsOf([CALL, { ...CALL, reused: true, tries: [] }]);
  expect(sums).toEqual({
    calls: 2,
    reused: 1,
    input: 20,
    output: 10,
    cost: 1,
    retries: 1,
    waited: 1.3,
    errors: 0,
  });
  expect(facts(sums)).toEqual([
    "2 calls",
    "20 → 10 tokens",
    "cost 1.0000",
    "↻ 1 retry",
    "1 reused",
  ]);
  const unpriced = { ...CALL, usage: { ...CALL.usage, cost: null } };
  expect(sumsOf([CALL, unpriced]).cost).toBeNull();
  expect(facts(sumsOf([]))).toEqual([]);
});

test("values are the same whatever the order of their keys", () => {
  expect(isSame({ a: 1, b: [1, { c: null }] }, { b: [1, { c: null }], a: 1 })).toBe(true);
  expect(isSame([1, 2], [2, 1])).toBe(false);
  expect(isSame({ 0: 1 }, [1])).toBe(false);
  expect(isSame(null, {})).toBe(false);
  expect(changesOf({ a: 1 }, { ...STEP, set: { a: 1 } })[0]?.kind).toBe("same");
});

test("a search finds prompts, answers, fields and errors", () => {
  const [first, second] = viewOf(BRANCH).steps;
  expect(first && matchesIn(first, "moon")).toBe(2);
  expect(second && matchesIn(second, "PIECE")).toBe(1);
  expect(first && matchesIn(first, "")).toBe(0);
});

test("answers that hold a structure can be shown as one", () => {
  expect(structureOf(' {"a": [1]}')).toEqual({ a: [1] });
  expect(structureOf("[see below]")).toBeUndefined();
  expect(structureOf("12")).toBeUndefined();
});

test("durations and money are short and never zero when they are not", () => {
  expect([0.0004, 0.05, 0.5, 12.34, 125].map(duration)).toEqual([
    "0.4 ms",
    "50 ms",
    "0.50 s",
    "12.3 s",
    "2 min 5 s",
  ]);
  expect([0, 0.000012, 1.5].map(money)).toEqual(["0", "0.000012", "1.5000"]);
});
