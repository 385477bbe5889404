import type { KeyboardEvent } from "react";
import { duplicate, move, remove, toggleDisabled } from "./definition";
import type { EditorState } from "./useEditor";

/** What keys do beyond editing the definition. */
export interface Acts {
  save(): void;
  copy(at: number): void;
}

const TYPING = "input, textarea, select, .cm-editor, [contenteditable]";

/** What a key does; true when it did something. Letters act on blocks, not in text fields. */
export function act(event: KeyboardEvent, editor: EditorState, acts: Acts): boolean {
  const target = event.target as HTMLElement;
  const root = event.currentTarget as HTMLElement;
  const isTyping = target.closest(TYPING) !== null;
  const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
  if (event.altKey) return false;
  if (event.ctrlKey || event.metaKey) return chord(key, event.shiftKey, isTyping, editor, acts);
  if (key === "Escape") return leave(target, root, isTyping, editor);
  if (isTyping) return false;
  if (key === "/") return focus(root, "[data-dgf-search]");
  const by = STEPS[key];
  if (by !== undefined) return step(by, event.shiftKey, editor);
  return onBlock(key, target, root, editor);
}

const STEPS: Record<string, number> = { ArrowDown: 1, ArrowRight: 1, ArrowUp: -1, ArrowLeft: -1 };

function chord(
  key: string,
  isShifted: boolean,
  isTyping: boolean,
  editor: EditorState,
  acts: Acts,
): boolean {
  if (key === "s") acts.save();
  else if (isTyping) return false;
  else if (key === "z" && !isShifted) editor.undo();
  else if (key === "y" || key === "z") editor.redo();
  else if (key === "c" && editor.selected !== null && !hasSelection()) acts.copy(editor.selected);
  else return false;
  return true;
}

function leave(
  target: HTMLElement,
  root: HTMLElement,
  isTyping: boolean,
  editor: EditorState,
): boolean {
  if (isTyping) {
    target.blur();
    root.focus();
    return true;
  }
  if (editor.selected === null && editor.insertAt === null) return false;
  editor.select(null);
  editor.setInsertAt(null);
  return true;
}

function step(by: number, isMove: boolean, editor: EditorState): boolean {
  const { definition, selected } = editor;
  const count = definition.blocks.length;
  const to = selected === null ? (by > 0 ? 0 : count - 1) : selected + by;
  if (to < 0 || to >= count) return true;
  if (isMove && selected !== null) editor.edit(move(definition, selected, to));
  editor.select(to);
  return true;
}

function onBlock(
  key: string,
  target: HTMLElement,
  root: HTMLElement,
  editor: EditorState,
): boolean {
  const { definition, selected } = editor;
  if (selected === null) return false;
  const count = definition.blocks.length;
  switch (key) {
    case "Delete":
    case "Backspace":
      editor.edit(remove(definition, selected));
      editor.select(count > 1 ? Math.min(selected, count - 2) : null);
      return true;
    case "d":
      editor.edit(duplicate(definition, selected));
      editor.select(selected + 1);
      return true;
    case "x":
      editor.edit(toggleDisabled(definition, selected));
      return true;
    case "Enter": // on a button it presses that
      if (target.closest("button")) return false;
      return focus(root, ".dgf-inspector :is(input, textarea, select, .cm-content)");
  }
  return false;
}

function focus(root: HTMLElement, selector: string): boolean {
  root.querySelector<HTMLElement>(selector)?.focus();
  return true;
}

function hasSelection(): boolean {
  return (document.getSelection()?.toString() ?? "") !== "";
}
