/** What the review's traits hold and what its requests answer; Python's side is
 * datagenflow_nb/widgets/review/. */

import type { FullRecord, Status } from "../shared/record";

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

export type Operator =
  | "="
  | "!="
  | "<"
  | "<="
  | ">"
  | ">="
  | "contains"
  | "is empty"
  | "is not empty";

/** A condition on one column. */
export interface Condition {
  field: string;
  op: Operator;
  value?: string | number | boolean;
}

/** What is shown: `RecordQuery.to_dict()` without the jobs; what is left out does not matter. */
export interface Query {
  statuses?: Status[];
  search?: string;
  tags?: string[];
  reviewer?: string;
  is_edited?: boolean;
  has_note?: boolean;
  verdict?: string;
  reason?: string;
  where?: Condition[];
  ids?: [number, number][];
  current_only?: boolean;
  sort?: Sort[];
}

/** The records that matched a query when it was asked, in its order. */
export interface Found {
  selection: number;
  total: number;
  /** By status, of all that match the rest of the query. */
  counts: Counts;
  /** Where the record is now that was to be kept in sight; null: not among them. */
  position: number | null;
  /** How much has been seen; news are what came after. */
  seen: (number | string)[];
  can_undo: boolean;
  can_redo: boolean;
}

/** Instead of an answer: an index is being made, and the query is to be asked again. */
export interface Indexing {
  indexing: {
    /** Columns; "": the texts that are searched. */
    columns: string[];
    /** From 0 to 1. */
    part: number;
  };
}

/** What has happened since: others' decisions, new records of a job that runs. */
export interface News {
  seen: (number | string)[];
  /** Records of the selection: what is new has come to its end. */
  total: number;
  /** New records that match, where they cannot just come to the end. */
  waiting: number;
  /** Null: as before. */
  counts: Counts | null;
  /** Somebody has changed records. */
  is_changed: boolean;
  is_running: boolean;
}

/** A field of the state. */
export interface FieldInfo {
  name: string;
  /** What queries call it: `field.<name>` when a column of every record has its name. */
  column: string;
  kind: "text" | "number" | "bool" | "json" | "mixed" | "empty";
  /** `seed`, or the id of the block that sets it. */
  source: string;
}

export interface About {
  job_ids: number[] | null;
  pipelines: string[];
  title: string;
  /** Whether pipelines decide on records themselves. */
  has_rule: boolean;
}

/** What was done, as `Action.to_dict()` of storage/actions.py. */
export interface Action {
  id: number | null;
  what: string;
  count: number;
  /** Why -> number of records that were left. */
  skipped: Record<string, number>;
}

export interface Acted {
  /** Null: there was nothing to undo or redo. */
  action: Action | null;
  /** The records as they are now, without their fields; none when they are many. */
  rows: Row[];
  can_undo: boolean;
  can_redo: boolean;
  /** Of an edit: the whole record. */
  record?: FullRecord;
}

/** Which records an act is about. */
export type Meant =
  | { ids: number[] }
  | { selection: number; runs: readonly (readonly [number, number])[] };
