import "./shared/base.css";
import "./shared/values.css";
import type { RenderContext } from "./bridge/model";
import { render as renderCompare } from "./compare/view";
import { render as renderEditor } from "./editor/view";
import { render as renderMonitor } from "./monitor/view";
import { render as renderReview } from "./review/view";
import { render as renderTrace } from "./trace/view";

/** Every widget of the package by the name its model gives. */
const VIEWS: Record<string, (context: RenderContext) => () => void> = {
  compare: renderCompare,
  editor: renderEditor,
  monitor: renderMonitor,
  review: renderReview,
  trace: renderTrace,
};

export default {
  render(context: RenderContext): () => void {
    const name = String(context.model.get("view"));
    const render = VIEWS[name];
    if (!render) throw new Error(`this bundle has no widget '${name}'`);
    return render(context);
  },
};
