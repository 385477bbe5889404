/** Which fields a template uses that nobody provides, as far as the editor can tell. */

import { fieldUses } from "./jinja";

/** The fields there are where a block stands. */
export interface Available {
  fields: readonly string[];
  /** The seed's own fields; null while no seed is chosen. */
  seed: readonly string[] | null;
  /** Any other field may be there as well. */
  isOpen: boolean;
}

export interface Unknown {
  name: string;
  from: number;
  to: number;
  message: string;
  /** Every rendering fails; else only some may. */
  certain: boolean;
}

export function unknownFields(template: string, available: Available): Unknown[] {
  const fields = new Set(available.fields);
  const seed = new Set(available.seed ?? []);
  return fieldUses(template)
    .filter(({ name }) => {
      if (!name.startsWith("metadata.")) return !available.isOpen && !fields.has(name);
      // A field of that name goes before the seed's metadata; what is in it is not known.
      if (available.seed === null || fields.has("metadata")) return false;
      return !seed.has(name.slice("metadata.".length));
    })
    .map((use) => ({ ...use, message: messageOf(use.name, use.certain, available) }));
}

function messageOf(name: string, certain: boolean, available: Available): string {
  const ofSeed = name.startsWith("metadata.");
  const there = ofSeed ? (available.seed ?? []) : available.fields;
  const near = nearest(ofSeed ? name.slice("metadata.".length) : name, there);
  const what = ofSeed ? "the seed has no field" : "no field here is called";
  const hint = near !== null ? `did you mean '${near}'?` : listed(there);
  const when = certain ? "" : " It is an error only where it is reached.";
  return `${what} '${name.replace(/^metadata\./, "")}'; ${hint}${when}`;
}

function listed(names: readonly string[]): string {
  if (names.length === 0) return "there are none";
  const more = names.length > 8 ? ` and ${names.length - 8} more` : "";
  return `there are: ${names.slice(0, 8).join(", ")}${more}.`;
}

/** The name that is most like this one, if any is like it. */
export function nearest(name: string, names: readonly string[]): string | null {
  let best: string | null = null;
  // More than two edits in five letters, and it is another word.
  let least = Math.floor(Math.max(name.length, 3) * 0.4) + 1;
  for (const candidate of names) {
    if (Math.abs(candidate.length - name.length) >= least) continue;
    const found = distance(name.toLowerCase(), candidate.toLowerCase(), least);
    if (found < least) [best, least] = [candidate, found];
  }
  return best;
}

/** Edits from one text to the other, two neighbours swapped being one; at most `limit`. */
function distance(one: string, other: string, limit: number): number {
  let [before, row] = [[] as number[], Array.from({ length: other.length + 1 }, (_, at) => at)];
  for (let at = 1; at <= one.length; at++) {
    const next = [at];
    for (let to = 1; to <= other.length; to++) {
      const isSame = one[at - 1] === other[to - 1];
      let cost = Math.min(
        (row[to] as number) + 1,
        (next[to - 1] as number) + 1,
        (row[to - 1] as number) + (isSame ? 0 : 1),
      );
      const isSwap =
        at > 1 && to > 1 && one[at - 1] === other[to - 2] && one[at - 2] === other[to - 1];
      if (isSwap) cost = Math.min(cost, (before[to - 2] as number) + 1);
      next.push(cost);
    }
    if (Math.min(...next) > limit) return limit + 1;
    [before, row] = [row, next];
  }
  return row[other.length] as number;
}
