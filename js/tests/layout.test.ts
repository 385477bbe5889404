import { describe, expect, it } from "vitest";
import { columnsFor, gapAt, layout, NODE_HEIGHT, NODE_WIDTH, slotAt } from "../src/editor/layout";

describe("layout", () => {
  it("has as many columns as show the blocks largest", () => {
    expect(columnsFor(5, 500, 480)).toBe(2);
    expect(columnsFor(5, 1400, 150)).toBe(5);
    expect(columnsFor(42, 500, 480)).toBe(5);
    expect(columnsFor(3, 250, 1000)).toBe(1);
    expect(columnsFor(3, 0, 0)).toBe(1);
    expect(layout(3, 1).map((place) => [place.x, place.y])).toEqual([
      [0, 0],
      [0, 152],
      [0, 304],
    ]);
  });

  it("runs back in every second row", () => {
    expect(layout(5, 2).map((place) => place.x)).toEqual([0, 312, 312, 0, 0]);
    expect(layout(5, 2).map((place) => place.leaves)).toEqual([
      "right",
      "bottom",
      "left",
      "bottom",
      "right",
    ]);
  });

  it("finds the two nodes that a point lies between", () => {
    const places = layout(7, 3);
    for (let at = 0; at < 6; at++) {
      const [one, other] = [places[at], places[at + 1]];
      if (!one || !other) throw new Error("there are seven");
      const x = (one.x + other.x + NODE_WIDTH) / 2;
      const y = (one.y + other.y + NODE_HEIGHT) / 2;
      expect(gapAt(x + 9, y - 9, 7, 3)).toBe(at);
    }
  });

  it("finds the slot a node was dropped at", () => {
    const places = layout(7, 3);
    places.forEach((place, index) => {
      expect(slotAt(place.x + 40, place.y - 30, 7, 3)).toBe(index);
    });
  });
});
