/** Templates in the text editor: highlighting, completion, unknown fields. */

import type { Completion, CompletionContext, CompletionResult } from "@codemirror/autocomplete";
import { closePercentBrace, jinja } from "@codemirror/lang-jinja";
import { json } from "@codemirror/lang-json";
import type { Diagnostic } from "@codemirror/lint";
import { EditorState, type Extension } from "@codemirror/state";
import { EditorView } from "@codemirror/view";
import type { Facts } from "./facts";
import { FUNCTIONS, localNames } from "./jinja";
import { html as prose } from "./prose";
import { unknownFields } from "./unknown";

/** What templates have in this package; tests/widgets/test_forms.py compares them. */
export const FILTERS = (
  "abs attr batch capitalize center count d default dictsort e escape filesizeformat first float " +
  "forceescape format groupby indent int items join last length list lower map max min pprint " +
  "random reject rejectattr replace reverse round safe select selectattr slice sort string " +
  "striptags sum title tojson trim truncate unique upper urlencode urlize wordcount wordwrap xmlattr"
).split(" ");
export const TESTS = (
  "boolean callable defined divisibleby eq equalto escaped even false filter float ge greaterthan " +
  "gt in integer iterable le lessthan lower lt mapping ne none number odd sameas sequence string " +
  "test true undefined upper"
).split(" ");
const STATEMENTS = (
  "call else elif endcall endfilter endfor endif endmacro endraw endset endwith filter for if macro " +
  "raw set with"
).split(" ");
/** Longer texts are not searched for names while one types in them. */
const LONGEST = 300_000;

/** The language of a template whose other text is prose, or JSON. */
export function templateLanguage(base: "prose" | "json", facts: () => Facts): Extension {
  // Of the language's own parts all but its completion, which names what is not there.
  const { language } = jinja({ base: base === "json" ? json() : prose() });
  // One object: another one each time it is asked would end every completion that is open.
  const data = [{ autocomplete: (context: CompletionContext) => complete(context, facts()) }];
  return [
    language,
    language.data.of({ closeBrackets: { brackets: ["{", "(", "[", '"', "'"] } }),
    closePercentBrace,
    EditorState.languageData.of(() => data),
    // Quotes and brackets are closed in tags alone: prose is full of apostrophes.
    EditorView.inputHandler.of((view, from, to, text) => {
      if (!/^["'([]$/.test(text) || from !== to || isInTag(view.state, from)) return false;
      view.dispatch(view.state.replaceSelection(text), { userEvent: "input.type" });
      return true;
    }),
  ];
}

function isInTag(state: EditorState, at: number): boolean {
  return openTag(state.sliceDoc(Math.max(0, at - 2000), at)) !== null;
}

/** The beginning of the tag that a text ends in; null outside of tags. */
export function openTag(before: string): { kind: "{{" | "{%"; inner: string } | null {
  const at = Math.max(before.lastIndexOf("{{"), before.lastIndexOf("{%"));
  if (at < 0) return null;
  const inner = before.slice(at + 2);
  const kind = before.slice(at, at + 2) as "{{" | "{%";
  return inner.includes(kind === "{{" ? "}}" : "%}") ? null : { kind, inner };
}

function complete(context: CompletionContext, facts: Facts): CompletionResult | null {
  const { state, pos } = context;
  const tag = openTag(state.sliceDoc(Math.max(0, pos - 2000), pos));
  if (!tag) return null;
  const word = /[\p{L}_][\p{L}\p{N}_]*$/u.exec(tag.inner)?.[0] ?? "";
  const before = tag.inner.slice(0, tag.inner.length - word.length);
  // Without a word, only where one is sure to come.
  const isDue = /^[-+]?\s+$|[|.]\s*$|\b(in|if|is|and|or|not)\s+$/.test(before);
  if (word === "" && !isDue && !context.explicit) return null;
  const options = optionsAfter(before, tag.kind, () => localsOf(state), facts, context.explicit);
  if (options === null || options.length === 0) return null;
  return { from: pos - word.length, options, validFor: /^[\p{L}_]?[\p{L}\p{N}_]*$/u };
}

/** What may stand after the beginning of a tag; null where nothing is known. */
export function optionsAfter(
  before: string,
  kind: "{{" | "{%",
  locals: () => readonly string[],
  facts: Pick<Facts, "fields" | "seed">,
  isAsked: boolean,
): Completion[] | null {
  if (/(["'])(?:(?!\1).)*$/.test(before.replace(/"[^"]*"|'[^']*'/g, ""))) return null;
  if (/(^|[^\w.])metadata\.$/.test(before)) return named(facts.seed ?? [], "seed", 2);
  if (/[\w)\]]\.$/.test(before)) return null;
  if (/\|\s*$/.test(before)) return named(FILTERS, "filter", 0);
  if (/\bis\s+(not\s+)?$/.test(before)) return named(TESTS, "test", 0);
  if (kind === "{%" && /^[-+]?\s*$/.test(before)) return named(STATEMENTS, "statement", 0);
  if (kind === "{%" && /^[-+]?\s*(set|macro|for(?!.*\sin\s))\s+[\w, ]*$/.test(before)) return null;
  const words = isAsked ? named(FUNCTIONS, "function", -1) : [];
  return [
    ...named(facts.fields, "field", 2),
    ...named(locals(), "set here", 1),
    ...named(["metadata"], "all of the seed's fields", 0),
    ...words,
  ];
}

function named(names: readonly string[], detail: string, boost: number): Completion[] {
  const isValue = boost > 0 || detail.startsWith("all");
  return names.map((label) => ({
    label,
    detail,
    boost,
    ...(isValue ? { apply: withSpace } : {}),
  }));
}

/** Before closing braces a space is put in, as people write it. */
function withSpace(view: EditorView, { label }: Completion, from: number, to: number): void {
  const { state } = view;
  const isTight = state.sliceDoc(to, to + 2) === "}}" && state.sliceDoc(from - 1, from) === " ";
  const insert = isTight ? `${label} ` : label;
  view.dispatch({
    changes: { from, to, insert },
    selection: { anchor: from + label.length },
    userEvent: "input.complete",
  });
}

function localsOf(state: EditorState): string[] {
  return state.doc.length > LONGEST ? [] : localNames(state.doc.toString());
}

/** Fields of a template that nobody provides, but for the word that is just being typed. */
export function templateProblems(text: string, cursor: number, facts: Facts): Diagnostic[] {
  if (text.length > LONGEST) return [];
  return unknownFields(text, facts)
    .filter(({ name, to }) => to !== cursor || !facts.fields.some((it) => it.startsWith(name)))
    .map(({ from, to, message, certain }) => ({
      from,
      to,
      message,
      severity: certain ? "error" : "info",
    }));
}
