/** A trace as Python sends it: what the seed was, and what each step changed. States are rebuilt
 * here, so that a long text that goes through ten steps is sent once.
 * Python's side is datagenflow_nb/widgets/trace_document.py. */

import type { Message } from "../shared/Conversation";

export type Fields = Record<string, unknown>;

export interface TraceTry {
  /** Seconds. */
  latency: number;
  status: number | null;
  error: string | null;
}

export interface TraceCall {
  number: number;
  model: string;
  request: { messages?: Message[] | null } & Fields;
  answer: string | null;
  finish_reason: string | null;
  usage: { input_tokens: number; output_tokens: number; calls: number; cost: number | null };
  /** Seconds from the first try to the end of the last. */
  latency: number;
  tries: TraceTry[];
  error: string | null;
  /** Taken over from another job or attempt: not made here. */
  reused: boolean;
}

export interface TraceStep {
  /** The block's place in the pipeline, from 0. */
  index: number;
  block_id: string;
  block_type: string;
  /** The path of the branch after it. */
  branch: string;
  set: Fields;
  removed: string[];
  seconds: number;
  error: { error?: unknown; detail?: Fields; type?: unknown } | null;
  skipped: boolean;
  calls: TraceCall[];
}

/** What happened on one branch. */
export interface TraceBranch {
  /** What it is called where there are several. */
  label: string;
  /** What became of it; null where nobody has said. */
  status: string | null;
  reason: string | null;
  seed: Fields;
  steps: TraceStep[];
}

export interface TraceDocument {
  title: string;
  /** What else there is to be said, beside the title. */
  about: string;
  branches: TraceBranch[];
  /** How many more branches there are than are sent. */
  more: number;
}
