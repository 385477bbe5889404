import { type KeyboardEvent, useRef } from "react";
import { swapped } from "./editing";
import { GrowingText, type TypedProperties } from "./TypedInput";

/** A list of texts, one field for each. */
export function TextsInput({ name, typed, set }: TypedProperties) {
  const list = useRef<HTMLOListElement>(null);
  const { items } = typed;
  const focus = (at: number, selector = "textarea") => {
    // The items are drawn in a moment.
    requestAnimationFrame(() => {
      list.current?.children[at]?.querySelector<HTMLElement>(selector)?.focus();
    });
  };
  const put = (next: string[]) => set({ ...typed, items: next });
  const move = (at: number, by: 1 | -1, selector?: string) => {
    const next = swapped(items, at, by);
    if (next === items) return;
    put(next);
    focus(at + by, selector);
  };
  const press = (event: KeyboardEvent, at: number) => {
    if (!event.altKey || (event.key !== "ArrowUp" && event.key !== "ArrowDown")) return;
    move(at, event.key === "ArrowUp" ? -1 : 1);
    event.preventDefault();
  };
  return (
    <>
      <ol ref={list} className="dgf-card-texts">
        {items.map((item, at) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: texts have no other name
          <li key={at} onKeyDown={(event) => press(event, at)}>
            <GrowingText
              label={`${name}, item ${at + 1}`}
              text={item}
              set={(text) => put(items.with(at, text))}
            />
            <span className="dgf-card-item-acts">
              <button
                type="button"
                className="dgf-small"
                data-up
                aria-label={`Item ${at + 1} up`}
                title="Up (Alt+↑)"
                disabled={at === 0}
                onClick={() => move(at, -1, "[data-up]")}
              >
                ↑
              </button>
              <button
                type="button"
                className="dgf-small"
                data-down
                aria-label={`Item ${at + 1} down`}
                title="Down (Alt+↓)"
                disabled={at === items.length - 1}
                onClick={() => move(at, 1, "[data-down]")}
              >
                ↓
              </button>
              <button
                type="button"
                className="dgf-small"
                aria-label={`Remove item ${at + 1}`}
                onClick={() => {
                  put(items.toSpliced(at, 1));
                  focus(Math.max(0, at - 1));
                }}
              >
                ✕
              </button>
            </span>
          </li>
        ))}
      </ol>
      <button
        type="button"
        className="dgf-small"
        data-first={items.length === 0 ? true : undefined}
        onClick={() => {
          put([...items, ""]);
          focus(items.length);
        }}
      >
        Add an item
      </button>
    </>
  );
}
