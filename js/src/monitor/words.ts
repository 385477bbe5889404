/** Numbers as people read them; the same words as Python's `displays.text`. */

const whole = new Intl.NumberFormat("en-US");

export function count(value: number): string {
  return whole.format(value);
}

/** `1 record`, `2,000 records`, `3 tries`. */
export function plural(value: number, noun: string): string {
  if (value === 1) return `1 ${noun}`;
  if (noun.endsWith("ry")) return `${count(value)} ${noun.slice(0, -1)}ies`;
  return `${count(value)} ${noun}s`;
}

/** `950`, `12.3k`, `4.5M`. */
export function short(value: number): string {
  if (value >= 1_000_000) return `${(value / 1_000_000).toFixed(1)}M`;
  if (value >= 1_000) return `${(value / 1_000).toFixed(1)}k`;
  return String(value);
}

/** `45 s`, `2:05 min`, `1:02:03 h`. */
export function duration(seconds: number): string {
  if (seconds < 9.95) return `${Number(seconds.toFixed(1))} s`;
  const all = Math.round(seconds);
  if (all < 60) return `${all} s`;
  const two = (value: number) => String(value).padStart(2, "0");
  if (all < 3600) return `${Math.floor(all / 60)}:${two(all % 60)} min`;
  return `${Math.floor(all / 3600)}:${two(Math.floor(all / 60) % 60)}:${two(all % 60)} h`;
}

/** A block's time: `820 ms`, `1.4 s`, `0.3 ms`. */
export function brief(seconds: number): string {
  if (seconds >= 9.95) return duration(seconds);
  if (seconds >= 0.9995) return `${seconds.toFixed(1)} s`;
  const ms = seconds * 1000;
  return ms >= 10 ? `${Math.round(ms)} ms` : `${ms.toFixed(1)} ms`;
}

/** `3.2/s`; where that would be near nothing, `14/min`, `2.5/h`. */
export function rate(perSecond: number): string {
  const told = (value: number) => (value >= 10 ? count(Math.round(value)) : value.toFixed(1));
  if (perSecond >= 0.95) return `${told(perSecond)}/s`;
  if (perSecond * 60 >= 0.95) return `${told(perSecond * 60)}/min`;
  return `${told(perSecond * 3600)}/h`;
}

/** `15 %`, `< 1 %`. */
export function percent(share: number): string {
  return share > 0 && share < 0.01 ? "< 1 %" : `${Math.round(100 * share)} %`;
}

/** The time of day of a moment, in the reader's own zone. */
export function clock(at: number | string, hasSeconds = false): string {
  const date = typeof at === "number" ? new Date(at * 1000) : new Date(at);
  const two = (value: number) => String(value).padStart(2, "0");
  const told = `${two(date.getHours())}:${two(date.getMinutes())}`;
  return hasSeconds ? `${told}:${two(date.getSeconds())}` : told;
}
