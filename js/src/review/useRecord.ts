import { useEffect, useState } from "react";
import { useBridge } from "../bridge/hooks";
import type { FullRecord } from "../shared/record";

/** The whole of the record with this id, fetched anew when its version changes; null: not here yet. */
export function useRecord(
  id: number | null,
  version: number | null,
  fail: (error: Error) => void,
): FullRecord | null {
  const { requests } = useBridge();
  const [record, setRecord] = useState<FullRecord | null>(null);
  // biome-ignore lint/correctness/useExhaustiveDependencies: another version is to be fetched
  useEffect(() => {
    if (id === null) return;
    let isWanted = true;
    requests.ask<FullRecord>("record", { id }).then(
      (answer) => isWanted && setRecord(answer),
      (error: Error) => isWanted && fail(error),
    );
    return () => {
      isWanted = false;
    };
  }, [requests, id, version, fail]);
  return record?.id === id ? record : null;
}
