import type { ReviewStatus } from "../shared/record";

/** Steps of the cursor: rows, or to where. */
export type Step = number | "page" | "-page" | "first" | "last";

/** What a key asks for. */
export type Command =
  | { do: "decide"; status: ReviewStatus }
  | { do: "move"; by: Step; isRange: boolean }
  | { do: "column"; by: 1 | -1 }
  | { do: "select" | "all" | "undo" | "redo" }
  | { do: "edit" | "pane" | "trace" | "note" | "tag" }
  | { do: "search" | "filter" | "menu" | "keys" | "leave" };

const TYPING = "input:not([type='checkbox']), textarea, select, .cm-editor, [contenteditable]";
/** A question that waits for its answer: none of its keys decides on a record. */
const ASKING = "[role='alertdialog'], [role='dialog']";
/** Elements that a blank or Enter presses. */
const PRESSED = "button, input, summary, a, [role='menuitem'], [role='treeitem']";

interface Pressed {
  key: string;
  ctrlKey: boolean;
  metaKey: boolean;
  altKey: boolean;
  shiftKey: boolean;
  target: EventTarget | null;
}

const MOVES: Record<string, Step> = {
  ArrowDown: 1,
  ArrowUp: -1,
  n: 1,
  p: -1,
  PageDown: "page",
  PageUp: "-page",
  Home: "first",
  End: "last",
};

const PLAIN: Record<string, Command> = {
  a: { do: "decide", status: "accepted" },
  r: { do: "decide", status: "rejected" },
  u: { do: "decide", status: "pending" },
  ArrowRight: { do: "column", by: 1 },
  ArrowLeft: { do: "column", by: -1 },
  x: { do: "select" },
  e: { do: "edit" },
  c: { do: "note" },
  g: { do: "tag" },
  v: { do: "pane" },
  t: { do: "trace" },
  "/": { do: "search" },
  f: { do: "filter" },
  m: { do: "menu" },
  "?": { do: "keys" },
  Escape: { do: "leave" },
};

/** The command of a key; null: none, whatever has the focus has it. */
export function commandOf(event: Pressed): Command | null {
  const target = event.target as Element | null;
  const isTyping = target?.closest(TYPING) != null;
  const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
  if (event.altKey || isTyping) return null;
  if (target?.closest(ASKING)) return key === "Escape" ? { do: "leave" } : null;
  if (event.ctrlKey || event.metaKey) {
    return key === "a" && !event.shiftKey && target?.closest("[role='grid']")
      ? { do: "all" }
      : null;
  }
  if (key === "z") return { do: event.shiftKey ? "redo" : "undo" };
  const by = MOVES[key];
  if (by !== undefined) return { do: "move", by, isRange: event.shiftKey && key.length > 1 };
  if (key === " " || key === "Enter") {
    if (target?.closest(PRESSED)) return null;
    return { do: key === " " ? "select" : "pane" };
  }
  return PLAIN[key] ?? null;
}

/** All keys, for whoever asks. */
export const KEYS: [string, string][] = [
  ["A · R · U", "accept, reject, back to pending: the row, or the selected rows"],
  ["N · P, ↓ · ↑", "next, previous; also PageDown, PageUp, Home, End"],
  ["← →", "the column that E and M act on"],
  ["Z · Shift+Z", "undo, redo"],
  ["X or Space", "select the row"],
  ["Shift with ↑ ↓, PageUp …", "select a range"],
  ["Ctrl+A", "select all that match"],
  ["V or Enter", "the record for reading, beside the table or in its place"],
  ["T", "its trace"],
  ["E", "edit the field: the one that has the focus, else the column's; Ctrl+Enter saves"],
  ["C · G", "write a comment, give tags: the record, or the selected rows"],
  ["/", "search"],
  ["F", "filter by the column"],
  ["M", "the column's menu: sort, filter, hide, pin, move, width"],
  ["Esc", "back: from a text to the table, from a panel, the selection, full screen"],
];
