import type { Choice } from "./protocol";

/** What a key asks for. */
export type Command =
  | { do: "choose"; choice: Choice }
  | { do: "move"; by: number }
  | { do: "open" | "undo" | "redo" | "blind" | "marks" | "export" | "keys" | "leave" };

const TYPING = "input:not([type='checkbox']), textarea, select, [contenteditable]";
/** What arrows move in or scroll. */
const MOVED = "pre, .dgf-tree, .dgf-pair";

interface Pressed {
  key: string;
  ctrlKey: boolean;
  metaKey: boolean;
  altKey: boolean;
  shiftKey: boolean;
  target: EventTarget | null;
}

const PLAIN: Record<string, Command> = {
  "1": { do: "choose", choice: "left" },
  "2": { do: "choose", choice: "right" },
  "0": { do: "choose", choice: "tie" },
  x: { do: "choose", choice: "neither" },
  n: { do: "move", by: 1 },
  p: { do: "move", by: -1 },
  u: { do: "open" },
  b: { do: "blind" },
  m: { do: "marks" },
  e: { do: "export" },
  "?": { do: "keys" },
  Escape: { do: "leave" },
};

const ARROWS: Record<string, Command> = {
  ArrowLeft: { do: "choose", choice: "left" },
  ArrowRight: { do: "choose", choice: "right" },
  ArrowDown: { do: "move", by: 1 },
  ArrowUp: { do: "move", by: -1 },
  PageDown: { do: "move", by: 10 },
  PageUp: { do: "move", by: -10 },
  Home: { do: "move", by: Number.NEGATIVE_INFINITY },
  End: { do: "move", by: Number.POSITIVE_INFINITY },
};

/** The command of a key; null: none, whatever has the focus has it. */
export function commandOf(event: Pressed): Command | null {
  const target = event.target as Element | null;
  if (event.ctrlKey || event.metaKey || event.altKey || target?.closest(TYPING)) return null;
  const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
  if (key === "z") return { do: event.shiftKey ? "redo" : "undo" };
  const arrow = ARROWS[key];
  if (arrow) return event.shiftKey || target?.closest(MOVED) ? null : arrow;
  return PLAIN[key] ?? null;
}

/** All keys, for whoever asks. */
export const KEYS: [string, string][] = [
  ["1 or ←", "the left one is better"],
  ["2 or →", "the right one is better"],
  ["0", "a tie"],
  ["X", "neither is any good"],
  ["N · P, ↓ · ↑", "next, previous; also PageDown, PageUp, Home, End"],
  ["U", "the next one that is not chosen yet"],
  ["Z · Shift+Z", "undo, redo"],
  ["B", "blind: hide whose record is on which side, and change sides"],
  ["M", "mark what is different"],
  ["E", "export"],
  ["Esc", "back"],
];
