import { type Column, changed, moved, NARROWEST } from "./columns";
import { Menu } from "./Menu";
import { sortBy, sortOf } from "./query";
import { useReview } from "./useReview";

/** What can be done with a column. */
export function ColumnMenu(properties: {
  column: Column;
  left: number;
  top: number;
  close(): void;
  filter(): void;
}) {
  const { column, left, top, close, filter } = properties;
  const { columns, setColumns, query, setQuery } = useReview();
  const { name } = column;
  const sorted = sortOf(query, name)?.sort;
  const sort = (isDescending: boolean | null) => () => setQuery(sortBy(query, name, isDescending));
  const widen = (by: number) => () =>
    setColumns(changed(columns, name, { width: Math.max(NARROWEST, column.width + by) }));
  const isMore = (query.sort ?? []).some((each) => each.column !== name);
  return (
    <Menu
      label={`Column ${column.label}`}
      left={left}
      top={top}
      close={close}
      groups={[
        [
          { label: "↑ Sort upwards", isChosen: sorted?.is_descending === false, act: sort(false) },
          { label: "↓ Sort downwards", isChosen: sorted?.is_descending === true, act: sort(true) },
          {
            label: "Sort by this as well",
            isDisabled: !isMore,
            act: () => setQuery(sortBy(query, name, false, true)),
          },
          { label: "Do not sort", isDisabled: !sorted, act: sort(null) },
        ],
        [{ label: "Filter…", act: filter }],
        [
          {
            label: column.isPinned ? "Unpin" : "Pin to the left",
            act: () => setColumns(changed(columns, name, { isPinned: !column.isPinned })),
          },
          {
            label: "Hide",
            act: () => setColumns(changed(columns, name, { isHidden: true })),
          },
          { label: "← Move left", act: () => setColumns(moved(columns, name, -1)) },
          { label: "→ Move right", act: () => setColumns(moved(columns, name, 1)) },
        ],
        [
          { label: "Wider", act: widen(60) },
          { label: "Narrower", act: widen(-60) },
        ],
      ]}
    />
  );
}
