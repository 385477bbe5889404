/** Which rows of very many are in sight.
 *
 * Browsers draw no element higher than some 17 million pixels. Below that the scrolled element is as
 * high as all rows; above, it has the height `TALLEST`, its scroll bar stands for the whole, and what
 * the wheel moves is moved pixel by pixel all the same. */

export const TALLEST = 8_000_000;

export interface Sizes {
  /** Rows there are. */
  count: number;
  /** Pixels of a row. */
  row: number;
  /** Pixels of rows in sight. */
  view: number;
}

export interface Place {
  /** The first pixel of all rows that is in sight. */
  offset: number;
  /** The scrolled element's `scrollTop`. */
  top: number;
}

/** Pixels of the scrolled element. */
export function scrollHeight(sizes: Sizes): number {
  return Math.min(sizes.count * sizes.row, TALLEST);
}

/** The place after `scrollTop` has become `top`. */
export function scrolled(place: Place, top: number, sizes: Sizes): Place {
  const ends = limits(sizes);
  if (ends.top === ends.offset) return { offset: clamp(top, ends.offset), top };
  if (top <= 0) return { offset: 0, top };
  if (top >= ends.top) return { offset: ends.offset, top };
  const by = top - place.top;
  // The wheel moves by less than what is in sight, the bar by more.
  const offset = Math.abs(by) <= sizes.view ? place.offset + by : (top / ends.top) * ends.offset;
  return { offset: clamp(offset, ends.offset), top };
}

/** The place that shows all rows from `offset` on, with the scroll bar where it belongs. */
export function placeAt(offset: number, sizes: Sizes): Place {
  const ends = limits(sizes);
  const there = clamp(offset, ends.offset);
  if (ends.top === ends.offset) return { offset: there, top: there };
  return { offset: there, top: Math.round((there / ends.offset) * ends.top) };
}

/** The smallest move that brings a row into sight. */
export function reveal(place: Place, position: number, sizes: Sizes): Place {
  const top = position * sizes.row;
  const bottom = top + sizes.row - sizes.view;
  if (place.offset > top) return placeAt(top, sizes);
  return place.offset < bottom ? placeAt(bottom, sizes) : place;
}

/** Positions in sight: from the first to before the second. */
export function inSight(offset: number, sizes: Sizes): [number, number] {
  const first = Math.max(0, Math.floor(offset / sizes.row));
  const last = Math.ceil((offset + sizes.view) / sizes.row);
  return [Math.min(first, sizes.count), Math.min(last, sizes.count)];
}

function limits(sizes: Sizes): Place {
  return {
    offset: Math.max(0, sizes.count * sizes.row - sizes.view),
    top: Math.max(0, scrollHeight(sizes) - sizes.view),
  };
}

function clamp(value: number, most: number): number {
  return Math.max(0, Math.min(value, most));
}
