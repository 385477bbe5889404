import { useCallback, useEffect, useRef, useState } from "react";
import { useBridge } from "../bridge/hooks";
import { OUTCOMES, type ReviewStatus, type Status } from "../shared/record";
import type { Acted, Counts, Found, Meant, Row } from "./protocol";
import type { Rows } from "./rows";
import * as runsOf from "./runs";

/** Selected rows from which on their number is said and confirmed first. */
const MANY = 20;

/** Where keys go after a decision. */
export type Advance = "pending" | "next" | "stay";

/** A decision on many, before it is made. */
export interface Question {
  status: ReviewStatus;
  count: number;
}

export interface Decisions {
  counts: Counts;
  setCounts(counts: Counts): void;
  canUndo: boolean;
  canRedo: boolean;
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
  /** Changes records in another way, after all that was asked before. */
  act(action: "note" | "tag" | "edit", values: object, meant: Meant): Promise<Acted>;
}

interface Context {
  found: Found | null;
  rows: Rows;
  position: number;
  current: Row | null;
  runs: runsOf.Runs;
  setRuns(runs: runsOf.Runs): void;
  go(position: number): void;
  advance: Advance;
  fail(error: Error): void;
}

/** Deciding on the current row or on the selected ones: shown at once, stored at once, in order. */
export function useDecisions(context: Context): Decisions {
  const { requests } = useBridge();
  const [counts, setCounts] = useState<Counts>({});
  const [can, setCan] = useState({ undo: false, redo: false });
  const [told, tell] = useState("");
  const [isBusy, setBusy] = useState(false);
  const [question, setQuestion] = useState<Question | null>(null);
  const [unsettled, setUnsettled] = useState(0);
  const now = useRef(context);
  now.current = context;
  /** Resolves when the latest row to go to is known: keys pressed before act on that one. */
  const going = useRef<Promise<void> | null>(null);
  /** The row after which there was none to go to. */
  const ended = useRef<number | null>(null);
  const queue = useRef<Promise<unknown>>(Promise.resolve());
  /** Records that single acts were about, by the number of the act: undone, they are shown. */
  const places = useRef(new Map<number, number>());

  /** One after the other: two decisions on a record are never overtaken by each other. */
  const ask = useCallback(
    (action: string, values: object) => {
      const answer = queue.current.then(() => requests.ask<Acted>(action, values, 0));
      setUnsettled((count) => count + 1);
      queue.current = answer
        .catch(() => undefined)
        .finally(() => setUnsettled((count) => count - 1));
      return answer.then((acted) => {
        setCan({ undo: acted.can_undo, redo: acted.can_redo });
        return acted;
      });
    },
    [requests],
  );

  const counting = useRef(0);
  const recount = useCallback(() => {
    const selection = now.current.found?.selection;
    if (selection === undefined) return;
    const mine = ++counting.current;
    requests.ask<Counts>("counts", { selection }).then((found) => {
      if (mine === counting.current) setCounts(found); // answers may overtake each other
    }, now.current.fail);
  }, [requests]);

  const step = useCallback(() => {
    const { found, rows, position, go, advance } = now.current;
    const end = () => {
      ended.current = position;
      tell((held) => `${held} No pending record further down.`.trim());
    };
    if (advance === "stay" || !found) return;
    if (advance === "next") return go(position + 1);
    for (let at = position + 1; at < found.total; at++) {
      const row = rows.get(at);
      if (row?.status === "pending") return go(at);
      if (row) continue;
      going.current = requests
        .ask<number | null>("next", { selection: found.selection, position: at, status: "pending" })
        .then(
          (there) => {
            if (there === null) end();
            else now.current.go(there);
          },
          (error: Error) => now.current.fail(error),
        )
        .finally(() => {
          going.current = null;
        });
      return;
    }
    end();
  }, [requests]);

  // New records of a job that runs: on to the first of them.
  const total = context.found?.total ?? 0;
  // biome-ignore lint/correctness/useExhaustiveDependencies: when there are more
  useEffect(() => {
    if (ended.current === null) return;
    const isStillThere = ended.current === now.current.position;
    ended.current = null;
    if (isStillThere) step();
  }, [total, step]);

  const decideOne = useCallback(
    (status: ReviewStatus) => {
      const { current, rows, position } = now.current;
      if (!current) return tell("This row is not here yet.");
      const before = current.status;
      if (isOutcome(before))
        return tell(`Record ${current.id} is ${before}: no result to decide on.`);
      const move = (from: Status, to: Status) =>
        setCounts((held) => ({
          ...held,
          [from]: (held[from] ?? 0) - 1,
          [to]: (held[to] ?? 0) + 1,
        }));
      const change = rows.change([current.id], { status });
      move(before, status);
      tell(`Record ${current.id} ${status}, row ${position + 1}.`);
      ask("decide", { ids: [current.id], status }).then(
        (acted) => {
          rows.settle(change, acted.rows);
          if (acted.action?.id != null) places.current.set(acted.action.id, current.id);
        },
        (error: Error) => {
          rows.settle(change);
          move(status, before);
          tell(`Record ${current.id} is ${before} as before.`);
          now.current.fail(new Error(`Record ${current.id} was not ${status}: ${error.message}`));
        },
      );
      step();
    },
    [ask, step],
  );

  const decideMany = useCallback(
    (status: ReviewStatus) => {
      const { found, runs, rows, setRuns } = now.current;
      if (!found) return;
      setBusy(true);
      ask("decide", { selection: found.selection, runs, status })
        .then(
          (acted) => {
            setRuns(runsOf.NONE);
            rows.refresh();
            recount();
            tell(doneTold(acted));
          },
          (error: Error) => now.current.fail(new Error(`Nothing was changed: ${error.message}`)),
        )
        .finally(() => setBusy(false));
    },
    [ask, recount],
  );

  const decide = useCallback(
    (status: ReviewStatus): void => {
      if (going.current) {
        going.current.then(() => decide(status));
        return;
      }
      const count = runsOf.size(now.current.runs);
      if (count > MANY) setQuestion({ status, count });
      else if (count > 0) decideMany(status);
      else decideOne(status);
    },
    [decideOne, decideMany],
  );

  const back = useCallback(
    (action: "undo" | "redo") => {
      setBusy(true);
      ask(action, {})
        .then(
          (acted) => {
            now.current.rows.refresh();
            recount();
            tell(acted.action ? doneTold(acted) : `Nothing to ${action}.`);
            const id = acted.action?.id == null ? undefined : places.current.get(acted.action.id);
            const there = id === undefined ? null : now.current.rows.positionOf(id);
            if (there !== null) now.current.go(there);
          },
          (error: Error) => now.current.fail(error),
        )
        .finally(() => setBusy(false));
    },
    [ask, recount],
  );

  const act = useCallback(
    (action: "note" | "tag" | "edit", values: object, meant: Meant) =>
      ask(action, { ...values, ...meant }).then((acted) => {
        if (acted.rows.length) now.current.rows.put(acted.rows);
        // What an edit made of the values in sight is not among that.
        if (!acted.rows.length || action === "edit") now.current.rows.refresh();
        tell(doneTold(acted));
        return acted;
      }),
    [ask],
  );

  const sortOut = useCallback(
    (values: object) => {
      setBusy(true);
      return ask("sort_out", values)
        .then((acted) => {
          now.current.rows.refresh();
          recount();
          tell(doneTold(acted));
          return acted;
        })
        .finally(() => setBusy(false));
    },
    [ask, recount],
  );

  return {
    counts,
    setCounts,
    canUndo: can.undo,
    canRedo: can.redo,
    told,
    tell,
    unsettled,
    isBusy,
    question,
    decide,
    confirm: (isSure) => {
      const asked = question;
      setQuestion(null);
      if (isSure && asked) decideMany(asked.status);
      else tell("Nothing was changed.");
    },
    undo: () => back("undo"),
    redo: () => back("redo"),
    sortOut,
    act,
  };
}

/** Whether a record of this status holds no result. */
export function isOutcome(status: Status): boolean {
  return (OUTCOMES as readonly string[]).includes(status);
}

/** An act in words: how many records it changed, and how many it left and why. */
export function doneTold({ action }: Acted): string {
  if (!action) return "";
  const { what, count, skipped } = action;
  const [, undone] = /^undone: (.*)$/s.exec(what) ?? [];
  const done = undone
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
