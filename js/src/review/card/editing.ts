/** A value while it is edited: what is typed, and the value that it stands for. */

import { difference } from "../../shared/code/difference";
import { readJson } from "../../shared/code/jsonText";
import { asText } from "../../shared/folding";
import type { Json } from "../../shared/json";
import { jsonIn, jsonText } from "../../shared/numbers";
import { kindOf } from "./kinds";

export const MODES = ["text", "texts", "number", "boolean", "json"] as const;
export type Mode = (typeof MODES)[number];

/** What is typed; `items` in the mode `texts`, `text` in all others. */
export interface Typed {
  mode: Mode;
  text: string;
  items: string[];
}

/** How a field is edited at first: what it is stays what it is, numbers as they are written. */
export function typedIn(state: Record<string, unknown>, name: string): Typed {
  const typed = typedOf(state[name]);
  return typed.mode === "number" ? { ...typed, text: jsonIn(state, name) } : typed;
}

/** The same of a value that is no number, or one of a browser's. */
export function typedOf(value: unknown): Typed {
  const kind = kindOf(value);
  if (kind === "text") return { mode: "text", text: value as string, items: [] };
  if (kind === "texts") return { mode: "texts", text: "", items: value as string[] };
  if (kind === "number" || kind === "boolean")
    return { mode: kind, text: String(value), items: [] };
  if (kind === "null") return { mode: "text", text: "", items: [] };
  return { mode: "json", text: jsonText(value), items: [] };
}

/** The ways to edit what is typed: as what it was, as a text, and as JSON. */
export function modesFor(value: unknown): Mode[] {
  const { mode } = typedOf(value);
  return mode === "text" || mode === "json" ? ["text", "json"] : [mode, "text", "json"];
}

const NUMBER = /^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?$/;

/** The value of what is typed, or why it is none. */
export function readTyped(typed: Typed): { value: Json } | { problem: string } {
  const { mode, text, items } = typed;
  if (mode === "text") return { value: text };
  if (mode === "texts") return { value: items };
  if (mode === "boolean") return { value: text === "true" };
  const trimmed = text.trim();
  if (mode === "number" && !NUMBER.test(trimmed)) {
    return { problem: `${trimmed ? `"${trimmed}" is` : "Nothing is"} not a number, such as 0.75` };
  }
  const read = readJson(trimmed);
  if ("error" in read)
    return { problem: trimmed ? "Can be saved when it is JSON" : "Nothing is not JSON: null is" };
  const endless = numbersIn(trimmed).find(
    (part) => /[.eE]/.test(part) && !Number.isFinite(Number(part)),
  );
  if (endless) return { problem: `${short(endless)} is larger than any number can be` };
  return read;
}

/** What is sent to be stored: JSON, in which numbers stand as they were typed. */
export function jsonTyped(typed: Typed): string {
  const { mode, text, items } = typed;
  if (mode === "number" || mode === "json") return text.trim();
  return JSON.stringify(mode === "texts" ? items : mode === "boolean" ? text === "true" : text);
}

/** What was typed as the text of the value that it stands for, numbers as they were typed. */
export function writtenAs(typed: Typed, value: Json): string {
  if (typed.mode === "number") return typed.text.trim();
  if (typed.mode === "json" && typeof value !== "string") return indented(typed.text);
  return asText(value);
}

/** A JSON text on lines as `jsonText` writes them. */
function indented(text: string): string {
  const tokens = text.match(/"(?:[^"\\]|\\.)*"|[[\]{},:]|[^\s[\]{},:"]+/g) ?? [];
  let made = "";
  let depth = 0;
  tokens.forEach((token, at) => {
    const isEmpty = /^[[{]$/.test(tokens[at - 1] ?? "");
    const line = `\n${"  ".repeat(Math.max(0, depth - Number(/^[\]}]$/.test(token))))}`;
    if (/^[\]}]$/.test(token)) {
      depth--;
      made += isEmpty ? token : `${line}${token}`;
    } else if (token === ",") made += token;
    else if (token === ":") made += ": ";
    else {
      const isNext = isEmpty || tokens[at - 1] === ",";
      made += `${isNext ? line : ""}${token.startsWith('"') ? JSON.stringify(JSON.parse(token)) : token}`;
      depth += Number(/^[[{]$/.test(token));
    }
  });
  return made;
}

/** What was typed, for the clipboard. */
export function textOf(typed: Typed): string {
  return typed.mode === "texts" ? jsonText(typed.items) : typed.text;
}

/** The first number that is stored with fewer digits than were typed, and how. */
export function rounded(typed: Typed): { typed: string; stored: string } | null {
  if (typed.mode !== "number" && typed.mode !== "json") return null;
  for (const part of numbersIn(typed.text)) {
    const stored = String(Number(part));
    if (/[.eE]/.test(part) && digitsOf(part) !== digitsOf(stored)) {
      return { typed: short(part), stored };
    }
  }
  return null;
}

/** Whether both stand for the same value, down to how their numbers are written. */
export function isSameNumbers(one: Typed, other: Typed): boolean {
  if (one.mode !== "number" && one.mode !== "json") return true;
  return numbersIn(one.text).join() === numbersIn(other.text).join();
}

/** The numbers of a JSON text. */
function numbersIn(text: string): string[] {
  const parts = text.match(/"(?:[^"\\]|\\.)*"|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/g) ?? [];
  return parts.filter((part) => !part.startsWith('"'));
}

/** A number's digits without zeros at their ends, and where its point is. */
function digitsOf(number: string): string {
  const [mantissa = "", exponent = "0"] = number.toLowerCase().replace("-", "").split("e");
  const [whole = "", fraction = ""] = mantissa.split(".");
  const digits = (whole + fraction).replace(/^0+/, "");
  const kept = digits.replace(/0+$/, "");
  const power = Number(exponent) - fraction.length + digits.length - kept.length;
  return kept && `${kept}e${power}`;
}

function short(text: string): string {
  return text.length > 40 ? `${text.slice(0, 40)}…` : text;
}

/** The same value typed in another way; a text of JSON becomes that JSON. */
export function switched(typed: Typed, mode: Mode): Typed {
  const read = readTyped(typed);
  if (typed.mode === mode) return typed;
  if (mode === "text") {
    const isText = "value" in read && typeof read.value === "string";
    const text = isText ? (read.value as string) : jsonOf(typed);
    return { mode, text, items: [] };
  }
  if (mode === "json") {
    const isJson = typed.mode === "text" && /^\s*[[{]/.test(typed.text) && isFine(typed.text);
    return { mode, text: isJson ? typed.text : jsonOf(typed), items: [] };
  }
  if (mode === "texts") {
    const list = "value" in read ? read.value : null;
    const isList = Array.isArray(list) && list.every((item) => typeof item === "string");
    return { mode, text: "", items: isList ? (list as string[]) : [typed.text] };
  }
  return { mode, text: mode === "boolean" ? String(typed.text === "true") : typed.text, items: [] };
}

/** What is typed as JSON; where it is none yet, as it is. */
function jsonOf(typed: Typed): string {
  if (typed.mode === "number" || typed.mode === "json") return typed.text;
  const read = readTyped(typed);
  return "value" in read ? jsonText(read.value) : typed.text;
}

function isFine(text: string): boolean {
  return !("error" in readJson(text));
}

export function isSameTyped(one: Typed, other: Typed): boolean {
  const isSameText = one.mode === other.mode && one.text === other.text;
  return isSameText && JSON.stringify(one.items) === JSON.stringify(other.items);
}

/** Line breaks as a text field of a browser has them. */
export function asShown(text: string): string {
  return text.replace(/\r\n?/g, "\n");
}

/** A text after what was typed into the field that shows it: its other line breaks stay. */
export function retyped(text: string, shown: string): string {
  if (!text.includes("\r")) return shown;
  const { from, to, insert } = difference(asShown(text), shown);
  const hasPairs = text.includes("\r\n");
  const added = hasPairs ? insert.replace(/\n/g, "\r\n") : insert;
  return text.slice(0, placeIn(text, from)) + added + text.slice(placeIn(text, to));
}

/** Where the place `at` of the text as it is shown stands in the text. */
function placeIn(text: string, at: number): number {
  let place = 0;
  for (let shown = 0; shown < at; shown++) place += text.startsWith("\r\n", place) ? 2 : 1;
  return place;
}

/** The items with one of them a place further up (-1) or down (1); the same ones at the end. */
export function swapped(items: string[], at: number, by: 1 | -1): string[] {
  const [one, other] = [items[at], items[at + by]];
  if (one === undefined || other === undefined) return items;
  return items.with(at, other).with(at + by, one);
}
