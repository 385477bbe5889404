import type { ReactNode } from "react";

/** A text of its own lines that may scroll; keys scroll it once it has the focus. */
export function Source(properties: { label: string; className: string; children: ReactNode }) {
  const { label, className, children } = properties;
  return (
    // biome-ignore-start lint/a11y/noNoninteractiveTabindex: nobody could scroll it by keyboard
    // biome-ignore-start lint/a11y/useSemanticElements: a fieldset is for a form's controls
    <pre className={className} role="group" tabIndex={0} aria-label={label} dir="auto">
      {children}
    </pre>
    // biome-ignore-end lint/a11y/useSemanticElements: as above
    // biome-ignore-end lint/a11y/noNoninteractiveTabindex: as above
  );
}
