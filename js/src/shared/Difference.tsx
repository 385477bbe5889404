import { useMemo } from "react";
import { LongText, Marked } from "./LongText";
import { Source } from "./Source";
import { differenceOf, type Part } from "./textDifference";

/** Characters of what both texts have that are shown around a difference. */
const AROUND = 200;

/** Two texts as one, with what was removed and added marked by signs, lines and colours. */
export function Difference(properties: {
  before: string;
  after: string;
  label: string;
  by?: "words" | "lines";
}) {
  const { before, after, label, by } = properties;
  const parts = useMemo(() => differenceOf(before, after, by), [before, after, by]);
  if (parts === null) {
    return (
      <>
        <p className="dgf-soft">Nearly all of it is different. Before:</p>
        <LongText text={before} label={`${label}, before`} />
        <p className="dgf-soft">After:</p>
        <LongText text={after} label={`${label}, after`} />
      </>
    );
  }
  return (
    <Source className="dgf-text dgf-diff" label={`${label}: what is different`}>
      {parts.map((part, number) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: parts have no other name, and never move
        <Shown key={number} part={part} isFirst={!number} isLast={number === parts.length - 1} />
      ))}
    </Source>
  );
}

function Shown({ part, isFirst, isLast }: { part: Part; isFirst: boolean; isLast: boolean }) {
  const { kind, text } = part;
  const marked = <Marked text={text} />;
  if (kind === "added") return <ins>{marked}</ins>;
  if (kind === "removed") return <del>{marked}</del>;
  if (text.length <= 3 * AROUND) return marked;
  return (
    <>
      {isFirst ? "" : text.slice(0, AROUND)}
      <span className="dgf-soft"> … {text.length.toLocaleString("en")} characters alike … </span>
      {isLast ? "" : text.slice(-AROUND)}
    </>
  );
}
