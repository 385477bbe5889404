/** Nodes and edges of a definition, as the canvas draws them. */

import type { FlowEdge } from "./edges";
import { layout, type Place } from "./layout";
import type { BlockNode, EndNode, Tried } from "./nodes";
import type { BlockCheck, Catalog, Trial } from "./protocol";
import type { EditorState } from "./useEditor";

export const START = "dgf:start";
export const END = "dgf:end";

type Drawn = Pick<
  EditorState,
  "trial" | "definition" | "ids" | "check" | "catalog" | "selected" | "insertAt" | "setInsertAt"
>;

export function graphOf(
  state: Drawn,
  columns: number,
): { nodes: (BlockNode | EndNode)[]; edges: FlowEdge[] } {
  const { definition, ids, check } = state;
  const count = definition.blocks.length;
  const places = layout(count + 2, columns);
  const place = (index: number): Place => places[index] as Place;
  const names = namesOf(state.catalog);
  const nodes: (BlockNode | EndNode)[] = [endNode(START, "Start", place(0), check.seed_fields)];
  definition.blocks.forEach((block, at) => {
    const known = names.get(block.type);
    const told: BlockCheck | undefined = check.blocks[at];
    const { x, y, arrives, leaves } = place(at + 1);
    nodes.push({
      id: ids[at] as string,
      type: "block",
      position: { x, y },
      ariaLabel: `Block ${at + 1} of ${count}: ${known?.name ?? block.type}, ${ids[at]}`,
      data: {
        number: at + 1,
        id: ids[at] as string,
        type: block.type,
        title: known?.name ?? block.type,
        category: known?.category ?? "unknown",
        isDisabled: block.disabled ?? false,
        when: block.when ?? null,
        fansOut: told?.fan_out ?? false,
        adds: told?.adds ?? [],
        problems: told?.problems ?? [],
        isSelected: state.selected === at,
        tried: triedOf(state.trial, ids[at] as string),
        arrives,
        leaves,
      },
    });
  });
  nodes.push(endNode(END, "End", place(count + 1), check.fields));
  const edges: FlowEdge[] = [];
  for (let at = 0; at <= count; at++) {
    const source = nodes[at] as BlockNode | EndNode;
    const target = nodes[at + 1] as BlockNode | EndNode;
    const told = check.blocks[at];
    edges.push({
      id: `dgf:edge:${at}`,
      type: "flow",
      source: source.id,
      target: target.id,
      focusable: false,
      data: {
        at,
        fields: told?.fields ?? check.fields,
        isOpen: told?.is_open ?? false,
        isChosen: state.insertAt === at,
        choose: state.setInsertAt,
      },
    });
  }
  return { nodes, edges };
}

function endNode(id: string, title: string, place: Place, fields: string[]): EndNode {
  return {
    id,
    type: "end",
    position: { x: place.x, y: place.y },
    draggable: false,
    focusable: false,
    data: {
      title,
      fields,
      arrives: id === START ? null : place.arrives,
      leaves: id === END ? null : place.leaves,
    },
  };
}

/** In a word or two what a block gave when it was tried. */
function triedOf(trial: Trial, id: string): Tried | null {
  const step = trial.steps[id];
  if (!step) return null;
  if (trial.stale.includes(id)) return { state: "stale", text: "stale" };
  if (step.state !== "done") return { state: step.state, text: step.state };
  if (step.dry) return { state: "dry", text: "no model asked" };
  const tokens = step.calls.reduce((sum, call) => sum + call.input_tokens + call.output_tokens, 0);
  const told = `${step.seconds.toFixed(step.seconds < 10 ? 1 : 0)} s`;
  return { state: "done", text: tokens ? `${told}, ${tokens} tokens` : told };
}

function namesOf(catalog: Catalog | null): Map<string, { name: string; category: string }> {
  return new Map((catalog?.blocks ?? []).map((block) => [block.type, block]));
}
