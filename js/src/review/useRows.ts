import { useEffect, useState, useSyncExternalStore } from "react";
import { useBridge } from "../bridge/hooks";
import type { RowsAnswer } from "./protocol";
import { Rows } from "./rows";

/** The rows of this view, drawn anew whenever some come or change. */
export function useRows(fail: (error: Error) => void): Rows {
  const { requests } = useBridge();
  const [rows] = useState(
    () =>
      new Rows(
        (selection, start, stop, fields) =>
          requests.ask<RowsAnswer>("rows", { selection, start, stop, fields }),
        fail,
      ),
  );
  useSyncExternalStore(rows.subscribe, () => rows.version);
  useEffect(() => () => rows.close(), [rows]);
  return rows;
}
