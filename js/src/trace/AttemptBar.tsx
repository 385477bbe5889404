import { type Attempt, attemptName } from "./attempts";

/** Which attempt is shown, with which it is compared, which is the current one. */
export function AttemptBar(properties: {
  attempts: Attempt[];
  shown: number;
  /** The one it is compared with. */
  other: number | null;
  isBusy: boolean;
  show(record: number): void;
  compare(record: number | null): void;
  choose(record: number): void;
}) {
  const { attempts, shown, other, isBusy, show, compare, choose } = properties;
  if (attempts.length < 2) return null;
  const isCurrent = attempts.some((one) => one.record_id === shown && one.is_current);
  return (
    <div className="dgf-attempts">
      <label>
        Attempt{" "}
        <select
          className="dgf-input"
          value={shown}
          onChange={(event) => show(Number(event.target.value))}
        >
          {attempts.map((one) => (
            <option key={one.record_id} value={one.record_id}>
              {attemptName(one)}
            </option>
          ))}
        </select>
      </label>
      <label>
        Compare with{" "}
        <select
          className="dgf-input"
          value={other ?? ""}
          onChange={(event) => compare(event.target.value ? Number(event.target.value) : null)}
        >
          <option value="">none</option>
          {attempts
            .filter((one) => one.record_id !== shown)
            .map((one) => (
              <option key={one.record_id} value={one.record_id}>
                {attemptName(one)}
              </option>
            ))}
        </select>
      </label>
      {!isCurrent && (
        <button
          type="button"
          className="dgf-small"
          disabled={isBusy}
          title="It stands in the table, in counts and in exports; the other one stays"
          onClick={() => choose(shown)}
        >
          Make this the current one
        </button>
      )}
    </div>
  );
}
