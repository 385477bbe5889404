import { chipsOf, STATUSES, toggleStatus, unfiltered } from "./query";
import { told } from "./useDecisions";
import { useReview } from "./useReview";

/** How many records there are of each status, and the filters that hold. */
export function StatusBar() {
  const { counts, query, setQuery, found, isAsking, indexing, waiting, again, isGone } =
    useReview();
  const chosen = query.statuses;
  const chips = chipsOf(query);
  const all = STATUSES.reduce((sum, status) => sum + (counts[status] ?? 0), 0);
  const { statuses: _, ...anyStatus } = query;
  const isNarrowed = chosen !== undefined || chips.length > 0 || query.search !== undefined;
  return (
    <div className="dgf-status-bar" inert={isGone}>
      {/* biome-ignore lint/a11y/useSemanticElements: a fieldset is for a form's controls */}
      <div className="dgf-counts" role="group" aria-label="Records by status">
        <button
          type="button"
          className="dgf-count"
          aria-pressed={chosen === undefined}
          onClick={() => setQuery(anyStatus)}
        >
          all <b>{told(all)}</b>
        </button>
        {STATUSES.filter((status) => counts[status] || chosen?.includes(status)).map((status) => (
          <button
            key={status}
            type="button"
            className={`dgf-count dgf-count-${status}`}
            aria-pressed={chosen?.includes(status) ?? false}
            title={`Show ${status} ones, or not`}
            onClick={() => setQuery(toggleStatus(query, status))}
          >
            {status} <b>{told(counts[status] ?? 0)}</b>
          </button>
        ))}
      </div>
      {chips.map(({ label, without }) => (
        <span key={label} className="dgf-chip" dir="auto">
          {label}
          <button
            type="button"
            aria-label={`Remove the filter ${label}`}
            title="Remove this filter"
            onClick={() => setQuery(without)}
          >
            ×
          </button>
        </span>
      ))}
      {chips.length > 1 && (
        <button type="button" className="dgf-link" onClick={() => setQuery(unfiltered(query))}>
          clear all
        </button>
      )}
      <span className="dgf-space" />
      {waiting > 0 && (
        <button type="button" className="dgf-link" onClick={again}>
          {told(waiting)} new – show
        </button>
      )}
      {(found?.total ?? 0) > 0 && isNarrowed && (
        <output className="dgf-soft">{told(found?.total ?? 0)} shown</output>
      )}
      {indexing && (
        <output className="dgf-soft">
          Indexing {indexing.columns.map((name) => name || "all texts").join(", ")}:{" "}
          {Math.floor(100 * indexing.part)} %
        </output>
      )}
      {isAsking && <span className="dgf-spinner" role="img" aria-label="Asking the store" />}
    </div>
  );
}
