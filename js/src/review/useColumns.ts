import { useCallback, useEffect, useMemo, useRef, useState } from "react";
import { useBridge } from "../bridge/hooks";
import { type Column, columnsOf, type Layout, layoutOf, shownColumns } from "./columns";
import type { FieldInfo } from "./protocol";
import type { Subject } from "./useNotices";

/** Milliseconds after a change until it is kept. */
const QUIET = 600;

export interface Columns {
  fields: FieldInfo[];
  columns: Column[];
  /** Those in sight, in their order. */
  shown: Column[];
  layout: Layout;
  /** Columns as they shall be; kept in the store for the pipeline. */
  setColumns(columns: Column[]): void;
  setLayout(layout: Layout): void;
}

/** The columns: fields of the records, laid out as the pipeline's review was left. */
export function useColumns(
  hasRule: boolean,
  total: number,
  fail: (error: Error, subject: Subject) => void,
): Columns {
  const { requests } = useBridge();
  const [fields, setFields] = useState<FieldInfo[]>([]);
  const [layout, put] = useState<Layout>({});
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);

  const isLaidOut = useRef(false);
  // With the first records, and when there are twice as many: others may have other fields.
  const size = total === 0 ? 0 : Math.floor(Math.log2(total)) + 1;
  // biome-ignore lint/correctness/useExhaustiveDependencies: asked anew for more records
  useEffect(() => {
    let isWanted = true;
    requests.ask<{ fields: FieldInfo[]; layout: Layout }>("fields").then(
      (answer) => {
        if (!isWanted) return;
        setFields((held) => (isSame(held, answer.fields) ? held : answer.fields));
        if (!isLaidOut.current) put(answer.layout); // it may have been changed here since
        isLaidOut.current = true;
      },
      (error: Error) => isWanted && fail(error, "layout"),
    );
    return () => {
      isWanted = false;
    };
  }, [requests, fail, size]);

  const setLayout = useCallback(
    (next: Layout) => {
      put(next);
      clearTimeout(timer.current);
      timer.current = setTimeout(() => {
        requests
          .ask("keep_layout", { layout: next })
          .catch((error: Error) => fail(error, "layout"));
      }, QUIET);
    },
    [requests, fail],
  );
  const columns = useMemo(() => columnsOf(fields, layout, hasRule), [fields, layout, hasRule]);
  const shown = useMemo(() => shownColumns(columns), [columns]);
  return {
    fields,
    columns,
    shown,
    layout,
    setColumns: (next) => setLayout({ ...layout, columns: layoutOf(next) }),
    setLayout,
  };
}

function isSame(some: FieldInfo[], others: FieldInfo[]): boolean {
  return JSON.stringify(some) === JSON.stringify(others);
}
