/** Where blocks stand: in order, row by row, every second row running back like a snake. */

export const NODE_WIDTH = 240;
export const NODE_HEIGHT = 96;
const GAP_X = 72;
const GAP_Y = 56;

export interface Place {
  x: number;
  y: number;
  /** The side an edge arrives at and the one it leaves from. */
  arrives: Side;
  leaves: Side;
}

export type Side = "left" | "right" | "top" | "bottom";

const MOST_COLUMNS = 8;

/** The number of columns with which `count` nodes are shown largest in a place of that size. */
export function columnsFor(count: number, width: number, height: number): number {
  let best = 1;
  let largest = 0;
  for (let columns = 1; columns <= Math.min(count, MOST_COLUMNS); columns++) {
    const rows = Math.ceil(count / columns);
    const across = width / (columns * (NODE_WIDTH + GAP_X) - GAP_X);
    const down = height / (rows * (NODE_HEIGHT + GAP_Y) - GAP_Y);
    const scale = Math.min(1, across, down);
    if (scale > largest) {
      largest = scale;
      best = columns;
    }
  }
  return best;
}

/** Places of `count` nodes, Start and End among them, in `columns` columns. */
export function layout(count: number, columns: number): Place[] {
  return Array.from({ length: count }, (_, index) => {
    const row = Math.floor(index / columns);
    const along = index % columns;
    const isBack = row % 2 === 1;
    const column = isBack ? columns - 1 - along : along;
    const isFirst = along === 0;
    const isLast = along === columns - 1;
    return {
      x: column * (NODE_WIDTH + GAP_X),
      y: row * (NODE_HEIGHT + GAP_Y),
      arrives: isFirst && row > 0 ? "top" : isBack ? "right" : "left",
      leaves: isLast ? "bottom" : isBack ? "left" : "right",
    };
  });
}

/** Between which two of `count` nodes a point lies: 0 is between the first and the second. */
export function gapAt(x: number, y: number, count: number, columns: number): number {
  const places = layout(count, columns);
  const gaps = places.slice(1).map((place, index) => {
    const before = places[index] as Place;
    return {
      x: (before.x + place.x + NODE_WIDTH) / 2,
      y: (before.y + place.y + NODE_HEIGHT) / 2,
    };
  });
  return nearest(gaps, x, y);
}

/** Which of `count` slots lies nearest to where a node was dropped. */
export function slotAt(x: number, y: number, count: number, columns: number): number {
  return nearest(layout(count, columns), x, y);
}

function nearest(points: readonly { x: number; y: number }[], x: number, y: number): number {
  const distances = points.map((point) => (point.x - x) ** 2 + (point.y - y) ** 2);
  return distances.indexOf(Math.min(...distances));
}
