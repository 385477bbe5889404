/** Which of a form's values go into the definition: those that somebody gave. */

import type { Json } from "../../shared/json";
import type { ConfigSchema } from "../protocol";

type Values = Record<string, Json | undefined>;

/** The configuration after an edit; keys that were emptied are gone, untouched ones are as before. */
export function given(
  values: Values,
  before: Readonly<Record<string, Json>>,
  config: ConfigSchema,
): Record<string, Json> {
  const kept: Record<string, Json> = {};
  for (const [key, edited] of Object.entries(values)) {
    // Keys of nested values that were emptied go as well.
    const value = edited === undefined ? edited : (JSON.parse(JSON.stringify(edited)) as Json);
    const old = before[key];
    if (old !== undefined && isSame(value, old)) kept[key] = old;
    else if (value !== undefined && !saysNothing(value, config[key]?.default)) kept[key] = value;
  }
  return kept;
}

/** Whether an edit added, removed or moved entries, which is a step of its own for undo. */
export function isStructural(
  after: Readonly<Record<string, Json>>,
  before: Readonly<Record<string, Json>>,
): boolean {
  return Object.keys(after).some((key) => {
    const [now, old] = [after[key], before[key]];
    if (Array.isArray(now)) return !Array.isArray(old) || now.length !== old.length;
    if (!isObject(now) || !isObject(old)) return false;
    return Object.keys(now).length !== Object.keys(old).length;
  });
}

/** An emptied list or mapping, unless the default is another one. */
function saysNothing(value: Json, fallback: Json | undefined): boolean {
  if (!isEmpty(value)) return false;
  return fallback === undefined || fallback === null || isEmpty(fallback);
}

function isEmpty(value: Json): boolean {
  if (Array.isArray(value)) return value.length === 0;
  return isObject(value) && Object.keys(value).length === 0;
}

function isObject(value: unknown): value is Record<string, Json> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isSame(one: unknown, other: unknown): boolean {
  return one === other || JSON.stringify(one) === JSON.stringify(other);
}
