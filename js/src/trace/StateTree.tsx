import { useId, useState } from "react";
import { JsonTree } from "../shared/JsonTree";
import type { Fields } from "./protocol";
import { plural } from "./words";

/** All fields of a state, shown on request. */
export function StateTree({ label, fields }: { label: string; fields: Fields }) {
  const [isOpen, setOpen] = useState(false);
  const id = useId();
  return (
    <div className="dgf-state">
      <button
        type="button"
        className="dgf-fold"
        aria-expanded={isOpen}
        aria-controls={id}
        onClick={() => setOpen(!isOpen)}
      >
        <span aria-hidden="true">{isOpen ? "▾" : "▸"}</span> {label}
        <span className="dgf-soft"> {plural(Object.keys(fields).length, "field")}</span>
      </button>
      <div id={id}>{isOpen && <JsonTree name={label} value={fields} open={1} />}</div>
    </div>
  );
}
