import { useCallback, useEffect, useState } from "react";
import { useBridge } from "../bridge/hooks";
import type { FullRecord } from "../shared/record";

export interface LookedAt {
  /** Null: none yet. While another one is on its way, the one before. */
  record: FullRecord | null;
  /** The record as it is in the store now. */
  reload(id: number): Promise<FullRecord>;
  /** The record as it has become. */
  put(record: FullRecord): void;
}

/** The whole of the record with this id, fetched anew when its version changes. */
export function useRecord(
  id: number | null,
  version: number | null,
  fail: (error: Error) => void,
  succeed: () => void,
): LookedAt {
  const { requests } = useBridge();
  const [record, setRecord] = useState<FullRecord | null>(null);
  // biome-ignore lint/correctness/useExhaustiveDependencies: another version is to be fetched
  useEffect(() => {
    if (id === null) return;
    let isWanted = true;
    requests.ask<FullRecord>("record", { id }).then(
      (answer) => {
        if (!isWanted) return;
        setRecord(answer);
        succeed();
      },
      (error: Error) => isWanted && fail(error),
    );
    return () => {
      isWanted = false;
    };
  }, [requests, id, version, fail, succeed]);
  const reload = useCallback(
    async (of: number) => {
      const answer = await requests.ask<FullRecord>("record", { id: of });
      setRecord((now) => (now?.id === of ? answer : now));
      return answer;
    },
    [requests],
  );
  const put = useCallback(
    (next: FullRecord) => setRecord((now) => (now?.id === next.id ? next : now)),
    [],
  );
  return { record: id === null ? null : record, reload, put };
}
