import { useRef, useState } from "react";
import { useBridge } from "../bridge/hooks";
import { SeedPicker, type SeedSource } from "./SeedPicker";
import { useEditor } from "./useEditor";

/** Milliseconds in which a second click on the one button is part of a double click. */
const TWICE = 500;

/** Which seed to try the pipeline on, and how far. */
export function TrialBar() {
  const editor = useEditor();
  const { requests } = useBridge();
  const { trial } = editor;
  const [source, setSource] = useState<SeedSource>({ kind: "typed", text: "" });
  const [index, setIndex] = useState(0);
  const [dry, setDry] = useState(false);
  const pressed = useRef(0);
  const selectedId = editor.selected === null ? null : editor.ids[editor.selected];

  const run = async (upto: string | null | undefined) => {
    pressed.current = performance.now();
    try {
      await editor.settled();
      if (source.text.trim()) await requests.ask("seed", { ...source, index });
      await requests.ask("try", { upto: upto ?? null, dry }, 0);
      editor.tell(null);
    } catch (error) {
      editor.tell(error as Error);
    }
  };
  const stop = () => {
    if (performance.now() - pressed.current < TWICE) return;
    pressed.current = performance.now();
    requests.ask("stop").catch(editor.tell);
  };
  const example = editor.check.seed_fields.map((field) => `"${field.split(" or ")[0]}": "…"`);
  return (
    <section className="dgf-trial" aria-label="Try it on one seed">
      <span className="dgf-trial-title">Try it</span>
      <SeedPicker
        source={source}
        setSource={setSource}
        placeholder={
          trial.seed
            ? `${trial.source}: ${JSON.stringify(trial.seed).slice(0, 200)}`
            : `{${(example.length ? example : ['"topic": "…"']).join(", ")}}`
        }
        onEnter={() => void run(null)}
      />
      {source.kind !== "typed" && (
        <input
          type="number"
          min={0}
          className="dgf-input dgf-index"
          aria-label="Which one, from 0"
          value={index}
          onChange={(event) => setIndex(Number(event.target.value))}
        />
      )}
      <label className="dgf-dry" title="Render every prompt and ask no model">
        <input type="checkbox" checked={dry} onChange={(event) => setDry(event.target.checked)} />
        prompts only
      </label>
      <button
        type="button"
        className="dgf-button"
        disabled={trial.is_running || !selectedId}
        title="Run the seed up to the selected block; what is unchanged is not run again"
        onClick={() => void run(selectedId)}
      >
        To the selected block
      </button>
      {trial.is_running ? (
        <button
          type="button"
          className="dgf-button dgf-main"
          title={
            trial.is_stopping
              ? "Do not wait for the answers that are on their way"
              : "Make no further call; answers that are on their way come in and are kept"
          }
          onClick={stop}
        >
          {trial.is_stopping ? "Stopping… give up now" : "Stop"}
        </button>
      ) : (
        <button
          type="button"
          className="dgf-button dgf-main"
          title="Run the seed through all blocks; what is unchanged is not run again"
          onClick={() => void run(null)}
        >
          Try all
        </button>
      )}
      {trial.note && !trial.is_running && (
        <span className="dgf-soft" role="status">
          Ended early: {trial.note}.
        </span>
      )}
    </section>
  );
}
