import { createContext, useContext, useState } from "react";
import { cutAt, foldedLength, STEP } from "./folding";
import { Source } from "./Source";

/** What is searched for around a text; its places in it are marked. */
export const SearchContext = createContext("");

/** Up to so many characters a text unfolds by itself when what is searched for stands further on. */
const UNFOLDS = 50_000;

/** A text as it is, folded when it is long, unfolded on request a part after the other. */
export function LongText({ text, label }: { text: string; label: string }) {
  const query = useContext(SearchContext);
  const folded = foldedLength(text);
  const [asked, setAsked] = useState(0);
  const isFound =
    query !== "" &&
    text.length <= UNFOLDS &&
    text.toLowerCase().indexOf(query.toLowerCase(), folded - query.length) >= 0;
  const shown = isFound ? text.length : Math.min(text.length, folded + asked);
  const rest = text.length - shown;
  return (
    <div className="dgf-long">
      <Source className="dgf-text" label={label}>
        {text === "" ? (
          <i className="dgf-soft">empty text</i>
        ) : (
          <Marked text={text.slice(0, shown)} />
        )}
        {rest > 0 && "…"}
      </Source>
      {rest > 0 && (
        <button
          type="button"
          className="dgf-small"
          aria-label={`${label}: show ${rest > STEP ? "more" : "all"}`}
          onClick={() => setAsked(asked + STEP)}
        >
          Show {rest > STEP ? `${STEP.toLocaleString("en")} more of` : "all"}{" "}
          {text.length.toLocaleString("en")} characters
        </button>
      )}
      {asked > 0 && !isFound && (
        <button
          type="button"
          className="dgf-small"
          aria-label={`${label}: show less`}
          onClick={() => setAsked(0)}
        >
          Show less
        </button>
      )}
    </div>
  );
}

/** A text with what is searched for marked. */
export function Marked({ text }: { text: string }) {
  const query = useContext(SearchContext);
  const parts = cutAt(text, query);
  if (parts.length === 1) return text;
  return parts.map((part, number) =>
    // biome-ignore lint/suspicious/noArrayIndexKey: parts of one text have no other name
    number % 2 ? <mark key={number}>{part}</mark> : part,
  );
}
