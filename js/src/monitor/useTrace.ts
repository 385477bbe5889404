import { useState } from "react";
import { useBridge } from "../bridge/hooks";
import type { TraceDocument } from "../trace/protocol";

/** The record whose trace is looked at. */
export interface Opened {
  id: number;
  trace: TraceDocument;
}

/** Opens one record's trace at a time, and closes it again. */
export function useTrace() {
  const { requests } = useBridge();
  const [opened, setOpened] = useState<Opened | null>(null);
  const [problem, setProblem] = useState<string | null>(null);
  const toggle = (id: number) => {
    setProblem(null);
    if (opened?.id === id) {
      setOpened(null);
      return;
    }
    requests.ask<TraceDocument>("record", { record: id }).then(
      (trace) => setOpened({ id, trace }),
      (failure: Error) => setProblem(failure.message),
    );
  };
  return { opened, problem, toggle };
}
