import type { ReactNode } from "react";

/** A panel with a way back; `place` is the class that says where it stands. */
export function Panel(properties: {
  place: string;
  title: string;
  close(): void;
  children: ReactNode;
}) {
  const { place, title, close, children } = properties;
  return (
    <section className={place} aria-label={title}>
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
