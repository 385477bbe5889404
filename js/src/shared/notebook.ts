import type { Model } from "../bridge/model";

/** The part of JupyterLab's notebook that cells are put into. */
interface SharedNotebook {
  cells: unknown[];
  insertCell(index: number, cell: { cell_type: string; source: string; metadata: object }): unknown;
}

interface Hosting {
  widget_manager?: { context?: { model?: { sharedModel?: SharedNotebook } } };
}

/** Puts a code cell below the one that shows `element`; false where the frontend has no such door. */
export function insertCellBelow(model: Model, element: HTMLElement, source: string): boolean {
  const shared = (model as Model & Hosting).widget_manager?.context?.model?.sharedModel;
  const cell = element.closest(".jp-Cell");
  const all = element.closest(".jp-Notebook")?.querySelectorAll(".jp-Cell");
  if (!shared?.insertCell || !cell || !all) return false;
  const at = [...all].indexOf(cell);
  shared.insertCell(at + 1, { cell_type: "code", source, metadata: {} });
  return true;
}
