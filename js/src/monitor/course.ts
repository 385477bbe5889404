import type { Moment } from "./protocol";

/** Calls at a moment, and how many were refused since the one before. */
export interface Load {
  at: number;
  inFlight: number;
  allowed: number | null;
  refused: number;
}

/** How fast records came up to a moment. */
export interface Pace {
  at: number;
  rate: number;
}

/** Moments that are further apart than this many usual steps have no runner between. */
const GAP = 4;
/** Steps over which a rate is taken: records come in bursts. */
const WINDOW = 3;

/** Records per second up to each moment, over the last few steps; a break counts as none. */
export function paces(moments: Moment[]): Pace[] {
  const usual = usualStep(moments);
  const found: Pace[] = [];
  let first = 0;
  for (let i = 1; i < moments.length; i++) {
    const [before, now] = [moments[i - 1] as Moment, moments[i] as Moment];
    if (now[0] - before[0] > GAP * usual) {
      found.push({ at: before[0], rate: 0 }, { at: now[0], rate: 0 });
      first = i;
      continue;
    }
    while (now[0] - (moments[first] as Moment)[0] > (WINDOW + 0.5) * usual) first++;
    const since = moments[Math.min(first, i - 1)] as Moment;
    const passed = now[0] - since[0];
    // A retry takes failed records away before it makes others.
    if (passed > 0) found.push({ at: now[0], rate: Math.max(0, now[2] - since[2]) / passed });
  }
  return found;
}

/** Records per second over all the time, breaks left out. */
export function meanPace(moments: Moment[]): number {
  const usual = usualStep(moments);
  let [records, seconds] = [0, 0];
  for (let i = 1; i < moments.length; i++) {
    const [before, now] = [moments[i - 1] as Moment, moments[i] as Moment];
    if (now[0] - before[0] > GAP * usual) continue;
    seconds += now[0] - before[0];
    records += Math.max(0, now[2] - before[2]);
  }
  return seconds ? records / seconds : 0;
}

export function loads(moments: Moment[]): Load[] {
  return moments.map(([at, , , , inFlight, allowed, refused], i) => ({
    at,
    inFlight,
    allowed,
    refused: i === 0 ? refused : Math.max(0, refused - (moments[i - 1] as Moment)[6]),
  }));
}

/** Whether there is a chart of calls to be drawn: of a job that asks no model there is none. */
export function hasCalls(moments: Moment[]): boolean {
  return moments.some(([, , , , inFlight, allowed]) => inFlight > 0 || allowed !== null);
}

function usualStep(moments: Moment[]): number {
  const steps = moments.slice(1).map((moment, i) => moment[0] - (moments[i] as Moment)[0]);
  steps.sort((a, b) => a - b);
  return Math.max(1, steps[steps.length >> 1] ?? 1);
}

/** A round number at or above `value`: the top of an axis. */
export function niceTop(value: number): number {
  if (!(value > 0)) return 1;
  const size = 10 ** Math.floor(Math.log10(value));
  for (const step of [1, 1.5, 2, 3, 4, 5, 6, 8]) if (step * size >= value) return step * size;
  return 10 * size;
}

/** Some times of day, in seconds since 1970, to be written below an axis: round ones, in order. */
export function timeTicks(from: number, to: number, most: number): number[] {
  const steps = [
    1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400, 43200, 86400,
  ];
  const span = to - from;
  const step =
    steps.find((seconds) => span / seconds <= most) ?? Math.ceil(span / most / 86400) * 86400;
  const found = [];
  for (let at = Math.ceil(from / step) * step; at <= to; at += step) found.push(at);
  return found;
}

export interface Box {
  width: number;
  height: number;
}

/** Where moments and values are in a box; 0 at its bottom. */
export function scales(from: number, to: number, top: number, { width, height }: Box) {
  const span = Math.max(to - from, 1e-9);
  return {
    x: (at: number) => round(((at - from) / span) * width),
    y: (value: number) => round(height - (Math.min(value, top) / top) * height),
  };
}

const round = (value: number) => Math.round(value * 10) / 10;

/** A line through points. */
export function line(points: [number, number][]): string {
  return points.map(([x, y], i) => `${i ? "L" : "M"}${x} ${y}`).join("");
}

/** A line that keeps its height until the next point. */
export function stairs(points: [number, number][]): string {
  return points.map(([x, y], i) => (i ? `H${x}V${y}` : `M${x} ${y}`)).join("");
}

/** The ground between a line through points and the bottom. */
export function ground(points: [number, number][], bottom: number): string {
  const [first, last] = [points[0], points.at(-1)];
  if (!first || !last) return "";
  return `${line(points)}L${last[0]} ${bottom}L${first[0]} ${bottom}Z`;
}

/** The index of the point nearest to `at`. */
export function nearest(points: { at: number }[], at: number): number {
  let found = 0;
  points.forEach((point, i) => {
    if (Math.abs(point.at - at) < Math.abs((points[found]?.at ?? 0) - at)) found = i;
  });
  return found;
}
