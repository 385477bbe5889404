import { useEffect, useRef, useState } from "react";
import { useBridge } from "../bridge/hooks";
import { RequestError } from "../bridge/requests";
import { CopyButton } from "../shared/CopyButton";
import { insertCellBelow } from "../shared/notebook";
import { Source } from "../shared/Source";
import { count } from "./ChoiceBar";
import type { Exported } from "./protocol";
import { useCompare } from "./useCompare";

const PROMPTS: Record<Exported["prompt"], string> = {
  messages: "the messages that the model was asked with",
  seed: "the seed",
  template: "your template",
};

/** Writes the choices as preference pairs, and gives the cell that does it. */
export function ExportPanel({ close }: { close(): void }) {
  const { requests, model } = useBridge();
  const { about, tally } = useCompare();
  const { left, right } = about;
  const jobs = about.is_attempts ? `${left.job_id}` : `${left.job_id}-${right.job_id}`;
  const [path, setPath] = useState(`pairs-${jobs}.jsonl`);
  const [prompt, setPrompt] = useState("");
  const [cell, setCell] = useState("");
  const [told, tell] = useState("");
  const [problem, setProblem] = useState<Error | null>(null);
  const [isBusy, setBusy] = useState(false);
  const panel = useRef<HTMLElement>(null);
  const first = useRef<HTMLInputElement>(null);
  useEffect(() => first.current?.focus(), []);
  useEffect(() => {
    let isWanted = true;
    setProblem(null);
    requests.ask<string>("cell", { path, prompt }).then(
      (text) => isWanted && setCell(text),
      (error: Error) => isWanted && setProblem(error),
    );
    return () => {
      isWanted = false;
    };
  }, [requests, path, prompt]);
  const write = (over: boolean) => {
    setBusy(true);
    setProblem(null);
    tell("");
    requests
      .ask<Exported>("export", { path, prompt, over }, 0)
      .then(
        (done) => {
          const out = Object.entries(done.left_out).map(([why, number]) => `${number} ${why}`);
          const left = out.length ? ` Left out: ${out.join(", ")}.` : "";
          const pairs = done.pairs === 1 ? "1 pair" : `${count(done.pairs)} pairs`;
          tell(`${pairs} in ${done.path}; the prompt is ${PROMPTS[done.prompt]}.${left}`);
        },
        (error: Error) => setProblem(error),
      )
      .finally(() => setBusy(false));
  };
  const isThere = problem instanceof RequestError && problem.detail.kind === "file_exists";
  const decided = tally.left + tally.right;
  return (
    <section ref={panel} className="dgf-compare-side" aria-label="Export">
      <div className="dgf-panel-head">
        <h3>Export</h3>
        <button type="button" className="dgf-button" onClick={close}>
          Close
        </button>
      </div>
      <p>
        {decided === 1 ? "1 choice" : `${count(decided)} choices`} of a better one, as preference
        pairs: prompt, chosen, rejected. Ties and neither are left out.
      </p>
      <label className="dgf-field">
        <span>File (.jsonl or .parquet)</span>
        <input ref={first} value={path} onChange={(event) => setPath(event.target.value)} />
      </label>
      <label className="dgf-field">
        <span>Prompt</span>
        <input
          value={prompt}
          placeholder="Write about {{ topic }}."
          onChange={(event) => setPrompt(event.target.value)}
        />
        <small>
          A template over the seed's fields. Empty: what the model was asked, or the seed.
        </small>
      </label>
      <div className="dgf-row">
        <button
          type="button"
          className="dgf-button dgf-main"
          disabled={isBusy || decided === 0 || !path.trim()}
          onClick={() => write(false)}
        >
          {isBusy ? "Writing…" : "Write the file"}
        </button>
        {isThere && (
          <button
            type="button"
            className="dgf-button"
            disabled={isBusy}
            onClick={() => write(true)}
          >
            Replace it
          </button>
        )}
      </div>
      <div aria-live="polite">
        {told && (
          <p className="dgf-good" dir="auto">
            {told}
          </p>
        )}
        {problem && (
          <p className="dgf-problem" dir="auto">
            {problem.message}
          </p>
        )}
      </div>
      <h4>The cell that does it</h4>
      <Source className="dgf-source" label="The cell that exports">
        {cell}
      </Source>
      <span className="dgf-row">
        <CopyButton label="the cell" text={() => cell} />
        <button
          type="button"
          className="dgf-small"
          onClick={() => {
            const isIn = panel.current && insertCellBelow(model, panel.current, cell);
            if (!isIn) setProblem(new Error("Here no cell can be inserted: copy it."));
          }}
        >
          Insert below
        </button>
      </span>
    </section>
  );
}
