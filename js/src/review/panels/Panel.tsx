import type { ReactNode } from "react";
import { Panel as Shared } from "../../shared/Panel";

/** A panel beside the table, with a way back. */
export function Panel(properties: { title: string; close(): void; children: ReactNode }) {
  return <Shared place="dgf-side" {...properties} />;
}
