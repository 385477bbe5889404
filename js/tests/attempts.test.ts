import { expect, test } from "vitest";
import {
  type Again,
  type Attempt,
  attemptName,
  endTold,
  type Plan,
  startName,
  whenOf,
} from "../src/trace/attempts";
import { compared } from "../src/trace/comparison";
import type { TraceBranch, TraceStep } from "../src/trace/protocol";

const STEP: TraceStep = {
  index: 0,
  block_id: "draft",
  block_type: "TextGenerator",
  branch: "",
  set: { assistant: "The moon" },
  removed: [],
  seconds: 1,
  error: null,
  skipped: false,
  calls: [
    {
      number: 0,
      model: "m",
      request: { messages: [{ role: "user", content: "Say" }] },
      answer: "The moon",
      finish_reason: null,
      usage: { input_tokens: 1, output_tokens: 1, calls: 1, cost: null },
      latency: 1,
      tries: [],
      error: null,
      reused: false,
    },
  ],
};
const branch = (...steps: TraceStep[]): TraceBranch => ({
  label: "",
  status: null,
  reason: null,
  seed: {},
  steps,
});

test("attempts are compared block by block: prompts, answers, fields, errors", () => {
  const judge = { ...STEP, index: 1, block_id: "judge", calls: [], set: { score: 1 } };
  const failed = { ...judge, set: {}, error: { error: "no" } };
  const blocks = compared(branch(STEP, judge), branch({ ...STEP, seconds: 9 }, failed));
  expect(blocks.map((block) => [block.block_id, block.isSame])).toEqual([
    ["draft", true],
    ["judge", false],
  ]);
  expect(blocks[0]?.parts.map((part) => part.name)).toEqual(["Prompt", "Answer", "assistant"]);
  expect(blocks[0]?.parts[0]?.left).toBe("user: Say");
  expect(blocks[1]?.parts).toEqual([
    { name: "score", left: "1", right: null, isSame: false },
    { name: "Error", left: null, right: "no", isSame: false },
  ]);
});

test("a block that one of them never came to is different", () => {
  const blocks = compared(branch({ ...STEP, index: 3, block_id: "last" }), branch(STEP));
  expect(blocks.map((block) => [block.block_id, block.isSame])).toEqual([
    ["draft", false],
    ["last", false],
  ]);
  expect(blocks[0]?.left).toBeNull();
});

test("attempts and plans in words", () => {
  const attempt: Attempt = {
    record_id: 14,
    attempt: 2,
    branch: "3",
    status: "accepted",
    reason: null,
    is_current: true,
    created_at: "never",
    why: "again from judge",
  };
  expect(attemptName(attempt)).toBe(
    "2, record 14: accepted, branch 3, again from judge, never, current",
  );
  const plan = { record_id: 1, from_block: "judge", made: 1, is_exact: true, told: "" } as Plan;
  expect(startName(plan)).toBe("Run it: makes 1 call");
  expect(startName({ ...plan, made: 2, is_exact: false })).toBe("Run it: makes about 2 calls");
  const now = new Date(2026, 10, 26, 19, 5);
  expect(whenOf(now.toISOString(), now)).toMatch(/^\D?\d?\d:05/);
  expect(whenOf(new Date(2026, 10, 25, 19, 5).toISOString(), now)).toContain("2026");
});

test("a new attempt that failed is told as what it is, its reason shortened", () => {
  const again: Again = {
    job_id: 1,
    status: "completed",
    is_running: false,
    current: 3,
    record_status: "pending",
    reason: null,
    error: null,
  };
  expect(endTold(again, 2)).toBe(
    "Record 3 is the current one now; the one before stays beside it.",
  );
  const failed = { ...again, record_status: "failed", reason: "x".repeat(3000) };
  expect(endTold(failed, 2)).toBe(
    `The new attempt failed: ${"x".repeat(240)}… (3,000 characters). It has taken the place of record 2.`,
  );
  expect(endTold({ ...again, current: 2, status: "failed", error: "no key" }, 2)).toBe(
    "There is no new record: no key",
  );
});
