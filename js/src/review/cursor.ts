import * as runsOf from "./runs";
import { NONE, type Runs } from "./runs";

/** Where the keys are: the current row, and the selected ones.
 *
 * Held outside of what is drawn: a key sees what the key before has done, drawn or not. */
export class Cursor {
  /** The records it moves among, by the number of their selection; 0: none. */
  selection = 0;
  total = 0;
  position = 0;
  runs: Runs = NONE;
  /** How often the current row was chosen. */
  moves = 0;
  /** Grows with every change. */
  version = 0;
  private listeners = new Set<() => void>();

  /** Other records are shown; null: on the row where it is. */
  open(selection: number, total: number, position: number | null): void {
    this.selection = selection;
    this.total = total;
    this.position = this.within(position ?? this.position);
    this.runs = NONE;
    this.tell();
  }

  extend(total: number): void {
    this.total = total;
    this.tell();
  }

  go(to: number): void {
    this.moves++;
    this.position = this.within(to);
    this.tell();
  }

  select(runs: Runs): void {
    this.runs = runs;
    this.tell();
  }

  toggle(position: number): void {
    if (this.total > 0) this.select(runsOf.toggle(this.runs, position));
  }

  /** Goes to a row, and selects all up to there. */
  reach(to: number): void {
    const from = this.position;
    this.go(to);
    if (this.total > 0) this.select(runsOf.add(this.runs, from, this.position));
  }

  subscribe = (listener: () => void): (() => void) => {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  };

  private within(position: number): number {
    return Math.max(0, Math.min(position, this.total - 1));
  }

  private tell(): void {
    this.version++;
    for (const listener of this.listeners) listener();
  }
}
