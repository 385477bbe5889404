import { useEffect, useRef, useState } from "react";
import { useBridge } from "../bridge/hooks";
import { RequestError } from "../bridge/requests";
import type { Cursor } from "./cursor";
import type { Counts, Found, News } from "./protocol";
import type { Rows } from "./rows";
import { isOld } from "./useDecisions";
import type { Subject } from "./useNotices";

/** Milliseconds between two looks while a job runs, and while none does. */
const OFTEN = 1500;
const SELDOM = 5000;

export interface Heard {
  /** Records that wait to be shown. */
  waiting: number;
  /** Why what is reviewed is not there any more. */
  lost: Error | null;
}

/** Looks for new records and for what others decide.
 *
 * In the order of their ids new records come to the end of the selection: nothing moves. */
export function useNews(properties: {
  found: Found | null;
  setFound(change: (found: Found | null) => Found | null): void;
  setCounts(counts: Counts): void;
  rows: Rows;
  cursor: Cursor;
  isGone: boolean;
  again(): void;
  fail(error: Error, subject: Subject): void;
  clear(subject: Subject): void;
}): Heard {
  const { found, setFound, setCounts, rows, cursor, isGone, again, fail, clear } = properties;
  const [lost, setLost] = useState<Error | null>(null);
  const { requests } = useBridge();
  const [waiting, setWaiting] = useState(0);
  const selection = found?.selection ?? 0;
  const total = useRef(0);
  total.current = found?.total ?? 0;
  const seen = useRef<(number | string)[]>([]);
  const first = useRef(found);
  first.current = found;
  useEffect(() => {
    setWaiting(0);
    seen.current = first.current?.seen ?? [];
    if (!selection || isGone) return;
    let timer: ReturnType<typeof setTimeout> | undefined;
    let isOpen = true;
    const take = (news: News) => {
      seen.current = news.seen;
      if (news.counts) setCounts(news.counts);
      if (news.is_changed) rows.refresh();
      if (news.total !== total.current) {
        rows.extend(news.total);
        cursor.extend(news.total);
        setFound((held) => (held?.selection === selection ? { ...held, total: news.total } : held));
      }
      setWaiting(news.waiting);
    };
    const hear = (error: Error) => {
      if (isOld(error)) again();
      // Python says that it cannot look; else it is busy, and may answer later.
      else if (error instanceof RequestError) setLost(error);
      else fail(error, "news");
    };
    const look = async () => {
      let pause = OFTEN;
      if (document.visibilityState === "visible") {
        try {
          const news = await requests.ask<News>("news", { selection, seen: seen.current });
          if (!isOpen) return;
          take(news);
          pause = news.is_running ? OFTEN : SELDOM;
          setLost(null);
          clear("news");
        } catch (error) {
          if (!isOpen) return;
          pause = SELDOM;
          hear(error as Error);
        }
      }
      if (isOpen) timer = setTimeout(look, pause);
    };
    timer = setTimeout(look, OFTEN);
    return () => {
      isOpen = false;
      clearTimeout(timer);
    };
  }, [requests, selection, isGone, rows, cursor, setFound, setCounts, again, fail, clear]);
  return { waiting, lost };
}
