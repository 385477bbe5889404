/** What Python tells of a job; datagenflow_nb/widgets/monitor_facts.py makes it. */

export interface Usage {
  calls: number;
  input: number;
  output: number;
  /** In words; empty: nothing was paid. */
  cost: string;
  reused: number;
}

export interface Part extends Usage {
  kind: "model" | "block";
  name: string;
}

export interface Bound {
  option: string;
  what: string;
  /** How much of it is used, 0 to 1. */
  share: number;
  told: string;
}

export interface Choice {
  label: string;
  action: string;
  values: Record<string, unknown>;
  is_main: boolean;
}

/** A bound that is met: to go on a higher one is needed. */
export interface Field {
  option: string;
  told: string;
  is_whole: boolean;
}

export interface Ask {
  text: string;
  choices: Choice[];
  fields: Field[];
}

/** A button; without `ask` pressing it does it at once. */
export interface Act {
  name: string;
  label: string;
  title: string;
  ask: Ask | null;
}

export interface Facts {
  id: number;
  pipeline: string;
  status: string;
  is_active: boolean;
  is_paused: boolean;
  is_stopping: boolean;
  /** `3/20 (15 %)`. */
  told: string;
  done: number;
  total: number;
  has_target: boolean;
  executions: number;
  generated: number;
  accepted: number | null;
  failed: number;
  filtered: number;
  rate: number | null;
  rate_unit: "executions" | "records";
  eta: number | null;
  elapsed: number | null;
  started_at: string | null;
  finished_at: string | null;
  models: string;
  default_model: string | null;
  is_offline: boolean;
  usage: Usage;
  parts: Part[];
  budgets: Bound[];
  now: [string, number][];
  waiting: string | null;
  error: string | null;
  about: string[];
  notes: string[];
  acts: Act[];
}

/** A look at the job: seconds since 1970, executions done, records, failed ones, calls in flight,
 * calls at once that are allowed, refused calls so far. */
export type Moment = [number, number, number, number, number, number | null, number];

export interface Course {
  moments?: Moment[];
}

export interface Cause {
  block: string | null;
  error: string | null;
  message: string;
  count: number;
  share: number;
  record_id: number;
}

export interface Failures {
  /** How many of the failed records have been looked at. */
  counted: number;
  total: number;
  causes: Cause[];
  others: number;
}

export interface BlockTime {
  block: string;
  share: number;
  steps: number;
  mean: number;
  median: number;
  high: number;
}

export interface Newest {
  id: number;
  seed_index: number;
  branch: string;
  status: string;
  preview: string;
}

export interface Insight {
  failures?: Failures;
  blocks?: BlockTime[];
  sampled?: number;
  executions?: number;
  newest?: Newest[];
}

export interface LogTail {
  count?: number;
  lines?: { block: string | null; level: string; message: string }[];
}

/** A failed record, for reading. */
export interface Example {
  record_id: number;
  place: string;
  told: string;
  message: string;
}
