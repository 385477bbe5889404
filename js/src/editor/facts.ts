import type { CallView } from "./protocol";

/** A call in a line: who was asked, and what it took; of a dry trial, that nobody was. */
export function factsOf(call: CallView, dry: boolean): string {
  if (dry) return `${call.model} · not asked`;
  const facts = [call.model, `${call.input_tokens} tokens in, ${call.output_tokens} out`];
  if (call.reused) facts.push("answered before, not paid for again");
  else if (call.cost === null) facts.push("cost unknown");
  else if (call.cost) facts.push(`cost ${call.cost.toFixed(4)}`);
  return facts.join(" · ");
}
