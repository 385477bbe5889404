import { useCallback, useEffect, useRef, useState } from "react";
import { useBridge } from "../bridge/hooks";
import { RequestError } from "../bridge/requests";
import { OUTCOMES, type ReviewStatus, type Status } from "../shared/record";
import type { Cursor } from "./cursor";
import type { Acted, Action, Counts, Meant } from "./protocol";
import type { Rows } from "./rows";
import * as runsOf from "./runs";
import type { Turns } from "./turns";
import type { Subject } from "./useNotices";

/** Selected rows from which on their number is said and confirmed first. */
export const MANY = 20;

/** Where keys go after a decision. */
export type Advance = "pending" | "next" | "stay";

/** A decision on many, before it is made: on these, whatever is selected by then. */
export interface Question {
  status: ReviewStatus;
  count: number;
  selection: number;
  runs: runsOf.Runs;
  /** The query that was asked for when they were selected. */
  wish: string;
}

export interface Decisions {
  counts: Counts;
  setCounts(counts: Counts): void;
  canUndo: boolean;
  canRedo: boolean;
  setCan(can: { can_undo: boolean; can_redo: boolean }): void;
  /** The latest act, undone ones too. */
  latest: Action | null;
  /** What was done last, for whoever sees and for whoever listens. */
  told: string;
  tell(text: string): void;
  /** Acts that the store has not confirmed yet. */
  unsettled: number;
  /** Many records are being changed. */
  isBusy: boolean;
  question: Question | null;
  decide(status: ReviewStatus): void;
  confirm(isSure: boolean): void;
  undo(): void;
  redo(): void;
  /** Decides by a rule on pending records. */
  sortOut(values: object): Promise<Acted>;
  /** Something else was done that can be undone, and changed what rows show. */
  noted(): void;
  /** Changes records in another way, after all that was asked before. */
  act(action: "note" | "tag" | "edit", values: object, meant: Meant): Promise<Acted>;
}

interface Context {
  rows: Rows;
  cursor: Cursor;
  turns: Turns;
  /** The query that is asked for, as text. */
  wish: string;
  advance: Advance;
  /** The table shows an older answer: asks anew. */
  again(): void;
  fail(error: Error, subject: Subject): void;
  /** What was wrong with this is over. */
  clear(subject: Subject): void;
}

/** Deciding on the current row or on the selected ones: shown at once, stored at once, in order. */
export function useDecisions(context: Context): Decisions {
  const { requests } = useBridge();
  const [counts, setCounts] = useState<Counts>({});
  const [can, put] = useState({ undo: false, redo: false });
  const [latest, setLatest] = useState<Action | null>(null);
  const [told, tell] = useState("");
  const [isBusy, setBusy] = useState(false);
  const [asked, setQuestion] = useState<Question | null>(null);
  const [unsettled, setUnsettled] = useState(0);
  const now = useRef(context);
  now.current = context;
  const { cursor, rows, turns } = context;
  /** The row after which there was none to go to. */
  const ended = useRef<number | null>(null);
  const queue = useRef<Promise<unknown>>(Promise.resolve());
  /** Records that single acts were about, by the number of the act: undone, they are shown. */
  const places = useRef(new Map<number, number>());

  const setCan = useCallback(
    (held: { can_undo: boolean; can_redo: boolean }) =>
      put({ undo: held.can_undo, redo: held.can_redo }),
    [],
  );
  /** One after the other: two decisions on a record are never overtaken by each other. */
  const ask = useCallback(
    (action: string, values: object) => {
      const answer = queue.current.then(() => requests.ask<Acted>(action, values, 0));
      setUnsettled((count) => count + 1);
      queue.current = answer
        .catch(() => undefined)
        .finally(() => setUnsettled((count) => count - 1));
      return answer.then((acted) => {
        setCan(acted);
        if (acted.action) setLatest(acted.action);
        now.current.clear("decision");
        return acted;
      });
    },
    [requests, setCan],
  );

  const counting = useRef(0);
  const recount = useCallback(() => {
    const { selection } = cursor;
    if (!selection) return;
    const mine = ++counting.current;
    requests.ask<Counts>("counts", { selection }).then(
      (found) => {
        if (mine === counting.current) setCounts(found); // answers may overtake each other
      },
      (error: Error) => now.current.fail(error, "table"),
    );
  }, [requests, cursor]);

  /** To the row that comes next; lasts when it has to be asked for. */
  const step = useCallback((): Promise<void> | undefined => {
    const { advance } = now.current;
    const { position, selection, total } = cursor;
    const end = () => {
      ended.current = position;
      turns.dropDecisions();
      tell((held) => `${held} No pending record further down.`.trim());
    };
    if (advance === "stay") return;
    if (advance === "next") {
      cursor.go(position + 1);
      return;
    }
    for (let at = position + 1; at < total; at++) {
      const row = rows.get(at);
      if (row?.status === "pending") {
        cursor.go(at);
        return;
      }
      if (row) continue;
      // What was decided before is in the store by then.
      return queue.current
        .then(() =>
          requests.ask<number | null>("next", { selection, position: at, status: "pending" }),
        )
        .then(
          (there) => {
            if (there === null) end();
            else if (cursor.selection === selection) cursor.go(there);
          },
          (error: Error) => {
            turns.dropDecisions();
            now.current.fail(error, "table");
          },
        );
    }
    end();
    return;
  }, [requests, rows, cursor, turns]);

  // New records of a job that runs: on to the first of them.
  const { total } = cursor;
  // biome-ignore lint/correctness/useExhaustiveDependencies: when there are more
  useEffect(() => {
    if (ended.current === null) return;
    const isStillThere = ended.current === cursor.position;
    ended.current = null;
    if (isStillThere) turns.take(step);
  }, [total, step]);

  const decideOne = useCallback(
    async (status: ReviewStatus): Promise<void> => {
      const { position } = cursor;
      if (cursor.total === 0) return tell("There is no record to decide on.");
      // At once when it is here: the key after this one finds what this one has done.
      const row = rows.get(position) ?? (await rows.wait(position));
      if (!row) {
        turns.dropDecisions();
        return tell("The row did not come: nothing was decided.");
      }
      if (row.status === undefined) return tell(`Record ${row.id} was deleted.`);
      const { id, status: before } = row;
      if (isOutcome(before)) return tell(`Record ${id} is ${before}: no result to decide on.`);
      const change = rows.change([id], { status });
      setCounts((held) => moved(held, before, status));
      tell(`Record ${id} ${status}, row ${position + 1}.`);
      ask("decide", { ids: [id], status }).then(
        (acted) => {
          rows.settle(change, acted.rows);
          if (acted.action?.id != null) places.current.set(acted.action.id, id);
        },
        (error: Error) => {
          rows.settle(change);
          setCounts((held) => moved(held, status, before));
          tell(`Record ${id} is ${before} as before.`);
          const what = `Record ${id} was not ${status}: ${error.message}`;
          now.current.fail(new Error(what), "decision");
        },
      );
      await step();
    },
    [ask, step, rows, cursor, turns],
  );

  const decideMany = useCallback(
    (status: ReviewStatus, selection: number, runs: runsOf.Runs): Promise<void> => {
      setBusy(true);
      return ask("decide", { selection, runs, status })
        .then(
          (acted) => {
            if (cursor.runs === runs) cursor.select(runsOf.NONE);
            rows.refresh();
            recount();
            tell(doneTold(acted));
          },
          (error: Error) => {
            now.current.fail(new Error(`Nothing was changed: ${error.message}`), "decision");
            if (isOld(error)) now.current.again();
          },
        )
        .finally(() => setBusy(false));
    },
    [ask, recount, rows, cursor],
  );

  const decide = useCallback(
    (status: ReviewStatus): void =>
      turns.take(() => {
        const { runs, selection } = cursor;
        const count = runsOf.size(runs);
        const { wish } = now.current;
        if (count > MANY) setQuestion({ status, count, selection, runs, wish });
        else if (count > 0) return decideMany(status, selection, runs);
        else return decideOne(status);
        return;
      }, true),
    [decideOne, decideMany, turns, cursor],
  );
  const isMeant =
    asked?.runs === cursor.runs &&
    asked.selection === cursor.selection &&
    asked.wish === context.wish;
  const question = isMeant ? asked : null;

  const back = useCallback(
    (action: "undo" | "redo") => {
      setBusy(true);
      return ask(action, {})
        .then(
          (acted) => {
            rows.refresh();
            recount();
            tell(acted.action ? doneTold(acted) : `Nothing to ${action}.`);
            const id = acted.action?.id == null ? undefined : places.current.get(acted.action.id);
            const there = id === undefined ? null : rows.positionOf(id);
            if (there !== null) cursor.go(there);
          },
          (error: Error) => now.current.fail(error, "decision"),
        )
        .finally(() => setBusy(false));
    },
    [ask, recount, rows, cursor],
  );

  const act = useCallback(
    (action: "note" | "tag" | "edit", values: object, meant: Meant) => {
      return ask(action, { ...values, ...meant }).then((acted) => {
        if (acted.rows.length) rows.put(acted.rows);
        // What an edit made of the values in sight is not among that.
        if (!acted.rows.length || action === "edit") rows.refresh();
        tell(doneTold(acted));
        return acted;
      });
    },
    [ask, rows],
  );

  const sortOut = useCallback(
    (values: object) => {
      setBusy(true);
      return ask("sort_out", values)
        .then((acted) => {
          rows.refresh();
          recount();
          tell(doneTold(acted));
          return acted;
        })
        .finally(() => setBusy(false));
    },
    [ask, recount, rows],
  );

  const noted = useCallback(() => {
    setCan({ can_undo: true, can_redo: false });
    rows.refresh();
    recount();
  }, [setCan, rows, recount]);

  return {
    counts,
    setCounts,
    canUndo: can.undo,
    canRedo: can.redo,
    setCan,
    latest,
    told,
    tell,
    unsettled,
    isBusy,
    question,
    decide,
    confirm: (isSure) => {
      setQuestion(null);
      if (!isSure || !question) return tell("Nothing was changed.");
      const { status, selection, runs } = question;
      turns.take(() => decideMany(status, selection, runs));
    },
    undo: () => turns.take(() => back("undo")),
    redo: () => turns.take(() => back("redo")),
    sortOut,
    noted,
    act,
  };
}

/** Whether a record of this status holds no result. */
export function isOutcome(status: Status): boolean {
  return (OUTCOMES as readonly string[]).includes(status);
}

/** The counts when a record of one status has another one now. */
export function moved(counts: Counts, from: Status, to: Status): Counts {
  if (from === to) return counts;
  return { ...counts, [from]: (counts[from] ?? 0) - 1, [to]: (counts[to] ?? 0) + 1 };
}

/** Whether it was refused because the table shows an older answer. */
export function isOld(error: Error): boolean {
  const kinds = ["selection_gone", "selection_old"];
  return error instanceof RequestError && kinds.includes(String(error.detail.kind));
}

/** An act in words: how many records it changed, and how many it left and why. */
export function doneTold({ action }: Acted): string {
  if (!action) return "";
  const { what, count, skipped } = action;
  const [, undone] = /^undone: (.*)$/s.exec(what) ?? [];
  // What a rule did is told with its own numbers: `1,478 accepted, 18 rejected, asked by ada`.
  const isByRule = undone !== undefined && /^\d/.test(undone);
  // `record 1 is the current one again`: of which record is said already.
  const isCurrent = /(undone|redone): records? .* again$/s.test(what);
  const done = isCurrent
    ? `${what.charAt(0).toUpperCase()}${what.slice(1)}`
    : isByRule
      ? `Undone: ${told(count)} decision${count === 1 ? "" : "s"} by the rule`
      : undone
        ? `Undone: ${records(count)} ${undone} → as before`
        : `${what.charAt(0).toUpperCase()}${what.slice(1)}: ${records(count)}`;
  const left = Object.entries(skipped).map(([why, number]) => `${told(number)} left (${why})`);
  return `${[done, ...left].join(", ")}.`;
}

export function told(count: number): string {
  return count.toLocaleString("en-GB");
}

export function records(count: number): string {
  return `${told(count)} record${count === 1 ? "" : "s"}`;
}
