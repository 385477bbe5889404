import { unfiltered } from "./query";
import { useReview } from "./useReview";

/** In the table's place: why it has no rows, and the way to some. */
export function Nothing({ focus }: { focus(): void }) {
  const { query, setQuery, found, problem, isAsking, again, isGone } = useReview();
  if (isGone || (problem === null && (found === null || found.total > 0 || isAsking))) return null;
  const { sort: _, ...filters } = query;
  const isFiltered = Object.keys(filters).length > 0;
  const { search: __, ...searched } = query;
  const show = (wish: typeof query) => {
    setQuery(wish);
    focus();
  };
  return (
    <div className="dgf-nothing" role={problem ? "alert" : "status"}>
      <p dir="auto">
        {problem
          ? `No rows: ${problem.message}`
          : isFiltered
            ? "Nothing matches."
            : "There are no records yet."}
      </p>
      {problem && query.search !== undefined && (
        <button type="button" className="dgf-button" onClick={() => show(searched)}>
          Clear the search
        </button>
      )}
      {isFiltered && (
        <button type="button" className="dgf-button" onClick={() => show(unfiltered(query))}>
          Clear all filters
        </button>
      )}
      {problem && (
        <button type="button" className="dgf-button" onClick={again}>
          Ask again
        </button>
      )}
    </div>
  );
}
