/** One definition in two places: what Python has, and what is changed here meanwhile. */

import type { Requests } from "../bridge/requests";
import { RequestError } from "../bridge/requests";
import type { Definition } from "./definition";
import { isSame, merge } from "./merge";

/** A definition as Python has it; every change there has another revision. */
export interface Revised {
  revision: number;
  definition: Definition;
}

/** Milliseconds of quiet after which Python hears of what is being typed. */
const QUIET = 150;

export const CONFLICT =
  "The pipeline was changed elsewhere at the same time; Undo brings back what was here";

/** Sends changes one after the other, each based on a revision; Python refuses one that is based on
 * an older one, and the two are merged. */
export class Shared {
  private mine: Definition | null = null;
  private sending: Definition | null = null;
  private timer: ReturnType<typeof setTimeout> | null = null;
  private waiting: (() => void)[] = [];

  constructor(
    private known: Revised,
    private readonly requests: Pick<Requests, "ask">,
    private readonly show: (...versions: Definition[]) => void,
    private readonly tell: (error: Error) => void,
  ) {}

  /** The definition was changed here. */
  change(definition: Definition): void {
    this.mine = isSame(definition, this.known.definition) && !this.sending ? null : definition;
    if (this.timer !== null) clearTimeout(this.timer);
    this.timer = setTimeout(() => this.push(), QUIET);
  }

  /** It was changed elsewhere, or this is what was sent from here. */
  receive(theirs: Revised): void {
    if (theirs.revision <= this.known.revision) return;
    const base = this.known.definition;
    this.known = theirs;
    if (this.sending && isSame(theirs.definition, this.sending)) return;
    const mine = this.mine ?? this.sending;
    if (mine === null) {
      this.show(theirs.definition);
      return;
    }
    const merged = merge(base, mine, theirs.definition);
    if (merged) {
      this.mine = isSame(merged, theirs.definition) ? null : merged;
      this.show(merged);
    } else {
      this.mine = null;
      this.show(mine, theirs.definition);
      this.tell(new Error(CONFLICT));
    }
  }

  /** Resolves when Python has what is here. */
  settled(): Promise<void> {
    this.push();
    if (this.mine === null && this.sending === null) return Promise.resolve();
    return new Promise((resolve) => this.waiting.push(resolve));
  }

  private push(): void {
    if (this.timer !== null) clearTimeout(this.timer);
    this.timer = null;
    if (this.sending !== null) return;
    if (this.mine === null) {
      for (const resolve of this.waiting.splice(0)) resolve();
      return;
    }
    const sent = this.mine;
    this.sending = sent;
    const values = { base: this.known.revision, definition: sent };
    this.requests.ask<{ revision: number }>("edit", values, 0).then(
      ({ revision }) => {
        if (revision > this.known.revision) this.known = { revision, definition: sent };
        if (this.mine === sent) this.mine = null;
        this.sending = null;
        this.push();
      },
      (error: Error) => {
        this.sending = null;
        if (error instanceof RequestError && error.detail.kind === "changed_elsewhere") {
          this.receive(error.detail as unknown as Revised);
        } else {
          this.mine = null;
          this.tell(error);
        }
        this.push();
      },
    );
  }
}
