/** What every text editor of the forms has: keys, colours, the way it shows problems. */

import {
  autocompletion,
  closeBrackets,
  closeBracketsKeymap,
  completionKeymap,
} from "@codemirror/autocomplete";
import { defaultKeymap, history, historyKeymap } from "@codemirror/commands";
import {
  bracketMatching,
  HighlightStyle,
  indentOnInput,
  syntaxHighlighting,
} from "@codemirror/language";
import { lintKeymap } from "@codemirror/lint";
import { EditorState, type Extension, type Range } from "@codemirror/state";
import {
  Decoration,
  drawSelection,
  EditorView,
  highlightSpecialChars,
  keymap,
  tooltips,
  ViewPlugin,
  type ViewUpdate,
} from "@codemirror/view";
import { tags } from "@lezer/highlight";

/** Colours are code.css's, by class: they follow the theme without drawing anything anew. */
const COLOURS = HighlightStyle.define([
  { tag: [tags.keyword, tags.controlKeyword, tags.definitionKeyword, tags.operatorKeyword,
          tags.logicOperator, tags.modifier], class: "dgf-hl-keyword" },
  { tag: [tags.brace], class: "dgf-hl-brace" },
  { tag: [tags.variableName, tags.propertyName], class: "dgf-hl-name" },
  { tag: [tags.special(tags.variableName), tags.standard(tags.variableName)],
    class: "dgf-hl-function" },
  { tag: [tags.string], class: "dgf-hl-string" },
  { tag: [tags.number, tags.bool, tags.null], class: "dgf-hl-atom" },
  { tag: [tags.comment], class: "dgf-hl-comment" },
]); // biome-ignore format: a table

/** Characters one does not see, but for tabs, ends of lines and carriage returns. */
const HIDDEN =
  /(?![\t\n\r])\p{Cc}|[\u00ad\u061c\ufeff]|(?![\u200c\u200d])[\u200b-\u200f]|[\u2028-\u202e\u2066-\u2069]/gu;

/** Popups hang on the page, else the cell that the editor lies in would cut them off. */
const POPUPS = EditorView.theme({
  ".cm-tooltip": {
    zIndex: "10001",
    maxWidth: "360px",
    border: "1px solid var(--jp-border-color1, #c8c8c8)",
    borderRadius: "4px",
    backgroundColor: "var(--jp-layout-color1, #fff)",
    color: "var(--jp-ui-font-color1, #222)",
    fontFamily: "var(--jp-ui-font-family, system-ui, sans-serif)",
    fontSize: "12px",
  },
  ".cm-tooltip.cm-tooltip-autocomplete > ul": {
    maxHeight: "14em",
    fontFamily: "var(--jp-code-font-family, monospace)",
  },
  ".cm-tooltip-autocomplete ul li[aria-selected]": {
    backgroundColor:
      "color-mix(in srgb, var(--jp-brand-color1, #1976d2) 30%, var(--jp-layout-color1, #fff))",
    color: "inherit",
  },
  ".cm-completionDetail": { fontStyle: "normal", opacity: "0.8" },
  ".cm-diagnostic": { padding: "4px 8px" },
});

const AUTO = Decoration.line({ attributes: { dir: "auto" } });

/** Every line reads in its own direction. */
const DIRECTIONS: Extension = [
  EditorView.perLineTextDirection.of(true),
  ViewPlugin.fromClass(
    class {
      decorations;
      constructor(view: EditorView) {
        this.decorations = directions(view);
      }
      update(update: ViewUpdate) {
        if (update.docChanged || update.viewportChanged) this.decorations = directions(update.view);
      }
    },
    { decorations: (plugin) => plugin.decorations },
  ),
];

function directions(view: EditorView) {
  const lines: Range<Decoration>[] = [];
  for (const { from, to } of view.visibleRanges) {
    for (let at = from; at <= to; ) {
      const line = view.state.doc.lineAt(at);
      lines.push(AUTO.range(line.from));
      at = line.to + 1;
    }
  }
  return Decoration.set(lines, true);
}

/** Tab is bound to nothing, so it leaves the text as it leaves any other field. */
export function basics(): Extension {
  return [
    history(),
    drawSelection(),
    EditorView.lineWrapping,
    bracketMatching(),
    closeBrackets(),
    indentOnInput(),
    autocompletion({ icons: false, maxRenderedOptions: 100 }),
    // Carriage returns stay in the text as they are; a paste brings none in.
    EditorState.lineSeparator.of("\n"),
    EditorView.clipboardInputFilter.of((text) => text.replace(/\r\n?/g, "\n")),
    highlightSpecialChars({ specialChars: HIDDEN }),
    syntaxHighlighting(COLOURS),
    POPUPS,
    DIRECTIONS,
    tooltips({ parent: document.body, position: "fixed" }),
    keymap.of([
      ...closeBracketsKeymap,
      ...completionKeymap,
      ...defaultKeymap,
      ...historyKeymap,
      ...lintKeymap,
    ]),
  ];
}
