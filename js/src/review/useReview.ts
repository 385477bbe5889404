import {
  createContext,
  useCallback,
  useContext,
  useEffect,
  useMemo,
  useRef,
  useState,
  useSyncExternalStore,
} from "react";
import { useIsGone } from "../bridge/connection";
import { useBridge, useTrait } from "../bridge/hooks";
import type { Column } from "./columns";
import { Cursor } from "./cursor";
import type { About, Found, Indexing, MissingRow, Query, Row } from "./protocol";
import type { Rows } from "./rows";
import type { Runs } from "./runs";
import { Turns } from "./turns";
import { type Columns, useColumns } from "./useColumns";
import { type Advance, type Decisions, isOld, useDecisions } from "./useDecisions";
import { useNews } from "./useNews";
import { type Notice, type Subject, useNotices } from "./useNotices";
import { useRows } from "./useRows";

export interface ReviewState extends Columns, Decisions {
  about: About;
  /** The kernel that made the review is gone, or what is reviewed: nothing can be decided. */
  isGone: boolean;
  isKernelGone: boolean;
  /** Why nothing is there to be reviewed any more. */
  lost: Error | null;
  query: Query;
  setQuery(query: Query): void;
  /** What the latest query found; null: not asked yet, or it was refused. */
  found: Found | null;
  /** Why the latest query was refused. */
  problem: Error | null;
  isAsking: boolean;
  /** How far an index is that the query waits for. */
  indexing: Indexing["indexing"] | null;
  /** Asks the same query anew. */
  again(): void;
  /** This record is the current one of its place: it has the row, or is asked for anew. */
  becameCurrent(id: number): void;
  /** New records that match and are not shown yet. */
  waiting: number;
  rows: Rows;
  /** Where the keys are, as it is now: what is drawn may be a moment behind. */
  cursor: Cursor;
  turns: Turns;
  /** Position of the row the keys act on. */
  position: number;
  /** The same row, when it is here. */
  current: Row | null;
  /** The same, when its record was deleted. */
  missing: MissingRow | null;
  /** The column the keys act on. */
  column: Column | null;
  go(position: number): void;
  goColumn(name: string): void;
  runs: Runs;
  setRuns(runs: Runs): void;
  advance: Advance;
  setAdvance(advance: Advance): void;
  reviewer: string;
  /** Gives another name; rejected when it is none. */
  rename(reviewer: string): Promise<unknown>;
  notices: Notice[];
  fail(error: Error, subject: Subject): void;
  clear(subject: Subject): void;
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
  const isKernelGone = useIsGone();
  const [about] = useTrait<About>("about");
  const [query, setQuery] = useTrait<Query>("query");
  const [advance, setAdvance] = useTrait<Advance>("advance");
  const [reviewer] = useTrait<string>("reviewer");
  const { notices, fail, clear } = useNotices();
  const [problem, setProblem] = useState<Error | null>(null);
  const [found, setFound] = useState<Found | null>(null);
  const [isAsking, setAsking] = useState(false);
  const [indexing, setIndexing] = useState<Indexing["indexing"] | null>(null);
  const [asked, setAsked] = useState(0);
  const [cursor] = useState(() => new Cursor());
  const [turns] = useState(() => new Turns((error) => fail(error, "decision")));
  useSyncExternalStore(cursor.subscribe, () => cursor.version);
  const { position, runs } = cursor;
  const [columnName, goColumn] = useState("");
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
        if (isOld(error)) again();
        else fail(error, "table");
      },
      [again, fail],
    ),
  );
  const columns = useColumns(about.has_rule, found?.total ?? 0, fail);
  const { shown } = columns;

  const go = useCallback((to: number) => cursor.go(to), [cursor]);
  const setRuns = useCallback((to: Runs) => cursor.select(to), [cursor]);
  const here = rows.get(position);
  const current = here?.status === undefined ? null : here;
  // The echo of the query from Python is another object that says the same.
  const wish = JSON.stringify(query);
  const decisions = useDecisions({ rows, cursor, turns, wish, advance, again, fail, clear });
  const { setCounts, setCan, noted } = decisions;
  const becameCurrent = useCallback(
    (id: number) => {
      const { selection } = cursor;
      requests.ask<number | null>("position", { selection, id }).then(
        (there) => {
          if (there === null) againAt(id);
          else noted();
        },
        (error: Error) => fail(error, "table"),
      );
    },
    [requests, cursor, againAt, noted, fail],
  );

  const wanted = useMemo(
    () => shown.flatMap(({ field }) => (field === null ? [] : [field])).sort(),
    [shown],
  );
  const fields = useRef(wanted);
  fields.current = wanted;
  const kept = useRef<number | null>(null);
  kept.current = current?.id ?? null;
  const round = useRef(0);
  // biome-ignore lint/correctness/useExhaustiveDependencies: asked anew on demand
  useEffect(() => {
    const mine = ++round.current;
    const before = cursor.moves;
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
      setProblem(null);
      clear("table");
      setFound(answer);
      setCounts(answer.counts);
      setCan(answer);
      rows.open(answer.selection, answer.total, fields.current);
      // Unless a key has moved it since.
      const isMoved = cursor.moves !== before;
      cursor.open(answer.selection, answer.total, isMoved ? null : (answer.position ?? 0));
    };
    const ask = () => {
      requests
        .ask<Found | Indexing>("query", { query, keep: wantedId.current ?? kept.current }, 0)
        .then(take, (error: Error) => {
          if (mine !== round.current) return;
          setIndexing(null);
          setAsking(false);
          // Rows of another query would be taken for its answer.
          setProblem(error);
          setFound(null);
          setCounts({});
          rows.open(0, 0, fields.current);
          cursor.open(0, 0, 0);
        });
    };
    setAsking(true);
    ask();
    return () => clearTimeout(timer);
  }, [requests, wish, asked, setCounts, setCan, cursor, rows, clear]);

  const key = JSON.stringify(wanted);
  useEffect(() => {
    if (cursor.selection) rows.open(cursor.selection, cursor.total, JSON.parse(key) as string[]);
  }, [rows, cursor, key]);

  const { waiting, lost } = useNews({
    found,
    setFound,
    setCounts,
    rows,
    cursor,
    isGone: isKernelGone,
    again,
    fail,
    clear,
  });
  const isGone = isKernelGone || lost !== null;
  return {
    ...columns,
    ...decisions,
    about,
    isGone,
    isKernelGone,
    lost,
    query,
    setQuery,
    found,
    problem,
    isAsking,
    indexing,
    again,
    becameCurrent,
    waiting,
    rows,
    cursor,
    turns,
    position,
    current,
    missing: here && here.status === undefined ? here : null,
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
    rename: (name) =>
      requests.ask("rename", { name }).then(
        () => clear("reviewer"),
        (error: Error) => {
          fail(error, "reviewer");
          throw error;
        },
      ),
    notices,
    fail,
    clear,
  };
}
