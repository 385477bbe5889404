/** The attempts of a record, and what running it again would do.
 * Python's side is datagenflow_nb/widgets/trace_acts.py. */

import type { TraceDocument } from "./protocol";
import { shortened } from "./words";

export interface Attempt {
  record_id: number;
  attempt: number;
  branch: string;
  status: string;
  reason: string | null;
  is_current: boolean;
  created_at: string;
  /** `first`, `retried` or `again from BLOCK`. */
  why: string;
}

/** A stored record's trace, and all that was made of the same seed, repetition and branch. */
export interface RecordDocument extends TraceDocument {
  record_id: number;
  attempts: Attempt[];
}

/** What running a record again from a block will do. */
export interface Plan {
  record_id: number;
  from_block: string;
  made: number;
  is_exact: boolean;
  /** All of it in words. */
  told: string;
}

/** How the job is that runs a record again. */
export interface Again {
  job_id: number;
  status: string;
  is_running: boolean;
  /** The record that stands in the place now. */
  current: number | null;
  /** What that one came out as, and why. */
  record_status: string | null;
  reason: string | null;
  error: string | null;
}

/** How running again has ended: a new record that failed is no success. */
export function endTold(state: Again, before: number | null): string {
  const { current, record_status, reason } = state;
  if (current === null || current === before) {
    if (state.error !== null) return `There is no new record: ${shortened(state.error)}`;
    return `Job ${state.job_id} is ${state.status}, and there is no new record.`;
  }
  if (record_status !== "failed") {
    return `Record ${current} is the current one now; the one before stays beside it.`;
  }
  const place =
    before === null
      ? "It is the current record now."
      : `It has taken the place of record ${before}.`;
  return `The new attempt failed: ${shortened(reason ?? "no reason is stored")}. ${place}`;
}

/** `Attempt 2, record 14: accepted, again from judge, 19:53, current`. */
export function attemptName(attempt: Attempt): string {
  const parts = [attempt.status, attempt.why, whenOf(attempt.created_at)];
  if (attempt.branch) parts.splice(1, 0, `branch ${attempt.branch}`);
  if (attempt.is_current) parts.push("current");
  return `${attempt.attempt}, record ${attempt.record_id}: ${parts.join(", ")}`;
}

/** A time of day, with the day when that is another. */
export function whenOf(created: string, now = new Date()): string {
  const date = new Date(created);
  if (Number.isNaN(date.getTime())) return created;
  const time = date.toLocaleTimeString(undefined, { hour: "2-digit", minute: "2-digit" });
  return date.toDateString() === now.toDateString() ? time : `${date.toLocaleDateString()} ${time}`;
}

/** What the button says that starts it. */
export function startName(plan: Plan): string {
  const about = plan.is_exact ? "" : "about ";
  return `Run it: makes ${about}${plan.made} ${plan.made === 1 ? "call" : "calls"}`;
}
