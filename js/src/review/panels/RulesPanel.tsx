import { useState } from "react";
import { useBridge, useTrait } from "../../bridge/hooks";
import type { Acted, Action } from "../protocol";
import * as runsOf from "../runs";
import { MANY, records, told } from "../useDecisions";
import { useReview } from "../useReview";
import { Panel } from "./Panel";

interface Unclear {
  reason: string;
  count: number;
  record_id: number;
}

/** What was judged, and of which records: that is what is applied. */
interface Tried {
  judged: Judged;
  /** What was asked. */
  values: object;
  selection: number;
  runs: runsOf.Runs;
  wish: string;
}

/** What a rule says about pending records, and how often it agrees with people. */
interface Judged {
  rule: string;
  accepted: number;
  rejected: number;
  unclear: Unclear[];
  /** The largest id that was there to be judged. */
  until: number;
  action: Action | null;
  agreement: {
    both_accept: number;
    both_reject: number;
    rule_accepts: number;
    rule_rejects: number;
    count: number;
    percent: number | null;
    kappa: number | null;
  };
}

/** Deciding on pending records by a rule: tried first, then done as one action. */
export function RulesPanel({ close }: { close(): void }) {
  const review = useReview();
  const { requests } = useBridge();
  const [progress] = useTrait<number>("judged");
  const { runs, found, about } = review;
  const selected = runsOf.size(runs);
  const [rule, setRule] = useState("");
  const [held, setHeld] = useState<Tried | null>(null);
  const [isSure, setSure] = useState(false);
  const [error, setError] = useState<Error | null>(null);
  const [isBusy, setBusy] = useState(false);
  const wish = JSON.stringify(review.query);
  // What was judged among other records says nothing about these.
  const isMeant =
    held !== null &&
    held.runs === runs &&
    held.selection === (found?.selection ?? 0) &&
    held.wish === wish;
  const isUndone = held?.judged.action != null && review.latest !== held.judged.action;
  const judged = isMeant && !isUndone ? held.judged : null;
  const count = judged ? judged.accepted + judged.rejected : 0;
  const work = (asked: Promise<unknown>) => {
    setBusy(true);
    setError(null);
    asked.catch(setError).finally(() => setBusy(false));
  };
  const attempt = () => {
    const selection = found?.selection ?? 0;
    const values = {
      ...(selected > 0 ? { selection, runs } : {}),
      rule: rule.trim() || null,
    };
    setSure(false);
    const put = (answer: Judged) =>
      setHeld({
        judged: answer,
        values: { ...values, until: answer.until },
        selection,
        runs,
        wish,
      });
    work(requests.ask<Judged>("judge", values, 0).then(put));
  };
  const apply = () => {
    if (!held || !judged) return;
    if (count > MANY && !isSure) return setSure(true);
    setSure(false);
    const put = ({ action }: Acted) =>
      setHeld({ ...held, runs: review.cursor.runs, judged: { ...judged, action } });
    work(review.sortOut(held.values).then(put));
  };
  const change = (text: string) => {
    setRule(text);
    setHeld(null);
  };
  const canApply = judged !== null && judged.action === null && count > 0;
  return (
    <Panel title="Sort out by a rule" close={close}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          attempt();
        }}
      >
        <label className="dgf-field">
          <span>Accept when</span>
          <input
            className="dgf-code"
            value={rule}
            placeholder={about.has_rule ? "as the pipeline says" : "score > 0.7 and valid"}
            onChange={(event) => change(event.target.value)}
          />
          <small>
            An expression over the record's fields, as accept_when
            {about.has_rule && "; empty: what the pipeline's own rule said"}. What it does not
            accept it rejects.
          </small>
        </label>
        <div className="dgf-row">
          <button
            type="submit"
            className="dgf-button"
            disabled={isBusy || (rule.trim() === "" && !about.has_rule)}
          >
            Try on {selected ? `the ${told(selected)} selected` : "all pending records"}
          </button>
          {isBusy && (
            <output className="dgf-soft">
              {progress > 0 ? `${told(progress)} looked at…` : "Working…"}
            </output>
          )}
        </div>
      </form>
      {error && (
        <div className="dgf-problem" role="alert" dir="auto">
          {error.message}
        </div>
      )}
      {judged && <Verdicts judged={judged} />}
      {judged && (
        <button
          type="button"
          className="dgf-button dgf-main"
          disabled={isBusy || !canApply}
          onClick={apply}
        >
          {judged.action
            ? `Done: ${records(judged.action.count)}; Z undoes it`
            : `${isSure ? "Yes, accept" : "Accept"} ${told(judged.accepted)}, reject ${told(judged.rejected)}`}
        </button>
      )}
      {judged && isSure && (
        <div role="alert">
          Decide on {records(count)} by the rule? Z undoes it.{" "}
          <button type="button" className="dgf-button" onClick={() => setSure(false)}>
            Cancel
          </button>
        </div>
      )}
    </Panel>
  );
}

function Verdicts({ judged }: { judged: Judged }) {
  const { agreement } = judged;
  return (
    <>
      <p>
        It would accept <b className="dgf-good">{told(judged.accepted)}</b> and reject{" "}
        <b className="dgf-bad">{told(judged.rejected)}</b> of the pending ones.
      </p>
      {judged.unclear.map(({ reason, count, record_id }) => (
        <p key={reason} className="dgf-soft" dir="auto">
          It cannot say for {records(count)}, such as {record_id}: {reason}
        </p>
      ))}
      {agreement.percent === null ? (
        <p className="dgf-soft">Nobody has decided on a record yet that it can judge.</p>
      ) : (
        <table className="dgf-agreement">
          <caption>
            It agrees with people on <b>{agreement.percent.toFixed(1)} %</b> of{" "}
            {records(agreement.count)}
            {agreement.kappa !== null && ` (kappa ${agreement.kappa.toFixed(2)})`}
          </caption>
          <thead>
            <tr>
              <td />
              <th scope="col">people accept</th>
              <th scope="col">people reject</th>
            </tr>
          </thead>
          <tbody>
            <tr>
              <th scope="row">rule accepts</th>
              <td className="dgf-good">{told(agreement.both_accept)}</td>
              <td className="dgf-bad">{told(agreement.rule_accepts)}</td>
            </tr>
            <tr>
              <th scope="row">rule rejects</th>
              <td className="dgf-bad">{told(agreement.rule_rejects)}</td>
              <td className="dgf-good">{told(agreement.both_reject)}</td>
            </tr>
          </tbody>
        </table>
      )}
    </>
  );
}
