const TEXT = "input, textarea, select, [contenteditable='true']";
/** What JupyterLab would undo, copy or paste in the notebook instead of in a text. */
const EDITING = new Set(["z", "y", "a", "c", "x", "v"]);

/** Keeps keys pressed inside a widget from JupyterLab, whose command mode would insert, delete or run
 * cells. It listens on the document, so they are stopped at the widget's root; other chords with
 * Ctrl, Cmd or Alt still pass. Handlers inside the root have run by then, and what the browser does
 * by itself in a text is not touched. */
export function keepKeys(root: HTMLElement): () => void {
  const stop = (event: KeyboardEvent) => {
    const isChord = event.ctrlKey || event.metaKey || event.altKey;
    const isText = (event.target as HTMLElement).closest(TEXT) !== null;
    const isEditing = isText && !event.altKey && EDITING.has(event.key.toLowerCase());
    if (event.key === "Enter" || isEditing || !(isChord || event.key === "F11")) {
      event.stopPropagation();
    }
  };
  root.addEventListener("keydown", stop);
  return () => root.removeEventListener("keydown", stop);
}
