import {
  type RefObject,
  useCallback,
  useEffect,
  useId,
  useLayoutEffect,
  useRef,
  useState,
} from "react";
import type { Column } from "./columns";
import { GridHead } from "./GridHead";
import { GridRow } from "./GridRow";
import { Part } from "./Part";
import * as runsOf from "./runs";
import { useReview } from "./useReview";
import { inSight, type Place, placeAt, reveal, type Sizes, scrolled, scrollHeight } from "./window";

/** Pixels of the head and of a row. */
export const HEAD = 32;
export const ROW = 30;
/** Pixels of the column with the boxes that select rows. */
export const BOX = 36;
/** Milliseconds after which the scroll bar is put where it belongs. */
const REST = 200;

/** The table: as many rows as fit, of however many there are. */
export function Grid(properties: {
  focus: RefObject<HTMLDivElement | null>;
  menu(column: Column, element: HTMLElement): void;
  /** Shows the current row for reading. */
  open(): void;
}) {
  const { focus, menu, open } = properties;
  const review = useReview();
  const { shown, rows, found, position, runs } = review;
  const column = review.column?.name ?? "";
  const id = useId();
  const count = found?.total ?? 0;
  const view = useView(focus);
  const { place, onScroll, show } = useScrolling(focus, { count, row: ROW, view });
  const [first, last] = inSight(place.offset, { count, row: ROW, view });

  useEffect(() => rows.want(first, last), [rows, first, last]);
  useLayoutEffect(() => show(position), [show, position]);
  useColumnInSight(focus, column);

  const width = BOX + shown.reduce((sum, each) => sum + each.width, 0);
  const end = shown.length - 1;
  const tracks = shown.map(({ width }, at) =>
    at === end ? `minmax(${width}px, 1fr)` : `${width}px`,
  );
  const template = `${BOX}px ${tracks.join(" ")}`;
  const inView = Array.from({ length: last - first }, (_, at) => first + at);
  const isHere = rows.get(position)?.status !== undefined;
  return (
    <Part
      ref={focus}
      className="dgf-grid"
      role="grid"
      tabIndex={0}
      inert={review.isGone}
      aria-label={`Records of ${review.about.title}`}
      aria-rowcount={count + 1}
      aria-colcount={shown.length + 1}
      aria-multiselectable
      aria-busy={review.isAsking}
      aria-activedescendant={isHere ? `${id}-${position}-${column}` : undefined}
      onScroll={onScroll}
      onDoubleClick={open}
    >
      <Part
        role="presentation"
        style={{ width, minWidth: "100%", height: scrollHeight({ count, row: ROW, view }) + HEAD }}
      >
        <GridHead template={template} menu={menu} />
        <Part className="dgf-grid-view" role="rowgroup" style={{ top: HEAD, height: view }}>
          {inView.map((at) => (
            <GridRow
              key={at}
              id={`${id}-${at}`}
              position={at}
              top={at * ROW - place.offset}
              row={rows.get(at)}
              columns={shown}
              template={template}
              active={at === position ? column : null}
              isSelected={runsOf.has(runs, at)}
            />
          ))}
        </Part>
      </Part>
    </Part>
  );
}

/** Pixels of rows in sight. */
function useView(grid: RefObject<HTMLDivElement | null>): number {
  const [view, setView] = useState(ROW);
  useLayoutEffect(() => {
    const element = grid.current;
    if (!element) return;
    const measure = () => setView(Math.max(ROW, element.clientHeight - HEAD));
    measure();
    const observer = new ResizeObserver(measure);
    observer.observe(element);
    return () => observer.disconnect();
  }, [grid]);
  return view;
}

/** Where the table is scrolled to, and how it is scrolled to a row. */
function useScrolling(grid: RefObject<HTMLDivElement | null>, sizes: Sizes) {
  const [place, setPlace] = useState<Place>({ offset: 0, top: 0 });
  const held = useRef(place);
  const now = useRef(sizes);
  now.current = sizes;
  const rest = useRef<ReturnType<typeof setTimeout>>(undefined);

  const put = useCallback(
    (next: Place) => {
      if (next === held.current) return;
      held.current = next;
      setPlace(next);
      const element = grid.current;
      if (element && element.scrollTop !== next.top) element.scrollTop = next.top;
    },
    [grid],
  );
  const onScroll = useCallback(() => {
    const element = grid.current;
    if (!element || element.scrollTop === held.current.top) return;
    held.current = scrolled(held.current, element.scrollTop, now.current);
    setPlace(held.current);
    clearTimeout(rest.current);
    rest.current = setTimeout(() => {
      // Unless it was scrolled in this very moment.
      if (element.scrollTop === held.current.top) put(placeAt(held.current.offset, now.current));
    }, REST);
  }, [grid, put]);
  useEffect(() => () => clearTimeout(rest.current), []);
  const { count, view } = sizes;
  // biome-ignore lint/correctness/useExhaustiveDependencies: what is scrolled to may be gone now
  useLayoutEffect(() => put(placeAt(held.current.offset, now.current)), [count, view, put]);

  const show = useCallback(
    (position: number) => put(reveal(held.current, position, now.current)),
    [put],
  );
  return { place, onScroll, show };
}

/** Scrolls sideways to the column that keys act on. */
function useColumnInSight(grid: RefObject<HTMLDivElement | null>, column: string) {
  const { shown } = useReview();
  useLayoutEffect(() => {
    const element = grid.current;
    const at = shown.findIndex((each) => each.name === column);
    const wanted = shown[at];
    if (!element || !wanted || wanted.isPinned) return;
    const pinned = shown.filter((each) => each.isPinned).reduce((sum, each) => sum + each.width, 0);
    const left = BOX + shown.slice(0, at).reduce((sum, each) => sum + each.width, 0);
    const hidden = BOX + pinned;
    if (left - hidden < element.scrollLeft) element.scrollLeft = left - hidden;
    else if (left + wanted.width > element.scrollLeft + element.clientWidth) {
      element.scrollLeft = Math.min(left - hidden, left + wanted.width - element.clientWidth);
    }
  }, [grid, column, shown]);
}
