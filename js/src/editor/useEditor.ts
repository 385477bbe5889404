import { createContext, useCallback, useContext, useEffect, useMemo, useState } from "react";
import { useIsGone } from "../bridge/connection";
import { useBridge, useTrait } from "../bridge/hooks";
import { type Definition, effectiveIds } from "./definition";
import { begin, type History, record, redo, undo } from "./history";
import type { Catalog, Check, JobState, Saved, Trial } from "./protocol";
import { useDocument } from "./useDocument";

export interface EditorState {
  definition: Definition;
  ids: string[];
  check: Check;
  saved: Saved;
  trial: Trial;
  catalog: Catalog | null;
  /** The kernel that made the editor is gone: nothing can be changed any more. */
  isGone: boolean;
  /** Position of the block that is looked at; null: the pipeline's rules. */
  selected: number | null;
  /** Where the next block of the palette goes; null: after the selected one, or at the end. */
  insertAt: number | null;
  canUndo: boolean;
  canRedo: boolean;
  /** The latest failure of a request, to be shown until it is dismissed. */
  notice: Error | null;
  /** The job that was started here last. */
  job: JobState | null;
  setJob(job: JobState | null): void;
  select(at: number | null): void;
  setInsertAt(at: number | null): void;
  edit(definition: Definition, topic?: string | null): void;
  undo(): void;
  redo(): void;
  tell(notice: Error | null): void;
  refreshCatalog(): void;
  /** Resolves when Python has what is on the screen. */
  settled(): Promise<void>;
}

export const EditorContext = createContext<EditorState | null>(null);

export function useEditor(): EditorState {
  const state = useContext(EditorContext);
  if (!state) throw new Error("used outside of an editor");
  return state;
}

/** The state of one view: the definition with its history, and what Python says about it. */
export function useEditorState(): EditorState {
  const { requests } = useBridge();
  const [check] = useTrait<Check>("check");
  const [saved] = useTrait<Saved>("saved");
  const [trial] = useTrait<Trial>("trial");
  const isGone = useIsGone();
  const [selected, setSelected] = useState<number | null>(null);
  const [insertAt, setInsertAt] = useState<number | null>(null);
  const [catalog, setCatalog] = useState<Catalog | null>(null);
  const [notice, tell] = useState<Error | null>(null);
  const [job, setJob] = useState<JobState | null>(null);
  const document = useDocument(tell);
  const { first, send, listen } = document;
  const [history, setHistory] = useState<History<Definition>>(() => begin(first));
  const definition = history.present;

  // Python, or another view of the same editor, changed it.
  useEffect(() => {
    listen((...versions) =>
      setHistory((now) => versions.reduce((held, next) => record(held, next), now)),
    );
  }, [listen]);

  const refreshCatalog = useCallback(() => {
    requests.ask<Catalog>("catalog").then(setCatalog, tell);
  }, [requests]);
  useEffect(refreshCatalog, [refreshCatalog]);

  const count = definition.blocks.length;
  const shown = selected !== null && selected < count ? selected : null;
  const ids = useMemo(() => effectiveIds(definition.blocks), [definition.blocks]);

  const step = useCallback(
    (go: (history: History<Definition>) => History<Definition>) => {
      const next = go(history);
      if (isGone || next === history) return;
      setHistory(next);
      send(next.present);
    },
    [history, send, isGone],
  );

  return {
    definition,
    ids,
    check,
    saved,
    trial,
    catalog,
    isGone,
    selected: shown,
    insertAt: insertAt !== null && insertAt <= count ? insertAt : null,
    canUndo: history.past.length > 0,
    canRedo: history.future.length > 0,
    notice,
    job,
    setJob,
    select: setSelected,
    setInsertAt,
    edit: (next, topic = null) => step((now) => record(now, next, topic)),
    undo: () => step(undo),
    redo: () => step(redo),
    tell,
    refreshCatalog,
    settled: document.settled,
  };
}
