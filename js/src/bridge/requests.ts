import { keepNumbers, type Odd } from "../shared/numbers";
import type { Model } from "./model";

/** Milliseconds after which a question counts as unanswered: the kernel is gone, or very busy. */
export const PATIENCE = 30_000;

/** A question that Python answered with an error; `detail` is what its `to_dict()` holds. */
export class RequestError extends Error {
  constructor(
    message: string,
    readonly detail: Record<string, unknown> = {},
  ) {
    super(message);
  }
}

/** No answer came in time. */
export class SilentError extends Error {}

interface Waiting {
  resolve(value: unknown): void;
  reject(error: Error): void;
  timer: ReturnType<typeof setTimeout>;
}

interface Reply {
  kind?: unknown;
  view?: unknown;
  id?: unknown;
  result?: unknown;
  /** How those of its numbers are written that JavaScript writes differently. */
  numbers?: Odd;
  error?: { error?: unknown; detail?: unknown };
}

/** Numbered questions to Python, each with one answer or one error.
 *
 * Several views may share one model, so each has a name of its own; answers to others are passed
 * over. */
export class Requests {
  private readonly view = crypto.randomUUID();
  private readonly waiting = new Map<number, Waiting>();
  private next = 1;

  constructor(
    private readonly model: Model,
    private readonly patience = PATIENCE,
  ) {
    model.on("msg:custom", this.receive);
  }

  /** Ask; `patience` in milliseconds, 0: as long as it takes. */
  ask<T>(action: string, values: object = {}, patience = this.patience): Promise<T> {
    const id = this.next++;
    return new Promise<T>((resolve, reject) => {
      const timer = patience
        ? setTimeout(() => this.give_up(id, action), patience)
        : (0 as unknown as Waiting["timer"]);
      this.waiting.set(id, { resolve: resolve as Waiting["resolve"], reject, timer });
      this.model.send({ kind: "request", view: this.view, id, action, values });
    });
  }

  /** Nobody waits for an answer any more. */
  close(): void {
    this.model.off("msg:custom", this.receive);
    for (const { timer } of this.waiting.values()) clearTimeout(timer);
    this.waiting.clear();
  }

  private readonly receive = (message: Reply): void => {
    if (message?.kind !== "reply" || message.view !== this.view) return;
    const waiting = this.waiting.get(message.id as number);
    if (!waiting) return;
    this.waiting.delete(message.id as number);
    clearTimeout(waiting.timer);
    if (message.error) {
      const detail = (message.error.detail ?? {}) as Record<string, unknown>;
      waiting.reject(new RequestError(String(message.error.error), detail));
    } else {
      if (message.numbers) keepNumbers(message.result, message.numbers);
      waiting.resolve(message.result);
    }
  };

  private give_up(id: number, action: string): void {
    const waiting = this.waiting.get(id);
    this.waiting.delete(id);
    waiting?.reject(new SilentError(`the kernel did not answer '${action}'`));
  }
}
