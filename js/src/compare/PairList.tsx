import { type RefObject, useEffect, useLayoutEffect, useRef, useState } from "react";
import { useBridge } from "../bridge/hooks";
import { isTurned, type Pair, turned } from "./pairs";
import type { Choice, Label } from "./protocol";
import { useCompare } from "./useCompare";

/** Pixels of a row, as in the style sheet. */
const ROW = 28;
const MARGIN = 8;

const WORDS: Record<Choice, string> = {
  left: "◀ left",
  right: "right ▶",
  tie: "tie",
  neither: "neither",
};

/** All pairs that are listed, those in sight drawn. */
export function PairList({
  focus,
  salt,
}: {
  focus: RefObject<HTMLDivElement | null>;
  salt: number;
}) {
  const { pairs, list, place, go, isBlind } = useCompare();
  const [top, setTop] = useState(0);
  const [height, setHeight] = useState(0);
  useLayoutEffect(() => {
    const element = focus.current;
    if (!element) return;
    const observer = new ResizeObserver(() => setHeight(element.clientHeight));
    observer.observe(element);
    return () => observer.disconnect();
  }, [focus]);
  // biome-ignore lint/correctness/useExhaustiveDependencies: when another list is shown, too
  useEffect(() => {
    const element = focus.current;
    if (!element) return;
    const first = place * ROW;
    if (first < element.scrollTop) element.scrollTop = first;
    const last = first + ROW - element.clientHeight;
    if (last > element.scrollTop) element.scrollTop = last;
  }, [focus, place, list]);

  const from = Math.max(0, Math.floor(top / ROW) - MARGIN);
  const to = Math.min(list.length, Math.ceil((top + height) / ROW) + MARGIN);
  const rows = list.slice(from, to).flatMap((at, number) => {
    const pair = pairs?.[at];
    return pair ? [{ at, place: from + number, pair }] : [];
  });
  const labels = useLabels(rows.map(({ pair }) => pair.left));
  const current = list[place];
  return (
    <div
      ref={focus}
      className="dgf-pairs"
      role="listbox"
      aria-label="Pairs"
      aria-activedescendant={current === undefined ? undefined : `dgf-pair-${salt}-${current}`}
      tabIndex={0}
      onScroll={(event) => setTop(event.currentTarget.scrollTop)}
    >
      <div style={{ height: list.length * ROW }}>
        <div style={{ transform: `translateY(${from * ROW}px)` }}>
          {rows.map((row) => (
            // biome-ignore lint/a11y/useKeyWithClickEvents: the list has the keys
            <div
              key={row.at}
              id={`dgf-pair-${salt}-${row.at}`}
              role="option"
              aria-selected={row.place === place}
              aria-setsize={list.length}
              aria-posinset={row.place + 1}
              tabIndex={-1}
              className="dgf-pairs-row"
              onClick={() => go(row.place)}
            >
              <Row
                pair={row.pair}
                label={labels.get(row.pair.left)}
                isBlind={isBlind}
                salt={salt}
              />
            </div>
          ))}
        </div>
      </div>
    </div>
  );
}

function Row(properties: { pair: Pair; label: Label | undefined; isBlind: boolean; salt: number }) {
  const { pair, label, isBlind, salt } = properties;
  const choice = pair.choice && isBlind && isTurned(pair, salt) ? turned(pair.choice) : pair.choice;
  return (
    <>
      <span
        className="dgf-pairs-sign"
        title={pair.isDifferent === false ? "the same" : "different"}
      >
        {pair.isDifferent === null ? "" : pair.isDifferent ? "≠" : "="}
      </span>
      <span className="dgf-soft">{label?.[1]}</span>
      <bdi className="dgf-pairs-seed">{label?.[2] ?? "…"}</bdi>
      {choice && <span className={`dgf-choice dgf-choice-${choice}`}>{WORDS[choice]}</span>}
    </>
  );
}

/** The seeds of the records with these ids, as far as they are here. */
function useLabels(ids: number[]): Map<number, Label> {
  const { requests } = useBridge();
  const { fail } = useCompare();
  const [labels, setLabels] = useState(() => new Map<number, Label>());
  const asked = useRef(new Set<number>());
  const key = ids.filter((id) => !labels.has(id)).join(" ");
  useEffect(() => {
    const wanted = key.split(" ").filter(Boolean).map(Number);
    const missing = wanted.filter((id) => !asked.current.has(id));
    if (!missing.length) return;
    for (const id of missing) asked.current.add(id);
    requests.ask<Label[]>("labels", { ids: missing }).then(
      (found) =>
        setLabels((held) => new Map([...held, ...found.map((one) => [one[0], one] as const)])),
      (error: Error) => {
        for (const id of missing) asked.current.delete(id);
        fail(error);
      },
    );
  }, [requests, key, fail]);
  return labels;
}
