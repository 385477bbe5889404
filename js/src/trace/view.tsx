import "./trace.css";
import { useEffect, useState } from "react";
import { useIsGone } from "../bridge/connection";
import { drawing } from "../bridge/draw";
import { useBridge, useTrait } from "../bridge/hooks";
import { Boundary } from "../shared/Boundary";
import { useDark } from "../shared/theme";
import type { TraceDocument } from "./protocol";
import { RecordTrace } from "./RecordTrace";
import { TraceView } from "./TraceView";
import { shortened } from "./words";

function Alone() {
  const { requests } = useBridge();
  const [recordId] = useTrait<number | null>("record_id");
  const isDark = useDark();
  const isGone = useIsGone();
  const [trace, setTrace] = useState<TraceDocument | null>(null);
  const [error, setError] = useState<string | null>(null);
  const [asked, setAsked] = useState(0);
  // biome-ignore lint/correctness/useExhaustiveDependencies: asked anew when somebody wants it
  useEffect(() => {
    if (recordId !== null) return; // it asks for itself
    let isWanted = true;
    requests.ask<TraceDocument>("trace").then(
      (found) => {
        if (isWanted) setTrace(found);
      },
      (failure: Error) => {
        if (isWanted) setError(failure.message);
      },
    );
    return () => {
      isWanted = false;
    };
  }, [requests, recordId, asked]);
  const askAgain = () => {
    setError(null);
    setAsked(asked + 1);
  };
  return (
    <div className="dgf dgf-live dgf-frame">
      <section
        className={`dgf-root dgf-trace-alone${isDark ? " dgf-dark" : ""}`}
        aria-label={trace ? shortened(trace.title) : "Trace"}
      >
        {isGone && !trace && (
          <div className="dgf-notice">The kernel was restarted: run the cell again.</div>
        )}
        {error !== null && !trace && (
          <div className="dgf-notice" role="alert">
            <span dir="auto">{error}</span>
            <button type="button" className="dgf-button" onClick={askAgain}>
              Try again
            </button>
          </div>
        )}
        {trace && (
          <>
            <div className="dgf-trace-title">
              <b dir="auto">{shortened(trace.title)}</b>{" "}
              <span className="dgf-soft">{trace.about}</span>
            </div>
            <Boundary part="The trace">
              <TraceView trace={trace} />
            </Boundary>
          </>
        )}
        {recordId !== null && (
          <Boundary part="The trace">
            <RecordTrace id={recordId} isGone={isGone} isAlone />
          </Boundary>
        )}
        {recordId === null && !trace && error === null && (
          <div className="dgf-trace-title dgf-soft">Loading…</div>
        )}
      </section>
    </div>
  );
}

/** Draws a trace on its own. */
export const render = drawing(Alone);
