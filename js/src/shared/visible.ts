/** A text cut into what is shown as it is, what was searched for, and what one would not see. */

export interface Part {
  kind: "plain" | "hit" | "hidden";
  text: string;
}

/** Control characters, marks of direction, spaces of no width, invisible tags but those of flags. */
const HIDDEN =
  /(?![\t\n])\p{Cc}|[\u00ad\u061c\u180e\ufeff\u2028\u2029\u2060-\u2064]|(?![\u200c\u200d])[\u200b-\u200f]|[\u202a-\u202e\u2066-\u206f]|(?<!\u{1f3f4}[\u{e0020}-\u{e007f}]*)[\u{e0000}-\u{e007f}]|[\ufff9-\ufffb]|(?:[\ud800-\udbff](?![\udc00-\udfff]))/gu;

const NAMES: Record<string, string> = {
  "\r": "carriage return",
  "\0": "null character",
  "\u001b": "escape",
  "\u00ad": "soft hyphen",
  "\u200b": "space of no width",
  "\u200e": "left-to-right mark",
  "\u200f": "right-to-left mark",
  "\u202a": "left-to-right embedding",
  "\u202b": "right-to-left embedding",
  "\u202c": "end of embedding",
  "\u202d": "left-to-right override",
  "\u202e": "right-to-left override",
  "\u2060": "word joiner",
  "\ufeff": "byte order mark",
};

/** What stands for a character that cannot be seen. */
export function symbolOf(character: string): string {
  const code = character.codePointAt(0) ?? 0;
  if (code < 0x20) return String.fromCodePoint(0x2400 + code);
  if (code === 0x7f) return "\u2421";
  return `[${hexOf(character)}]`;
}

/** What it is called, for those who look closer. */
export function nameOf(character: string): string {
  const name = NAMES[character];
  return name ? `${name} (${hexOf(character)})` : hexOf(character);
}

function hexOf(character: string): string {
  const code = character.codePointAt(0) ?? 0;
  return `U+${code.toString(16).toUpperCase().padStart(4, "0")}`;
}

/** Marked places at most in one block of text; a text of control characters is none to read. */
const MOST = 500;

/** The parts of a text, in order. */
export function partsOf(text: string, hits: RegExp | null): Part[] {
  const parts: Part[] = [];
  const places = [...placesOf(text, HIDDEN, "hidden"), ...placesOf(text, hits, "hit")]
    .sort((one, other) => one.from - other.from)
    .slice(0, MOST);
  let at = 0;
  for (const { from, to, kind } of places) {
    if (from < at) continue;
    if (from > at) parts.push({ kind: "plain", text: text.slice(at, from) });
    parts.push({ kind, text: text.slice(from, to) });
    at = to;
  }
  const rest = text.slice(at);
  if (rest) {
    const isFull = places.length === MOST;
    parts.push({ kind: "plain", text: isFull ? rest.replace(HIDDEN, symbolOf) : rest });
  }
  return parts;
}

interface Place {
  from: number;
  to: number;
  kind: "hit" | "hidden";
}

function placesOf(text: string, pattern: RegExp | null, kind: Place["kind"]): Place[] {
  if (!pattern) return [];
  const places: Place[] = [];
  pattern.lastIndex = 0;
  for (let hit = pattern.exec(text); hit; hit = pattern.exec(text)) {
    if (hit[0] === "") pattern.lastIndex++;
    else places.push({ from: hit.index, to: hit.index + hit[0].length, kind });
    if (places.length === MOST) break;
  }
  return places;
}

/** What is searched for as it stands, whatever the case. */
export function patternOf(query: string): RegExp | null {
  return query ? new RegExp(query.replace(/[\\^$.*+?()[\]{}|]/g, "\\$&"), "giu") : null;
}

/** Finds the words of a search in a text: whole ones, beginnings (`word*`), "a phrase". */
export function hitsOf(search: string): RegExp | null {
  const found = [...search.matchAll(/"([^"]+)"?|(\S+)/g)];
  const words = found.flatMap(([, phrase, word], index) => {
    const isLast = index === found.length - 1 && !/\s$/.test(search);
    const tokens = (phrase ?? word ?? "").match(/[\p{L}\p{N}\p{M}]+/gu) ?? [];
    if (tokens.length === 0) return [];
    const isOpen = phrase === undefined && (word?.endsWith("*") || isLast);
    return [`${tokens.join("[^\\p{L}\\p{N}]+")}${isOpen ? "" : "(?![\\p{L}\\p{N}])"}`];
  });
  if (words.length === 0) return null;
  return new RegExp(`(?<![\\p{L}\\p{N}])(?:${words.join("|")})`, "giu");
}
