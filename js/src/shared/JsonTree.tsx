import { useState } from "react";
import { LongText, Marked } from "./LongText";

/** Items of one list or object that are shown at first, and that each press adds. */
const PAGE = 100;
/** Characters of a text that stands on its line. */
const SHORT = 120;

/** A JSON value whose lists and objects fold; texts are shown as texts, whatever they hold. */
export function JsonTree({
  value,
  name,
  open = 1,
}: {
  value: unknown;
  name: string;
  open?: number;
}) {
  return (
    <ul className="dgf-tree" aria-label={name}>
      <Node name={null} path={name} value={value} open={open} />
    </ul>
  );
}

interface NodeProperties {
  name: string | null;
  /** Where it stands, for those who cannot see it. */
  path: string;
  value: unknown;
  /** Levels from here on that are open at first. */
  open: number;
}

function Node({ name, path, value, open }: NodeProperties) {
  const [isOpen, setOpen] = useState(open > 0);
  const [most, setMost] = useState(PAGE);
  if (typeof value === "object" && value !== null) {
    const items = Array.isArray(value)
      ? value.map((item, at) => [String(at), item] as const)
      : Object.entries(value);
    const [left, right] = Array.isArray(value) ? "[]" : "{}";
    return (
      <li>
        <button
          type="button"
          className="dgf-tree-fold"
          aria-expanded={isOpen}
          onClick={() => setOpen(!isOpen)}
        >
          <span aria-hidden="true">{isOpen ? "▾" : "▸"} </span>
          <Name name={name} />
          <span className="dgf-soft">
            {left}
            {isOpen ? "" : "…"}
            {right} {items.length.toLocaleString("en")} {items.length === 1 ? "item" : "items"}
          </span>
        </button>
        {isOpen && items.length > 0 && (
          <ul className="dgf-tree">
            {items.slice(0, most).map(([key, item]) => (
              <Node key={key} name={key} path={`${path}.${key}`} value={item} open={open - 1} />
            ))}
            {items.length > most && (
              <li>
                <button
                  type="button"
                  className="dgf-small"
                  onClick={() => setMost(most + 10 * PAGE)}
                >
                  Show more of {items.length.toLocaleString("en")}
                </button>
              </li>
            )}
          </ul>
        )}
      </li>
    );
  }
  if (typeof value === "string" && (value.length > SHORT || value.includes("\n"))) {
    return (
      <li>
        <Name name={name} />
        <LongText text={value} label={path} />
      </li>
    );
  }
  return (
    <li dir="auto">
      <Name name={name} />
      <span className={typeof value === "string" ? "dgf-tree-text" : "dgf-tree-other"}>
        <Marked text={JSON.stringify(value)} />
      </span>
    </li>
  );
}

function Name({ name }: { name: string | null }) {
  if (name === null) return null;
  return (
    <bdi className="dgf-tree-name">
      <Marked text={name} />:{" "}
    </bdi>
  );
}
