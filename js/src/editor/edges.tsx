import {
  BaseEdge,
  type Edge,
  EdgeLabelRenderer,
  type EdgeProps,
  getSmoothStepPath,
} from "@xyflow/react";
import { memo } from "react";

export interface FlowData extends Record<string, unknown> {
  /** Where a block that is inserted here would stand. */
  at: number;
  fields: string[];
  isOpen: boolean;
  isChosen: boolean;
  choose(at: number): void;
}

export type FlowEdge = Edge<FlowData, "flow">;

/** The way from one block to the next, with the fields that flow and a button to insert there. */
export const FlowView = memo(function FlowView(props: EdgeProps<FlowEdge>) {
  const [path, x, y] = getSmoothStepPath(props);
  const { data } = props;
  if (!data) return null;
  const fields = `${data.fields.join(", ") || "no fields"}${data.isOpen ? ", any other" : ""}`;
  return (
    <>
      <BaseEdge path={path} className={data.isChosen ? "dgf-edge dgf-chosen" : "dgf-edge"} />
      <EdgeLabelRenderer>
        <button
          type="button"
          className={`dgf-insert nodrag nopan${data.isChosen ? " dgf-chosen" : ""}`}
          style={{ transform: `translate(-50%, -50%) translate(${x}px, ${y}px)` }}
          title={`Fields here: ${fields}\nClick to insert a block here`}
          aria-label={`Insert a block at position ${data.at + 1}; fields here: ${fields}`}
          aria-pressed={data.isChosen}
          onClick={() => data.choose(data.at)}
        >
          +
        </button>
      </EdgeLabelRenderer>
    </>
  );
});

export const EDGE_TYPES = { flow: FlowView };
