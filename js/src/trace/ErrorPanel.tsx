import { CopyButton } from "../shared/CopyButton";
import { asText } from "../shared/folding";
import { JsonTree } from "../shared/JsonTree";
import { LongText } from "../shared/LongText";
import { jsonText } from "../shared/numbers";
import type { TraceStep } from "./protocol";

/** Why a step failed, with everything that is known about it. */
export function ErrorPanel({ error }: { error: NonNullable<TraceStep["error"]> }) {
  const { detail = {}, type } = error;
  const message = asText(error.error);
  return (
    <section className="dgf-problem" aria-label="Error">
      <div className="dgf-bubble-head">
        <b>{type ? String(type) : "Error"}</b>
        <span className="dgf-space" />
        <CopyButton label="the error as JSON" text={() => jsonText(error)} />
      </div>
      <LongText text={message} label="error" />
      {Object.keys(detail).length > 0 && (
        <details className="dgf-more">
          <summary>Details</summary>
          <JsonTree name="details of the error" value={detail} />
        </details>
      )}
    </section>
  );
}
