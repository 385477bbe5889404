/** Two changes of one definition, made at the same time in two places, as one. */

import { type BlockEntry, type Definition, effectiveIds } from "./definition";

/** What `mine` and `theirs` make together of `base`; null where they cannot be told apart.
 *
 * Blocks are known by their ids. Where both changed the list of blocks, or one took away what the
 * other changed, nothing is guessed. Where both changed the same key, mine is kept. */
export function merge(base: Definition, mine: Definition, theirs: Definition): Definition | null {
  const blocks = mergeBlocks(base.blocks, mine.blocks, theirs.blocks);
  if (!blocks) return null;
  const { blocks: _, ...rest } = mergeKeys(base, mine, theirs);
  return { ...rest, blocks } as Definition;
}

function mergeBlocks(
  base: BlockEntry[],
  mine: BlockEntry[],
  theirs: BlockEntry[],
): BlockEntry[] | null {
  const [before, here, there] = [base, mine, theirs].map(effectiveIds) as [
    string[],
    string[],
    string[],
  ];
  const isList = (ids: string[]) => isSame(ids, before);
  if (!isList(here) && !isList(there)) return isSame(mine, theirs) ? mine : null;
  const [frame, frameIds, other, otherIds] = isList(here)
    ? [theirs, there, mine, here]
    : [mine, here, theirs, there];
  const merged = [...frame];
  for (const [at, id] of otherIds.entries()) {
    const old = base[before.indexOf(id)];
    const changed = other[at];
    if (!old || !changed || isSame(old, changed)) continue;
    const place = frameIds.indexOf(id);
    const current = frame[place];
    if (!current) return null;
    merged[place] = isList(here)
      ? mergeBlock(old, changed, current)
      : mergeBlock(old, current, changed);
  }
  return merged;
}

function mergeBlock(base: BlockEntry, mine: BlockEntry, theirs: BlockEntry): BlockEntry {
  const merged = mergeKeys(base, mine, theirs);
  if (base.config && mine.config && theirs.config) {
    merged.config = mergeKeys(base.config, mine.config, theirs.config);
  }
  return merged;
}

function mergeKeys<T extends object>(base: T, mine: T, theirs: T): T {
  const [was, here, there] = [base, mine, theirs] as Record<string, unknown>[];
  const merged: Record<string, unknown> = { ...there };
  for (const key of new Set([...Object.keys(was ?? {}), ...Object.keys(here ?? {})])) {
    if (isSame(was?.[key], here?.[key])) continue;
    if (here && key in here) merged[key] = here[key];
    else delete merged[key];
  }
  return merged as T;
}

export function isSame(one: unknown, other: unknown): boolean {
  return one === other || JSON.stringify(one) === JSON.stringify(other);
}
