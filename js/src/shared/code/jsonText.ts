/** What is wrong with a JSON text, or with the JSON Schema it holds, and where. */

import { jsonLanguage } from "@codemirror/lang-json";
import Ajv2020, { type ErrorObject } from "ajv/dist/2020";
import draft7 from "ajv/dist/refs/json-schema-draft-07.json";
import type { Json } from "../json";

export interface Place {
  from: number;
  to: number;
  message: string;
  severity: "error" | "warning";
}

interface Node {
  name: string;
  from: number;
  to: number;
  type: { isError: boolean };
  firstChild: Node | null;
  nextSibling: Node | null;
}

/** What a text holds, when it is JSON. */
export function readJson(text: string): { value: Json } | { error: string } {
  try {
    return { value: JSON.parse(text) as Json };
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    return { error: error.message };
  }
}

/** The problems of a text that shall be JSON; with `isSchema`, a JSON Schema. */
export function jsonProblems(text: string, isSchema: boolean): Place[] {
  if (text.trim() === "") return [];
  const read = readJson(text);
  if ("error" in read) return [syntaxProblem(text, read.error)];
  const tree = jsonLanguage.parser.parse(text).topNode as unknown as Node;
  const problems = repeatedKeys(tree, text);
  if (isSchema) problems.push(...schemaProblems(read.value, tree, text));
  return problems;
}

function syntaxProblem(text: string, reason: string): Place {
  const at = Math.min(placeOf(text, reason), text.length);
  const before = text.slice(0, at).split("\n");
  const where = `line ${before.length}, column ${(before.at(-1)?.length ?? 0) + 1}`;
  const what = reason
    .replace(/ in JSON at .*$| after JSON at .*$|, (\.\.\.)?"[\s\S]*is not valid JSON$/, "")
    .replace(/^JSON\.parse: |JSON Parse error: /, "");
  const to = Math.min(at + 1, text.length);
  const from = at === to ? Math.max(at - 1, 0) : at;
  return { from, to, message: `not JSON at ${where}: ${what}`, severity: "error" };
}

/** Where the text stops being JSON: browsers tell it differently, or not at all. */
function placeOf(text: string, reason: string): number {
  const position = /at position (\d+)/.exec(reason);
  if (position) return Number(position[1]);
  const line = /at line (\d+) column (\d+)/.exec(reason);
  if (line) {
    const lines = text.split("\n").slice(0, Number(line[1]) - 1);
    return lines.reduce((sum, each) => sum + each.length + 1, 0) + Number(line[2]) - 1;
  }
  let at = text.length;
  jsonLanguage.parser.parse(text).iterate({
    enter: (node) => {
      if (node.type.isError) at = Math.min(at, node.from);
    },
  });
  return at;
}

/** Of two equal keys only the last one counts, which nobody means. */
function repeatedKeys(top: Node, text: string): Place[] {
  const problems: Place[] = [];
  const open = [top];
  for (let node = open.pop(); node; node = open.pop()) {
    const seen = new Set<string>();
    for (let child = node.firstChild; child; child = child.nextSibling) {
      open.push(child);
      const key = child.name === "Property" ? child.firstChild : null;
      if (!key) continue;
      const name = text.slice(key.from, key.to);
      if (seen.has(name)) {
        const message = `the key ${name} is there twice; only the last one counts`;
        problems.push({ from: key.from, to: key.to, message, severity: "warning" });
      }
      seen.add(name);
    }
  }
  return problems.sort((one, other) => one.from - other.from);
}

const DRAFT_2020 = "https://json-schema.org/draft/2020-12/schema";
let compiled: Ajv2020 | null = null;

function checker(): Ajv2020 {
  if (!compiled) {
    // Formats and what a schema says beyond the standard are none of its rules.
    compiled = new Ajv2020({
      strict: false,
      allErrors: true,
      validateFormats: false,
      logger: false,
    });
    compiled.addMetaSchema(draft7);
  }
  return compiled;
}

function schemaProblems(schema: Json, top: Node, text: string): Place[] {
  if (typeof schema !== "object" || schema === null || Array.isArray(schema)) {
    const message = 'expected a JSON Schema such as {"type": "object", "properties": {}}';
    return [{ from: 0, to: text.length, message, severity: "error" }];
  }
  const ajv = checker();
  const dialect = String(schema.$schema ?? DRAFT_2020).replace(/#$/, "");
  if (!ajv.getSchema(dialect)) return []; // Python knows more dialects
  ajv.validate(dialect, schema);
  const places = new Map<string, Place>();
  for (const error of ajv.errors ?? []) {
    if (error.keyword === "anyOf" || places.has(error.instancePath)) continue;
    const { from, to } = rangeOf(top, text, error.instancePath);
    const path = error.instancePath.slice(1).replaceAll("/", ".") || "the schema";
    const message = `no JSON Schema: ${path} ${reasonOf(error)}`;
    places.set(error.instancePath, { from, to, message, severity: "error" });
  }
  return [...places.values()].sort((one, other) => one.from - other.from);
}

function reasonOf(error: ErrorObject): string {
  const allowed = error.params.allowedValues as string[] | undefined;
  return allowed ? `must be one of ${allowed.join(", ")}` : (error.message ?? "is wrong");
}

/** Where the value at a JSON pointer stands; its key, when it has one. */
function rangeOf(top: Node, text: string, pointer: string): { from: number; to: number } {
  let node = top.firstChild;
  let shown = node;
  const parts = pointer
    .split("/")
    .slice(1)
    .map((part) => part.replace(/~1/g, "/").replace(/~0/g, "~"));
  for (const part of parts) {
    if (node?.name === "Object") {
      const property = children(node).findLast((child) => {
        const key = child.name === "Property" ? child.firstChild : null;
        return key !== null && JSON.parse(text.slice(key.from, key.to)) === part;
      });
      if (!property) break;
      node = children(property).at(-1) ?? null;
      shown = node;
    } else if (node?.name === "Array") {
      const values = children(node).filter((child) => !/^[[\],]$/.test(child.name));
      node = values[Number(part)] ?? null;
      shown = node ?? shown;
    } else break;
  }
  return shown ? { from: shown.from, to: shown.to } : { from: 0, to: text.length };
}

function children(node: Node): Node[] {
  const found: Node[] = [];
  for (let child = node.firstChild; child; child = child.nextSibling) found.push(child);
  return found;
}
