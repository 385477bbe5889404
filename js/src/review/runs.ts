/** Positions as runs, ends included, in order and apart: a million selected rows are one run. */
export type Runs = readonly (readonly [number, number])[];

export const NONE: Runs = [];

export function all(count: number): Runs {
  return count > 0 ? [[0, count - 1]] : NONE;
}

export function size(runs: Runs): number {
  return runs.reduce((sum, [first, last]) => sum + last - first + 1, 0);
}

export function has(runs: Runs, position: number): boolean {
  return runs.some(([first, last]) => first <= position && position <= last);
}

export function add(runs: Runs, from: number, to: number): Runs {
  let first = Math.min(from, to);
  let last = Math.max(from, to);
  const apart: (readonly [number, number])[] = [];
  for (const run of runs) {
    if (run[1] < first - 1 || run[0] > last + 1) apart.push(run);
    else {
      first = Math.min(first, run[0]);
      last = Math.max(last, run[1]);
    }
  }
  return [...apart, [first, last] as const].sort((a, b) => a[0] - b[0]);
}

export function remove(runs: Runs, from: number, to: number): Runs {
  const first = Math.min(from, to);
  const last = Math.max(from, to);
  return runs.flatMap(([start, end]) => {
    const parts: [number, number][] = [];
    if (start < first) parts.push([start, Math.min(end, first - 1)]);
    if (end > last) parts.push([Math.max(start, last + 1), end]);
    return parts;
  });
}

export function toggle(runs: Runs, position: number): Runs {
  return has(runs, position) ? remove(runs, position, position) : add(runs, position, position);
}
