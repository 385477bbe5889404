import type { Choice } from "./protocol";

/** Two records of one seed. */
export interface Pair {
  left: number;
  right: number;
  choice: Choice | null;
  /** Null: not compared yet. */
  isDifferent: boolean | null;
}

/** Which pairs are listed. */
export type Shown = "all" | "first" | "different" | "open";

export const SHOWN: [Shown, string][] = [
  ["all", "all pairs"],
  ["first", "different ones first"],
  ["different", "different ones only"],
  ["open", "not chosen yet"],
];

export interface Tally extends Record<Choice, number> {
  chosen: number;
}

const TURNED: Partial<Record<Choice, Choice>> = { left: "right", right: "left" };

/** The choice as it is with the sides changed. */
export function turned(choice: Choice): Choice {
  return TURNED[choice] ?? choice;
}

/** Whether a pair's sides are changed in a blind comparison: for half of them, as the salt has it. */
export function isTurned(pair: Pair, salt: number): boolean {
  let mixed = (salt ^ Math.imul(pair.left, 0x9e3779b1) ^ Math.imul(pair.right, 0x85ebca6b)) >>> 0;
  mixed = Math.imul(mixed ^ (mixed >>> 16), 0x21f0aaad);
  mixed = Math.imul(mixed ^ (mixed >>> 15), 0x735a2d97);
  return ((mixed ^ (mixed >>> 15)) & 1) === 1;
}

/** Places of the pairs that are listed, in the order in which they are. */
export function listed(pairs: readonly Pair[], shown: Shown): number[] {
  const all = pairs.map((_, at) => at);
  const is = (at: number, value: boolean) => pairs[at]?.isDifferent === value;
  switch (shown) {
    case "all":
      return all;
    case "first":
      return [...all.filter((at) => !is(at, false)), ...all.filter((at) => is(at, false))];
    case "different":
      return all.filter((at) => is(at, true));
    case "open":
      return all.filter((at) => pairs[at]?.choice === null);
  }
}

/** The place of the next pair without a choice, further down or from the top; null: there is none. */
export function nextOpen(
  pairs: readonly Pair[],
  list: readonly number[],
  place: number,
): number | null {
  const around = [...list.slice(place + 1), ...list.slice(0, place)];
  return around.find((at) => pairs[at]?.choice === null) ?? null;
}

export function tallyOf(pairs: readonly Pair[]): Tally {
  const tally: Tally = { left: 0, right: 0, tie: 0, neither: 0, chosen: 0 };
  for (const { choice } of pairs) {
    if (choice === null) continue;
    tally[choice]++;
    tally.chosen++;
  }
  return tally;
}

/** The pairs with another choice for one of them. */
export function withChoice(pairs: readonly Pair[], at: number, choice: Choice | null): Pair[] {
  return pairs.map((pair, place) => (place === at ? { ...pair, choice } : pair));
}

/** The pairs from a place on with what is known of their difference. */
export function withDifferences(
  pairs: readonly Pair[],
  start: number,
  found: readonly boolean[],
): Pair[] {
  return pairs.map((pair, place) => {
    const isDifferent = found[place - start];
    return isDifferent === undefined ? pair : { ...pair, isDifferent };
  });
}
