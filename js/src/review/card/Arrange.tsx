import { useState } from "react";
import { CLASSES, type Class, type Layout, moved, placed } from "./layout";

const TITLES: Record<Class, string> = {
  primary: "Large",
  secondary: "Small",
  hidden: "Not shown",
};

/** Which fields are large, small or not shown, and in what order; for all records of the pipeline. */
export function Arrange(properties: { layout: Layout; arrange(layout: Layout): Promise<unknown> }) {
  const { layout, arrange } = properties;
  const [problem, setProblem] = useState<string | null>(null);
  const put = (next: Layout) => {
    if (next === layout) return;
    arrange(next).then(
      () => setProblem(null),
      (error: Error) => setProblem(`Not saved: ${error.message}`),
    );
  };
  return (
    <section className="dgf-card-arrange" aria-label="Arrange fields">
      <p className="dgf-soft">For all records of this pipeline.</p>
      {problem && (
        <div className="dgf-problem" role="alert">
          {problem}
        </div>
      )}
      {/* One list: a field that goes to another class stays the same element, with the focus in it. */}
      <ul>
        {CLASSES.flatMap((name) => [
          <li key={`class ${name}`} className="dgf-card-class">
            <b>{TITLES[name]}</b> {layout[name].length === 0 && <i className="dgf-soft">none</i>}
          </li>,
          ...layout[name].map((field) => (
            <li key={`field ${field}`} className="dgf-card-arranged">
              <bdi>{field}</bdi>
              <button
                type="button"
                className="dgf-small"
                aria-label={`${field} up`}
                onClick={() => put(moved(layout, field, -1))}
              >
                ↑
              </button>
              <button
                type="button"
                className="dgf-small"
                aria-label={`${field} down`}
                onClick={() => put(moved(layout, field, 1))}
              >
                ↓
              </button>
              <select
                className="dgf-input"
                aria-label={`How ${field} is shown`}
                value={name}
                onChange={({ target }) => put(placed(layout, field, target.value as Class))}
              >
                {CLASSES.map((each) => (
                  <option key={each} value={each}>
                    {TITLES[each]}
                  </option>
                ))}
              </select>
            </li>
          )),
        ])}
      </ul>
    </section>
  );
}
