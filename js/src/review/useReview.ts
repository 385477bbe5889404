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
import { RequestError } from "../bridge/requests";
import type { Column } from "./columns";
import type { About, Found, Indexing, Query, Row } from "./protocol";
import type { Rows } from "./rows";
import { NONE, type Runs } from "./runs";
import { type Columns, useColumns } from "./useColumns";
import { type Advance, type Decisions, useDecisions } from "./useDecisions";
import { useNews } from "./useNews";
import { useRows } from "./useRows";

export interface ReviewState extends Columns, Decisions {
  about: About;
  /** The kernel that made the review is gone: nothing can be decided any more. */
  isGone: boolean;
  query: Query;
  setQuery(query: Query): void;
  /** What the latest query found; null: not asked yet. */
  found: Found | null;
  isAsking: boolean;
  /** How far an index is that the query waits for. */
  indexing: Indexing["indexing"] | null;
  /** Asks the same query anew. */
  again(): void;
  /** The same, with the cursor on this record. */
  againAt(id: number): void;
  /** New records that match and are not shown yet. */
  waiting: number;
  rows: Rows;
  /** Position of the row the keys act on. */
  position: number;
  /** The same row, when it is here. */
  current: Row | null;
  /** The column the keys act on. */
  column: Column | null;
  go(position: number): void;
  goColumn(name: string): void;
  runs: Runs;
  setRuns(runs: Runs): void;
  advance: Advance;
  setAdvance(advance: Advance): void;
  reviewer: string;
  rename(reviewer: string): void;
  notice: Error | null;
  fail(notice: Error | null): void;
}

/** Milliseconds between two looks at an index that is being made. */
const OFTEN = 400;

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
  const [advance, setAdvance] = useTrait<Advance>("advance");
  const [reviewer] = useTrait<string>("reviewer");
  const [notice, fail] = useState<Error | null>(null);
  const [found, setFound] = useState<Found | null>(null);
  const [isAsking, setAsking] = useState(false);
  const [indexing, setIndexing] = useState<Indexing["indexing"] | null>(null);
  const [asked, setAsked] = useState(0);
  const [position, setPosition] = useState(0);
  const [columnName, goColumn] = useState("");
  const [runs, setRuns] = useState<Runs>(NONE);
  const wantedId = useRef<number | null>(null);
  const again = useCallback(() => setAsked((count) => count + 1), []);
  const againAt = useCallback(
    (id: number) => {
      wantedId.current = id;
      again();
    },
    [again],
  );
  const rows = useRows(
    useCallback(
      (error: Error) => {
        const isGone = error instanceof RequestError && error.detail.kind === "selection_gone";
        if (isGone) again();
        else fail(error);
      },
      [again],
    ),
  );
  const columns = useColumns(about.has_rule, fail);
  const { shown } = columns;

  const total = found?.total ?? 0;
  /** How often the current row was chosen. */
  const moves = useRef(0);
  const go = useCallback(
    (to: number) => {
      moves.current++;
      setPosition(Math.max(0, Math.min(to, total - 1)));
    },
    [total],
  );
  const here = rows.get(position);
  const current = here?.status === undefined ? null : here;
  const decisions = useDecisions({
    found,
    rows,
    position,
    current,
    runs,
    setRuns,
    go,
    advance,
    fail,
  }); // prettier-ignore
  const { setCounts } = decisions;

  const kept = useRef<number | null>(null);
  kept.current = current?.id ?? null;
  // The echo of the query from Python is another object that says the same.
  const wish = JSON.stringify(query);
  const round = useRef(0);
  // biome-ignore lint/correctness/useExhaustiveDependencies: asked anew on demand
  useEffect(() => {
    const mine = ++round.current;
    const before = moves.current;
    let timer: ReturnType<typeof setTimeout> | undefined;
    const take = (answer: Found | Indexing) => {
      if (mine !== round.current) return;
      if ("indexing" in answer) {
        setIndexing(answer.indexing);
        timer = setTimeout(ask, OFTEN);
        return;
      }
      wantedId.current = null;
      setIndexing(null);
      setAsking(false);
      setFound(answer);
      setCounts(answer.counts);
      setRuns(NONE);
      // Unless a key has moved it since.
      setPosition((now) =>
        moves.current === before
          ? (answer.position ?? 0)
          : Math.max(0, Math.min(now, answer.total - 1)),
      );
    };
    const ask = () => {
      requests
        .ask<Found | Indexing>("query", { query, keep: wantedId.current ?? kept.current }, 0)
        .then(take, (error: Error) => {
          if (mine !== round.current) return;
          setIndexing(null);
          setAsking(false);
          fail(error);
        });
    };
    setAsking(true);
    ask();
    return () => clearTimeout(timer);
  }, [requests, wish, asked, setCounts]);

  const wanted = useMemo(
    () => shown.flatMap(({ field }) => (field === null ? [] : [field])).sort(),
    [shown],
  );
  const key = JSON.stringify(wanted);
  const selection = found?.selection ?? 0;
  const size = useRef(0);
  size.current = total;
  useEffect(() => {
    if (selection) rows.open(selection, size.current, JSON.parse(key) as string[]);
  }, [rows, selection, key]);

  const waiting = useNews({ found, setFound, setCounts, rows, isGone });
  return {
    ...columns,
    ...decisions,
    about,
    isGone,
    query,
    setQuery,
    found,
    isAsking,
    indexing,
    again,
    againAt,
    waiting,
    rows,
    position,
    current,
    column:
      shown.find(({ name }) => name === columnName) ??
      shown.find(({ field }) => field !== null) ??
      shown[0] ??
      null,
    go,
    goColumn,
    runs,
    setRuns,
    advance,
    setAdvance,
    reviewer,
    rename: (name) => void requests.ask("rename", { name }).catch(fail),
    notice,
    fail,
  };
}
