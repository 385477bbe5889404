import { useCard } from "./acts";

/** Other records whose edits are not saved, and the way back to them. */
export function Unsaved() {
  const { record, drafts, acts } = useCard();
  const others = drafts.changedIds().filter((id) => id !== record.id);
  if (others.length === 0) return null;
  return (
    <output className="dgf-card-unsaved">
      Not saved yet, in{" "}
      {others.map((id) => (
        <button key={id} type="button" className="dgf-small" onClick={() => acts.open(id)}>
          record {id}
        </button>
      ))}
    </output>
  );
}
