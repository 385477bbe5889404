/** What a trace tells, worked out from its steps. */

import { said } from "../shared/Conversation";
import { asText, countIn } from "../shared/folding";
import { takeNumbers } from "../shared/numbers";
import type { Fields, TraceBranch, TraceCall, TraceStep } from "./protocol";

export type StepState = "done" | "failed" | "skipped" | "filtered";

export interface Change {
  name: string;
  kind: "added" | "changed" | "removed" | "same";
  before?: unknown;
  after?: unknown;
  /** What holds them: the state before, and what the step set. */
  from: { before: Fields; after: Fields };
}

/** What calls took together. */
export interface Sums {
  /** Answered or not. */
  calls: number;
  reused: number;
  input: number;
  output: number;
  /** null: unknown of at least one. */
  cost: number | null;
  /** Tries beyond each call's first. */
  retries: number;
  /** Seconds between tries, and for a call's turn. */
  waited: number;
  errors: number;
}

export interface StepView {
  step: TraceStep;
  state: StepState;
  before: Fields;
  after: Fields;
  changes: Change[];
  /** Seconds of the steps before it. */
  start: number;
  /** Of the whole, from 0 to 1. */
  share: number;
  /** Seconds that models took, at most all of it; of calls that were made here. */
  asking: number;
  /** The branch that begins with it, when it fanned out. */
  began: string | null;
  sums: Sums;
}

export interface BranchView {
  branch: TraceBranch;
  steps: StepView[];
  seconds: number;
  sums: Sums;
}

/** A branch step by step. */
export function viewOf(branch: TraceBranch): BranchView {
  const seconds = branch.steps.reduce((sum, step) => sum + step.seconds, 0);
  const steps: StepView[] = [];
  let state: Fields = branch.seed;
  let start = 0;
  let path = "";
  branch.steps.forEach((step, at) => {
    const before = state;
    state = after(before, step);
    const isLast = at === branch.steps.length - 1;
    const made = step.calls.filter((call) => !call.reused);
    const latency = made.reduce((sum, call) => sum + call.latency, 0);
    steps.push({
      step,
      state: stateOf(step, isLast && branch.status === "filtered"),
      before,
      after: state,
      changes: changesOf(before, step),
      start,
      share: seconds ? step.seconds / seconds : 0,
      asking: Math.min(step.seconds, latency),
      began: step.branch !== path ? step.branch : null,
      sums: sumsOf(step.calls),
    });
    start += step.seconds;
    path = step.branch;
  });
  return { branch, steps, seconds, sums: sumsOf(branch.steps.flatMap((step) => step.calls)) };
}

/** The state after a step. */
export function after(before: Fields, step: TraceStep): Fields {
  const state = takeNumbers({ ...before, ...step.set }, before, step.set);
  for (const name of step.removed) delete state[name];
  return state;
}

function stateOf(step: TraceStep, endsFiltered: boolean): StepState {
  if (step.error) return "failed";
  if (step.skipped) return "skipped";
  return endsFiltered ? "filtered" : "done";
}

/** What a step made of the fields it was given. */
export function changesOf(before: Fields, step: TraceStep): Change[] {
  const from = { before, after: step.set };
  const set = Object.entries(step.set).map(([name, value]): Change => {
    if (!Object.hasOwn(before, name)) return { name, kind: "added", after: value, from };
    const kind = isSame(before[name], value) ? "same" : "changed";
    return { name, kind, before: before[name], after: value, from };
  });
  const removed = step.removed.map(
    (name): Change => ({ name, kind: "removed", before: before[name], from }),
  );
  return [...set, ...removed];
}

/** Whether two JSON values are the same, whatever the order of their keys. */
export function isSame(one: unknown, other: unknown): boolean {
  if (one === other) return true;
  if (typeof one !== "object" || typeof other !== "object" || !one || !other) return false;
  if (Array.isArray(one) !== Array.isArray(other)) return false;
  const names = Object.keys(one);
  return (
    names.length === Object.keys(other).length &&
    names.every(
      (name) =>
        Object.hasOwn(other, name) && isSame((one as Fields)[name], (other as Fields)[name]),
    )
  );
}

export function sumsOf(calls: TraceCall[]): Sums {
  const sums: Sums = {
    calls: calls.length,
    reused: 0,
    input: 0,
    output: 0,
    cost: 0,
    retries: 0,
    waited: 0,
    errors: 0,
  };
  for (const call of calls) {
    sums.reused += Number(call.reused);
    sums.input += call.usage.input_tokens;
    sums.output += call.usage.output_tokens;
    if (call.usage.calls) {
      sums.cost =
        sums.cost === null || call.usage.cost === null ? null : sums.cost + call.usage.cost;
    }
    sums.retries += Math.max(0, call.tries.length - 1);
    sums.waited += waitedOf(call);
    sums.errors += Number(call.error !== null);
  }
  return sums;
}

/** Seconds that a call waited between its tries, or for its turn. */
export function waitedOf(call: TraceCall): number {
  const trying = call.tries.reduce((sum, one) => sum + one.latency, 0);
  return Math.max(0, call.latency - trying);
}

/** How often the query stands in what a step shows, its whole state left out. */
export function matchesIn(view: StepView, query: string): number {
  if (!query) return 0;
  const { step } = view;
  const texts = [step.block_id, step.block_type, ...step.calls.flatMap(textsOf)];
  for (const change of view.changes) {
    texts.push(change.name, asText(change.kind === "removed" ? change.before : change.after));
  }
  if (step.error) texts.push(String(step.error.error));
  return texts.reduce((sum, text) => sum + countIn(text, query), 0);
}

function textsOf(call: TraceCall): string[] {
  const messages = (call.request.messages ?? []).map(said);
  return [...messages, call.answer ?? "", call.error ?? ""];
}

/** The steps that are open at first: the one that failed, else the last that ran. */
export function firstOpen(view: BranchView): number[] {
  const failed = view.steps.findIndex((step) => step.state === "failed");
  if (failed >= 0) return [failed];
  const last = view.steps.findLastIndex((step) => step.state !== "skipped");
  return last >= 0 ? [last] : [];
}
