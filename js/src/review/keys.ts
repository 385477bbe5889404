/** What a key asks for. */
export type Command =
  | { do: "move"; by: number | "page" | "-page" | "first" | "last"; isRange: boolean }
  | { do: "column"; by: 1 | -1 }
  | { do: "pane" };

const TYPING = "input:not([type='checkbox']), textarea, select, .cm-editor, [contenteditable]";

interface Pressed {
  key: string;
  ctrlKey: boolean;
  metaKey: boolean;
  altKey: boolean;
  shiftKey: boolean;
  target: EventTarget | null;
}

const MOVES: Record<string, number | "page" | "-page" | "first" | "last"> = {
  ArrowDown: 1,
  ArrowUp: -1,
  n: 1,
  p: -1,
  PageDown: "page",
  PageUp: "-page",
  Home: "first",
  End: "last",
};

/** The command of a key; null: none, the browser has it. */
export function commandOf(event: Pressed): Command | null {
  if (event.altKey || event.ctrlKey || event.metaKey) return null;
  if ((event.target as Element | null)?.closest(TYPING)) return null;
  const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
  const by = MOVES[key];
  if (by !== undefined) return { do: "move", by, isRange: event.shiftKey && key.length > 1 };
  switch (key) {
    case "ArrowRight":
      return { do: "column", by: 1 };
    case "ArrowLeft":
      return { do: "column", by: -1 };
    case "v":
      return { do: "pane" };
    default:
      return null;
  }
}
