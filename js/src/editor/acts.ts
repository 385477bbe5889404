import type { ClipboardEvent } from "react";
import type { Requests } from "../bridge/requests";
import { type BlockEntry, insert } from "./definition";
import type { EditorState } from "./useEditor";

/** Saves a version; `overOthers`: also when another one was saved elsewhere since. */
export async function save(
  editor: EditorState,
  requests: Requests,
  overOthers = false,
): Promise<void> {
  try {
    await editor.settled();
    await requests.ask("save", { over_others: overOthers });
    editor.tell(null);
  } catch (error) {
    editor.tell(error as Error);
  }
}

/** What was copied last, for pages that may not write the clipboard. */
let copied = "";

/** The block as YAML into the clipboard. */
export async function copy(editor: EditorState, requests: Requests, at: number): Promise<void> {
  try {
    copied = await requests.ask<string>("block_yaml", { block: editor.definition.blocks[at] });
    await navigator.clipboard?.writeText(copied);
  } catch (error) {
    if ((error as Error).name !== "NotAllowedError") editor.tell(error as Error);
  }
}

/** The blocks of the YAML in the clipboard after the selected one, or at the end. */
export async function paste(
  event: ClipboardEvent,
  editor: EditorState,
  requests: Requests,
): Promise<void> {
  if ((event.target as HTMLElement).closest("input, textarea, .cm-editor")) return;
  const text = event.clipboardData.getData("text/plain") || copied;
  if (!text.trim()) return;
  event.preventDefault();
  event.stopPropagation();
  try {
    const blocks = await requests.ask<BlockEntry[]>("blocks", { text });
    const count = editor.definition.blocks.length;
    const at = editor.selected === null ? count : editor.selected + 1;
    editor.edit(insert(editor.definition, at, blocks));
    editor.select(at);
  } catch (error) {
    editor.tell(error as Error);
  }
}
