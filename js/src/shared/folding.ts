/** How much of a long text is shown, and where a searched word stands in it. */

import { jsonText } from "./numbers";

/** Characters and lines that are shown of a text at first. */
export const FOLD = 1_500;
export const FOLD_LINES = 20;
/** Characters of a block of a long text, about. */
const BLOCK = 8_000;

/** The length of what is shown of a folded text; all of it when hardly anything would be left. */
export function foldedLength(text: string, most = FOLD, lines = FOLD_LINES): number {
  let end = Math.min(text.length, most);
  let at = -1;
  for (let line = 0; line < lines; line++) {
    at = text.indexOf("\n", at + 1);
    if (at === -1 || at >= end) break;
    if (line === lines - 1) end = at;
  }
  if (text.length - end < most / 5 && text.length < most * 1.2 && end > most / 2)
    return text.length;
  const last = text.charCodeAt(end - 1);
  // Not between the halves of one character.
  return last >= 0xd800 && last <= 0xdbff ? end - 1 : end;
}

/** Blocks of whole lines, which the browser lays out as they come into sight; joined they are the
 * text. A line of any length is in one block. */
export function blocksOf(text: string): string[] {
  const blocks: string[] = [];
  let from = 0;
  while (from < text.length) {
    const end = text.indexOf("\n", from + BLOCK);
    const to = end < 0 ? text.length : end + 1;
    blocks.push(text.slice(from, to));
    from = to;
  }
  return blocks;
}

/** Characters of a line from which on a browser takes seconds to find its direction. */
const LONG_LINE = 20_000;

/** Whether some line of the text is so long that it is not to be laid out by its own direction. */
export function hasLongLine(text: string): boolean {
  for (let from = 0; text.length - from > LONG_LINE; ) {
    const end = text.indexOf("\n", from);
    if (end < 0 || end - from > LONG_LINE) return true;
    from = end + 1;
  }
  return false;
}

/** How often `query` stands in the text, whatever the case. */
export function countIn(text: string, query: string): number {
  if (!query) return 0;
  const low = text.toLowerCase();
  const wanted = query.toLowerCase();
  let count = 0;
  for (let at = low.indexOf(wanted); at !== -1; at = low.indexOf(wanted, at + wanted.length)) {
    count++;
  }
  return count;
}

/** A value as a person reads it: a text as it is, all else as JSON. */
export function asText(value: unknown): string {
  if (value === undefined) return "";
  return typeof value === "string" ? value : jsonText(value);
}
