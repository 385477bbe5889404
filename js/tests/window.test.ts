import { describe, expect, it } from "vitest";
import { inSight, placeAt, reveal, scrolled, scrollHeight, TALLEST } from "../src/review/window";

const few = { count: 100, row: 30, view: 300 };
const many = { count: 5_000_000, row: 30, view: 300 };

describe("the window over rows", () => {
  it("is the scroll position while the rows fit", () => {
    expect(scrollHeight(few)).toBe(3000);
    expect(scrolled({ offset: 0, top: 0 }, 450, few)).toEqual({ offset: 450, top: 450 });
    expect(inSight(450, few)).toEqual([15, 25]);
    expect(inSight(455, few)).toEqual([15, 26]);
  });

  it("is no higher than browsers draw, and reaches both ends", () => {
    expect(scrollHeight(many)).toBe(TALLEST);
    const end = scrolled({ offset: 0, top: 0 }, TALLEST - 300, many);
    expect(inSight(end.offset, many)).toEqual([4_999_990, 5_000_000]);
    expect(scrolled(end, 0, many)).toEqual({ offset: 0, top: 0 });
  });

  it("moves by the pixel with the wheel, and in proportion with the bar", () => {
    const middle = placeAt(75_000_000, many);
    expect(scrolled(middle, middle.top + 100, many).offset).toBe(75_000_100);
    const half = scrolled({ offset: 0, top: 0 }, (TALLEST - 300) / 2, many);
    expect(half.offset).toBe((5_000_000 * 30 - 300) / 2);
  });

  it("reveals a row by the smallest move", () => {
    const start = { offset: 0, top: 0 };
    expect(reveal(start, 9, few)).toBe(start);
    expect(reveal(start, 10, few).offset).toBe(30);
    expect(reveal({ offset: 900, top: 900 }, 20, few).offset).toBe(600);
    const last = reveal(start, 4_999_999, many);
    expect(inSight(last.offset, many)).toEqual([4_999_990, 5_000_000]);
    expect(last.top).toBe(TALLEST - 300);
  });

  it("shows nothing of no rows", () => {
    const none = { count: 0, row: 30, view: 300 };
    expect(inSight(0, none)).toEqual([0, 0]);
    expect(placeAt(50, none)).toEqual({ offset: 0, top: 0 });
  });
});
