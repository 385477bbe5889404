/** What a value is to somebody who reads it. */

import type { Message } from "../../shared/Conversation";

export type Kind = "null" | "text" | "number" | "boolean" | "texts" | "messages" | "json";

export function kindOf(value: unknown): Kind {
  if (value === null || value === undefined) return "null";
  if (typeof value === "string") return "text";
  if (typeof value === "number") return "number";
  if (typeof value === "boolean") return "boolean";
  if (!Array.isArray(value) || value.length === 0) return "json";
  if (value.every((item) => typeof item === "string")) return "texts";
  return value.every(isMessage) ? "messages" : "json";
}

function isMessage(value: unknown): value is Message {
  if (typeof value !== "object" || value === null) return false;
  const { role, content } = value as Partial<Message>;
  if (typeof role !== "string") return false;
  return typeof content === "string" || content === null || Array.isArray(content);
}

/** A value's type in words; of a list or an object, how much it holds. */
export function typeOf(value: unknown): string {
  if (value === null || value === undefined) return "empty";
  if (typeof value === "string") return "text";
  if (typeof value === "boolean") return "true or false";
  if (typeof value === "number") return "number";
  if (Array.isArray(value)) return `list of ${value.length.toLocaleString("en")}`;
  const count = Object.keys(value).length;
  return `object with ${count.toLocaleString("en")} ${count === 1 ? "key" : "keys"}`;
}

const MARKS = [
  /^ {0,3}#{1,6} \S/m, // a heading
  /^ {0,3}(?:[-*+]|\d+[.)]) \S/m, // a list
  /^ {0,3}(?:```|~~~)/m, // code
  /^ {0,3}> ?\S/m, // a quotation
  /^\|? *:?-{3,}:? *\|/m, // a table
  /\*\*[^\s*][^*]*\*\*|__[^\s_][^_]*__|`[^`\n]+`|~~\S[^~]*~~/, // bold, code, struck
  /\[[^\]\n]*\]\([^)\n]+\)/, // a link or an image
];

/** Characters of a text that are looked at for a guess of what it is written in. */
const LOOKED_AT = 20_000;
const LARGEST_JSON = 2_000_000;

export function looksLikeMarkdown(text: string): boolean {
  const start = text.slice(0, LOOKED_AT);
  return MARKS.some((mark) => mark.test(start));
}

/** The list or object that a text holds as JSON; null when it holds none. */
export function jsonIn(text: string): object | null {
  if (!/^\s*[[{]/.test(text) || text.length > LARGEST_JSON) return null;
  try {
    return JSON.parse(text) as object;
  } catch (error) {
    if (error instanceof SyntaxError) return null;
    throw error;
  }
}

/** Whether two values are the same JSON; the order of keys does not count. */
export function isSame(one: unknown, other: unknown): boolean {
  if (one === other) return true;
  if (typeof one !== "object" || typeof other !== "object" || !one || !other) return false;
  if (Array.isArray(one) !== Array.isArray(other)) return false;
  const keys = Object.keys(one);
  if (keys.length !== Object.keys(other).length) return false;
  return keys.every(
    (key) =>
      Object.hasOwn(other, key) &&
      isSame((one as Record<string, unknown>)[key], (other as Record<string, unknown>)[key]),
  );
}

/** Characters of a value's beginning. */
const START = 200;

/** The beginning of a value, on one line. */
export function lineOf(value: unknown): string {
  const text = typeof value === "string" ? value : (JSON.stringify(value) ?? "null");
  return text.slice(0, START).replace(/\s+/g, " ");
}
