import { useEffect, useRef, useState } from "react";
import { useBridge } from "../../bridge/hooks";
import { RequestError } from "../../bridge/requests";
import { insertCellBelow } from "../../shared/notebook";
import { Source } from "../../shared/Source";
import * as runsOf from "../runs";
import { records } from "../useDecisions";
import { useReview } from "../useReview";
import { Panel } from "./Panel";

const FORMATS = { jsonl: "JSON Lines", csv: "CSV", parquet: "Parquet" } as const;
type Format = keyof typeof FORMATS;

interface Done {
  path: string;
  records: number;
  notes: string[];
}

interface Cell {
  source: string | null;
  why: string | null;
}

/** What is selected, or all that match, as a file; and the cell that does the same. */
export function ExportPanel({ close }: { close(): void }) {
  const { found, runs, about } = useReview();
  const { requests } = useBridge();
  const selected = runsOf.size(runs);
  const total = found?.total ?? 0;
  const [what, setWhat] = useState<"selected" | "all">(selected > 0 ? "selected" : "all");
  const isSelection = what === "selected" && selected > 0;
  const [format, setFormat] = useState<Format>("jsonl");
  const [name, setName] = useState(nameOf(about.job_ids));
  const [isFlat, setFlat] = useState(false);
  const [isDefused, setDefused] = useState(false);
  const [isReview, setReview] = useState(false);
  const [done, setDone] = useState<Done | null>(null);
  const [error, setError] = useState<Error | null>(null);
  const [isBusy, setBusy] = useState(false);
  const path = `${name}.${format}`;
  const values = {
    selection: found?.selection,
    ...(isSelection ? { runs } : {}),
    path,
    ...(format === "jsonl" && isFlat ? { flat: true } : {}),
    ...(format === "csv" && isDefused ? { defuse_formulas: true } : {}),
    ...(isReview ? { review: true } : {}),
  };
  const question = JSON.stringify(values);
  // biome-ignore lint/correctness/useExhaustiveDependencies: another file is to be written
  useEffect(() => {
    setDone(null);
    setError(null);
  }, [question]);

  const write = (over: boolean) => {
    setBusy(true);
    setError(null);
    requests
      .ask<Done>("export", { ...values, over }, 0)
      .then(setDone, setError)
      .finally(() => setBusy(false));
  };
  const isThere = error instanceof RequestError && error.detail.kind === "file_exists";
  const count = isSelection ? selected : total;
  return (
    <Panel title="Export" close={close}>
      <fieldset className="dgf-which">
        <legend>Records, in the table's order</legend>
        <label>
          <input
            type="radio"
            name="what"
            checked={isSelection}
            disabled={selected === 0}
            onChange={() => setWhat("selected")}
          />{" "}
          selected: {records(selected)}
        </label>
        <label>
          <input type="radio" name="what" checked={!isSelection} onChange={() => setWhat("all")} />{" "}
          all in the table: {records(total)}
        </label>
      </fieldset>
      <label className="dgf-field">
        <span>File</span>
        <input value={name} aria-label="File" onChange={(event) => setName(event.target.value)} />
        <small>in the kernel's folder, with the ending .{format}</small>
      </label>
      <label className="dgf-field">
        <span>Format</span>
        <select value={format} onChange={(event) => setFormat(event.target.value as Format)}>
          {Object.entries(FORMATS).map(([each, label]) => (
            <option key={each} value={each}>
              {label}
            </option>
          ))}
        </select>
      </label>
      {format === "jsonl" && (
        <label className="dgf-check">
          <input type="checkbox" checked={isFlat} onChange={() => setFlat(!isFlat)} /> one key per
          field
        </label>
      )}
      {format === "csv" && (
        <label className="dgf-check">
          <input type="checkbox" checked={isDefused} onChange={() => setDefused(!isDefused)} />{" "}
          formulas as text, for spreadsheets
        </label>
      )}
      <label className="dgf-check">
        <input type="checkbox" checked={isReview} onChange={() => setReview(!isReview)} /> notes,
        tags, reviewers and original values, too
      </label>
      <div className="dgf-row">
        <button
          type="button"
          className="dgf-button dgf-main"
          disabled={isBusy || count === 0 || name.trim() === ""}
          onClick={() => write(false)}
        >
          {isBusy ? "Writing…" : `Export ${records(count)}`}
        </button>
        {isThere && (
          <button type="button" className="dgf-button" onClick={() => write(true)}>
            Replace it
          </button>
        )}
      </div>
      {error && (
        <div className="dgf-problem" role="alert" dir="auto">
          {error.message}
        </div>
      )}
      {done && (
        <output className="dgf-good" dir="auto">
          {[`${records(done.records)} in ${done.path}`, ...done.notes].join(". ")}
        </output>
      )}
      <SameCell question={question} />
    </Panel>
  );
}

/** The line that does the same, to be copied or put into a cell. */
function SameCell({ question }: { question: string }) {
  const { requests, model } = useBridge();
  const frame = useRef<HTMLDivElement>(null);
  const [cell, setCell] = useState<Cell | null>(null);
  const [told, setTold] = useState("");
  useEffect(() => {
    let isWanted = true;
    setTold("");
    requests.ask<Cell>("export_cell", JSON.parse(question) as object).then(
      (answer) => isWanted && setCell(answer),
      (error: Error) => isWanted && setCell({ source: null, why: error.message }),
    );
    return () => {
      isWanted = false;
    };
  }, [requests, question]);
  const { source = null, why = null } = cell ?? {};
  if (source === null) return why === null ? null : <p className="dgf-soft">{why}</p>;
  const insert = () => {
    const isDone = frame.current !== null && insertCellBelow(model, frame.current, source);
    setTold(isDone ? "Inserted below." : "This frontend lets no cell be inserted; copy the text.");
  };
  return (
    <div ref={frame} className="dgf-same-cell">
      <p className="dgf-soft">The cell that exports what matches when it runs:</p>
      <Source className="dgf-source" label="The cell">
        {source}
      </Source>
      <div className="dgf-row">
        <button
          type="button"
          className="dgf-button"
          onClick={() =>
            navigator.clipboard.writeText(source).then(
              () => setTold("Copied."),
              () => setTold("The browser did not allow it; select the text and copy it."),
            )
          }
        >
          Copy
        </button>
        <button type="button" className="dgf-button" onClick={insert}>
          Insert below
        </button>
        <output className="dgf-soft">{told}</output>
      </div>
    </div>
  );
}

function nameOf(jobIds: number[] | null): string {
  return jobIds?.length === 1 ? `job${jobIds[0]}` : "records";
}
