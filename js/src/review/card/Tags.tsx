import { type KeyboardEvent, useId, useState } from "react";
import { Combobox } from "../../shared/Combobox";
import { useCard } from "./acts";

/** The record's tags: words to find it by again. */
export function Tags({ known }: { known(): Promise<string[]> }) {
  const { record, acts, isGone } = useCard();
  const id = useId();
  const [text, setText] = useState("");
  const [names, setNames] = useState<string[]>([]);
  const [problem, setProblem] = useState<string | null>(null);
  const { tags } = record;

  const offer = () => {
    known().then(setNames, (error: Error) => setProblem(error.message));
  };
  const change = (add: string[], remove: string[]) =>
    acts.tag(record.id, add, remove).then(
      () => setProblem(null),
      (error: Error) => {
        setProblem(`The tags are not saved: ${error.message}`);
        if (add.length) setText(add.join(", "));
      },
    );
  const add = (typed: string) => {
    const wanted = typed.split(",").map((tag) => tag.trim());
    const added = wanted.filter((tag) => tag && !tags.includes(tag));
    setText("");
    if (added.length) void change([...new Set(added)], []);
  };
  const press = (event: KeyboardEvent): boolean => {
    if (event.nativeEvent.isComposing) return false;
    if (event.key === "Enter" || event.key === ",") add(text);
    else if (event.key === "Escape") {
      setText("");
      (event.target as HTMLElement).closest<HTMLElement>(".dgf-card")?.focus();
    } else return false;
    return true;
  };
  return (
    <div className="dgf-card-tags">
      <ul aria-label="Tags">
        {tags.map((tag) => (
          <li key={tag} className="dgf-card-tag">
            <bdi>{tag}</bdi>
            <button
              type="button"
              aria-label={`Remove the tag ${tag}`}
              title="Remove"
              disabled={isGone}
              onClick={() => void change([], [tag])}
            >
              ✕
            </button>
          </li>
        ))}
      </ul>
      <Combobox
        id={id}
        label="Add a tag"
        value={text}
        names={names.filter((name) => !tags.includes(name))}
        set={setText}
        choose={add}
        press={press}
        prepare={offer}
        placeholder="Add a tag"
        disabled={isGone}
      />
      {problem && (
        <div className="dgf-problem" role="alert">
          {problem}
        </div>
      )}
    </div>
  );
}
