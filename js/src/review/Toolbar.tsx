import { type ReactNode, type RefObject, useEffect, useRef, useState } from "react";
import { shownSearch, tidy, typedSearch } from "./query";
import { told } from "./useDecisions";
import { useReview } from "./useReview";

/** Milliseconds without a key until what is typed is searched for. */
const SETTLE = 200;

export type PanelName = "filter" | "columns" | "export" | "rules" | "keys" | "note" | "tags";

const PANELS: [PanelName, string, string][] = [
  ["filter", "Filter", "Filter by any column (F)"],
  ["columns", "Columns", "Which columns, in which order"],
  ["rules", "Rule", "Decide on pending records by a rule, and how often it agrees with people"],
  ["export", "Export", "Take records away as a file"],
  ["keys", "Keys", "All keys (?)"],
];

/** What is reviewed, the search, and the doors to the panels. */
export function Toolbar(properties: {
  search: RefObject<HTMLInputElement | null>;
  panel: PanelName | null;
  setPanel(panel: PanelName | null): void;
  isOpen: boolean;
  setOpen(isOpen: boolean): void;
  isFull: boolean;
  setFull(isFull: boolean): void;
}) {
  const { search, panel, setPanel, isOpen, setOpen, isFull, setFull } = properties;
  const { about, isGone } = useReview();
  return (
    <div className="dgf-toolbar" role="toolbar" aria-label="Review" inert={isGone}>
      <strong className="dgf-review-title" dir="auto">
        {about.title}
      </strong>
      {about.pipelines.length === 1 && (
        <span className="dgf-soft" dir="auto">
          {about.pipelines[0]}
        </span>
      )}
      <Search box={search} />
      <span className="dgf-space" />
      <Tool title="The record for reading (V)" isPressed={isOpen} onClick={() => setOpen(!isOpen)}>
        Record
      </Tool>
      {PANELS.map(([name, label, title]) => (
        <Tool
          key={name}
          title={title}
          isPressed={panel === name}
          onClick={() => setPanel(panel === name ? null : name)}
        >
          {label}
        </Tool>
      ))}
      <Tool
        title={isFull ? "Back into the notebook (Esc)" : "Full screen"}
        onClick={() => setFull(!isFull)}
      >
        {isFull ? "Exit" : "Full screen"}
      </Tool>
    </div>
  );
}

/** The search over all texts of the records, while one types. */
function Search({ box }: { box: RefObject<HTMLInputElement | null> }) {
  const { query, setQuery, found, isAsking } = useReview();
  const [text, setText] = useState(shownSearch(query.search));
  const sent = useRef(query.search ?? "");
  const now = useRef(query);
  now.current = query;

  useEffect(() => {
    // Changed elsewhere: by another view, or with all filters.
    if ((query.search ?? "") === sent.current) return;
    sent.current = query.search ?? "";
    setText(shownSearch(query.search));
  }, [query.search]);

  const send = (search: string) => {
    if (search === sent.current) return;
    sent.current = search;
    setQuery(tidy({ ...now.current, search }));
  };
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  useEffect(() => () => clearTimeout(timer.current), []);
  const type = (typed: string) => {
    setText(typed);
    clearTimeout(timer.current);
    timer.current = setTimeout(() => send(typedSearch(typed)), SETTLE);
  };
  const isSearching = isAsking && query.search !== undefined;
  return (
    <span className="dgf-search">
      <input
        ref={box}
        type="search"
        className="dgf-input"
        placeholder="Search  /"
        aria-label="Search the records' texts"
        title={'Words that all occur; "a phrase"; word* for how one begins'}
        value={text}
        onChange={(event) => type(event.target.value)}
        onKeyDown={(event) => {
          if (event.key !== "Enter") return;
          clearTimeout(timer.current);
          send(typedSearch(text));
          event.preventDefault();
        }}
      />
      {query.search !== undefined && found && (
        <output className="dgf-soft">{isSearching ? "…" : `${told(found.total)} found`}</output>
      )}
    </span>
  );
}

export function Tool(properties: {
  title: string;
  onClick(): void;
  isPressed?: boolean;
  isDisabled?: boolean;
  className?: string;
  children: ReactNode;
}) {
  const { title, onClick, isPressed, isDisabled = false, className = "", children } = properties;
  return (
    <button
      type="button"
      className={`dgf-button ${className}`.trim()}
      title={title}
      aria-pressed={isPressed}
      disabled={isDisabled}
      onClick={onClick}
    >
      {children}
    </button>
  );
}
