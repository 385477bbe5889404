type Act = () => Promise<unknown> | undefined;

/** What keys ask for, in the order in which they were pressed.
 *
 * Each acts at once when the one before is over, else after it: on the row it has gone to. */
export class Turns {
  private waiting: { act: Act; isDecision: boolean }[] = [];
  private isAtWork = false;

  constructor(private readonly fail: (error: Error) => void) {}

  /** Whether the next one would have to wait. */
  get isBusy(): boolean {
    return this.isAtWork;
  }

  take(act: Act, isDecision = false): void {
    this.waiting.push({ act, isDecision });
    if (!this.isAtWork) this.work();
  }

  /** Decisions that wait have no row: it cannot be gone to. */
  dropDecisions(): void {
    this.waiting = this.waiting.filter(({ isDecision }) => !isDecision);
  }

  private work(): void {
    for (let next = this.waiting.shift(); next; next = this.waiting.shift()) {
      this.isAtWork = true;
      const lasts = next.act();
      if (lasts) {
        lasts.then(undefined, this.fail).then(() => this.work());
        return;
      }
    }
    this.isAtWork = false;
  }
}
