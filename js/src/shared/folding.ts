/** How much of a long text is shown, and where a searched word stands in it. */

/** Characters and lines that are shown of a text at first. */
export const FOLD = 1_500;
export const FOLD_LINES = 20;
/** Characters that each further press adds. */
export const STEP = 200_000;

/** The length of what is shown of a folded text; all of it when hardly anything would be left. */
export function foldedLength(text: string): number {
  let end = Math.min(text.length, FOLD);
  let at = -1;
  for (let line = 0; line < FOLD_LINES; line++) {
    at = text.indexOf("\n", at + 1);
    if (at === -1 || at >= end) break;
    if (line === FOLD_LINES - 1) end = at;
  }
  if (text.length - end < FOLD / 5 && text.length < FOLD * 1.2 && end > FOLD / 2)
    return text.length;
  const last = text.charCodeAt(end - 1);
  // Not between the halves of one character.
  return last >= 0xd800 && last <= 0xdbff ? end - 1 : end;
}

/** A text cut at every place where `query` stands in it, whatever the case: odd parts match. */
export function cutAt(text: string, query: string, most = 500): string[] {
  if (!query) return [text];
  const low = text.toLowerCase();
  const wanted = query.toLowerCase();
  // Some capitals have a longer small form: places would not be those of the text.
  if (low.length !== text.length) return [text];
  const parts: string[] = [];
  let from = 0;
  for (let count = 0; count < most; count++) {
    const at = low.indexOf(wanted, from);
    if (at === -1) break;
    parts.push(text.slice(from, at), text.slice(at, at + wanted.length));
    from = at + wanted.length;
  }
  parts.push(text.slice(from));
  return parts;
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
  return typeof value === "string" ? value : (JSON.stringify(value, null, 2) ?? "");
}
