import { useCallback, useEffect, useMemo, useRef, useState } from "react";
import { useBridge } from "../bridge/hooks";
import { type Column, columnsOf, type Layout, layoutOf, shownColumns } from "./columns";
import type { FieldInfo } from "./protocol";

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
export function useColumns(hasRule: boolean, fail: (error: Error) => void): Columns {
  const { requests } = useBridge();
  const [fields, setFields] = useState<FieldInfo[]>([]);
  const [layout, put] = useState<Layout>({});
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);

  useEffect(() => {
    requests.ask<{ fields: FieldInfo[]; layout: Layout }>("fields").then((answer) => {
      setFields(answer.fields);
      put(answer.layout);
    }, fail);
  }, [requests, fail]);

  const setLayout = useCallback(
    (next: Layout) => {
      put(next);
      clearTimeout(timer.current);
      timer.current = setTimeout(() => {
        requests.ask("keep_layout", { layout: next }).catch(fail);
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
