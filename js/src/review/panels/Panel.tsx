import type { ReactNode } from "react";

/** A panel beside the table, with a way back. */
export function Panel(properties: { title: string; close(): void; children: ReactNode }) {
  const { title, close, children } = properties;
  return (
    <section className="dgf-side" aria-label={title}>
      <div className="dgf-panel-head">
        <h3>{title}</h3>
        <button type="button" className="dgf-button" onClick={close}>
          Close
        </button>
      </div>
      {children}
    </section>
  );
}
