import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { RequestError } from "../src/bridge/requests";
import type { Definition } from "../src/editor/definition";
import { CONFLICT, type Revised, Shared } from "../src/editor/document";

const of = (name: string, ...types: string[]): Definition => ({
  name,
  blocks: types.map((type) => ({ type })),
});

/** Python, which takes a change only of its latest revision. */
class Python {
  document: Revised = { revision: 1, definition: of("p", "A") };
  asked = 0;

  ask<T>(_: string, values: object = {}): Promise<T> {
    this.asked++;
    const { base, definition } = values as { base: number; definition: Definition };
    if (base !== this.document.revision) {
      const detail = { kind: "changed_elsewhere", ...this.document };
      return Promise.reject(new RequestError("changed", detail));
    }
    this.document = { revision: base + 1, definition };
    return Promise.resolve({ revision: base + 1 } as T);
  }
}

describe("a shared definition", () => {
  let python: Python;
  let shown: Definition[];
  let told: string[];
  let shared: Shared;
  beforeEach(() => {
    vi.useFakeTimers();
    python = new Python();
    shown = [];
    told = [];
    shared = new Shared(
      python.document,
      python,
      (...versions) => shown.push(...versions),
      (error) => told.push(error.message),
    );
  });
  afterEach(() => vi.useRealTimers());

  it("sends what is typed after a while, once, and at once when it must be settled", async () => {
    shared.change(of("pi", "A"));
    shared.change(of("pip", "A"));
    expect(python.asked).toBe(0);
    await shared.settled();
    expect(python.document.definition).toEqual(of("pip", "A"));
    await vi.advanceTimersByTimeAsync(500);
    expect(python.asked).toBe(1);
    expect(shown).toEqual([]);
  });

  it("merges with what was changed in Python meanwhile", async () => {
    shared.change(of("renamed", "A"));
    python.document = { revision: 2, definition: of("p", "A", "B") };
    await shared.settled();
    expect(python.document).toEqual({ revision: 3, definition: of("renamed", "A", "B") });
    expect(shown).toEqual([of("renamed", "A", "B")]);
    expect(told).toEqual([]);
  });

  it("shows the other's where the two cannot be merged, after its own, and says so", async () => {
    shared.change(of("p", "A", "C"));
    python.document = { revision: 2, definition: of("p", "B") };
    shared.receive(python.document);
    await shared.settled();
    expect(shown).toEqual([of("p", "A", "C"), of("p", "B")]);
    expect(told).toEqual([CONFLICT]);
    expect(python.document.definition).toEqual(of("p", "B"));
  });

  it("takes its own change for no other's", async () => {
    shared.change(of("q", "A"));
    const settled = shared.settled();
    shared.receive(python.document);
    await settled;
    expect(shown).toEqual([]);
  });
});
