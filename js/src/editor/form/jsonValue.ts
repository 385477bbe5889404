/** Between a value and the text it is edited as. */

import { readJson } from "../../shared/code/jsonText";
import type { Json } from "../../shared/json";

/** What values a text may stand for. */
export interface JsonKind {
  /** Types of JSON Schema; empty: any. */
  words: readonly string[];
  /** A text is a template of the JSON, or JSON that is not right yet. */
  mayBeTemplate: boolean;
  isSchema: boolean;
}

export function textOf(value: Json | undefined, kind: JsonKind): string {
  if (value === undefined) return "";
  if (typeof value !== "string" || !takesText(kind)) return JSON.stringify(value, null, 2);
  // Quotes where it would be taken for something else.
  const isClear = kind.mayBeTemplate || readValue(value, kind, false) === value;
  return isClear ? value : JSON.stringify(value);
}

/** The value of a text; undefined: none, or none that can be written. */
export function readValue(text: string, kind: JsonKind, isTemplate: boolean): Json | undefined {
  if (text.trim() === "") return undefined;
  if (isTemplate) return text;
  const read = readJson(text);
  if ("error" in read) return takesText(kind) ? text : undefined;
  if (kind.words.length === 0 || !takesText(kind)) return read.value;
  if (kind.mayBeTemplate && typeof read.value === "string") return text;
  return kind.words.some((word) => isA(read.value, word)) ? read.value : text;
}

function takesText(kind: JsonKind): boolean {
  return kind.words.includes("string");
}

function isA(value: Json, word: string): boolean {
  if (value === null) return word === "null";
  if (Array.isArray(value)) return word === "array";
  if (typeof value !== "number") return word === typeof value;
  return word === "number" || (word === "integer" && Number.isInteger(value));
}
