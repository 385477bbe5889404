/** Edits that are not saved: they outlive moving on to another record, and the kernel. */

import type { Model } from "../../bridge/model";
import { isSameNumbers, isSameTyped, type Typed, typedIn, typedOf } from "./editing";
import { isSame } from "./kinds";

export interface Draft {
  typed: Typed;
  /** The field's value that the edit was begun from. */
  base: unknown;
  /** What stood there to be typed over; not of a note. */
  start?: Typed;
}

/** The part of a record that a draft is of: a field, or its note. */
export type Part = `field ${string}` | "note";

/** The edit of a field as it begins. */
export function begun(state: Record<string, unknown>, name: string): Draft & { start: Typed } {
  const start = typedIn(state, name);
  return { typed: start, base: state[name], start };
}

/** One widget's drafts; every view of it has the same. */
export class Drafts {
  private readonly kept = new Map<number, Map<Part, Draft>>();
  private readonly listeners = new Set<() => void>();
  private count = 0;

  /** Hears of every change. */
  readonly subscribe = (listener: () => void): (() => void) => {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  };

  /** Another number after every change. */
  readonly revision = (): number => this.count;

  get(id: number, part: Part): Draft | null {
    return this.kept.get(id)?.get(part) ?? null;
  }

  /** The edit of a value begins. */
  begin(id: number, part: Part, state: Record<string, unknown>, name: string): void {
    this.put(id, part, begun(state, name));
  }

  put(id: number, part: Part, draft: Draft): void {
    const parts = this.kept.get(id) ?? new Map<Part, Draft>();
    this.kept.set(id, parts.set(part, draft));
    this.tell();
  }

  drop(id: number, part: Part): void {
    const parts = this.kept.get(id);
    if (!parts?.delete(part)) return;
    if (parts.size === 0) this.kept.delete(id);
    this.tell();
  }

  /** Whether something was typed that is not saved. */
  isChanged(id: number, part: Part): boolean {
    const draft = this.get(id, part);
    return draft !== null && !isSameTyped(draft.typed, draft.start ?? typedOf(draft.base));
  }

  /** Records with something typed that is not saved. */
  changedIds(): number[] {
    const isChanged = ([id, parts]: [number, Map<Part, Draft>]) =>
      [...parts.keys()].some((part) => this.isChanged(id, part));
    return [...this.kept].filter(isChanged).map(([id]) => id);
  }

  /** Fields of a record that are being edited. */
  fields(id: number): string[] {
    const parts = [...(this.kept.get(id)?.keys() ?? [])];
    return parts.filter((part) => part !== "note").map((part) => part.slice("field ".length));
  }

  private tell(): void {
    this.count++;
    for (const listener of this.listeners) listener();
  }
}

/** Somebody else changed the field since the edit was begun; `written` is how it stands there now. */
export function isConflict(
  { base, start }: Pick<Draft, "base" | "start">,
  current: unknown,
  written = start,
): boolean {
  if (!isSame(base ?? null, current ?? null)) return true;
  // To JavaScript 1.0 is 1, and long whole numbers are the same that differ in their last digits.
  return start !== undefined && written !== undefined && !isSameNumbers(start, written);
}

/** Kept beside the models: views come and go, when a notebook is scrolled for instance. */
const ALL = new WeakMap<Model, Drafts>();

export function draftsOf(model: Model): Drafts {
  const drafts = ALL.get(model) ?? new Drafts();
  ALL.set(model, drafts);
  return drafts;
}
