import type { ReactNode } from "react";
import { Conversation, type Message } from "../../shared/Conversation";
import { asText } from "../../shared/folding";
import { JsonTree } from "../../shared/JsonTree";
import { LongText } from "../../shared/LongText";
import { Markdown } from "../../shared/Markdown";
import { textIn } from "../../shared/numbers";
import type { FullRecord } from "../../shared/record";
import { jsonIn, kindOf, looksLikeMarkdown } from "./kinds";

/** Ways to look at one value. */
export type View = "text" | "markdown" | "tree" | "talk";

const LABELS: Record<View, string> = {
  text: "Text",
  markdown: "Markdown",
  tree: "Tree",
  talk: "Conversation",
};

/** Characters from which on a text is folded. */
const FOLDED = 4000;

/** The ways to look at a value, the usual one first. */
export function viewsOf(value: unknown): View[] {
  const kind = kindOf(value);
  if (kind === "messages") return ["talk", "tree", "text"];
  if (kind === "json" || kind === "texts") return ["tree", "text"];
  if (kind !== "text") return ["text"];
  const views: View[] = ["text"];
  if (jsonIn(value as string)) views.push("tree");
  else if (looksLikeMarkdown(value as string)) views.push("markdown");
  return views;
}

/** A value that is a word beside its name; null: it is more than that. */
export function shortValue(state: FullRecord["state"], name: string): ReactNode {
  const value = state[name];
  const kind = kindOf(value);
  if (kind === "null") return <i className="dgf-soft">empty (null)</i>;
  if (kind !== "number" && kind !== "boolean") return null;
  return <span className="dgf-card-plain">{textIn(state, name)}</span>;
}

/** A value as it reads best, or as was asked for. */
export function Value({ name, value, view }: { name: string; value: unknown; view: View }) {
  const kind = kindOf(value);
  switch (view) {
    case "talk":
      return <Conversation messages={value as Message[]} label={name} />;
    case "tree":
      return <JsonTree value={kind === "text" ? jsonIn(value as string) : value} name={name} />;
    case "markdown":
      return <Markdown text={value as string} />;
    case "text":
      return <LongText text={asText(value)} label={name} most={FOLDED} lines={Infinity} />;
  }
}

/** Chooses between the ways to look at a value, where there are several. */
export function Views(properties: {
  name: string;
  views: View[];
  view: View;
  look(view: View): void;
}) {
  const { name, views, view, look } = properties;
  if (views.length < 2) return null;
  return (
    // biome-ignore lint/a11y/useSemanticElements: buttons that belong together, no fieldset
    <span role="group" aria-label={`${name} as`} className="dgf-card-views">
      {views.map((each) => (
        <button
          key={each}
          type="button"
          className="dgf-small"
          aria-pressed={each === view}
          onClick={() => look(each)}
        >
          {LABELS[each]}
        </button>
      ))}
    </span>
  );
}
