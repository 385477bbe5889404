import {
  applyNodeChanges,
  Background,
  Controls,
  MiniMap,
  type NodeChange,
  ReactFlow,
  ReactFlowProvider,
  useReactFlow,
} from "@xyflow/react";
import { type DragEvent, useCallback, useEffect, useMemo, useRef, useState } from "react";
import { useDark } from "../shared/theme";
import { insert, move } from "./definition";
import { EDGE_TYPES } from "./edges";
import { graphOf } from "./graph";
import { columnsFor, gapAt, slotAt } from "./layout";
import { type BlockNode, type EndNode, NODE_TYPES } from "./nodes";
import { DRAGGED_TYPE } from "./Palette";
import { useEditor } from "./useEditor";

/** Pixels of width below which the minimap would cover the blocks. */
const MAP_WIDTH = 420;

export function Canvas() {
  return (
    <ReactFlowProvider>
      <Flow />
    </ReactFlowProvider>
  );
}

function Flow() {
  const editor = useEditor();
  const dark = useDark();
  const flow = useReactFlow();
  const frame = useRef<HTMLDivElement>(null);
  const { width, height } = useSize(frame);
  const count = editor.definition.blocks.length;
  const columns = columnsFor(count + 2, width, height);
  const graph = useMemo(() => graphOf(editor, columns), [editor, columns]);
  const [nodes, setNodes] = useState<(BlockNode | EndNode)[]>(graph.nodes);
  const isDragging = useRef(false);

  useEffect(() => {
    if (!isDragging.current) setNodes(graph.nodes);
  }, [graph]);

  // The first size, another number of columns, or another pipeline: everything into sight.
  // biome-ignore lint/correctness/useExhaustiveDependencies: what shall be followed, not what is read
  useEffect(() => {
    if (width) requestAnimationFrame(() => void flow.fitView({ maxZoom: 1, padding: 0.08 }));
  }, [flow, width, columns, count]);

  const follow = useCallback(
    (changes: NodeChange<BlockNode | EndNode>[]) =>
      setNodes((now) => applyNodeChanges(changes, now)),
    [],
  );

  const drop = (event: DragEvent) => {
    const type = event.dataTransfer.getData(DRAGGED_TYPE);
    if (!type) return;
    event.preventDefault();
    const point = flow.screenToFlowPosition({ x: event.clientX, y: event.clientY });
    const at = gapAt(point.x, point.y, count + 2, columns);
    editor.edit(insert(editor.definition, at, [{ type }]));
    editor.select(at);
  };

  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: a place to drop on; the palette's buttons do the same
    <div
      className="dgf-canvas"
      ref={frame}
      onDragOver={(event) => {
        if (event.dataTransfer.types.includes(DRAGGED_TYPE)) event.preventDefault();
      }}
      onDrop={drop}
    >
      <ReactFlow
        nodes={nodes}
        edges={graph.edges}
        nodeTypes={NODE_TYPES}
        edgeTypes={EDGE_TYPES}
        colorMode={dark ? "dark" : "light"}
        onNodesChange={follow}
        onNodeClick={(_, node) => editor.select(positionOf(node))}
        onPaneClick={() => {
          editor.select(null);
          editor.setInsertAt(null);
        }}
        onNodeDragStart={() => {
          isDragging.current = true;
        }}
        onNodeDragStop={(_, node) => {
          isDragging.current = false;
          const from = positionOf(node);
          if (from === null) return;
          const slot = slotAt(node.position.x, node.position.y, count + 2, columns);
          const to = Math.min(Math.max(slot - 1, 0), count - 1);
          if (to === from) setNodes(graph.nodes);
          editor.edit(move(editor.definition, from, to));
          editor.select(to);
        }}
        nodesConnectable={false}
        edgesFocusable={false}
        deleteKeyCode={null}
        selectionKeyCode={null}
        multiSelectionKeyCode={null}
        zoomOnScroll={false}
        preventScrolling={false}
        zoomActivationKeyCode="Control"
        minZoom={0.2}
        maxZoom={1.5}
        proOptions={{ hideAttribution: false }}
      >
        <Background gap={20} />
        <Controls showInteractive={false} fitViewOptions={{ maxZoom: 1, padding: 0.08 }} />
        {width > MAP_WIDTH && count > 6 && (
          <MiniMap
            pannable
            zoomable
            ariaLabel="Overview"
            style={width < 800 ? { width: 110, height: 80 } : {}}
          />
        )}
      </ReactFlow>
    </div>
  );
}

function positionOf(node: { type?: string | undefined; data: Record<string, unknown> }) {
  return node.type === "block" ? (node.data.number as number) - 1 : null;
}

function useSize(element: { current: HTMLElement | null }): { width: number; height: number } {
  const [size, setSize] = useState({ width: 0, height: 0 });
  useEffect(() => {
    if (!element.current) return;
    const observer = new ResizeObserver(([entry]) => {
      const { width = 0, height = 0 } = entry?.contentRect ?? {};
      setSize({ width, height });
    });
    observer.observe(element.current);
    return () => observer.disconnect();
  }, [element]);
  return size;
}
