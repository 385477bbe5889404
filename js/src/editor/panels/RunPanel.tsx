import { type FormEvent, useEffect, useState } from "react";
import { useBridge } from "../../bridge/hooks";
import type { JobState } from "../protocol";
import { SeedPicker, type SeedSource } from "../SeedPicker";
import { useEditor } from "../useEditor";
import { Panel } from "./Panel";

const ACTIVE = new Set(["queued", "running", "paused"]);
/** Milliseconds between looks at a running job. */
const PERIOD = 700;

/** What keeps a job within bounds; empty: nothing does. */
const BOUNDS = [
  ["max_cost", "stops the job when its calls have cost so much"],
  ["max_tokens_total", "stops it at so many tokens, in and out"],
  ["max_seconds", "stops it when it has run so long"],
  ["max_records", "stops it at so many records"],
  ["target_accepted", "goes through the seeds until accept_when is true for so many records"],
  ["max_attempts", "with target_accepted: at most so many executions"],
] as const;

/** Starts a job over seeds and follows it. */
export function RunPanel({ close }: { close(): void }) {
  const editor = useEditor();
  const { requests } = useBridge();
  const [source, setSource] = useState<SeedSource>({ kind: "typed", text: "" });
  const [concurrency, setConcurrency] = useState("32");
  const [model, setModel] = useState("");
  const [bounds, setBounds] = useState<Record<string, string>>({});
  const [error, setError] = useState<string | null>(null);
  const [isStarting, setStarting] = useState(false);
  const { job, setJob } = editor;
  const isActive = job !== null && ACTIVE.has(job.status);

  useEffect(() => {
    if (!isActive || !job) return;
    const timer = setTimeout(() => {
      requests.ask<JobState>("job", { job: job.job }).then(setJob, (failure: Error) => {
        setError(failure.message);
      });
    }, PERIOD);
    return () => clearTimeout(timer);
  }, [requests, job, isActive, setJob]);

  const start = async (event: FormEvent) => {
    event.preventDefault();
    if (isStarting) return;
    setStarting(true);
    setError(null);
    const options: Record<string, unknown> = { concurrency: Number(concurrency) };
    if (model.trim()) options.model = model.trim();
    for (const [name, value] of Object.entries(bounds)) if (value) options[name] = Number(value);
    try {
      await editor.settled();
      // However long it takes: a job that was started without our knowing would be started again.
      setJob(await requests.ask<JobState>("run", { ...source, options }, 0));
    } catch (failure) {
      setError((failure as Error).message);
    } finally {
      setStarting(false);
    }
  };
  const stop = () =>
    requests
      .ask<JobState>("stop_job", { job: job?.job })
      .then(setJob, (failure: Error) => setError(failure.message));
  return (
    <Panel title="Run" close={close}>
      <form onSubmit={(event) => void start(event)}>
        <fieldset className="dgf-seeds">
          <legend>seeds</legend>
          <SeedPicker
            source={source}
            setSource={setSource}
            placeholder={'{"topic": "tides"}\n{"topic": "tea"}'}
            rows={5}
          />
        </fieldset>
        <label className="dgf-field">
          <span>concurrency</span>
          <input
            type="number"
            min={1}
            max={4096}
            value={concurrency}
            onChange={(event) => setConcurrency(event.target.value)}
          />
        </label>
        <label className="dgf-field">
          <span>model</span>
          <input
            list="dgf-run-models"
            value={model}
            placeholder="the default model"
            onChange={(event) => setModel(event.target.value)}
          />
          <datalist id="dgf-run-models">
            {editor.catalog?.models.map((name) => (
              <option key={name} value={name} />
            ))}
          </datalist>
        </label>
        <details>
          <summary>Budgets and number of records</summary>
          {BOUNDS.map(([name, about]) => (
            <label key={name} className="dgf-field">
              <span>{name}</span>
              <input
                type="number"
                min={0}
                step="any"
                value={bounds[name] ?? ""}
                onChange={(event) => setBounds({ ...bounds, [name]: event.target.value })}
              />
              <small>{about}</small>
            </label>
          ))}
        </details>
        <button type="submit" className="dgf-button dgf-main" disabled={isActive || isStarting}>
          Run
        </button>
      </form>
      {error && (
        <div className="dgf-problem" role="alert">
          {error}
        </div>
      )}
      {job && <Progress job={job} />}
      {isActive && (
        <button type="button" className="dgf-button" onClick={() => void stop()}>
          Stop the job
        </button>
      )}
    </Panel>
  );
}

function Progress({ job }: { job: JobState }) {
  const failed = job.failed ? `, ${job.failed} failed` : "";
  return (
    <div aria-live="polite">
      <p>
        {`Job ${job.job} ${job.status}: ${job.done} of ${job.total ?? "?"} executions, `}
        {`${job.records} ${job.records === 1 ? "record" : "records"}${failed}`}
      </p>
      <progress value={job.done} max={job.total ?? 1} aria-label="Progress" />
      {job.error && <div className="dgf-problem">{job.error}</div>}
      <p className="dgf-soft">
        In a cell: <code>%dgf job {job.job}</code> follows it, <code>%dgf records {job.job}</code>{" "}
        shows its records.
      </p>
    </div>
  );
}
