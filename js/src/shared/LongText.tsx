import { createContext, useContext, useMemo, useState } from "react";
import { blocksOf, FOLD, FOLD_LINES, foldedLength, hasLongLine } from "./folding";
import { Source } from "./Source";
import { nameOf, partsOf, patternOf, symbolOf } from "./visible";

/** What is searched for around a text; its places in it are marked. */
export const SearchContext = createContext<string | RegExp | null>(null);

function usePattern(): RegExp | null {
  const search = useContext(SearchContext);
  return useMemo(() => (typeof search === "string" ? patternOf(search) : search), [search]);
}

/** Up to so many characters a text unfolds by itself when what is searched for stands further on. */
const UNFOLDS = 50_000;

/** Up to so many characters a text needs no blocks. */
const SMALL = 20_000;

/** A text as it is, folded when it is long, unfolded on request. */
export function LongText(properties: {
  text: string;
  label: string;
  /** Characters, and lines, from which on it is folded. */
  most?: number;
  lines?: number;
}) {
  const { text, label, most = FOLD, lines = FOLD_LINES } = properties;
  const pattern = usePattern();
  const folded = foldedLength(text, most, lines);
  const [isUnfolded, setUnfolded] = useState(false);
  const isFound = pattern !== null && text.length <= UNFOLDS && isFurther(text, pattern, folded);
  const isWhole = isUnfolded || isFound || folded === text.length;
  const blocks = useMemo(
    () => blocksOf(isWhole ? text : text.slice(0, folded)),
    [text, folded, isWhole],
  );
  return (
    <div className="dgf-long">
      <Source className="dgf-text" label={label}>
        {text === "" && <i className="dgf-soft">empty text</i>}
        {blocks.map((block, number) =>
          blocks.length === 1 && block.length < SMALL ? (
            <Marked key="all" text={block} />
          ) : (
            <span
              // biome-ignore lint/suspicious/noArrayIndexKey: blocks have no other name
              key={number}
              className={hasLongLine(block) ? "dgf-text-line" : "dgf-text-block"}
              dir="auto"
            >
              <Marked text={block} />
            </span>
          ),
        )}
        {!isWhole && "…"}
      </Source>
      {!isWhole && (
        <button
          type="button"
          className="dgf-small"
          aria-label={`${label}: show all`}
          onClick={() => setUnfolded(true)}
        >
          Show all {text.length.toLocaleString("en")} characters
        </button>
      )}
      {isUnfolded && !isFound && (
        <button
          type="button"
          className="dgf-small"
          aria-label={`${label}: show less`}
          onClick={() => setUnfolded(false)}
        >
          Show less
        </button>
      )}
    </div>
  );
}

function isFurther(text: string, pattern: RegExp, from: number): boolean {
  pattern.lastIndex = 0;
  for (let hit = pattern.exec(text); hit; hit = pattern.exec(text)) {
    if (hit.index + hit[0].length > from) return true;
    if (hit[0] === "") pattern.lastIndex++;
  }
  return false;
}

/** A text with what is searched for marked, and with signs for what one would not see. */
export function Marked({ text }: { text: string }) {
  const pattern = usePattern();
  const parts = useMemo(() => partsOf(text, pattern), [text, pattern]);
  return parts.map((part, number) => {
    if (part.kind === "plain") return part.text;
    // biome-ignore-start lint/suspicious/noArrayIndexKey: parts of one text have no other name
    if (part.kind === "hit") return <mark key={number}>{part.text}</mark>;
    return (
      <span key={number} className="dgf-hidden-character" title={nameOf(part.text)}>
        {symbolOf(part.text)}
      </span>
    );
    // biome-ignore-end lint/suspicious/noArrayIndexKey: as above
  });
}
