import { useState } from "react";
import { RequestError } from "../../bridge/requests";
import type { FullRecord } from "../../shared/record";
import { useCard } from "./acts";
import { type Draft, isConflict } from "./drafts";
import { jsonTyped, readTyped, typedIn } from "./editing";

/** Saves what was typed for a field. Nothing is written over what somebody else wrote meanwhile, and
 * what was typed stays until it is in the store. */
export function useSaving(name: string) {
  const { record, acts, drafts, isGone, leave } = useCard();
  const [isSaving, setSaving] = useState(false);
  const [problem, setProblem] = useState<string | null>(null);
  const part = `field ${name}` as const;

  const isTaken = (draft: Draft, { state }: FullRecord) =>
    isConflict(draft, state[name], typedIn(state, name));
  const write = async (now: FullRecord): Promise<void> => {
    const draft = drafts.get(now.id, part);
    const read = draft && readTyped(draft.typed);
    if (!draft || !read || "problem" in read || isTaken(draft, now)) return;
    try {
      await acts.edit(now.id, now.version, { [name]: jsonTyped(draft.typed) });
    } catch (error) {
      if (!isOtherVersion(error)) throw error;
      const fresh = await acts.reload(now.id);
      if (fresh.version === now.version) throw error;
      // Somebody decided about the record, or edited another field: this one is as it was.
      if (!isTaken(draft, fresh)) await write(fresh);
      return;
    }
    // More may have been typed while it was being saved.
    if (drafts.get(now.id, part) === draft) drafts.drop(now.id, part);
  };

  const save = async (): Promise<void> => {
    if (isGone || isSaving) return;
    setSaving(true);
    setProblem(null);
    try {
      if (drafts.isChanged(record.id, part)) await write(record);
      else drafts.drop(record.id, part);
      if (!drafts.get(record.id, part)) leave(name);
    } catch (error) {
      setProblem(`Not saved: ${(error as Error).message}`);
    } finally {
      setSaving(false);
    }
  };
  return { save, isSaving, problem, forget: () => setProblem(null) };
}

/** The store has another version of the record by now. */
function isOtherVersion(error: unknown): boolean {
  return error instanceof RequestError && "theirs" in error.detail;
}
