import { type FormEvent, useEffect, useRef, useState } from "react";
import { useBridge } from "../bridge/hooks";
import { insertCellBelow } from "../shared/notebook";
import type { Act, Choice, Facts } from "./protocol";

/** What came of the button pressed last. */
interface Outcome {
  text: string;
  isError: boolean;
  /** How the job was when it was pressed: what it told is over when that has changed. */
  status: string;
}

/** The buttons, what they ask before they act, and what came of it. */
export function Acts({ facts }: { facts: Facts }) {
  const { model, requests } = useBridge();
  const root = useRef<HTMLDivElement>(null);
  const [asking, setAsking] = useState<string | null>(null);
  const [isBusy, setBusy] = useState(false);
  const [outcome, setOutcome] = useState<Outcome | null>(null);
  const status = `${facts.status} ${facts.finished_at}`;
  const asked = facts.acts.find((act) => act.name === asking && act.ask);
  const isStale = outcome !== null && !outcome.isError && outcome.status !== status;

  const act = async (action: string, values: object = {}) => {
    if (isBusy) return;
    setBusy(true);
    setOutcome(null);
    try {
      // However long it takes: pressed again a resume would be another one.
      const { told } = await requests.ask<{ told: string }>(action, values, 0);
      setAsking(null);
      setOutcome({ text: told, isError: false, status });
    } catch (failure) {
      setOutcome({ text: (failure as Error).message, isError: true, status });
    } finally {
      setBusy(false);
    }
  };
  const press = (pressed: Act) => {
    setOutcome(null);
    if (pressed.ask) setAsking(asking === pressed.name ? null : pressed.name);
    else void act(pressed.name);
  };
  const insert = (source: string) => {
    const isThere = root.current !== null && insertCellBelow(model, root.current, source);
    const text = isThere ? `A cell was put below: ${source}` : `Run this in a cell: ${source}`;
    setOutcome({ text, isError: false, status });
  };
  const close = () => {
    setAsking(null);
    root.current?.querySelector<HTMLElement>(`[data-act="${asking}"]`)?.focus();
  };
  const records = facts.generated + facts.failed + facts.filtered;
  return (
    <div ref={root} className="dgf-monitor-acts">
      <div className="dgf-row">
        {facts.acts.map((each) => (
          <button
            key={each.name}
            type="button"
            className="dgf-button"
            data-act={each.name}
            title={each.title}
            disabled={isBusy}
            aria-expanded={each.ask ? asking === each.name : undefined}
            onClick={() => press(each)}
          >
            {each.label}
          </button>
        ))}
        {records > 0 && (
          <>
            <button
              type="button"
              className="dgf-button"
              title="Put a cell below that opens its records for review"
              onClick={() => insert(`%dgf review ${facts.id}`)}
            >
              Review
            </button>
            <button
              type="button"
              className="dgf-button"
              title="Put a cell below that writes its records to a file"
              onClick={() => insert(`%dgf export ${facts.id} job-${facts.id}.jsonl`)}
            >
              Export
            </button>
          </>
        )}
      </div>
      {asked && (
        <Question key={asked.name} act={asked} isBusy={isBusy} close={close} choose={act} />
      )}
      {outcome?.isError && (
        <div className="dgf-problem" role="alert" dir="auto">
          {outcome.text}{" "}
          <button type="button" className="dgf-button" onClick={() => setOutcome(null)}>
            Dismiss
          </button>
        </div>
      )}
      <output dir="auto">{outcome && !outcome.isError && !isStale ? outcome.text : ""}</output>
    </div>
  );
}

interface QuestionProperties {
  act: Act;
  isBusy: boolean;
  close(): void;
  choose(action: string, values: object): Promise<void>;
}

/** Says what an act does, and costs, before it is done. */
function Question({ act, isBusy, close, choose }: QuestionProperties) {
  const root = useRef<HTMLFormElement>(null);
  const [bounds, setBounds] = useState<Record<string, string>>({});
  const ask = act.ask;
  // Not onto a button: Enter pressed twice shall not have said yes.
  useEffect(() => root.current?.focus(), []);
  if (!ask) return null;
  const isFilled = ask.fields.every(({ option }) => bounds[option]?.trim());
  const send = ({ action, values }: Choice) => void choose(action, { ...values, bounds });
  const main = ask.choices[0];
  return (
    <form
      ref={root}
      className="dgf-monitor-ask"
      tabIndex={-1}
      aria-label={act.label}
      onSubmit={(event: FormEvent) => {
        event.preventDefault();
        if (main && isFilled) send(main);
      }}
      onKeyDown={(event) => {
        if (event.key === "Escape") close();
      }}
    >
      <p>{ask.text}</p>
      {ask.fields.map(({ option, told, is_whole }) => (
        <label key={option} className="dgf-field">
          <span className="dgf-code">{option}</span>
          <input
            type="number"
            min={0}
            step={is_whole ? 1 : "any"}
            value={bounds[option] ?? ""}
            onChange={(event) => setBounds({ ...bounds, [option]: event.target.value })}
          />
          <small>{told}</small>
        </label>
      ))}
      <div className="dgf-row">
        {ask.choices.map((choice) => (
          <button
            key={choice.label}
            type={choice === main && ask.fields.length ? "submit" : "button"}
            className={`dgf-button ${choice.is_main ? "dgf-main" : ""}`}
            disabled={isBusy || !isFilled}
            onClick={choice === main && ask.fields.length ? undefined : () => send(choice)}
          >
            {choice.label}
          </button>
        ))}
        <button type="button" className="dgf-button" onClick={close}>
          Not now
        </button>
      </div>
    </form>
  );
}
