import { Difference } from "../../shared/Difference";
import { asText } from "../../shared/folding";
import { SearchContext } from "../../shared/LongText";
import { typeOf } from "./kinds";

/** What was made of a value: words of texts, lines of everything else. */
export function Changes(properties: {
  name: string;
  before: unknown;
  after: unknown;
  labels?: string;
}) {
  const { name, before, after, labels = "The original and the value now" } = properties;
  const areTexts = typeof before === "string" && typeof after === "string";
  const types = [typeOf(before), typeOf(after)];
  return (
    <div className="dgf-card-changes">
      <p className="dgf-soft">
        {labels}
        {types[0] !== types[1] && ` (${types[0]} → ${types[1]})`}:
      </p>
      <SearchContext value={null}>
        <Difference
          before={asText(before ?? null)}
          after={asText(after ?? null)}
          label={name}
          by={areTexts ? "words" : "lines"}
        />
      </SearchContext>
    </div>
  );
}
