/** How figures of a trace are said. */

import type { Sums } from "./model";

export function duration(seconds: number): string {
  if (seconds < 0.0995) return `${(seconds * 1000).toFixed(seconds < 0.00995 ? 1 : 0)} ms`;
  if (seconds < 60) return `${seconds.toFixed(seconds < 9.95 ? 2 : 1)} s`;
  const minutes = Math.floor(seconds / 60);
  return `${minutes} min ${Math.round(seconds - 60 * minutes)} s`;
}

/** Characters of a reason beside other things; its step has it whole. */
const SHOWN = 240;

/** The beginning of a long text, with how much there is of it. */
export function shortened(text: string): string {
  if (text.length <= SHOWN) return text;
  return `${text.slice(0, SHOWN).trimEnd()}… (${text.length.toLocaleString("en")} characters)`;
}

/** Money in the currency of the model's prices. */
export function money(cost: number): string {
  return cost === 0 ? "0" : cost.toFixed(cost < 0.01 ? 6 : 4);
}

export function plural(count: number, noun: string): string {
  const many = noun.endsWith("y") ? `${noun.slice(0, -1)}ies` : `${noun}s`;
  return `${count.toLocaleString("en")} ${count === 1 ? noun : many}`;
}

/** Tokens, money and what went wrong, in the order of how often it is asked for. */
export function facts(sums: Sums): string[] {
  const told: string[] = [];
  if (sums.calls === 0) return told;
  told.push(plural(sums.calls, "call"));
  told.push(`${sums.input.toLocaleString("en")} → ${sums.output.toLocaleString("en")} tokens`);
  if (sums.cost !== null && sums.cost > 0) told.push(`cost ${money(sums.cost)}`);
  if (sums.retries > 0)
    told.push(`↻ ${sums.retries === 1 ? "1 retry" : `${sums.retries} retries`}`);
  if (sums.errors > 0) told.push(`${plural(sums.errors, "call")} without answer`);
  if (sums.reused > 0) {
    told.push(sums.reused === sums.calls ? "reused, nothing asked" : `${sums.reused} reused`);
  }
  return told;
}
