import { type KeyboardEvent, useState } from "react";
import { useCard } from "./acts";
import { isConflict } from "./drafts";

/** What the reviewer writes about the record: saved when one leaves it. */
export function Note() {
  const { record, acts, drafts, isGone } = useCard();
  const [problem, setProblem] = useState<string | null>(null);
  const stored = record.note ?? "";
  const draft = drafts.get(record.id, "note");
  const text = draft ? draft.typed.text : stored;
  const isTaken = draft !== null && isConflict(draft, record.note) && text !== stored;

  const type = (next: string) => {
    const base = draft ? draft.base : record.note;
    drafts.put(record.id, "note", { base, typed: { mode: "text", text: next, items: [] } });
  };
  const save = async () => {
    const draft = drafts.get(record.id, "note");
    if (isGone || !draft) return;
    const text = draft.typed.text;
    if (text === stored) return drafts.drop(record.id, "note");
    try {
      await acts.note(record.id, text);
      setProblem(null);
      if (drafts.get(record.id, "note") === draft) drafts.drop(record.id, "note");
    } catch (error) {
      setProblem(`The note is not saved: ${(error as Error).message}`);
    }
  };
  const press = (event: KeyboardEvent<HTMLTextAreaElement>) => {
    if (event.nativeEvent.isComposing) return;
    if (event.key === "Escape") drafts.drop(record.id, "note");
    else if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey)) return;
    event.preventDefault();
    event.stopPropagation();
    event.currentTarget.closest<HTMLElement>(".dgf-card")?.focus();
  };
  return (
    <div className="dgf-card-note">
      <textarea
        data-note
        className="dgf-input dgf-card-growing"
        dir="auto"
        aria-label="Note"
        placeholder="Note (saved when you leave it)"
        rows={1}
        readOnly={isGone}
        value={text}
        onChange={({ target }) => type(target.value)}
        onBlur={() => !isTaken && void save()}
        onKeyDown={press}
      />
      {isTaken && (
        <div className="dgf-card-conflict" role="alert">
          <p>The note has been changed meanwhile. It is now:</p>
          <p dir="auto">{stored || "empty"}</p>
          <div className="dgf-row">
            <button type="button" className="dgf-button" onClick={() => void save()}>
              Save yours
            </button>
            <button
              type="button"
              className="dgf-button"
              onClick={() => drafts.drop(record.id, "note")}
            >
              Take theirs
            </button>
          </div>
        </div>
      )}
      {problem && (
        <div className="dgf-problem" role="alert">
          {problem}
        </div>
      )}
    </div>
  );
}
