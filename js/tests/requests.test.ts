import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { Model } from "../src/bridge/model";
import { RequestError, Requests, SilentError } from "../src/bridge/requests";

interface Sent {
  view: string;
  id: number;
  action: string;
  values: object;
}

/** A model whose Python side is the test. */
function fake(): { model: Model; sent: Sent[]; say(message: object): void } {
  const listeners = new Set<(message: object) => void>();
  const sent: Sent[] = [];
  const model = {
    on: (_: string, listener: (message: object) => void) => listeners.add(listener),
    off: (_: string, listener: (message: object) => void) => listeners.delete(listener),
    send: (content: Sent) => sent.push(content),
  } as unknown as Model;
  const say = (message: object) => {
    for (const listener of listeners) listener(message);
  };
  return { model, sent, say };
}

describe("requests", () => {
  beforeEach(() => vi.useFakeTimers());
  afterEach(() => vi.useRealTimers());

  it("pair answers with questions by number, in whatever order they come", async () => {
    const { model, sent, say } = fake();
    const requests = new Requests(model);
    const first = requests.ask("a", { x: 1 });
    const second = requests.ask("b");
    expect(sent.map(({ id, action, values }) => [id, action, values])).toEqual([
      [1, "a", { x: 1 }],
      [2, "b", {}],
    ]);
    const view = sent[0]?.view;
    say({ kind: "reply", view, id: 2, result: "two" });
    say({ kind: "reply", view, id: 1, result: "one" });
    say({ kind: "reply", view, id: 1, result: "late" });
    await expect(first).resolves.toBe("one");
    await expect(second).resolves.toBe("two");
  });

  it("give Python's error with its detail", async () => {
    const { model, sent, say } = fake();
    const answer = new Requests(model).ask("a");
    const error = { error: "no", detail: { kind: "x" } };
    say({ kind: "reply", view: sent[0]?.view, id: 1, error });
    const failure = await answer.catch((reason: unknown) => reason);
    expect(failure).toBeInstanceOf(RequestError);
    expect(failure).toMatchObject({ message: "no", detail: { kind: "x" } });
  });

  it("pass over answers to another view of the same model", async () => {
    const { model, say } = fake();
    const answer = new Requests(model, 100).ask("a");
    say({ kind: "reply", view: "another", id: 1, result: "theirs" });
    vi.advanceTimersByTime(100);
    await expect(answer).rejects.toBeInstanceOf(SilentError);
  });

  it("say when nobody answers, and wait for ever where told so", async () => {
    const { model, sent, say } = fake();
    const requests = new Requests(model, 100);
    const patient = requests.ask("slow", {}, 0);
    const silent = requests.ask("gone");
    vi.advanceTimersByTime(1000);
    await expect(silent).rejects.toThrow("the kernel did not answer 'gone'");
    say({ kind: "reply", view: sent[0]?.view, id: 1, result: 5 });
    await expect(patient).resolves.toBe(5);
  });
});
