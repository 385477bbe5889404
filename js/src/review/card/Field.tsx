import { useState } from "react";
import { CopyButton } from "../../shared/CopyButton";
import { textIn } from "../../shared/numbers";
import { useCard } from "./acts";
import { Changes, saidIn } from "./Changes";
import { FieldEditor } from "./FieldEditor";
import { typeOf } from "./kinds";
import { shortValue, Value, type View, Views, viewsOf } from "./Value";

export interface FieldProperties {
  name: string;
  /** How its values are looked at; null: as they read best. */
  view: View | null;
  look(view: View): void;
}

/** A field with its value, or with the editor of it. */
export function Field({ name, view, look }: FieldProperties) {
  const { record, drafts, isGone, canEdit, begin } = useCard();
  const [showsChanges, setShowsChanges] = useState(false);
  const value = record.state[name];
  const isEdited = Object.hasOwn(record.original, name);
  const views = viewsOf(value);
  const shown = view && views.includes(view) ? view : (views[0] as View);
  const short = shortValue(record.state, name);
  const draft = drafts.get(record.id, `field ${name}`);
  return (
    <section className="dgf-card-field" data-field={name} aria-label={name}>
      <div className="dgf-card-field-head">
        <h4 dir="auto">{name}</h4>
        {short ?? <span className="dgf-soft">{typeOf(value)}</span>}
        <span className="dgf-space" />
        {isEdited && (
          <button
            type="button"
            className="dgf-small dgf-card-edited"
            aria-pressed={showsChanges}
            onClick={() => setShowsChanges(!showsChanges)}
          >
            edited
          </button>
        )}
        {!draft && <Views name={name} views={views} view={shown} look={look} />}
        <CopyButton label={name} text={() => textIn(record.state, name)} />
        {canEdit && (
          <button
            type="button"
            className="dgf-small"
            data-edit
            aria-label={`Edit ${name}`}
            title="Edit (E, or a double click)"
            disabled={isGone || draft !== null}
            onClick={() => begin(name)}
          >
            Edit
          </button>
        )}
      </div>
      {isEdited && showsChanges && (
        <Changes
          name={name}
          before={saidIn(record.original, name)}
          after={saidIn(record.state, name)}
        />
      )}
      {draft ? (
        <FieldEditor key={record.id} name={name} draft={draft} />
      ) : short ? null : (
        // biome-ignore lint/a11y/noStaticElementInteractions: the button above does the same
        <div onDoubleClick={(event) => !isControl(event.target) && begin(name)}>
          <Value key={record.id} name={name} value={value} view={shown} />
        </div>
      )}
    </section>
  );
}

function isControl(target: EventTarget): boolean {
  return (target as Element).closest("button, a, [role='tree']") !== null;
}
