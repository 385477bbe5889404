/** One record as the review's `record` request answers it: what its card, trace and comparison show.
 * Python's side is datagenflow_nb/widgets/review/rows.py. */

export type Status = "pending" | "accepted" | "rejected" | "failed" | "filtered";

/** Statuses that a person gives. */
export const REVIEW_STATUSES = ["pending", "accepted", "rejected"] as const;
export type ReviewStatus = (typeof REVIEW_STATUSES)[number];

/** Outcomes that are no result. */
export const OUTCOMES = ["failed", "filtered"] as const;

export interface FullRecord {
  id: number;
  job_id: number;
  seed_index: number;
  repetition: number;
  branch: string;
  attempt: number;
  status: Status;
  /** Why it failed, was filtered, or is no result. */
  reason: string | null;
  /** What the pipeline's own rule said. */
  verdict: string | null;
  reviewer: string | null;
  note: string | null;
  tags: string[];
  /** Grows with every change; an edit names the one it was made from. */
  version: number;
  created_at: string;
  updated_at: string;
  model: string | null;
  /** The field the record's output comes from. */
  output_field: string | null;
  /** The names in `state`, in the order they were set. */
  fields: string[];
  /** The seed's fields. */
  metadata: Record<string, unknown>;
  /** All fields, edits applied. */
  state: Record<string, unknown>;
  /** What the edited fields were before. */
  original: Record<string, unknown>;
}
