import { useEffect, useRef, useState } from "react";
import { useBridge } from "../bridge/hooks";
import type { Counts, Found, News } from "./protocol";
import type { Rows } from "./rows";

/** Milliseconds between two looks while a job runs, and while none does. */
const OFTEN = 1500;
const SELDOM = 5000;

/** Looks for new records and for what others decide; the number of records that wait to be shown.
 *
 * In the order of their ids new records come to the end of the selection: nothing moves. */
export function useNews(properties: {
  found: Found | null;
  setFound(change: (found: Found | null) => Found | null): void;
  setCounts(counts: Counts): void;
  rows: Rows;
  isGone: boolean;
}): number {
  const { found, setFound, setCounts, rows, isGone } = properties;
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
        setFound((held) => (held?.selection === selection ? { ...held, total: news.total } : held));
      }
      setWaiting(news.waiting);
    };
    const look = async () => {
      let pause = OFTEN;
      if (document.visibilityState === "visible") {
        try {
          const news = await requests.ask<News>("news", { selection, seen: seen.current });
          if (!isOpen) return;
          take(news);
          pause = news.is_running ? OFTEN : SELDOM;
        } catch {
          pause = SELDOM; // the kernel is busy or gone; what the user asks for says so
        }
      }
      if (isOpen) timer = setTimeout(look, pause);
    };
    timer = setTimeout(look, OFTEN);
    return () => {
      isOpen = false;
      clearTimeout(timer);
    };
  }, [requests, selection, isGone, rows, setFound, setCounts]);
  return waiting;
}
