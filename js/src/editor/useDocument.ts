import { useEffect, useMemo, useRef } from "react";
import { useBridge, useTrait } from "../bridge/hooks";
import type { Definition } from "./definition";
import { type Revised, Shared } from "./document";

/** The definition that this view shares with Python and with other views. */
export function useDocument(tell: (error: Error) => void) {
  const { model, requests } = useBridge();
  const [remote] = useTrait<Revised>("document");
  const listener = useRef<(...versions: Definition[]) => void>(() => undefined);
  const shared = useMemo(() => {
    const known = model.get("document") as Revised;
    return new Shared(known, requests, (...versions) => listener.current(...versions), tell);
  }, [model, requests, tell]);
  const first = useRef(remote.definition).current;
  useEffect(() => shared.receive(remote), [shared, remote]);
  return useMemo(
    () => ({
      first,
      send: (definition: Definition) => shared.change(definition),
      settled: () => shared.settled(),
      listen: (show: (...versions: Definition[]) => void) => {
        listener.current = show;
      },
    }),
    [first, shared],
  );
}
