/** Numbers as Python wrote them. JavaScript has one kind of them, of 53 bits: `1.0` is `1` to it, and
 * a longer whole number another one. Answers say which ones they are: datagenflow_nb/widgets/numbers.py.
 */

/** A number's text, or those of a list's or an object's by their keys. */
export type Odd = string | { [key: string]: Odd };

/** Beside the lists and objects that hold them: what is copied of a value keeps its texts. */
const TEXTS = new WeakMap<object, ReadonlyMap<string, string>>();

/** Remembers how the numbers in a value are written. */
export function keepNumbers(value: unknown, odd: Odd): void {
  if (typeof value !== "object" || value === null || typeof odd === "string") return;
  const texts = new Map<string, string>();
  for (const [key, item] of Object.entries(odd)) {
    if (typeof item === "string") texts.set(key, item);
    else keepNumbers((value as Record<string, unknown>)[key], item);
  }
  if (texts.size) TEXTS.set(value, texts);
}

/** What `made` has of these objects is written as it is in them, in the last one that has it. */
export function takeNumbers<T extends object>(made: T, ...from: object[]): T {
  const texts = new Map<string, string>();
  for (const each of from) {
    for (const key of Object.keys(each)) {
      const text = TEXTS.get(each)?.get(key);
      if (text === undefined) texts.delete(key);
      else if (Object.hasOwn(made, key)) texts.set(key, text);
    }
  }
  if (texts.size) TEXTS.set(made, texts);
  return made;
}

/** A number of a list or an object as it is written; null: of anything else. */
export function numberIn(holder: unknown, key: string | number): string | null {
  const value = (holder as Record<string | number, unknown>)[key];
  if (typeof value !== "number") return null;
  return TEXTS.get(holder as object)?.get(String(key)) ?? String(value);
}

/** The value of a list or an object as a person reads it: a text as it is, all else as JSON. */
export function textIn(holder: object, key: string | number): string {
  const value = (holder as Record<string | number, unknown>)[key];
  return typeof value === "string" ? value : jsonIn(holder, key);
}

/** The value of a list or an object as JSON, its numbers as they are written. */
export function jsonIn(holder: object, key: string | number): string {
  const value = (holder as Record<string | number, unknown>)[key];
  return numberIn(holder, key) ?? jsonText(value ?? null);
}

/** A value as JSON of indented lines, as `JSON.stringify`, its numbers as they are written. */
export function jsonText(value: unknown, indent = ""): string {
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  const inner = `${indent}  `;
  const isList = Array.isArray(value);
  const parts: string[] = [];
  for (const key of Object.keys(value)) {
    const item = (value as Record<string, unknown>)[key];
    if (item === undefined) continue;
    const text = numberIn(value, key) ?? jsonText(item, inner);
    parts.push(isList ? `${inner}${text}` : `${inner}${JSON.stringify(key)}: ${text}`);
  }
  const [left, right] = isList ? "[]" : "{}";
  return parts.length ? `${left}\n${parts.join(",\n")}\n${indent}${right}` : `${left}${right}`;
}
