import { CopyButton } from "../../shared/CopyButton";
import { LongText } from "../../shared/LongText";
import { textIn } from "../../shared/numbers";
import { useCard } from "./acts";
import { Changes, saidIn } from "./Changes";
import { begun, type Draft } from "./drafts";
import { readTyped, textOf, writtenAs } from "./editing";

/** Somebody else changed the field while it was edited here: which of the two shall it be? */
export function Conflict({ name, draft }: { name: string; draft: Draft }) {
  const { record, drafts, isGone } = useCard();
  const part = `field ${name}` as const;
  const read = readTyped(draft.typed);
  return (
    <div className="dgf-card-conflict" role="alert">
      <p>
        <b>{name} has been changed meanwhile</b>
        {record.reviewer && `, perhaps by ${record.reviewer}`}. What you typed is below; nothing of
        it is lost, and nothing is written over.
      </p>
      <p className="dgf-soft">It is now:</p>
      <LongText text={textIn(record.state, name)} label={`${name}, as it is now`} />
      {"value" in read && (
        <Changes
          name={name}
          before={saidIn(record.state, name)}
          after={{ value: read.value, text: writtenAs(draft.typed, read.value) }}
          labels="From theirs to yours"
        />
      )}
      <div className="dgf-row">
        <button
          type="button"
          className="dgf-button"
          disabled={isGone}
          title="Saving then replaces what is there now"
          onClick={() =>
            drafts.put(record.id, part, { ...begun(record.state, name), typed: draft.typed })
          }
        >
          Go on with yours
        </button>
        <button
          type="button"
          className="dgf-button"
          onClick={() => drafts.begin(record.id, part, record.state, name)}
        >
          Take theirs
        </button>
        <CopyButton label={`what you typed for ${name}`} text={() => textOf(draft.typed)}>
          Copy yours
        </CopyButton>
      </div>
    </div>
  );
}
