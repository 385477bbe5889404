import { useRef, useState } from "react";
import { useBridge } from "../../bridge/hooks";
import { insertCellBelow } from "../../shared/notebook";
import { Source } from "../../shared/Source";
import { useEditor } from "../useEditor";
import { Panel, useAnswer } from "./Panel";

/** The pipeline as YAML, to be copied or put into a cell. */
export function CodePanel({ close }: { close(): void }) {
  const { definition } = useEditor();
  const { model } = useBridge();
  const frame = useRef<HTMLDivElement>(null);
  const [told, setTold] = useState("");
  const { answer, error } = useAnswer<string>("yaml", { definition });
  const insert = () => {
    if (answer === null || !frame.current) return;
    const body = answer.replace(/^name: .*\n/, "");
    const source = `%%dgf pipeline ${cellName(definition.name)}\n${body}`;
    const isDone = insertCellBelow(model, frame.current, source);
    setTold(isDone ? "Inserted below." : "This frontend lets no cell be inserted; copy the text.");
  };
  return (
    <Panel title="As YAML" close={close}>
      <div ref={frame}>
        {error && <div className="dgf-problem">{error}</div>}
        {answer !== null && (
          <>
            <div className="dgf-row">
              <button
                type="button"
                className="dgf-button"
                onClick={() =>
                  navigator.clipboard.writeText(answer).then(
                    () => setTold("Copied."),
                    () => setTold("The browser did not allow it; select the text and copy it."),
                  )
                }
              >
                Copy
              </button>
              <button type="button" className="dgf-button" onClick={insert}>
                Insert as cell
              </button>
              <output className="dgf-soft">{told}</output>
            </div>
            <Source className="dgf-source" label="The pipeline as YAML">
              {answer}
            </Source>
          </>
        )}
      </div>
    </Panel>
  );
}

/** A name as the magic's line takes it. */
function cellName(name: string): string {
  return /^[\w.-]+$/.test(name) ? name : `"${name.replaceAll('"', '\\"')}"`;
}
