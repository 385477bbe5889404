import type { ComponentProps } from "react";

/** A part of the grid: an element with a role that it names.
 *
 * No `<table>`, `<tr>` or `<td>`, because rows are placed by hand; and not focusable itself, because
 * the grid keeps the focus and names the active cell. */
export function Part(properties: ComponentProps<"div"> & { role: string }) {
  return <div {...properties} />;
}
