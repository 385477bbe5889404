import { useState } from "react";
import { CopyButton } from "../shared/CopyButton";
import { Difference } from "../shared/Difference";
import { JsonTree } from "../shared/JsonTree";
import { LongText, Marked } from "../shared/LongText";
import { textIn } from "../shared/numbers";
import type { Change } from "./model";
import type { Fields } from "./protocol";

const SIGNS: Record<Change["kind"], string> = {
  added: "+",
  changed: "~",
  removed: "−",
  same: "=",
};
const WORDS: Record<Change["kind"], string> = {
  added: "added",
  changed: "changed",
  removed: "removed",
  same: "set as it was",
};

/** What a step made of the state. */
export function Changes({ changes, isAnswered }: { changes: Change[]; isAnswered: boolean }) {
  if (!changes.length) return <p className="dgf-soft">It changed nothing.</p>;
  return (
    <section aria-label="What it changed">
      <h4 className="dgf-part">{isAnswered ? "What it made of the answer" : "What it changed"}</h4>
      <ul className="dgf-changes">
        {changes.map((change) => (
          <Shown key={change.name} change={change} />
        ))}
      </ul>
    </section>
  );
}

function Shown({ change }: { change: Change }) {
  const { name, kind, from } = change;
  const holder = kind === "removed" ? from.before : from.after;
  const [isWhole, setWhole] = useState(false);
  return (
    <li className={`dgf-change dgf-change-${kind}`}>
      <div className="dgf-bubble-head">
        <span className="dgf-change-sign" aria-hidden="true">
          {SIGNS[kind]}
        </span>
        <b dir="auto">
          <Marked text={name} />
        </b>
        <span className="dgf-change-word">{WORDS[kind]}</span>
        {kind === "changed" && (
          <button type="button" className="dgf-small" onClick={() => setWhole(!isWhole)}>
            {isWhole ? "What is different" : "The new value"}
          </button>
        )}
        <span className="dgf-space" />
        <CopyButton label={name} text={() => textIn(holder, name)} />
      </div>
      {kind === "changed" && !isWhole ? (
        <Difference
          before={textIn(from.before, name)}
          after={textIn(from.after, name)}
          label={name}
        />
      ) : (
        <Value name={name} holder={holder} />
      )}
    </li>
  );
}

function Value({ name, holder }: { name: string; holder: Fields }) {
  const value = holder[name];
  if (typeof value === "string") return <LongText text={value} label={name} />;
  if (typeof value === "object" && value !== null) {
    return <JsonTree name={name} value={value} open={2} />;
  }
  return <code className="dgf-code">{textIn(holder, name)}</code>;
}
