import { useCallback, useEffect, useState } from "react";
import { useBridge } from "../bridge/hooks";
import { AgainBar } from "./AgainBar";
import { AttemptBar } from "./AttemptBar";
import { type Again, attemptName, type RecordDocument } from "./attempts";
import { CompareTraces } from "./CompareTraces";
import { TraceView } from "./TraceView";
import { useAgain } from "./useAgain";
import { shortened } from "./words";

/** What happened to a stored record, in each of its attempts, and one more of them on request. */
export function RecordTrace(properties: {
  id: number;
  /** Nothing can be asked any more. */
  isGone?: boolean;
  /** Nobody else says which record it is. */
  isAlone?: boolean;
  /** Another attempt is the current one now. */
  onCurrent?: (id: number) => void;
}) {
  const { id, isGone = false, isAlone = false, onCurrent } = properties;
  const [shown, setShown] = useState(id);
  const [other, setOther] = useState<number | null>(null);
  const [looks, setLooks] = useState(0);
  useEffect(() => setShown(id), [id]);
  const main = useDocument(shown, looks);
  const compared = useDocument(other, looks);
  const { requests } = useBridge();
  const [failure, setFailure] = useState<string | null>(null);

  const became = useCallback(
    (current: number | null) => {
      setLooks((before) => before + 1);
      if (current === null) return;
      setShown(current);
      setOther(null);
      onCurrent?.(current);
    },
    [onCurrent],
  );
  const ended = useCallback((state: Again) => became(state.current), [became]);
  const again = useAgain(id, ended);
  const choose = (record: number) => {
    setFailure(null);
    requests.ask("make_current", { id: record }).then(
      () => {
        again.dismiss();
        became(record);
      },
      (error: Error) => setFailure(error.message),
    );
  };

  const { document, error } = main;
  if (error) {
    return (
      <div className="dgf-notice" role="alert" dir="auto">
        {error}
      </div>
    );
  }
  if (!document) return <p className="dgf-soft dgf-trace">Loading…</p>;
  const attempts = document.attempts;
  const current = attempts.find((one) => one.is_current)?.record_id ?? null;
  // Undone by a key meanwhile, or from elsewhere: what it says is not so any more.
  const isOver = again.again?.is_running === false && again.again.current !== current;
  const shownAttempt = attempts.find((one) => one.record_id === document.record_id);
  const otherAttempt = attempts.find((one) => one.record_id === other);
  const left = compared.document?.branches[0];
  const right = document.branches[0];
  return (
    <div className="dgf-record-trace" tabIndex={-1}>
      {isAlone && (
        <div className="dgf-trace-title">
          <b dir="auto">{shortened(document.title)}</b>{" "}
          <span className="dgf-soft">{document.about}</span>
        </div>
      )}
      <AttemptBar
        attempts={attempts}
        shown={shown}
        other={other}
        isBusy={again.isBusy || isGone}
        show={(record) => {
          setShown(record);
          if (record === other) setOther(null);
        }}
        compare={setOther}
        choose={choose}
      />
      <AgainBar again={again} isOver={isOver} choose={choose} isGone={isGone} />
      {failure !== null && (
        <div className="dgf-notice" role="alert" dir="auto">
          {failure}
        </div>
      )}
      {other !== null && left && right && shownAttempt && otherAttempt ? (
        <div className="dgf-trace">
          <CompareTraces
            left={left}
            right={right}
            leftName={`Attempt ${attemptName(otherAttempt)}`}
            rightName={`Attempt ${attemptName(shownAttempt)}`}
          />
        </div>
      ) : (
        <TraceView
          key={document.record_id}
          trace={document}
          offer={(block) => (
            <button
              type="button"
              className="dgf-small dgf-again"
              disabled={again.isBusy || isGone}
              title="A new attempt beside this one: what precedes is taken over, the rest asked anew"
              onClick={() => {
                again.ask(document.record_id, block, current);
              }}
            >
              Run again from here…
            </button>
          )}
        />
      )}
    </div>
  );
}

/** The trace of a record, fetched when it is wanted and whenever there may be news. */
function useDocument(id: number | null, looks: number) {
  const { requests } = useBridge();
  const [document, setDocument] = useState<RecordDocument | null>(null);
  const [error, setError] = useState<string | null>(null);
  // biome-ignore lint/correctness/useExhaustiveDependencies: looked at anew when there may be news
  useEffect(() => {
    if (id === null) return;
    let isWanted = true;
    requests.ask<RecordDocument>("trace", { id }).then(
      (found) => {
        if (!isWanted) return;
        setDocument(found);
        setError(null);
      },
      (failure: Error) => {
        if (isWanted) setError(failure.message);
      },
    );
    return () => {
      isWanted = false;
    };
  }, [requests, id, looks]);
  return { document: id === null ? null : document, error };
}
