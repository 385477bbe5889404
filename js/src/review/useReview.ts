import {
  createContext,
  useCallback,
  useContext,
  useEffect,
  useMemo,
  useRef,
  useState,
} from "react";
import { useIsGone } from "../bridge/connection";
import { useBridge, useTrait } from "../bridge/hooks";
import { type Column, columnsOf, type Layout, shownColumns } from "./columns";
import type { About, FieldInfo, Found, Query, Row } from "./protocol";
import type { Rows } from "./rows";
import { NONE, type Runs } from "./runs";
import { useRows } from "./useRows";

export interface ReviewState {
  about: About;
  /** The kernel that made the review is gone: nothing can be decided any more. */
  isGone: boolean;
  columns: Column[];
  shown: Column[];
  query: Query;
  setQuery(query: Query): void;
  /** What the latest query found; null: not asked yet. */
  found: Found | null;
  isAsking: boolean;
  rows: Rows;
  /** Position of the row the keys act on. */
  position: number;
  /** The same row, when it is here. */
  current: Row | null;
  /** Name of the column the keys act on. */
  column: string;
  go(position: number): void;
  goColumn(name: string): void;
  runs: Runs;
  setRuns(runs: Runs): void;
  notice: Error | null;
  tell(notice: Error | null): void;
}

export const ReviewContext = createContext<ReviewState | null>(null);

export function useReview(): ReviewState {
  const state = useContext(ReviewContext);
  if (!state) throw new Error("used outside of a review");
  return state;
}

/** The state of one view of a review. */
export function useReviewState(): ReviewState {
  const { requests } = useBridge();
  const isGone = useIsGone();
  const [about] = useTrait<About>("about");
  const [query, setQuery] = useTrait<Query>("query");
  const [notice, tell] = useState<Error | null>(null);
  const [fields, setFields] = useState<FieldInfo[]>([]);
  const [layout] = useState<Layout>({});
  const [found, setFound] = useState<Found | null>(null);
  const [isAsking, setAsking] = useState(false);
  const [position, setPosition] = useState(0);
  const [column, goColumn] = useState("status");
  const [runs, setRuns] = useState<Runs>(NONE);
  const rows = useRows(tell);

  const columns = useMemo(() => columnsOf(fields, layout), [fields, layout]);
  const shown = useMemo(() => shownColumns(columns), [columns]);

  useEffect(() => {
    requests.ask<FieldInfo[]>("fields").then(setFields, tell);
  }, [requests]);

  const round = useRef(0);
  useEffect(() => {
    const mine = ++round.current;
    setAsking(true);
    requests.ask<Found>("query", { query }).then(
      (answer) => {
        if (mine !== round.current) return;
        setAsking(false);
        setFound(answer);
        setRuns(NONE);
        setPosition((now) => Math.max(0, Math.min(now, answer.total - 1)));
      },
      (error: Error) => {
        if (mine !== round.current) return;
        setAsking(false);
        tell(error);
      },
    );
  }, [requests, query]);

  const wanted = useMemo(
    () => shown.flatMap(({ field }) => (field === null ? [] : [field])).sort(),
    [shown],
  );
  const key = JSON.stringify(wanted);
  useEffect(() => {
    if (found) rows.open(found.selection, found.total, JSON.parse(key) as string[]);
  }, [rows, found, key]);

  const total = found?.total ?? 0;
  const go = useCallback(
    (to: number) => setPosition(Math.max(0, Math.min(to, total - 1))),
    [total],
  );
  const row = rows.get(position);

  return {
    about,
    isGone,
    columns,
    shown,
    query,
    setQuery,
    found,
    isAsking,
    rows,
    position,
    current: row?.status === undefined ? null : row,
    column,
    go,
    goColumn,
    runs,
    setRuns,
    notice,
    tell,
  };
}
