import { useEffect, useRef, useState } from "react";
import { useBridge } from "../bridge/hooks";
import type { FullRecord } from "../shared/record";
import type { Pair } from "./pairs";

/** Pairs that are kept for whoever goes back. */
const KEPT = 6;

export interface Both {
  left: FullRecord;
  right: FullRecord;
}

/** The records of a pair; null: not here yet. The next pair's are fetched meanwhile. */
export function usePairRecords(
  pair: Pair | null,
  next: Pair | null,
  fail: (error: Error) => void,
): Both | null {
  const { requests } = useBridge();
  const held = useRef(new Map<string, Promise<Both>>());
  const [found, setFound] = useState<Both | null>(null);
  const [left, right] = [pair?.left, pair?.right];
  const [nextLeft, nextRight] = [next?.left, next?.right];
  useEffect(() => {
    const fetch = (one: number, other: number): Promise<Both> => {
      const key = `${one} ${other}`;
      const asked =
        held.current.get(key) ?? requests.ask<Both>("pair", { left: one, right: other });
      held.current.delete(key); // the latest last
      held.current.set(key, asked);
      asked.catch(() => held.current.delete(key));
      for (const old of [...held.current.keys()].slice(0, -KEPT)) held.current.delete(old);
      return asked;
    };
    if (left === undefined || right === undefined) return;
    let isWanted = true;
    fetch(left, right).then(
      (both) => {
        if (!isWanted) return;
        setFound(both);
        if (nextLeft !== undefined && nextRight !== undefined) fetch(nextLeft, nextRight);
      },
      (error: Error) => isWanted && fail(error),
    );
    return () => {
      isWanted = false;
    };
  }, [requests, left, right, nextLeft, nextRight, fail]);
  return found?.left.id === left && found?.right.id === right ? found : null;
}
