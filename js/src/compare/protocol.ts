/** What the comparison's traits hold and what its requests answer; Python's side is
 * datagenflow_nb/widgets/compare/. */

/** Which record of a pair is the better one. */
export type Choice = "left" | "right" | "tie" | "neither";

export interface Side {
  job_id: number;
  /** `job 3`, or which attempt. */
  name: string;
  pipeline: string;
}

export interface About {
  title: string;
  /** What makes two records a pair. */
  by: string;
  is_attempts: boolean;
  left: Side;
  right: Side;
}

/** Records of a job that have no partner. */
export interface Alone {
  job_id: number;
  why: string;
  count: number;
  /** The first of them. */
  ids: number[];
}

export interface PairsAnswer {
  /** Record ids, left and right, and what was chosen. */
  pairs: [number, number, Choice | null][];
  alone: Alone[];
  can_undo: boolean;
  can_redo: boolean;
}

/** What an act did; `pair` is what it was about, `choice` what is stored of it now. */
export interface Acted {
  action: {
    id: number | null;
    what: string;
    count: number;
    skipped: Record<string, number>;
  } | null;
  pair: [number, number] | null;
  choice: Choice | null;
  can_undo: boolean;
  can_redo: boolean;
}

/** A left record's id, its seed's number, its seed on one line. */
export type Label = [number, number, string];

export interface Exported {
  path: string;
  pairs: number;
  prompt: "messages" | "seed" | "template";
  left_out: Record<string, number>;
}
