import { textIn } from "../shared/numbers";
import type { FullRecord } from "../shared/record";
import { differenceOf } from "../shared/textDifference";

/** A field of two records. */
export interface Field {
  name: string;
  left: unknown;
  right: unknown;
  /** Both as they are written; empty where there is no such field. */
  texts: readonly [string, string];
  kind: "different" | "same" | "left" | "right";
}

/** A part of one side's text. */
export interface Piece {
  text: string;
  /** Only on this side. */
  isOwn: boolean;
}

export interface Marked {
  left: Piece[];
  right: Piece[];
}

/** Share of the longer text that both have, below which marks would say nothing. */
const COMMON = 0.2;

/** What a text generator sets besides its answer: the prompt, which may name the job. */
const PROMPTS = ["system", "user"];

/** Whether a field is what a model was asked. */
export function isPrompt(name: string): boolean {
  return PROMPTS.includes(name);
}

/** The seed's fields that are the seed's on both sides. */
export function seedFields(left: FullRecord, right: FullRecord): [string, unknown][] {
  return Object.entries(left.metadata).filter(([name, value]) =>
    [left, right].every((record) => name in record.state && same(record.state[name], value)),
  );
}

/** All other fields: the output's first, else as blocks have set them. */
export function fieldsOf(left: FullRecord, right: FullRecord): Field[] {
  const seed = new Set(seedFields(left, right).map(([name]) => name));
  const first = [left.output_field, right.output_field].filter((name) => name !== null);
  const names = new Set([...first, ...left.fields, ...right.fields]);
  const found: Field[] = [];
  for (const name of names) {
    const [isLeft, isRight] = [name in left.state, name in right.state];
    if (seed.has(name) || !(isLeft || isRight)) continue;
    const [one, other] = [left.state[name], right.state[name]];
    const kind =
      isLeft && isRight ? (same(one, other) ? "same" : "different") : isLeft ? "left" : "right";
    const texts = [
      isLeft ? textIn(left.state, name) : "",
      isRight ? textIn(right.state, name) : "",
    ] as const;
    found.push({ name, left: one, right: other, texts, kind });
  }
  return found;
}

/** Both sides of two values' texts, with what only one has told apart; null when they have so little
 * in common that marks would say nothing, or are too long. */
export function markedOf(texts: readonly [string, string]): Marked | null {
  const parts = differenceOf(texts[0], texts[1]);
  if (parts === null) return null;
  const common = parts.reduce(
    (sum, { kind, text }) => sum + (kind === "same" ? text.length : 0),
    0,
  );
  if (common < COMMON * Math.max(texts[0].length, texts[1].length)) return null;
  const side = (own: "removed" | "added"): Piece[] =>
    parts
      .filter(({ kind }) => kind === "same" || kind === own)
      .map(({ kind, text }) => ({ text, isOwn: kind === own }));
  return { left: side("removed"), right: side("added") };
}

/** Whether two JSON values are equal, whatever the order of an object's fields. */
export function same(one: unknown, other: unknown): boolean {
  if (Object.is(one, other) || one === other) return true;
  if (typeof one !== "object" || typeof other !== "object" || !one || !other) return false;
  if (Array.isArray(one) !== Array.isArray(other)) return false;
  const [names, others] = [Object.keys(one), Object.keys(other)];
  const get = (value: object, name: string) => (value as Record<string, unknown>)[name];
  return (
    names.length === others.length &&
    names.every((name) => Object.hasOwn(other, name) && same(get(one, name), get(other, name)))
  );
}
