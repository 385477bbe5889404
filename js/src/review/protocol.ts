/** What the review's traits hold and what its requests answer; Python's side is
 * datagenflow_nb/widgets/review/. */

import type { Status } from "../shared/record";

/** A value as a cell shows it: itself when it is short, else its start. `size` counts a text's
 * characters, a list's items, an object's fields. */
export type Preview = string | number | boolean | null | LongPreview;

export interface LongPreview {
  kind: "text" | "json" | "number";
  start: string;
  size: number | null;
}

/** A record as a row shows it. */
export interface Row {
  id: number;
  job_id: number;
  seed_index: number;
  repetition: number;
  branch: string;
  attempt: number;
  status: Status;
  reason: string | null;
  verdict: string | null;
  reviewer: string | null;
  note: string | null;
  tags: string[];
  /** Names of the fields that were edited. */
  edited: string[];
  version: number;
  model: string | null;
  created_at: string;
  updated_at: string;
  values: Record<string, Preview>;
}

/** A record that was deleted meanwhile. */
export interface MissingRow {
  id: number;
  status?: undefined;
}

export interface RowsAnswer {
  selection: number;
  start: number;
  rows: (Row | MissingRow)[];
}

export type Counts = Partial<Record<Status, number>>;

export interface Sort {
  column: string;
  is_descending: boolean;
}

/** What is shown: `RecordQuery.to_dict()` without the jobs; what is left out does not matter. */
export interface Query {
  statuses?: Status[];
  sort?: Sort[];
}

/** The records that matched a query when it was asked, in its order. */
export interface Found {
  selection: number;
  total: number;
  counts: Counts;
}

export interface FieldInfo {
  name: string;
  kind: string;
  source: string;
}

export interface About {
  job_ids: number[] | null;
  pipelines: string[];
  title: string;
}
