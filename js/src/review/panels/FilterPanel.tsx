import { useEffect, useRef, useState } from "react";
import type { Condition, Operator, Query } from "../protocol";
import { addCondition, chipsOf, typedValue } from "../query";
import { useReview } from "../useReview";
import { Panel } from "./Panel";

const OPERATORS: Record<string, Operator[]> = {
  number: [">=", "<=", "=", "!=", ">", "<", "is empty", "is not empty"],
  bool: ["=", "!=", "is empty", "is not empty"],
};
const TEXT: Operator[] = ["contains", "=", "!=", ">=", "<=", "is empty", "is not empty"];

/** Conditions on columns, and those that are about what people did. */
export function FilterPanel({ close }: { close(): void }) {
  const { query, setQuery, column } = useReview();
  return (
    <Panel title="Filter" close={close}>
      <OnColumn key={column?.name ?? ""} />
      <Choice
        label="Edited"
        value={query.is_edited}
        set={(value) => setQuery(withOptional(query, "is_edited", value))}
      />
      <Choice
        label="With a note"
        value={query.has_note}
        set={(value) => setQuery(withOptional(query, "has_note", value))}
      />
      <Text
        label="Reviewer"
        value={query.reviewer ?? ""}
        set={(value) => setQuery(withOptional(query, "reviewer", value))}
      />
      <Text
        label="Tag"
        value=""
        set={(value) => value && setQuery({ ...query, tags: [...(query.tags ?? []), value] })}
      />
      <Text
        label="Reason contains (failed and filtered ones)"
        value={query.reason ?? ""}
        set={(value) => setQuery(withOptional(query, "reason", value))}
      />
      <Choice
        label="Earlier attempts too"
        value={query.current_only === false ? true : undefined}
        set={(value) => setQuery(withOptional(query, "current_only", value ? false : undefined))}
      />
      {chipsOf(query).length > 0 && (
        <button
          type="button"
          className="dgf-button"
          onClick={() => setQuery(query.sort ? { sort: query.sort } : {})}
        >
          Clear all filters
        </button>
      )}
    </Panel>
  );
}

/** One condition on a column: which, how, what. */
function OnColumn() {
  const { shown, columns, column: current, query, setQuery } = useReview();
  const [name, setName] = useState(current?.name ?? shown[0]?.name ?? "");
  const column = columns.find((each) => each.name === name);
  const kind = column?.kind === "id" ? "number" : (column?.kind ?? "text");
  const operators = OPERATORS[kind] ?? TEXT;
  const [op, setOp] = useState<Operator>(operators[0] ?? "contains");
  const chosen = operators.includes(op) ? op : (operators[0] as Operator);
  const [text, setText] = useState("");
  const first = useRef<HTMLSelectElement>(null);
  useEffect(() => first.current?.focus(), []);
  const isUnary = chosen.startsWith("is ");
  const value = typedValue(text, chosen === "contains" ? "text" : kind);
  const canAdd = isUnary || text.trim() !== "";
  const add = () => {
    const condition: Condition = isUnary
      ? { field: name, op: chosen }
      : { field: name, op: chosen, value };
    setQuery(addCondition(query, condition));
    setText("");
  };
  return (
    <form
      className="dgf-condition"
      aria-label="Filter by a column"
      onSubmit={(event) => {
        event.preventDefault();
        if (canAdd) add();
      }}
    >
      <select
        ref={first}
        className="dgf-input"
        aria-label="Column"
        value={name}
        onChange={(event) => setName(event.target.value)}
      >
        {columns
          .filter((each) => each.name !== "status")
          .map((each) => (
            <option key={each.name} value={each.name}>
              {each.label}
            </option>
          ))}
      </select>
      <select
        className="dgf-input"
        aria-label="Operator"
        value={chosen}
        onChange={(event) => setOp(event.target.value as Operator)}
      >
        {operators.map((each) => (
          <option key={each} value={each}>
            {each}
          </option>
        ))}
      </select>
      {!isUnary && (
        <input
          className="dgf-input"
          aria-label="Value"
          placeholder={kind === "bool" ? "true or false" : "value"}
          value={text}
          onChange={(event) => setText(event.target.value)}
        />
      )}
      <button type="submit" className="dgf-button dgf-main" disabled={!canAdd}>
        Add
      </button>
    </form>
  );
}

/** Yes, no, or does not matter. */
function Choice(properties: {
  label: string;
  value: boolean | undefined;
  set(value: boolean | undefined): void;
}) {
  const { label, value, set } = properties;
  return (
    <label className="dgf-field">
      <span>{label}</span>
      <select
        value={value === undefined ? "" : value ? "yes" : "no"}
        onChange={(event) => {
          const chosen = event.target.value;
          set(chosen === "" ? undefined : chosen === "yes");
        }}
      >
        <option value="">does not matter</option>
        <option value="yes">yes</option>
        <option value="no">no</option>
      </select>
    </label>
  );
}

function Text(properties: { label: string; value: string; set(value: string): void }) {
  const { label, value, set } = properties;
  return (
    <label className="dgf-field">
      <span>{label}</span>
      <input
        key={value}
        defaultValue={value}
        onKeyDown={(event) => {
          if (event.key !== "Enter") return;
          event.preventDefault();
          set(event.currentTarget.value.trim());
        }}
        onBlur={(event) => event.target.value.trim() !== value && set(event.target.value.trim())}
      />
    </label>
  );
}

function withOptional<K extends keyof Query>(
  query: Query,
  name: K,
  value: Query[K] | undefined | "",
): Query {
  const { [name]: _, ...rest } = query;
  return value === undefined || value === "" ? (rest as Query) : { ...rest, [name]: value };
}
