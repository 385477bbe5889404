import { Handle, type Node, type NodeProps, Position } from "@xyflow/react";
import { memo } from "react";
import type { Side } from "./layout";

/** What a block gave when it was tried. */
export interface Tried {
  state: string;
  text: string;
}

export interface BlockData extends Record<string, unknown> {
  number: number;
  id: string;
  type: string;
  title: string;
  category: string;
  isDisabled: boolean;
  when: string | null;
  fansOut: boolean;
  adds: string[];
  problems: string[];
  isSelected: boolean;
  tried: Tried | null;
  arrives: Side;
  leaves: Side;
}

export interface EndData extends Record<string, unknown> {
  title: string;
  fields: string[];
  arrives: Side | null;
  leaves: Side | null;
}

export type BlockNode = Node<BlockData, "block">;
export type EndNode = Node<EndData, "end">;

const SIDES: Record<Side, Position> = {
  left: Position.Left,
  right: Position.Right,
  top: Position.Top,
  bottom: Position.Bottom,
};

export const BlockView = memo(function BlockView({ data }: NodeProps<BlockNode>) {
  const classes = ["dgf-node", `dgf-of-${data.category}`];
  if (data.isSelected) classes.push("dgf-selected");
  if (data.isDisabled) classes.push("dgf-disabled");
  if (data.problems.length) classes.push("dgf-wrong");
  return (
    <div className={classes.join(" ")} data-testid={`block-${data.id}`}>
      <Handle type="target" position={SIDES[data.arrives]} isConnectable={false} />
      <div className="dgf-node-head">
        <span className="dgf-number">{data.number}</span>
        <span className="dgf-node-title" dir="auto">
          {data.title}
        </span>
        {data.fansOut && <span className="dgf-badge">fans out</span>}
        {data.isDisabled && <span className="dgf-badge">disabled</span>}
      </div>
      <div className="dgf-node-id" dir="auto">
        {data.id}
      </div>
      {data.when !== null && (
        <div className="dgf-node-line">
          when <code dir="auto">{data.when}</code>
        </div>
      )}
      {data.problems.length ? (
        <div className="dgf-node-line dgf-bad" title={data.problems.join("\n")}>
          {data.problems[0]}
        </div>
      ) : (
        <div className="dgf-node-line dgf-soft">
          {data.adds.length ? `adds ${data.adds.join(", ")}` : "adds nothing"}
        </div>
      )}
      {data.tried && (
        <div className={`dgf-tried dgf-tried-${data.tried.state}`}>{data.tried.text}</div>
      )}
      <Handle type="source" position={SIDES[data.leaves]} isConnectable={false} />
    </div>
  );
});

export const EndView = memo(function EndView({ data }: NodeProps<EndNode>) {
  return (
    <div className="dgf-node dgf-end">
      {data.arrives && (
        <Handle type="target" position={SIDES[data.arrives]} isConnectable={false} />
      )}
      <div className="dgf-node-title">{data.title}</div>
      <div className="dgf-node-line dgf-soft" title={data.fields.join(", ")}>
        {data.fields.join(", ") || "no fields"}
      </div>
      {data.leaves && <Handle type="source" position={SIDES[data.leaves]} isConnectable={false} />}
    </div>
  );
});

export const NODE_TYPES = { block: BlockView, end: EndView };
