import { Difference } from "../../shared/Difference";
import { SearchContext } from "../../shared/LongText";
import { textIn } from "../../shared/numbers";
import { typeOf } from "./kinds";

/** A value with how it is written. */
export interface Said {
  value: unknown;
  text: string;
}

/** What was made of a value: words of texts, lines of everything else. */
export function Changes(properties: { name: string; before: Said; after: Said; labels?: string }) {
  const { name, before, after, labels = "The original and the value now" } = properties;
  const areTexts = typeof before.value === "string" && typeof after.value === "string";
  const types = [typeOf(before.value), typeOf(after.value)];
  return (
    <div className="dgf-card-changes">
      <p className="dgf-soft">
        {labels}
        {types[0] !== types[1] && ` (${types[0]} → ${types[1]})`}:
      </p>
      <SearchContext value={null}>
        <Difference
          before={before.text}
          after={after.text}
          label={name}
          by={areTexts ? "words" : "lines"}
        />
      </SearchContext>
    </div>
  );
}

/** A field of a state. */
export function saidIn(state: Record<string, unknown>, name: string): Said {
  return { value: state[name], text: textIn(state, name) };
}
