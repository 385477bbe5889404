import "./code.css";
import { type Diagnostic, linter } from "@codemirror/lint";
import {
  Annotation,
  Compartment,
  EditorState,
  type Extension,
  StateEffect,
  Transaction,
} from "@codemirror/state";
import { EditorView, placeholder as placeholderText } from "@codemirror/view";
import { useEffect, useRef, useState } from "react";
import { basics } from "./codeLook";
import { difference } from "./difference";
import { Echoes } from "./echoes";

/** A change that came from elsewhere: Python, another view, undo of the whole definition. */
const fromOutside = Annotation.define<boolean>();
const checkAgain = StateEffect.define<null>();
/** Milliseconds of quiet after which a text is looked at. */
const QUIET = 250;
const MOST_SHOWN = 3;

export interface CodeEditorProps {
  id: string;
  value: string;
  onChange(text: string): void;
  /** Highlighting and completion; another value takes its place in the running editor. */
  language: Extension;
  /** The problems of a text. `facts` changing, it is asked again. */
  check(text: string, cursor: number): Diagnostic[];
  facts: unknown;
  placeholder: string;
  isRequired: boolean;
}

/** A text edited with CodeMirror. What comes from elsewhere moves the cursor only where it must. */
export function CodeEditor(properties: CodeEditorProps) {
  const { id, value, language, facts, placeholder, isRequired } = properties;
  const host = useRef<HTMLDivElement>(null);
  const view = useRef<EditorView | null>(null);
  const latest = useRef(properties);
  latest.current = properties;
  const [echoes] = useState(() => new Echoes<string>());
  const [slot] = useState(() => new Compartment());
  const [problems, setProblems] = useState<readonly Diagnostic[]>([]);

  // biome-ignore lint/correctness/useExhaustiveDependencies: made once; the effects below follow
  useEffect(() => {
    const made = new EditorView({
      parent: host.current as HTMLDivElement,
      state: EditorState.create({
        doc: latest.current.value,
        extensions: [
          basics(),
          slot.of(latest.current.language),
          placeholderText(placeholder),
          EditorView.contentAttributes.of({
            id,
            tabindex: "0", // what can be edited can be focused; a11y checkers go by the attribute
            "aria-labelledby": `${id}__label`,
            "aria-describedby": `${id}__help`,
            ...(isRequired ? { "aria-required": "true" } : {}),
          }),
          EditorView.updateListener.of((update) => {
            if (!update.docChanged) return;
            if (update.transactions.some((each) => each.annotation(fromOutside))) return;
            const text = update.state.doc.toString();
            echoes.sent(text);
            latest.current.onChange(text);
          }),
          linter(
            ({ state }) => {
              const { head } = state.selection.main;
              const found = latest.current.check(state.doc.toString(), head);
              setProblems(found);
              return found;
            },
            {
              delay: QUIET,
              needsRefresh: (update) =>
                update.transactions.some((each) => each.effects.some((it) => it.is(checkAgain))),
            },
          ),
        ],
      }),
    });
    // Keys that did something in the text do nothing else.
    made.dom.addEventListener("keydown", (event) => {
      if (event.defaultPrevented) event.stopPropagation();
    });
    view.current = made;
    return () => {
      view.current = null;
      made.destroy();
    };
  }, []);

  useEffect(() => {
    const shown = view.current;
    if (!shown) return;
    const text = shown.state.doc.toString();
    if (text === value) echoes.clear();
    if (text === value || echoes.isEcho(value)) return;
    shown.dispatch({
      changes: difference(text, value),
      annotations: [fromOutside.of(true), Transaction.addToHistory.of(false)],
    });
  }, [value, echoes]);

  useEffect(() => {
    view.current?.dispatch({ effects: slot.reconfigure(language) });
  }, [language, slot]);

  // biome-ignore lint/correctness/useExhaustiveDependencies: what the check depends on
  useEffect(() => {
    view.current?.dispatch({ effects: checkAgain.of(null) });
  }, [facts]);

  return (
    <>
      <div ref={host} className="dgf-code-editor" />
      <div className="dgf-text-problems" aria-live="polite">
        {problems.slice(0, MOST_SHOWN).map((problem) => (
          <div key={`${problem.from} ${problem.message}`} className={`dgf-is-${problem.severity}`}>
            {problem.message}
          </div>
        ))}
        {problems.length > MOST_SHOWN && <div>and {problems.length - MOST_SHOWN} more</div>}
      </div>
    </>
  );
}
