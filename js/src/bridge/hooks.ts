import { createContext, useCallback, useContext, useSyncExternalStore } from "react";
import type { Model } from "./model";
import type { Requests } from "./requests";

/** What every part of a view can reach. */
export interface Bridge {
  model: Model;
  requests: Requests;
}

export const BridgeContext = createContext<Bridge | null>(null);

export function useBridge(): Bridge {
  const bridge = useContext(BridgeContext);
  if (!bridge) throw new Error("used outside of a widget");
  return bridge;
}

/** A synced trait, drawn anew whenever either side changes it. */
export function useTrait<T>(name: string): [T, (value: T) => void] {
  const { model } = useBridge();
  const subscribe = useCallback(
    (notify: () => void) => {
      model.on(`change:${name}`, notify);
      return () => model.off(`change:${name}`, notify);
    },
    [model, name],
  );
  const value = useSyncExternalStore(subscribe, () => model.get(name) as T);
  const set = useCallback(
    (next: T) => {
      // A model takes values that differ in the order of their keys alone for equal: forget first.
      model.set(name, null, { silent: true });
      model.set(name, next);
      model.save_changes();
    },
    [model, name],
  );
  return [value, set];
}
