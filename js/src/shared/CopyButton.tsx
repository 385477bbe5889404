import { useEffect, useState } from "react";

/** Milliseconds for which it says that it has copied. */
const SAID = 1500;

/** Puts a text on the clipboard, also on pages that the browser does not take for safe (plain HTTP).
 *
 * @throws when the browser lets nobody do it. */
export async function copyText(text: string): Promise<void> {
  if (navigator.clipboard) return navigator.clipboard.writeText(text);
  const area = document.createElement("textarea");
  area.value = text;
  area.style.position = "fixed";
  area.style.opacity = "0";
  document.body.append(area);
  const focused = document.activeElement as HTMLElement | null;
  area.select();
  const isCopied = document.execCommand("copy");
  area.remove();
  focused?.focus();
  if (!isCopied) throw new Error("the browser did not copy");
}

/** Copies a text, exactly as it is; it is made when it is asked for. */
export function CopyButton(properties: {
  /** What is copied, for those who cannot see where the button stands. */
  label: string;
  text: () => string;
  children?: string;
}) {
  const { label, text, children = "Copy" } = properties;
  const [said, setSaid] = useState<string | null>(null);
  useEffect(() => {
    if (said === null) return;
    const timer = setTimeout(() => setSaid(null), SAID);
    return () => clearTimeout(timer);
  }, [said]);
  const copy = () =>
    copyText(text()).then(
      () => setSaid("Copied"),
      () => setSaid("Not copied"),
    );
  return (
    <button
      type="button"
      className="dgf-small"
      aria-label={`Copy ${label}`}
      title={`Copy ${label}`}
      onClick={() => void copy()}
    >
      <span aria-live="polite">{said ?? children}</span>
    </button>
  );
}
