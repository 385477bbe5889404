import { type FullRecord, OUTCOMES } from "../shared/record";
import { turned } from "./pairs";
import type { Choice } from "./protocol";
import { useCompare } from "./useCompare";
import type { Both } from "./usePairRecords";

const CHOICES: [Choice, string, string][] = [
  ["left", "◀ Left is better", "1"],
  ["tie", "Tie", "0"],
  ["neither", "Neither", "X"],
  ["right", "Right is better ▶", "2"],
];

/** What can be chosen of the pair, and what was done last. */
export function ChoiceBar({ both, focus }: { both: Both | null; focus(): void }) {
  const compare = useCompare();
  const { pair, isFlipped, isGone, list, place } = compare;
  const choice = pair?.choice && isFlipped ? turned(pair.choice) : pair?.choice;
  const [left, right] = isFlipped ? [both?.right, both?.left] : [both?.left, both?.right];
  const isNone: Record<Choice, boolean> = {
    left: isOutcome(left),
    right: isOutcome(right),
    tie: isOutcome(left) || isOutcome(right),
    neither: false,
  };
  return (
    <div className="dgf-choice-bar" inert={isGone}>
      <div className="dgf-choices" role="toolbar" aria-label="Choose">
        {CHOICES.map(([value, label, key]) => (
          <button
            key={value}
            type="button"
            className={`dgf-button dgf-choose-${value}`}
            aria-pressed={choice === value}
            title={isNone[value] ? "It holds no result" : `${label} (${key})`}
            disabled={!pair || isNone[value]}
            onClick={() => {
              compare.choose(value);
              focus();
            }}
          >
            {label} <kbd>{key}</kbd>
          </button>
        ))}
      </div>
      <div className="dgf-choice-rest">
        <button
          type="button"
          className="dgf-button"
          title="Undo (Z)"
          disabled={!compare.canUndo}
          onClick={compare.undo}
        >
          ↶ Undo
        </button>
        <button
          type="button"
          className="dgf-button"
          title="Redo (Shift+Z)"
          aria-label="Redo"
          disabled={!compare.canRedo}
          onClick={compare.redo}
        >
          ↷
        </button>
        <output className="dgf-compare-told" aria-live="polite">
          {compare.told}
        </output>
        <Reviewer />
        <span className="dgf-soft">
          {list.length ? `${count(place + 1)} / ${count(list.length)}` : "none"}
        </span>
      </div>
    </div>
  );
}

function isOutcome(record: FullRecord | undefined): boolean {
  return record !== undefined && (OUTCOMES as readonly string[]).includes(record.status);
}

export function count(number: number): string {
  return number.toLocaleString("en");
}

/** Who chooses. */
function Reviewer() {
  const { reviewer, rename } = useCompare();
  return (
    <label className="dgf-soft dgf-compare-as">
      as
      <input
        aria-label="Reviewer"
        defaultValue={reviewer}
        key={reviewer}
        size={Math.max(4, reviewer.length)}
        onBlur={(event) => {
          const name = event.target.value.trim();
          if (name && name !== reviewer) rename(name);
          else event.target.value = reviewer;
        }}
        onKeyDown={(event) => {
          if (event.key === "Enter") event.currentTarget.blur();
        }}
      />
    </label>
  );
}
