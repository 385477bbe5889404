import { type ReactNode, useEffect, useRef, useState } from "react";
import { useBridge } from "../../bridge/hooks";
import { Panel as Shared } from "../../shared/Panel";
import { useEditor } from "../useEditor";

/** A panel in place of the settings, with a way back. */
export function Panel(properties: { title: string; close(): void; children: ReactNode }) {
  return <Shared place="dgf-inspector" {...properties} />;
}

/** What Python answers to a question, asked anew whenever it changes. */
export function useAnswer<T>(
  action: string,
  values: object,
): { answer: T | null; error: string | null } {
  const { requests } = useBridge();
  const editor = useEditor();
  const settled = useRef(editor.settled);
  settled.current = editor.settled;
  const [answer, setAnswer] = useState<T | null>(null);
  const [error, setError] = useState<string | null>(null);
  const question = JSON.stringify(values);
  useEffect(() => {
    let isWanted = true;
    const ask = async () => {
      await settled.current();
      return requests.ask<T>(action, JSON.parse(question) as object);
    };
    ask().then(
      (value) => {
        if (!isWanted) return;
        setAnswer(value);
        setError(null);
      },
      (failure: Error) => isWanted && setError(failure.message),
    );
    return () => {
      isWanted = false;
    };
  }, [requests, action, question]);
  return { answer, error };
}
