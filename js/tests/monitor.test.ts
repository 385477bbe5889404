import { describe, expect, it } from "vitest";
import {
  ground,
  hasCalls,
  line,
  loads,
  meanPace,
  nearest,
  niceTop,
  paces,
  scales,
  stairs,
  timeTicks,
} from "../src/monitor/course";
import { milestone, pieces } from "../src/monitor/Progress";
import type { Facts, Moment } from "../src/monitor/protocol";
import { brief, duration, percent, plural, rate, short } from "../src/monitor/words";

const moment = (at: number, records: number, inFlight = 0, refused = 0, allowed = 8): Moment => [
  at,
  records,
  records,
  0,
  inFlight,
  allowed,
  refused,
];

describe("a course", () => {
  it("tells records per second over the last few steps, so that a burst is no peak", () => {
    const steady = [moment(10, 0), moment(12, 6), moment(14, 6), moment(16, 12), moment(16.2, 14)];
    expect(paces(steady).map(({ rate: each }) => Number(each.toFixed(2)))).toEqual([
      3, 1.5, 2, 2.26,
    ]);
    expect(meanPace(steady)).toBeCloseTo(14 / 6.2);
    expect(meanPace([])).toBe(0);
  });

  it("has no rate below nothing, of a retry, and none over a break", () => {
    const found = paces([
      moment(0, 9),
      moment(1, 7),
      moment(2, 8),
      moment(500, 9),
      moment(501, 11),
    ]);
    expect(found.map(({ rate: each }) => each)).toEqual([0, 0, 0, 0, 2]);
  });

  it("tells refusals since the moment before", () => {
    const found = loads([moment(0, 0, 1, 2), moment(1, 0, 4, 2), moment(2, 0, 3, 7)]);
    expect(found.map(({ refused }) => refused)).toEqual([2, 0, 5]);
  });

  it("has calls where there are any or a limit is known", () => {
    expect(hasCalls([[0, 1, 1, 0, 0, null, 0]])).toBe(false);
    expect(hasCalls([[0, 1, 1, 0, 2, null, 0]])).toBe(true);
    expect(hasCalls([moment(0, 0)])).toBe(true);
  });
});

describe("a chart", () => {
  it("ends at a round number", () => {
    expect([0, 0.07, 1, 1.2, 7, 31, 1001].map(niceTop)).toEqual([1, 0.08, 1, 1.5, 8, 40, 1500]);
  });

  it("writes round times, no more than there is room for", () => {
    expect(timeTicks(100, 109, 5)).toEqual([100, 102, 104, 106, 108]);
    expect(timeTicks(0, 7200, 3)).toEqual([0, 3600, 7200]);
    expect(timeTicks(5, 5, 3)).toEqual([5]);
  });

  it("draws lines, stairs and the ground below", () => {
    const { x, y } = scales(0, 10, 4, { width: 100, height: 40 });
    const points: [number, number][] = [0, 5, 10].map((at) => [x(at), y(at / 2.5)]);
    expect(line(points)).toBe("M0 40L50 20L100 0");
    expect(stairs(points)).toBe("M0 40H50V20H100V0");
    expect(ground(points, 40)).toBe("M0 40L50 20L100 0L100 40L0 40Z");
    expect(ground([], 40)).toBe("");
    expect(nearest([{ at: 0 }, { at: 5 }, { at: 10 }], 6.9)).toBe(1);
  });
});

describe("words", () => {
  it("are Python's", () => {
    expect([950, 12_300, 4_500_000].map(short)).toEqual(["950", "12.3k", "4.5M"]);
    expect([4, 45, 125, 3723].map(duration)).toEqual(["4 s", "45 s", "2:05 min", "1:02:03 h"]);
    expect([plural(1, "try"), plural(2000, "record")]).toEqual(["1 try", "2,000 records"]);
    expect([0.0003, 0.82, 1.44, 61].map(brief)).toEqual(["0.3 ms", "820 ms", "1.4 s", "1:01 min"]);
    expect([31.4, 3.24, 0.2, 0.0005].map(rate)).toEqual(["31/s", "3.2/s", "12/min", "1.8/h"]);
    expect([0, 0.004, 0.156].map(percent)).toEqual(["0 %", "< 1 %", "16 %"]);
  });
});

describe("progress", () => {
  const facts = {
    id: 3,
    status: "running",
    is_active: true,
    told: "6/10 (60 %)",
    done: 6,
    total: 10,
    generated: 8,
    failed: 3,
    filtered: 1,
  } as Facts;

  it("is parted by what became of records, as long as what has ended", () => {
    const shares = pieces(facts).map(({ name, share }) => [name, Math.round(100 * share)]);
    expect(shares).toEqual([
      ["good", 40],
      ["failed", 15],
      ["filtered", 5],
    ]);
    expect(pieces({ ...facts, has_target: true })).toEqual([
      { name: "accepted", value: 6, share: 0.6 },
    ]);
    expect(pieces({ ...facts, total: 0, done: 0 })[0]?.share).toBe(0);
  });

  it("is read out at milestones only", () => {
    const told = (more: Partial<Facts>) => milestone({ ...facts, ...more });
    expect(told({ failed: 0 })).toBe("Job 3 at 50 %");
    expect(told({ failed: 0, done: 7 })).toBe("Job 3 at 50 %");
    expect(told({})).toBe("Job 3 at 50 %, some failed");
    expect(told({ is_paused: true })).toBe("Job 3 is paused");
    expect(told({ is_active: false, status: "completed" })).toBe(
      "Job 3 completed: 6/10 (60 %), 3 failed",
    );
  });
});
