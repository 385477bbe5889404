import { useCallback, useEffect, useState } from "react";
import { useBridge } from "../bridge/hooks";
import type { Model } from "../bridge/model";
import type { Again, Plan } from "./attempts";

/** Milliseconds between looks at a record that runs again. */
const PERIOD = 400;

export interface RunningAgain {
  /** The record that was the current one before. */
  before: number | null;
  /** What is to be confirmed. */
  plan: Plan | null;
  /** How it is while it runs, and how it ended. */
  again: Again | null;
  isBusy: boolean;
  error: string | null;
  ask(id: number, block: string, before: number | null): void;
  start(): void;
  stop(): void;
  dismiss(): void;
}

/** What came of the latest run of each widget: the record that is looked at is another one then. */
const kept = new WeakMap<Model, { again: Again; before: number | null }>();

/** Runs a record again from a block: planned, confirmed, followed to its end. */
export function useAgain(id: number, ended: (again: Again) => void): RunningAgain {
  const { model, requests } = useBridge();
  const [last] = useState(() => {
    const found = kept.get(model);
    return found && (found.again.current === id || found.before === id) ? found : null;
  });
  const [before, setBefore] = useState(last?.before ?? null);
  const [plan, setPlan] = useState<Plan | null>(null);
  const [again, setAgain] = useState<Again | null>(last?.again ?? null);
  const [followed, setFollowed] = useState<number | null>(null);
  const [isBusy, setBusy] = useState(false);
  const [error, setError] = useState<string | null>(null);
  const fail = useCallback((failure: Error) => {
    setBusy(false);
    setError(failure.message);
  }, []);

  useEffect(() => {
    if (followed === null) return;
    let isWanted = true;
    let timer: ReturnType<typeof setTimeout> | undefined;
    const look = () => {
      requests.ask<Again>("again", { id: followed }).then(
        (state) => {
          if (!isWanted) return;
          setAgain(state);
          if (state.is_running) timer = setTimeout(look, PERIOD);
          else {
            setFollowed(null);
            kept.set(model, { again: state, before });
            ended(state);
          }
        },
        (failure: Error) => {
          if (!isWanted) return;
          setFollowed(null);
          fail(failure);
        },
      );
    };
    look();
    return () => {
      isWanted = false;
      clearTimeout(timer);
    };
  }, [model, requests, followed, before, ended, fail]);

  return {
    before,
    plan,
    again,
    isBusy: isBusy || followed !== null,
    error,
    ask: (id, block, current) => {
      setBefore(current);
      setBusy(true);
      setError(null);
      setAgain(null);
      requests.ask<Plan>("plan_again", { id, block }).then((made) => {
        setBusy(false);
        setPlan(made);
      }, fail);
    },
    start: () => {
      if (!plan) return;
      setBusy(true);
      const { record_id: id, from_block: block, told } = plan;
      requests.ask<{ plan?: Plan }>("run_again", { id, block, told }, 0).then((answer) => {
        setBusy(false);
        setPlan(answer.plan ?? null);
        if (!answer.plan) setFollowed(id);
      }, fail);
    },
    stop: () => {
      if (followed !== null) requests.ask("stop_again", { id: followed }).catch(fail);
    },
    dismiss: () => {
      kept.delete(model);
      setPlan(null);
      setAgain(null);
      setError(null);
    },
  };
}
