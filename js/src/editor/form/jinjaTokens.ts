/** A template cut into tags and these into tokens: for a quick look, not for running it. */

export interface Token {
  kind: "name" | "text" | "number" | "mark";
  text: string;
  from: number;
  to: number;
}

export interface Tag {
  kind: "print" | "statement";
  tokens: Token[];
}

const OPENING = /\{\{|\{%|\{#/g;
const TOKEN =
  /\s+|[\p{L}_][\p{L}\p{N}_]*|"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|\d[\d_.eE]*|==|!=|<=|>=|\*\*|\/\/|[^\s]/gsuy;

/** The tags of a template; comments and raw parts are left out, and tags that do not end. */
export function* tags(template: string): Generator<Tag> {
  let isRaw = false;
  OPENING.lastIndex = 0;
  for (;;) {
    const found = OPENING.exec(template);
    if (!found) return;
    const start = found.index;
    if (found[0] === "{#") {
      if (isRaw) continue;
      const end = template.indexOf("#}", start + 2);
      if (end < 0) return;
      OPENING.lastIndex = end + 2;
      continue;
    }
    const kind = found[0] === "{{" ? "print" : "statement";
    if (isRaw && kind === "print") continue;
    const at = OPENING.lastIndex + (/[-+]/.test(template[OPENING.lastIndex] ?? "") ? 1 : 0);
    const tag = tokens(template, at, kind === "print" ? "}}" : "%}");
    OPENING.lastIndex = tag ? tag.end : at;
    if (!tag) continue;
    const word = kind === "statement" ? tag.tokens[0]?.text : undefined;
    if (word === "raw") isRaw = true;
    else if (word === "endraw") isRaw = false;
    else if (!isRaw) yield { kind, tokens: tag.tokens };
  }
}

/** The tokens up to what closes the tag; null when nothing does. */
function tokens(
  template: string,
  from: number,
  closing: string,
): { tokens: Token[]; end: number } | null {
  const found: Token[] = [];
  let depth = 0;
  let at = from;
  while (at < template.length) {
    if (depth === 0 && template.startsWith(closing, at)) {
      const last = found.at(-1);
      if (last && last.to === at && /^[-+]$/.test(last.text)) found.pop();
      return { tokens: found, end: at + 2 };
    }
    // An opening inside of a tag: the tag was not closed.
    if (template.startsWith("{{", at) || template.startsWith("{%", at)) return null;
    TOKEN.lastIndex = at;
    const text = TOKEN.exec(template)?.[0];
    if (text === undefined) return null;
    const to = at + text.length;
    if (/^[[({]$/.test(text)) depth++;
    else if (/^[\])}]$/.test(text)) depth--;
    if (text.trim() !== "") found.push({ kind: kindOf(text), text, from: at, to });
    at = to;
  }
  return null;
}

function kindOf(text: string): Token["kind"] {
  if (/^[\p{L}_]/u.test(text)) return "name";
  if (text.length > 1 && /^["']/.test(text)) return "text";
  return /^\d/.test(text) ? "number" : "mark";
}
