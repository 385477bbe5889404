/** A quick look at a template while it is typed: which names in it are fields.
 *
 * What holds is what Python's check says. So this never calls certain what Python may not, and
 * says nothing about what it cannot read. */

import { type Tag, type Token, tags } from "./jinjaTokens";

/** A field that a template uses: `title`, or `metadata.title` for one of the seed's. */
export interface Use {
  name: string;
  from: number;
  to: number;
  /** Every rendering gets there; else it hangs on a condition, a loop or a call. */
  certain: boolean;
}

/** What surrounds a tag: names bound there, and whether it is always reached. */
interface Scope {
  ends: string;
  bound: Set<string>;
  certain: boolean;
  /** The name a `{% set x %}` block binds once it ends. */
  sets: string | null;
}

const KEYWORDS = new Set([
  "and", "or", "not", "in", "is", "if", "elif", "else", "true", "false", "none", "True", "False",
  "None", "recursive", "as", "import", "ignore", "missing", "with", "without", "context",
]); // biome-ignore format: a table
/** What every macro and call block has. */
const CALLED = ["caller", "kwargs", "varargs"];
export const FUNCTIONS = ["cycler", "dict", "joiner", "namespace", "range"];
/** Methods of a mapping: `metadata.items()` is no field. */
const METHODS = new Set(["clear", "copy", "fromkeys", "get", "items", "keys", "pop", "popitem",
  "setdefault", "update", "values"]); // biome-ignore format: a table
/** Whether a text has anything of a template. */
export function hasTemplateMark(text: string): boolean {
  return /\{\{|\{%|\{#/.test(text);
}

/** The names that are no locals, functions or words of the language, in order. */
export function fieldUses(template: string): Use[] {
  const reader = new Reader();
  for (const tag of tags(template)) reader.read(tag);
  return reader.uses.filter((use) => !reader.tolerated.has(use.name));
}

/** Names bound by `set`, `for` or `macro` anywhere in the template, for completion. */
export function localNames(template: string): string[] {
  const reader = new Reader();
  for (const tag of tags(template)) reader.read(tag);
  return [...reader.everBound].sort();
}

class Reader {
  readonly uses: Use[] = [];
  /** Fields the template itself asks whether they are there. */
  readonly tolerated = new Set<string>();
  readonly everBound = new Set<string>();
  private scopes: Scope[] = [{ ends: "", bound: new Set(FUNCTIONS), certain: true, sets: null }];

  read(tag: Tag): void {
    const { tokens: all } = tag;
    if (tag.kind === "print") this.expression(all);
    else this.statement(all[0]?.text ?? "", all.slice(1));
  }

  private statement(word: string, rest: Token[]): void {
    if (word.startsWith("end")) this.leave(word);
    else if (word === "if") {
      this.expression(rest);
      this.enter("endif", [], false);
    } else if (word === "elif") this.expression(rest, false);
    else if (word === "for") this.loop(rest);
    else if (word === "set") this.assign(rest);
    else if (word === "with") this.with(rest);
    else if (word === "macro") {
      this.bind(namesOf(rest.slice(0, 1)));
      this.enter("endmacro", [...CALLED, ...namesOf(rest.slice(1))], false);
    } else if (word === "call") this.call(rest);
    else if (word === "filter") this.enter("endfilter", [], this.isCertain());
    else if (word === "do") this.expression(rest);
  }

  private loop(rest: Token[]): void {
    const at = rest.findIndex(({ text }) => text === "in");
    const found = rest.findIndex(({ text }, index) => index > at && text === "if");
    const filter = found < 0 ? rest.length : found;
    this.expression(rest.slice(at + 1, filter));
    this.enter("endfor", [...namesOf(rest.slice(0, Math.max(at, 0))), "loop"], false);
    this.expression(rest.slice(filter + 1));
  }

  private assign(rest: Token[]): void {
    const at = topLevel(rest, "=");
    if (at < 0) {
      this.enter("endset", [], this.isCertain(), rest[0]?.text ?? null);
      return;
    }
    this.expression(rest.slice(at + 1), this.isCertain(), true);
    this.bind(namesOf(rest.slice(0, at)));
  }

  private with(rest: Token[]): void {
    const targets = rest.filter((_, index) => isTarget(rest, index));
    this.expression(
      rest.filter((token) => !targets.includes(token)),
      false,
    );
    this.enter("endwith", namesOf(targets), this.isCertain());
  }

  private call(rest: Token[]): void {
    const end = rest[0]?.text === "(" ? rest.findIndex(({ text }) => text === ")") : -1;
    this.expression(rest.slice(end + 1));
    this.enter("endcall", [...CALLED, ...namesOf(rest.slice(0, end + 1))], false);
  }

  /** Note the fields of an expression. */
  private expression(all: Token[], certain = this.isCertain(), passed = false): void {
    const isChoice = all.some((token) => token.text === "if" && token.kind === "name");
    const asks = all.some((_, index) => isAsking(all, index));
    let depth = 0;
    let after = certain && !isChoice;
    for (let at = 0; at < all.length; at++) {
      const token = all[at] as Token;
      if (/^[[({]$/.test(token.text)) depth++;
      else if (/^[\])}]$/.test(token.text)) depth--;
      else if (token.text === "and" || token.text === "or") after = false;
      if (token.kind !== "name" || !isName(all, at) || this.isBound(token.text)) continue;
      const next = all[at + 1]?.text;
      const isBare = next !== "." && next !== "[";
      if (asks && isBare) this.tolerated.add(token.text);
      const isHandedOn = isBare && (depth > 0 || (passed && all.length === 1));
      this.use(all, at, after && !isHandedOn && !(asks && isBare));
    }
  }

  private use(all: Token[], at: number, certain: boolean): void {
    const { text, from, to } = all[at] as Token;
    if (text !== "metadata") {
      this.uses.push({ name: text, from, to, certain });
      return;
    }
    const [mark, key, after] = [all[at + 1], all[at + 2], all[at + 3]];
    if (mark?.text === "." && key?.kind === "name" && !METHODS.has(key.text)) {
      this.uses.push({ name: `metadata.${key.text}`, from: key.from, to: key.to, certain });
    } else if (mark?.text === "[" && key?.kind === "text" && after?.text === "]") {
      const name = `metadata.${key.text.slice(1, -1)}`;
      this.uses.push({ name, from: key.from, to: key.to, certain });
    }
  }

  private isCertain(): boolean {
    return this.scopes.every((scope) => scope.certain);
  }

  private isBound(name: string): boolean {
    return this.scopes.some((scope) => scope.bound.has(name));
  }

  private enter(ends: string, bound: string[], certain: boolean, sets: string | null = null): void {
    for (const name of bound) this.everBound.add(name);
    this.scopes.push({ ends, bound: new Set(bound), certain, sets });
  }

  private leave(word: string): void {
    const at = this.scopes.findLastIndex((scope) => scope.ends === word);
    if (at < 0) return;
    const left = this.scopes[at] as Scope;
    this.scopes.length = at;
    // What a branch sets may be there afterwards.
    if (word === "endif") this.bind([...left.bound]);
    if (left.sets !== null) this.bind([left.sets]);
  }

  private bind(names: string[]): void {
    for (const name of names) {
      this.everBound.add(name);
      this.scopes.at(-1)?.bound.add(name);
    }
  }
}

/** Whether the token is a name that stands for a value. */
function isName(all: Token[], at: number): boolean {
  const token = all[at] as Token;
  if (KEYWORDS.has(token.text)) return false;
  const [before, next] = [all[at - 1]?.text, all[at + 1]?.text];
  if (before === "." || before === "|") return false; // an attribute, a filter
  if (before === "is" || (before === "not" && all[at - 2]?.text === "is")) return false; // a test
  return next !== "="; // else the name of an argument
}

/** `| default`, `is defined`: what stands before it may be missing. */
function isAsking(all: Token[], at: number): boolean {
  const [token, before] = [all[at], all[at - 1]];
  if (before?.text === "|") return token?.text === "default" || token?.text === "d";
  const isTest = before?.text === "is" || (before?.text === "not" && all[at - 2]?.text === "is");
  return isTest && (token?.text === "defined" || token?.text === "undefined");
}

function isTarget(all: Token[], at: number): boolean {
  return all[at]?.kind === "name" && all[at + 1]?.text === "=" && all[at - 1]?.text !== ".";
}

/** Names that an assignment's left side, or a list of parameters, binds. */
function namesOf(all: Token[]): string[] {
  return all
    .filter((token, at) => token.kind === "name" && all[at - 1]?.text !== ".")
    .filter((token) => !KEYWORDS.has(token.text))
    .map((token) => token.text);
}

function topLevel(all: Token[], text: string): number {
  let depth = 0;
  for (let at = 0; at < all.length; at++) {
    const token = all[at]?.text ?? "";
    if (depth === 0 && token === text) return at;
    if (/^[[({]$/.test(token)) depth++;
    else if (/^[\])}]$/.test(token)) depth--;
  }
  return -1;
}
