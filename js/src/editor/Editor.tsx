import { useState } from "react";
import { useBridge, useTrait } from "../bridge/hooks";
import { RequestError } from "../bridge/requests";
import { Boundary } from "../shared/Boundary";
import { useDark } from "../shared/theme";
import { copy, paste, save } from "./acts";
import { Canvas } from "./Canvas";
import { Inspector } from "./Inspector";
import { act } from "./keys";
import { Palette } from "./Palette";
import { PANELS, type PanelName } from "./panels";
import { Toolbar } from "./Toolbar";
import { TrialBar } from "./TrialBar";
import { EditorContext, useEditor, useEditorState } from "./useEditor";

export function Editor() {
  const editor = useEditorState();
  const { requests } = useBridge();
  const dark = useDark();
  const [isFull, setFull] = useState(false);
  const [panel, setPanel] = useState<PanelName | null>(null);
  const Shown = panel && PANELS[panel].View;
  const classes = ["dgf-root", "dgf-editor"];
  if (dark) classes.push("dgf-dark");
  if (isFull) classes.push("dgf-full");
  const acts = {
    save: () => void save(editor, requests),
    copy: (at: number) => void copy(editor, requests, at),
  };
  return (
    <EditorContext value={editor}>
      <div className="dgf-live dgf-frame">
        {/* biome-ignore lint/a11y/useSemanticElements: a group of many controls, no fieldset of a form */}
        <div
          className={classes.join(" ")}
          role="group"
          aria-label={`Editor of pipeline ${editor.definition.name}`}
          // biome-ignore lint/a11y/noNoninteractiveTabindex: where keys act on blocks
          tabIndex={0}
          onKeyDown={(event) => {
            if (act(event, editor, acts)) event.preventDefault();
            else if (event.key === "Escape" && isFull) setFull(false);
            else return;
            event.stopPropagation();
          }}
          onPaste={(event) => void paste(event, editor, requests)}
        >
          <Toolbar
            isFull={isFull}
            setFull={setFull}
            panel={panel}
            setPanel={setPanel}
            save={acts.save}
          />
          {editor.isGone && <Gone />}
          <Restored />
          {editor.notice && <Notice notice={editor.notice} />}
          <div className="dgf-body" inert={editor.isGone}>
            <Palette />
            <Boundary part="The canvas">
              <Canvas />
            </Boundary>
            {Shown ? <Shown close={() => setPanel(null)} /> : <Inspector />}
          </div>
          <div inert={editor.isGone}>
            <TrialBar />
          </div>
        </div>
      </div>
    </EditorContext>
  );
}

/** Says that nothing can be changed any more, and what to do. */
function Gone() {
  const { definition } = useEditor();
  const [told, setTold] = useState("");
  const copyAll = () =>
    navigator.clipboard.writeText(JSON.stringify(definition, null, 2)).then(
      () => setTold("Copied: %%dgf pipeline takes it."),
      () => setTold("The browser did not allow it."),
    );
  return (
    <div className="dgf-notice" role="alert">
      <span>
        The kernel that made this editor is gone. Run the cell again to bring it back; what was
        changed and not saved is kept in the store.
      </span>
      <span className="dgf-row">
        <output>{told}</output>
        <button type="button" className="dgf-button" onClick={() => void copyAll()}>
          Copy as JSON
        </button>
      </span>
    </div>
  );
}

/** Says that there are changes from before: here already, or to be taken. */
function Restored() {
  const editor = useEditor();
  const { requests } = useBridge();
  const [restored, setRestored] = useTrait<{ at?: string; is_offer?: boolean }>("restored");
  if (!restored.at) return null;
  const ask = (action: string) => requests.ask(action).then(() => undefined, editor.tell);
  const when = `${restored.at.replace("T", " ").slice(0, 16)} UTC`;
  return (
    <output className="dgf-notice dgf-mild">
      <span>
        {restored.is_offer
          ? `There are changes of ${when} that were not saved.`
          : `Changes of ${when}, which were not saved, are here.`}
      </span>
      <span className="dgf-row">
        {restored.is_offer ? (
          <button type="button" className="dgf-button" onClick={() => void ask("take_draft")}>
            Take them
          </button>
        ) : (
          <button type="button" className="dgf-button" onClick={() => void ask("discard")}>
            Discard them
          </button>
        )}
        <button type="button" className="dgf-button" onClick={() => setRestored({})}>
          {restored.is_offer ? "Leave them" : "Keep"}
        </button>
      </span>
    </output>
  );
}

/** What went wrong last, until it is dismissed or done. */
function Notice({ notice }: { notice: Error }) {
  const editor = useEditor();
  const { requests } = useBridge();
  const isElsewhere = notice instanceof RequestError && notice.detail.kind === "saved_elsewhere";
  return (
    <div className="dgf-notice" role="alert">
      <span dir="auto">{notice.message}</span>
      <span className="dgf-row">
        {isElsewhere && (
          <button
            type="button"
            className="dgf-button"
            onClick={() => void save(editor, requests, true)}
          >
            Save over it
          </button>
        )}
        <button type="button" className="dgf-button" onClick={() => editor.tell(null)}>
          Dismiss
        </button>
      </span>
    </div>
  );
}
