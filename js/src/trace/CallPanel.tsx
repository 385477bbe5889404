import { useState } from "react";
import { Bubble, Conversation, type Message } from "../shared/Conversation";
import { CopyButton } from "../shared/CopyButton";
import { JsonTree } from "../shared/JsonTree";
import { waitedOf } from "./model";
import type { TraceCall } from "./protocol";
import { duration, money, plural } from "./words";

/** Seconds that a wait must have lasted to be told. */
const NOTABLE = 0.05;

/** One question to a model: the messages, the answer, and what it took to get it. */
export function CallPanel({ call, count }: { call: TraceCall; count: number }) {
  const [isTree, setTree] = useState(false);
  const parsed = call.answer === null ? undefined : structureOf(call.answer);
  const { messages, ...settings } = call.request;
  return (
    <section className="dgf-asked" aria-label={`Call ${call.number + 1} to ${call.model}`}>
      <div className="dgf-asked-head">
        <b>
          {count > 1 ? `Call ${call.number + 1} to ` : "Asked "}
          {call.model}
        </b>
        <span className="dgf-soft">{told(call).join(" · ")}</span>
        {call.reused && (
          <span className="dgf-step-branch" title="Taken over from another job or attempt">
            reused: not asked here
          </span>
        )}
      </div>
      <Tries call={call} />
      <Conversation messages={(messages ?? []) as Message[]} label="Messages" />
      {call.answer !== null && (
        <div className="dgf-answer">
          {isTree && parsed !== undefined ? (
            <div className="dgf-bubble dgf-says-assistant">
              <div className="dgf-bubble-head">
                <b>answer</b>
                <Switch isTree={isTree} setTree={setTree} />
                <span className="dgf-space" />
                <CopyButton label="answer" text={() => call.answer ?? ""} />
              </div>
              <JsonTree name="answer" value={parsed} open={3} />
            </div>
          ) : (
            <Bubble speaker="assistant" text={call.answer} label="answer">
              <span className="dgf-soft">
                raw answer
                {call.finish_reason && call.finish_reason !== "stop"
                  ? `, ended by '${call.finish_reason}'`
                  : ""}
              </span>
              {parsed !== undefined && <Switch isTree={isTree} setTree={setTree} />}
            </Bubble>
          )}
        </div>
      )}
      {call.error !== null && (
        <div className="dgf-problem" dir="auto">
          {call.error}
        </div>
      )}
      <details className="dgf-more">
        <summary>Settings of the request</summary>
        <JsonTree name="request" value={settings} open={1} />
      </details>
    </section>
  );
}

function Switch({ isTree, setTree }: { isTree: boolean; setTree: (isTree: boolean) => void }) {
  return (
    <button type="button" className="dgf-small" onClick={() => setTree(!isTree)}>
      {isTree ? "As text" : "As tree"}
    </button>
  );
}

/** Each try of a call that did not succeed at once: what came back, and what it waited. */
function Tries({ call }: { call: TraceCall }) {
  if (call.tries.length < 2 && !call.tries[0]?.error) return null;
  const waited = waitedOf(call);
  return (
    <>
      <ol className="dgf-tries" aria-label="Tries">
        {call.tries.map((one, number) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: tries have no other name, and never move
          <li key={number} className={one.error ? "dgf-bad" : "dgf-good"}>
            {one.error ? "✕" : "✓"} try {number + 1}: {one.status ?? "no status"},{" "}
            {duration(one.latency)}
            {one.error && <span dir="auto"> {one.error}</span>}
          </li>
        ))}
      </ol>
      {waited > NOTABLE && (
        <p className="dgf-soft">Waited {duration(waited)} before and between these tries.</p>
      )}
    </>
  );
}

function told(call: TraceCall): string[] {
  const { usage } = call;
  const facts = [duration(call.latency)];
  if (usage.calls) {
    facts.push(`${usage.input_tokens.toLocaleString("en")} tokens in`);
    facts.push(`${usage.output_tokens.toLocaleString("en")} out`);
    if (usage.cost !== null) facts.push(`cost ${money(usage.cost)}`);
  }
  if (call.tries.length > 1) facts.push(plural(call.tries.length, "try"));
  return facts;
}

/** The object or list that an answer is the text of; undefined: it is none. */
export function structureOf(answer: string): unknown {
  const start = answer.trimStart()[0];
  if (start !== "{" && start !== "[") return undefined;
  try {
    return JSON.parse(answer);
  } catch {
    return undefined; // prose that begins like JSON; shown as the text that it is
  }
}
