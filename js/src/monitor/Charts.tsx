import { type ReactNode, useLayoutEffect, useRef, useState } from "react";
import {
  ground,
  line,
  loads,
  meanPace,
  nearest,
  niceTop,
  paces,
  scales,
  stairs,
  timeTicks,
} from "./course";
import type { Moment } from "./protocol";
import { clock, count, plural, rate } from "./words";

const HEIGHT = 72;
/** Room below the chart for times. */
const FOOT = 16;

interface CourseProperties {
  moments: Moment[];
  isActive: boolean;
}

/** How many records came per second, over time. */
export function PaceChart({ moments, isActive }: CourseProperties) {
  const found = paces(moments);
  if (found.length < 2) return null;
  const top = niceTop(1.1 * Math.max(...found.map((point) => point.rate)));
  return (
    <Chart
      title="Records per second"
      points={found}
      moments={moments}
      top={top}
      told={(i) => rate(found[i]?.rate ?? 0)}
      summary={isActive ? null : `${rate(meanPace(moments))} on average`}
      draw={({ x, y }) => {
        const points = found.map((point): [number, number] => [x(point.at), y(point.rate)]);
        return (
          <>
            <path className="dgf-chart-ground" d={ground(points, HEIGHT)} />
            <path className="dgf-chart-line" d={line(points)} />
          </>
        );
      }}
    />
  );
}

/** How many calls were with the models' servers and how many were allowed, over time. */
export function CallsChart({ moments, isActive }: CourseProperties) {
  const found = loads(moments);
  const most = Math.max(...found.map(({ inFlight, allowed }) => Math.max(inFlight, allowed ?? 0)));
  const isLimited = found.some(({ allowed }) => allowed !== null);
  const refused = found.reduce((sum, point) => sum + point.refused, 0);
  const told = (i: number) => {
    const point = found[i];
    if (!point) return "";
    const of = point.allowed === null ? "" : ` of ${count(point.allowed)} allowed`;
    const no = point.refused ? `, ${count(point.refused)} refused` : "";
    return `${count(point.inFlight)}${of}${no}`;
  };
  return (
    <Chart
      title="Calls in flight"
      points={found}
      moments={moments}
      top={niceTop(1.1 * most)}
      told={told}
      summary={isActive ? null : `at most ${count(Math.max(...found.map((p) => p.inFlight)))}`}
      legend={
        <>
          {isLimited && <span className="dgf-key-allowed">allowed at once</span>}
          {refused > 0 && (
            <span className="dgf-key-refused">{plural(refused, "refused call")} (429)</span>
          )}
        </>
      }
      draw={({ x, y }) => {
        const points = found.map((point): [number, number] => [x(point.at), y(point.inFlight)]);
        const limits = found
          .filter(({ allowed }) => allowed !== null)
          .map(({ at, allowed }): [number, number] => [x(at), y(allowed ?? 0)]);
        return (
          <>
            <path className="dgf-chart-ground" d={ground(points, HEIGHT)} />
            <path className="dgf-chart-line" d={line(points)} />
            <path className="dgf-chart-allowed" d={stairs(limits)} />
            {found.map(({ at, refused: no }) =>
              no ? (
                <line
                  key={at}
                  className="dgf-chart-refused"
                  x1={x(at)}
                  x2={x(at)}
                  y1={0}
                  y2={HEIGHT}
                />
              ) : null,
            )}
          </>
        );
      }}
    />
  );
}

interface Properties {
  title: string;
  points: { at: number }[];
  moments: Moment[];
  top: number;
  /** A point in words. */
  told(index: number): string;
  /** All of it in words, where the last point is not what one wants to know. */
  summary: string | null;
  draw(scale: ReturnType<typeof scales>): ReactNode;
  legend?: ReactNode;
}

/** A chart over time whose points can be looked at with the mouse or the arrow keys. */
function Chart({ title, points, moments, top, told, summary, draw, legend }: Properties) {
  const frame = useRef<HTMLDivElement>(null);
  const width = useWidth(frame);
  const [chosen, setChosen] = useState<number | null>(null);
  const from = moments[0]?.[0] ?? 0;
  const to = moments.at(-1)?.[0] ?? 1;
  const scale = scales(from, to, top, { width, height: HEIGHT });
  const last = points.length - 1;
  const at = chosen === null ? last : Math.min(chosen, last);
  const point = points[at];
  const ticks = timeTicks(from, to, Math.max(1, Math.floor(width / 110)));
  const hasSeconds = to - from < 300;
  const words = told(at);
  const when = point ? clock(point.at, true) : "";
  return (
    <figure className="dgf-monitor-chart">
      <figcaption>
        <span>
          <strong>{title}</strong>{" "}
          <span className="dgf-chart-told">{chosen === null && summary ? summary : words}</span>{" "}
          <span className="dgf-soft">{chosen === null ? "" : `at ${when}`}</span>
        </span>
        <span className="dgf-chart-legend">{legend}</span>
      </figcaption>
      <div
        ref={frame}
        role="slider"
        tabIndex={0}
        aria-label={`${title}, over time`}
        aria-valuemin={0}
        aria-valuemax={last}
        aria-valuenow={at}
        aria-valuetext={`${words} at ${when}`}
        onPointerMove={(event) => {
          const box = event.currentTarget.getBoundingClientRect();
          const share = (event.clientX - box.left) / Math.max(box.width, 1);
          setChosen(nearest(points, from + share * (to - from)));
        }}
        onPointerLeave={() => setChosen(null)}
        onBlur={() => setChosen(null)}
        onKeyDown={(event) => {
          const steps: Record<string, number> = {
            ArrowLeft: at - 1,
            ArrowRight: at + 1,
            Home: 0,
            End: last,
          };
          const next = steps[event.key];
          if (next === undefined) return;
          event.preventDefault();
          setChosen(Math.max(0, Math.min(last, next)));
        }}
      >
        <svg width={width} height={HEIGHT + FOOT} aria-hidden="true">
          <line className="dgf-chart-axis" x1={0} x2={width} y1={HEIGHT} y2={HEIGHT} />
          <line className="dgf-chart-axis dgf-faint" x1={0} x2={width} y1={0.5} y2={0.5} />
          {draw(scale)}
          <text className="dgf-chart-word" x={2} y={11}>
            {top < 1 ? top : count(top)}
          </text>
          {ticks.map((tick) => (
            <text
              key={tick}
              className="dgf-chart-word"
              x={scale.x(tick)}
              y={HEIGHT + 12}
              textAnchor={anchor(scale.x(tick), width)}
            >
              {clock(tick, hasSeconds)}
            </text>
          ))}
          {chosen !== null && point && (
            <line
              className="dgf-chart-chosen"
              x1={scale.x(point.at)}
              x2={scale.x(point.at)}
              y1={0}
              y2={HEIGHT}
            />
          )}
        </svg>
      </div>
    </figure>
  );
}

/** Words at the edges stay inside. */
function anchor(x: number, width: number): "start" | "middle" | "end" {
  if (x < 30) return "start";
  return x > width - 30 ? "end" : "middle";
}

function useWidth(frame: React.RefObject<HTMLElement | null>): number {
  const [width, setWidth] = useState(300);
  useLayoutEffect(() => {
    const element = frame.current;
    if (!element) return;
    const look = () => setWidth(Math.max(60, Math.floor(element.clientWidth)));
    look();
    const observer = new ResizeObserver(look);
    observer.observe(element);
    return () => observer.disconnect();
  }, [frame]);
  return width;
}
