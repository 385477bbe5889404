/** A block's configuration as one JSON Schema, and its form's layout, for the form library. */

import type { RJSFSchema, UiSchema } from "@rjsf/utils";
import type { Json } from "../../shared/json";
import type { ConfigSchema } from "../protocol";

type Entry = Record<string, Json>;

/** Words of the short schema form, as Python takes them too. */
const TYPES: Record<string, string> = {
  str: "string", text: "string", float: "number", int: "integer", bool: "boolean", list: "array",
  dict: "object", None: "null",
}; // biome-ignore format: a table

/** What a key is edited with, where its type alone does not say. */
type Editor = "template" | "model" | "field" | "multiline" | "json" | "map" | "select";

const JSON_OR_TEMPLATE = "json-or-jinja2";
/** Objects in objects that a form goes into. */
const DEEPEST = 6;
const FIELDS: readonly Editor[] = ["json", "map"]; // of the form library's, the others its widgets

const INNER = { "ui:options": { isInner: true } };

/** The configuration as a schema, any keys where the block describes none; `given` are the keys there are, so that none stays hidden. */
export function formSchema(config: ConfigSchema, given: readonly string[] = []): RJSFSchema {
  if (Object.keys(config).length === 0) {
    return { type: "object", title: "configuration", additionalProperties: {} };
  }
  const properties: Record<string, RJSFSchema> = {};
  const required: string[] = [];
  let definitions: Record<string, RJSFSchema> = {};
  for (const [key, entry] of Object.entries(config)) {
    // "$ref" counts from the root of the schema, which is not where Python puts them.
    const { required: isRequired, $defs, ...rest } = entry;
    if (isRequired === true) required.push(key);
    if (isEntry($defs)) definitions = { ...definitions, ...eachAsSchema($defs) };
    properties[key] = { ...asSchema(rest), title: key };
  }
  for (const key of given) {
    properties[key] ??= { title: key, description: "This block does not describe this key." };
  }
  return {
    type: "object",
    properties,
    required,
    additionalProperties: false,
    ...(Object.keys(definitions).length ? { $defs: definitions } : {}),
  } as RJSFSchema;
}

/** How each key is edited, and what counts when nothing is given. */
export function formLayout(config: ConfigSchema, given: readonly string[] = []): UiSchema {
  const layout: UiSchema = { "ui:submitButtonOptions": { norender: true } };
  if (Object.keys(config).length === 0) {
    return { ...layout, "ui:field": "map", items: { "ui:field": "json", ...INNER } };
  }
  for (const [key, entry] of Object.entries(config)) layout[key] = layoutOf(key, entry);
  for (const key of given) layout[key] ??= { "ui:field": "json" };
  return layout;
}

function layoutOf(key: string, given: Entry, definitions: Entry = {}, depth = 0): UiSchema {
  const known = isEntry(given.$defs) ? given.$defs : definitions;
  const entry = resolved(folded(given), known);
  const layout: UiSchema = { "ui:options": { fallback: entry.default ?? null } };
  const hint = shown(entry.default);
  if (hint !== "") layout["ui:placeholder"] = hint;
  const editor = editorOf(key, entry);
  if (editor !== null && FIELDS.includes(editor)) {
    layout["ui:field"] = editor;
    layout["ui:fieldReplacesAnyOrOneOf"] = true;
    if (entry.format === JSON_OR_TEMPLATE) layout["ui:mayBeTemplate"] = true;
  } else if (editor !== null) layout["ui:widget"] = editor;
  if (depth > DEEPEST) return layout;
  const { items, additionalProperties, properties } = entry;
  const inside = (part: Entry) => ({
    ...layoutOf("", part, known, depth + 1),
    ...INNER,
    "ui:emptyValue": "",
  });
  if (isEntry(items)) layout.items = inside(items);
  if (editor === "map" && isEntry(additionalProperties))
    layout.items = inside(additionalProperties);
  if (editor === null && isEntry(properties)) {
    for (const [name, part] of Object.entries(properties)) {
      if (isEntry(part)) layout[name] = layoutOf(name, part, known, depth + 1);
    }
  }
  return layout;
}

function editorOf(key: string, entry: Entry): Editor | null {
  const format = String(entry.format ?? "");
  const words = wordsOf(entry);
  const others = words.filter((word) => word !== "null");
  const main = others[0];
  if (entry.enum) return null;
  // Of several types, what is written tells which one is meant.
  if (format === JSON_OR_TEMPLATE || entry.anyOf || entry.oneOf || others.length > 1) return "json";
  if (main === "object") {
    if (isEntry(entry.properties)) return null;
    return isEntry(entry.additionalProperties) ? "map" : "json";
  }
  if (main === "array" && !isEntry(entry.items)) return "json";
  if (main === undefined) return entry.$ref ? null : "json";
  // A checkbox has no third state.
  if (main === "boolean" && (words.includes("null") || entry.nullable === true)) return "select";
  if (main !== "string") return null;
  if (format === "jinja2") return "template";
  if (format === "model" || /(^|_)model$/.test(key)) return "model";
  if (format === "field" || /(^|_)field(_name)?$/.test(key)) return "field";
  return entry.type === "text" || format === "multiline" ? "multiline" : null;
}

/** An entry in the words of JSON Schema; its default stays out, the form must not write it. */
function asSchema(given: Entry): RJSFSchema {
  const { nullable, format, type: _, default: __, title: ___, ...rest } = folded(given);
  const { items, additionalProperties, properties, ...plain } = rest;
  const schema: Record<string, unknown> = { ...plain };
  const words = wordsOf(given);
  if (nullable === true && words.length > 0 && !words.includes("null")) words.push("null");
  if (words.length > 0) schema.type = words.length === 1 ? words[0] : words;
  if (typeof format === "string" && format !== "jinja2" && format !== JSON_OR_TEMPLATE)
    schema.format = format;
  if (isEntry(items)) {
    const item = asSchema(items);
    // A new entry is an empty text, not null.
    schema.items = item.type === "string" && !item.enum ? { ...item, default: "" } : item;
  }
  if (isEntry(properties)) schema.properties = eachAsSchema(properties);
  if (isEntry(additionalProperties)) schema.additionalProperties = asSchema(additionalProperties);
  else if (additionalProperties !== undefined) schema.additionalProperties = additionalProperties;
  return schema as RJSFSchema;
}

function eachAsSchema(entries: Entry): Record<string, RJSFSchema> {
  const all: Record<string, RJSFSchema> = {};
  for (const [key, entry] of Object.entries(entries)) {
    if (isEntry(entry)) all[key] = { ...asSchema(entry), title: key };
  }
  return all;
}

/** `anyOf: [T, null]` as T with `nullable`, as Python does it for whole keys. */
function folded(entry: Entry): Entry {
  const choices = Array.isArray(entry.anyOf) ? entry.anyOf : [];
  const others = choices.filter((choice) => !isEntry(choice) || choice.type !== "null");
  const [only] = others;
  if (choices.length !== 2 || others.length !== 1 || !isEntry(only)) return entry;
  const { anyOf: _, ...rest } = entry;
  return { ...rest, ...only, nullable: true };
}

/** What "$ref" stands for, with what the entry itself says. */
function resolved(entry: Entry, definitions: Entry): Entry {
  const name = String(entry.$ref ?? "").replace("#/$defs/", "");
  const found = definitions[name];
  return isEntry(found) ? { ...found, ...entry } : entry;
}

/** The type as a list of JSON Schema's words; empty: any. */
function wordsOf(entry: Entry): string[] {
  const { type } = folded(entry);
  if (type === undefined || type === "any") return [];
  return (Array.isArray(type) ? type : [type]).map((word) => TYPES[String(word)] ?? String(word));
}

/** A default in a few words, as a field shows it while nothing is given. */
export function shown(value: Json | undefined): string {
  if (value === undefined || value === null || value === "") return "";
  return typeof value === "string" ? value : JSON.stringify(value);
}

function isEntry(value: unknown): value is Entry {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
