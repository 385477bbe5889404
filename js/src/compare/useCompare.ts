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
import {
  isTurned,
  listed,
  nextOpen,
  type Pair,
  type Shown,
  type Tally,
  tallyOf,
  turned,
  withChoice,
  withDifferences,
} from "./pairs";
import type { About, Acted, Alone, Choice, PairsAnswer } from "./protocol";

/** Pairs whose difference is asked for at once. */
const CHUNK = 500;

export interface CompareState {
  about: About;
  isGone: boolean;
  /** Null: not here yet. */
  pairs: Pair[] | null;
  alone: Alone[];
  /** Pairs that were compared. */
  compared: number;
  /** Places in `pairs` of those that are listed. */
  list: number[];
  shown: Shown;
  setShown(shown: Shown): void;
  /** Where in the list the current pair stands. */
  place: number;
  pair: Pair | null;
  /** The current pair's sides are changed. */
  isFlipped: boolean;
  isBlind: boolean;
  setBlind(isBlind: boolean): void;
  tally: Tally;
  go(place: number): void;
  goOpen(): void;
  /** Chooses the side as it is seen. */
  choose(choice: Choice): void;
  undo(): void;
  redo(): void;
  canUndo: boolean;
  canRedo: boolean;
  told: string;
  /** Acts that the store has not confirmed yet. */
  unsettled: number;
  reviewer: string;
  rename(reviewer: string): void;
  notice: Error | null;
  fail(error: Error | null): void;
}

export const CompareContext = createContext<CompareState | null>(null);

export function useCompare(): CompareState {
  const state = useContext(CompareContext);
  if (!state) throw new Error("used outside of a comparison");
  return state;
}

const TOLD: Record<Choice, string> = {
  left: "the left one is better",
  right: "the right one is better",
  tie: "a tie",
  neither: "neither is any good",
};

/** The state of one view of a comparison. */
export function useCompareState(): CompareState {
  const { requests } = useBridge();
  const isGone = useIsGone();
  const [about] = useTrait<About>("about");
  const [isBlind, setBlind] = useTrait<boolean>("is_blind");
  const [salt] = useTrait<number>("salt");
  const [shown, setShown] = useTrait<Shown>("shown");
  const [kept, keep] = useTrait<number[]>("pair");
  const [reviewer] = useTrait<string>("reviewer");
  const [pairs, setPairs] = useState<Pair[] | null>(null);
  const [alone, setAlone] = useState<Alone[]>([]);
  const [compared, setCompared] = useState(0);
  const [can, setCan] = useState({ undo: false, redo: false });
  const [told, tell] = useState("");
  const [notice, fail] = useState<Error | null>(null);
  const [unsettled, setUnsettled] = useState(0);
  const now = useRef(pairs);
  now.current = pairs;

  useEffect(() => {
    let isWanted = true;
    const load = async () => {
      const answer = await requests.ask<PairsAnswer>("pairs", {}, 0);
      if (!isWanted) return;
      const found = answer.pairs.map(([left, right, choice]) => ({
        left,
        right,
        choice,
        isDifferent: null,
      }));
      setPairs(found);
      setAlone(answer.alone);
      setCan({ undo: answer.can_undo, redo: answer.can_redo });
      for (let start = 0; start < found.length; start += CHUNK) {
        const part = found.slice(start, start + CHUNK).map(({ left, right }) => [left, right]);
        const different = await requests.ask<boolean[]>("differences", { pairs: part }, 0);
        if (!isWanted) return;
        setPairs((held) => held && withDifferences(held, start, different));
        setCompared(start + part.length);
      }
    };
    load().catch((error: Error) => isWanted && fail(error));
    return () => {
      isWanted = false;
    };
  }, [requests]);

  // What is listed stays where it is while one chooses.
  const count = pairs?.length ?? 0;
  const isCompared = compared >= count;
  // biome-ignore lint/correctness/useExhaustiveDependencies: not when a choice is made
  const list = useMemo(() => listed(now.current ?? [], shown), [shown, count, isCompared]);
  const [left, right] = kept;
  const place = useMemo(() => {
    const all = now.current ?? [];
    const at = list.findIndex((one) => all[one]?.left === left && all[one]?.right === right);
    return Math.max(0, at);
  }, [list, left, right]);
  const index = list[place];
  const pair = (index === undefined ? null : pairs?.[index]) ?? null;
  const flips = (one: Pair | null) => isBlind && one !== null && isTurned(one, salt);

  const goTo = useCallback(
    (one: Pair | undefined) => {
      if (one) keep([one.left, one.right]);
    },
    [keep],
  );
  const go = (to: number) => {
    const at = list[Math.max(0, Math.min(to, list.length - 1))];
    if (at !== undefined) goTo(pairs?.[at]);
  };

  const queue = useRef<Promise<unknown>>(Promise.resolve());
  /** One after the other, so that what is undone is what was done last. */
  const ask = (action: string, values: object) => {
    const answer = queue.current.then(() => requests.ask<Acted>(action, values, 0));
    setUnsettled((number) => number + 1);
    queue.current = answer
      .catch(() => undefined)
      .finally(() => setUnsettled((number) => number - 1));
    return answer.then((acted) => {
      setCan({ undo: acted.can_undo, redo: acted.can_redo });
      return acted;
    });
  };

  const choose = (seen: Choice) => {
    if (!pair || index === undefined || !pairs) return;
    const choice = flips(pair) ? turned(seen) : seen;
    const before = pair.choice;
    const changed = withChoice(pairs, index, choice);
    setPairs((held) => held && withChoice(held, index, choice));
    tell(`Pair ${place + 1}: ${TOLD[seen]}.`);
    fail(null);
    ask("choose", { left: pair.left, right: pair.right, choice }).catch((error: Error) => {
      setPairs((held) => held && withChoice(held, index, before));
      goTo(pair);
      tell(`Pair ${place + 1} is as before.`);
      fail(error);
    });
    const next = nextOpen(changed, list, place);
    if (next !== null) goTo(changed[next]);
    else tell(`Pair ${place + 1}: ${TOLD[seen]}. All of these are chosen.`);
  };

  const back = (action: "undo" | "redo") => {
    ask(action, {}).then(
      ({ action: done, pair: about, choice }) => {
        if (!done || !about) return tell(`Nothing to ${action}.`);
        const at = (now.current ?? []).findIndex(
          (one) => one.left === about[0] && one.right === about[1],
        );
        setPairs((held) => held && withChoice(held, at, choice));
        goTo(now.current?.[at]);
        tell(action === "undo" ? "Undone: the pair is as before." : "Done again.");
      },
      (error: Error) => fail(error),
    );
  };

  return {
    about,
    isGone,
    pairs,
    alone,
    compared,
    list,
    shown,
    setShown,
    place,
    pair,
    isFlipped: flips(pair),
    isBlind,
    setBlind,
    tally: useMemo(() => tallyOf(pairs ?? []), [pairs]),
    go,
    goOpen: () => {
      const next = pairs && nextOpen(pairs, list, place);
      if (next == null) tell("All of these are chosen.");
      else goTo(pairs?.[next]);
    },
    choose,
    undo: () => back("undo"),
    redo: () => back("redo"),
    canUndo: can.undo,
    canRedo: can.redo,
    told,
    unsettled,
    reviewer,
    rename: (name) => void requests.ask("rename", { name }).catch(fail),
    notice,
    fail,
  };
}
