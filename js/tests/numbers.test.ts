import { describe, expect, it } from "vitest";
import type { Model } from "../src/bridge/model";
import { Requests } from "../src/bridge/requests";
import { asText } from "../src/shared/folding";
import { jsonText, numberIn, takeNumbers, textIn } from "../src/shared/numbers";
import { firstOpened, rowsOf } from "../src/shared/tree";
import { after } from "../src/trace/model";

/** A value as an answer of Python brings it. */
async function answered<T>(result: string, numbers: object): Promise<T> {
  let hear: (message: object) => void = () => undefined;
  let sent = { view: "", id: 0 };
  const model = {
    on: (_: string, listener: (message: object) => void) => {
      hear = listener;
    },
    send: (content: typeof sent) => {
      sent = content;
    },
  } as unknown as Model;
  const answer = new Requests(model, 0).ask<T>("record");
  hear({ kind: "reply", view: sent.view, id: sent.id, result: JSON.parse(result), numbers });
  return answer;
}

const RECORD =
  '{"state": {"data": {"big": 12345678901234567890, "f": 1.0, "neg": -0.0, "x": 0.5}, "n": 2.0}}';
const ODD = {
  state: { data: { big: "12345678901234567890", f: "1.0", neg: "-0.0" }, n: "2.0" },
};

describe("numbers", () => {
  it("are copied and shown as they are stored", async () => {
    const { state } = await answered<{ state: { data: object } }>(RECORD, ODD);
    expect(asText(state.data)).toBe(
      '{\n  "big": 12345678901234567890,\n  "f": 1.0,\n  "neg": -0.0,\n  "x": 0.5\n}',
    );
    expect(textIn(state, "n")).toBe("2.0");
    expect(numberIn(state, "data")).toBeNull();
    const rows = rowsOf(state.data, firstOpened(state.data));
    expect(rows.map(({ number }) => number)).toEqual([
      null,
      "12345678901234567890",
      "1.0",
      "-0.0",
      "0.5",
    ]);
  });

  it("stay so in states that are put together", async () => {
    const [before, set] = await answered<[object, object]>('[{"a": 1.0, "b": 2.0}, {"b": 3}]', {
      0: { a: "1.0", b: "2.0" },
    });
    const made = after(before as never, { set, removed: [] } as never);
    expect(jsonText(made)).toBe('{\n  "a": 1.0,\n  "b": 3\n}');
    expect(jsonText(takeNumbers({ a: 1 }, before))).toBe('{\n  "a": 1.0\n}');
  });

  it("are written as JSON.stringify writes all else", () => {
    const values = [
      "a\u2028\ud800",
      null,
      true,
      [],
      {},
      [[], { a: [1, null] }],
      { "": "\n" },
      1e21,
    ];
    values.push(JSON.parse('{"__proto__": {"a": [0.5]}, "2": 1, "1": 2}'));
    for (const value of values) expect(jsonText(value)).toBe(JSON.stringify(value, null, 2));
  });
});
