import { useMemo, useState } from "react";
import { Difference } from "../shared/Difference";
import { LongText } from "../shared/LongText";
import { type ComparedBlock, type ComparedPart, compared } from "./comparison";
import { sumsOf } from "./model";
import type { TraceBranch, TraceStep } from "./protocol";
import { duration, facts } from "./words";

/** Two attempts block by block. */
export function CompareTraces(properties: {
  left: TraceBranch;
  right: TraceBranch;
  leftName: string;
  rightName: string;
}) {
  const { left, right, leftName, rightName } = properties;
  const [beside, setBeside] = useState(false);
  const blocks = useMemo(() => compared(left, right), [left, right]);
  const different = blocks.filter((block) => !block.isSame).length;
  return (
    <div className="dgf-compared">
      <div className="dgf-trace-bar">
        <span role="status">
          {different
            ? `${different} of ${blocks.length} blocks are different`
            : "Both attempts are the same, times aside."}
        </span>
        <button
          type="button"
          className="dgf-small"
          aria-pressed={beside}
          onClick={() => setBeside(!beside)}
        >
          {beside ? "Differences in one text" : "Both texts side by side"}
        </button>
      </div>
      <div className="dgf-beside dgf-beside-head">
        <b>{leftName}</b>
        <b>{rightName}</b>
      </div>
      {blocks.map((block) => (
        <Block key={block.block_id} block={block} beside={beside} />
      ))}
    </div>
  );
}

function Block({ block, beside }: { block: ComparedBlock; beside: boolean }) {
  const { block_id, left, right, parts, isSame } = block;
  const same = parts.filter((part) => part.isSame).map((part) => part.name);
  return (
    <details className="dgf-compared-block" open={!isSame}>
      <summary>
        <b>{block_id}</b> <span className="dgf-step-word">{isSame ? "the same" : "different"}</span>
        <span className="dgf-beside dgf-soft">
          <span>{told(left)}</span>
          <span>{told(right)}</span>
        </span>
      </summary>
      {parts
        .filter((part) => !part.isSame)
        .map((part) => (
          <Part key={part.name} part={part} beside={beside} />
        ))}
      {same.length > 0 && <p className="dgf-soft">The same: {same.join(", ")}</p>}
    </details>
  );
}

function Part({ part, beside }: { part: ComparedPart; beside: boolean }) {
  const { name, left, right } = part;
  return (
    <div className="dgf-change">
      <h4 className="dgf-part" dir="auto">
        {name}
      </h4>
      {left !== null && right !== null && !beside ? (
        <Difference before={left} after={right} label={name} />
      ) : (
        <div className="dgf-beside">
          <Side text={left} label={`${name}, left`} />
          <Side text={right} label={`${name}, right`} />
        </div>
      )}
    </div>
  );
}

function Side({ text, label }: { text: string | null; label: string }) {
  if (text === null) return <i className="dgf-soft">none</i>;
  return <LongText text={text} label={label} />;
}

function told(step: TraceStep | null): string {
  if (!step) return "did not come here";
  if (step.skipped) return "skipped";
  return [
    ...(step.error ? ["failed"] : []),
    duration(step.seconds),
    ...facts(sumsOf(step.calls)),
  ].join(" · ");
}
