/** What the editor's traits hold and what its requests answer; Python's side is
 * datagenflow_nb/widgets/editor.py. */

import type { Json } from "../shared/json";

/** A block's configuration as `BaseBlock.describe()` tells it, a JSON Schema per key. */
export type ConfigSchema = Record<string, Record<string, Json>>;

/** A block type of the palette. */
export interface BlockType {
  type: string;
  name: string;
  description: string;
  category: string;
  inputs: string[];
  outputs: string[];
  fan_out: boolean;
  config: ConfigSchema | null;
  error: string | null;
  source: string;
}

/** A file or type that cannot be used, and why. */
export interface UnavailableType {
  source: string;
  error: string;
  types: string[];
}

export interface Catalog {
  blocks: BlockType[];
  unavailable: UnavailableType[];
  models: string[];
  templates: { id: string; name: string; description: string }[];
}

/** What Python says about one block of the definition. */
export interface BlockCheck {
  id: string;
  problems: string[];
  reads: string[];
  adds: string[];
  /** Fields there are before the block; with `is_open`, others may be there as well. */
  fields: string[];
  is_open: boolean;
  fan_out: boolean;
}

export interface Check {
  /** The definition's own problem: it is no pipeline, or its rule is wrong. */
  problems: string[];
  blocks: BlockCheck[];
  seed_fields: string[];
  /** Fields at the end. */
  fields: string[];
}

export interface Saved {
  version: number | null;
  is_changed: boolean;
}

export interface CallView {
  model: string;
  messages: { role: string; content: string }[];
  answer: string | null;
  error: string | null;
  input_tokens: number;
  output_tokens: number;
  cost: number | null;
  /** Answered in an earlier trial: not asked, or paid for, again. */
  reused: boolean;
}

/** What a block did when it was tried. */
export interface StepView {
  state: "done" | "failed" | "filtered" | "skipped" | "running";
  set: Record<string, Json>;
  removed: string[];
  seconds: number;
  calls: CallView[];
  error: string | null;
  /** How many branches it made, when it fanned out; the first one is shown. */
  branches: number | null;
  /** Shown again, not run again. */
  is_kept: boolean;
  /** No model was asked: answers are placeholders. */
  dry: boolean;
}

export interface Trial {
  seed: Record<string, Json> | null;
  source: string;
  is_running: boolean;
  /** It makes no further call, and waits for those in flight. */
  is_stopping: boolean;
  /** By block id. */
  steps: Record<string, StepView>;
  /** Ids of blocks whose step is older than the definition. */
  stale: string[];
  /** Why the latest trial ended early. */
  note: string | null;
  error: string | null;
}

export interface VersionInfo {
  version: number;
  created_at: string;
}

/** How a job is that the editor started. */
export interface JobState {
  job: number;
  status: string;
  total: number | null;
  done: number;
  records: number;
  failed: number;
  error: string | null;
}
