/** Two traces block by block: what was asked, answered and set, and where that is different. */

import { said } from "../shared/Conversation";
import { asText } from "../shared/folding";
import { textIn } from "../shared/numbers";
import { isSame } from "./model";
import type { TraceBranch, TraceStep } from "./protocol";

export interface ComparedPart {
  name: string;
  /** null: there is none on that side. */
  left: string | null;
  right: string | null;
  isSame: boolean;
}

export interface ComparedBlock {
  block_id: string;
  left: TraceStep | null;
  right: TraceStep | null;
  parts: ComparedPart[];
  isSame: boolean;
}

/** The blocks of both traces, in the pipeline's order. */
export function compared(left: TraceBranch, right: TraceBranch): ComparedBlock[] {
  const places = new Map<string, number>();
  for (const step of [...left.steps, ...right.steps]) places.set(step.block_id, step.index);
  const ids = [...places].sort((one, other) => one[1] - other[1]).map(([id]) => id);
  return ids.map((id) => {
    const sides = [left, right].map(
      (one) => one.steps.find((step) => step.block_id === id) ?? null,
    );
    const [one = null, other = null] = sides;
    const parts = partsOf(one, other);
    return {
      block_id: id,
      left: one,
      right: other,
      parts,
      isSame: one !== null && other !== null && parts.every((part) => part.isSame),
    };
  });
}

function partsOf(left: TraceStep | null, right: TraceStep | null): ComparedPart[] {
  const parts: ComparedPart[] = [];
  const calls = Math.max(left?.calls.length ?? 0, right?.calls.length ?? 0);
  for (let at = 0; at < calls; at++) {
    const which = calls > 1 ? ` of call ${at + 1}` : "";
    parts.push(part(`Prompt${which}`, promptOf(left, at), promptOf(right, at)));
    const answers = [left, right].map((step) => step?.calls[at]?.answer ?? null);
    parts.push(part(`Answer${which}`, answers[0] ?? null, answers[1] ?? null));
  }
  const names = new Set([...Object.keys(left?.set ?? {}), ...Object.keys(right?.set ?? {})]);
  for (const name of names) {
    const made = part(name, setText(left, name), setText(right, name));
    made.isSame = isSame(left?.set[name], right?.set[name]) && !!left === !!right;
    parts.push(made);
  }
  if (left?.error || right?.error) {
    const texts = [left, right].map((step) => (step?.error ? asText(step.error.error) : null));
    parts.push(part("Error", texts[0] ?? null, texts[1] ?? null));
  }
  return parts.filter((one) => one.left !== null || one.right !== null);
}

function part(name: string, left: string | null, right: string | null): ComparedPart {
  return { name, left, right, isSame: left === right };
}

function promptOf(step: TraceStep | null, at: number): string | null {
  const call = step?.calls[at];
  if (!call) return null;
  const messages = call.request.messages ?? [];
  return messages.map((message) => `${message.role}: ${said(message)}`).join("\n\n");
}

function setText(step: TraceStep | null, name: string): string | null {
  return step && Object.hasOwn(step.set, name) ? textIn(step.set, name) : null;
}
