/** Tells what somebody else changed from what comes back of one's own typing.
 *
 * A value that was typed comes back a little later, when more may have been typed already. */

/** Milliseconds after which a value that comes in is nobody's echo. */
const MOST = 2000;

export class Echoes<T> {
  private open: { value: T; at: number }[] = [];

  constructor(private readonly now: () => number = () => Date.now()) {}

  sent(value: T): void {
    this.open.push({ value, at: this.now() });
    // Large texts are not to pile up.
    if (this.open.length > 20) this.open.shift();
  }

  /** Everything that was sent has come back. */
  clear(): void {
    this.open = [];
  }

  /** Whether the value is one that was sent; it and what was sent before are done with then. */
  isEcho(value: T): boolean {
    this.open = this.open.filter(({ at }) => this.now() - at < MOST);
    const at = this.open.findLastIndex((each) => each.value === value);
    if (at < 0) return false;
    this.open = this.open.slice(at + 1);
    return true;
  }
}
