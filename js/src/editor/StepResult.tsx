import { Source } from "../shared/Source";
import { factsOf } from "./facts";
import type { CallView, StepView } from "./protocol";
import { useEditor } from "./useEditor";

const STATES: Record<StepView["state"], string> = {
  running: "running…",
  done: "done",
  skipped: "skipped: its condition was false, or it is disabled",
  filtered: "filtered the seed out",
  failed: "failed",
};

/** What the selected block gave when it was tried. */
export function StepResult({ id }: { id: string }) {
  const { trial } = useEditor();
  const step = trial.steps[id];
  if (!step) {
    return <p className="dgf-soft">Not tried yet: choose a seed below and try it.</p>;
  }
  return (
    <div aria-live="polite">
      <p className={step.state === "failed" ? "dgf-bad" : "dgf-soft"}>
        {STATES[step.state]}
        {step.state === "running" || step.dry ? "" : `, ${step.seconds.toFixed(2)} s`}
        {step.is_kept ? ", shown again: nothing was run" : ""}
        {step.branches !== null ? `, ${step.branches} branches; the first is shown` : ""}
      </p>
      {step.dry && step.state !== "running" && (
        <p>
          <span className="dgf-badge">no model asked</span> Prompts only: what stands for an answer,
          and what is made of it, is a placeholder.
        </p>
      )}
      {trial.stale.includes(id) && (
        <p className="dgf-stale">Older than the pipeline: try again to bring it up to date.</p>
      )}
      {step.error && (
        <div className="dgf-problem" dir="auto">
          {step.error}
        </div>
      )}
      {Object.entries(step.set).map(([name, value]) => (
        <Value key={name} name={name} value={value} />
      ))}
      {step.removed.length > 0 && <p className="dgf-soft">removed: {step.removed.join(", ")}</p>}
      {step.calls.map((call, number) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: calls have no other name, and never move
        <Call key={number} call={call} dry={step.dry} />
      ))}
    </div>
  );
}

function Value({ name, value }: { name: string; value: unknown }) {
  const text = typeof value === "string" ? value : JSON.stringify(value, null, 2);
  return (
    <div className="dgf-value">
      <div className="dgf-value-name" dir="auto">
        {name}
      </div>
      <Source className="dgf-text" label={name}>
        {text}
      </Source>
    </div>
  );
}

function Call({ call, dry }: { call: CallView; dry: boolean }) {
  return (
    <details className="dgf-call" open>
      <summary>{factsOf(call, dry)}</summary>
      {call.messages.map((message, number) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: messages have no other name, and never move
        <Value key={number} name={message.role} value={message.content} />
      ))}
      {call.answer !== null && <Value name={dry ? "placeholder" : "answer"} value={call.answer} />}
      {call.error && <div className="dgf-problem">{call.error}</div>}
    </details>
  );
}
