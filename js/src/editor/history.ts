/** Undo and redo over whole values; small edits of one thing in a row are one step. */
export interface History<T> {
  past: readonly T[];
  present: T;
  future: readonly T[];
  /** What the latest step changed; the next one of the same name joins it. */
  topic: string | null;
}

const MOST = 200;

export function begin<T>(present: T): History<T> {
  return { past: [], present, future: [], topic: null };
}

/** A new present. `topic` names what is being typed in: a whole sentence is one step back. */
export function record<T>(
  history: History<T>,
  present: T,
  topic: string | null = null,
): History<T> {
  if (present === history.present) return history;
  if (topic !== null && topic === history.topic) return { ...history, present, future: [] };
  const past = [...history.past, history.present].slice(-MOST);
  return { past, present, future: [], topic };
}

export function undo<T>(history: History<T>): History<T> {
  const present = history.past.at(-1);
  if (present === undefined) return history;
  const future = [history.present, ...history.future];
  return { past: history.past.slice(0, -1), present, future, topic: null };
}

export function redo<T>(history: History<T>): History<T> {
  const [present, ...future] = history.future;
  if (present === undefined) return history;
  return { past: [...history.past, history.present], present, future, topic: null };
}
