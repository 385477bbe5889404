import { useCallback, useState } from "react";

/** What something that went wrong is about. */
export type Subject = "table" | "decision" | "record" | "reviewer" | "layout" | "news";

export type Notice = [Subject, Error];

/** What is wrong at the moment, one thing of each subject: until it is over or dismissed. */
export function useNotices() {
  const [notices, setNotices] = useState<Notice[]>([]);
  const clear = useCallback(
    (subject: Subject) =>
      setNotices((held) =>
        held.some(([about]) => about === subject)
          ? held.filter(([about]) => about !== subject)
          : held,
      ),
    [],
  );
  const fail = useCallback(
    (error: Error, subject: Subject) =>
      setNotices((held) => [...held.filter(([about]) => about !== subject), [subject, error]]),
    [],
  );
  return { notices, fail, clear };
}
