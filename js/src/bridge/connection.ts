import { useEffect, useState } from "react";
import { useBridge } from "./hooks";
import type { Model } from "./model";

/** The part of a notebook's session that tells how its kernel is (a Lumino signal). */
interface Session {
  statusChanged?: Signal;
  kernelChanged?: Signal;
}

interface Signal {
  connect(slot: (sender: unknown, value: unknown) => void): void;
  disconnect(slot: (sender: unknown, value: unknown) => void): void;
}

interface Hosting {
  widget_manager?: { context?: { sessionContext?: Session } };
}

/** Statuses after which nothing of the kernel's memory is left. */
const ENDS = new Set(["restarting", "autorestarting", "terminating", "dead"]);

/** Whether the kernel that made the widget is gone: restarted, shut down or replaced. */
export function useIsGone(): boolean {
  const { model } = useBridge();
  const [isGone, setGone] = useState(false);
  useEffect(() => {
    const session = (model as Model & Hosting).widget_manager?.context?.sessionContext;
    const onStatus = (_: unknown, status: unknown) => {
      if (ENDS.has(String(status))) setGone(true);
    };
    const onKernel = () => setGone(true);
    session?.statusChanged?.connect(onStatus);
    session?.kernelChanged?.connect(onKernel);
    return () => {
      session?.statusChanged?.disconnect(onStatus);
      session?.kernelChanged?.disconnect(onKernel);
    };
  }, [model]);
  return isGone;
}
