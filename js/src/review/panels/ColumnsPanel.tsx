import { changed, moved } from "../columns";
import { useReview } from "../useReview";
import { Panel } from "./Panel";

/** All columns: which are shown, in which order. */
export function ColumnsPanel({ close }: { close(): void }) {
  const { columns, setColumns, layout, setLayout } = useReview();
  return (
    <Panel title="Columns" close={close}>
      <p className="dgf-soft">Kept for this pipeline, in every notebook.</p>
      <ul className="dgf-columns">
        {columns.map((column) => (
          <li key={column.name}>
            <label dir="auto">
              <input
                type="checkbox"
                checked={!column.isHidden}
                onChange={() =>
                  setColumns(changed(columns, column.name, { isHidden: !column.isHidden }))
                }
              />{" "}
              {column.label}
              {column.source && <span className="dgf-soft"> {column.source}</span>}
            </label>
            {!column.isHidden && (
              <span>
                <button
                  type="button"
                  className="dgf-small"
                  aria-label={`Move ${column.label} to the left`}
                  onClick={() => setColumns(moved(columns, column.name, -1))}
                >
                  ↑
                </button>
                <button
                  type="button"
                  className="dgf-small"
                  aria-label={`Move ${column.label} to the right`}
                  onClick={() => setColumns(moved(columns, column.name, 1))}
                >
                  ↓
                </button>
                <button
                  type="button"
                  className="dgf-small"
                  aria-pressed={column.isPinned}
                  aria-label={`Pin ${column.label} to the left`}
                  title="Pin to the left"
                  onClick={() =>
                    setColumns(changed(columns, column.name, { isPinned: !column.isPinned }))
                  }
                >
                  ⇤
                </button>
              </span>
            )}
          </li>
        ))}
      </ul>
      <button
        type="button"
        className="dgf-button"
        onClick={() => setLayout({ ...layout, columns: [] })}
      >
        As usual
      </button>
    </Panel>
  );
}
