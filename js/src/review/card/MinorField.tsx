import { useState } from "react";
import { Marked } from "../../shared/LongText";
import { useCard } from "./acts";
import { Field, type FieldProperties } from "./Field";
import { lineOf } from "./kinds";

/** A field of lesser interest: a line that opens. */
export function MinorField(properties: FieldProperties) {
  const { name } = properties;
  const { record, drafts, begin } = useCard();
  const [isOpen, setOpen] = useState(false);
  const isEditing = drafts.get(record.id, `field ${name}`) !== null;
  const isShown = isOpen || isEditing;
  return (
    <div className="dgf-card-minor" data-field={name}>
      <button
        type="button"
        className="dgf-card-minor-line"
        aria-expanded={isShown}
        disabled={isEditing}
        onClick={() => setOpen(!isOpen)}
        onDoubleClick={() => begin(name)}
      >
        <span aria-hidden="true">{isShown ? "▾" : "▸"}</span>
        <b dir="auto">{name}</b>
        {!isShown && (
          <bdi className="dgf-card-start">
            <Marked text={lineOf(record.state[name])} />
          </bdi>
        )}
        {!isShown && Object.hasOwn(record.original, name) && (
          <span className="dgf-card-edited">edited</span>
        )}
      </button>
      {isShown && <Field {...properties} />}
    </div>
  );
}
