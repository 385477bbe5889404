/** A key as a widget's table of commands is asked about it. */
export function keyEvent(key: string, more: object = {}) {
  const none = { ctrlKey: false, metaKey: false, altKey: false, shiftKey: false, target: null };
  return { key, ...none, ...more };
}

/** Something inside elements of these selectors. */
export function within(...selectors: string[]): EventTarget {
  const closest = (asked: string) => (selectors.some((one) => asked.includes(one)) ? {} : null);
  return { closest } as unknown as EventTarget;
}
