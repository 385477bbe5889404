import type { WidgetProps } from "@rjsf/utils";
import { type KeyboardEvent, useState } from "react";

/** Names that are shown at most; typing narrows them down. */
const MOST = 100;

/** One of several names, or any other text: the names are offered, nothing is refused. */
export function Suggesting(properties: WidgetProps & { names: readonly string[] }) {
  const { id, label, value, onChange, placeholder, required, names, options } = properties;
  const text = typeof value === "string" ? value : "";
  const [isOpen, setOpen] = useState(false);
  const [at, setAt] = useState(-1);
  // The name that is there already is no search: all are offered.
  const [isSearch, setSearch] = useState(false);
  const wanted = isSearch ? text.toLowerCase() : "";
  const found = names.filter((name) => name.toLowerCase().includes(wanted)).slice(0, MOST);
  const shown = isOpen && found.length > 0;
  const list = `${id}__choices`;

  const set = (next: string) => onChange(next === "" ? options.emptyValue : next);
  const open = (search: boolean) => {
    setOpen(true);
    setSearch(search);
    setAt(-1);
  };
  const choose = (name: string) => {
    set(name);
    setOpen(false);
  };
  const press = (event: KeyboardEvent) => {
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      if (!shown) open(false);
      const by = event.key === "ArrowDown" ? 1 : -1;
      if (found.length) setAt((old) => (shown ? (old + by + found.length) % found.length : 0));
    } else if (event.key === "Enter" && shown && at >= 0) choose(found[at] as string);
    else if (event.key === "Escape" && shown) setOpen(false);
    else return;
    event.preventDefault();
    event.stopPropagation();
  };
  return (
    <div className="dgf-suggesting">
      <input
        id={id}
        className="dgf-input"
        type="text"
        dir="auto"
        role="combobox"
        aria-labelledby={`${id}__label`}
        aria-describedby={`${id}__help`}
        aria-expanded={shown}
        aria-controls={list}
        aria-autocomplete="list"
        aria-activedescendant={shown && at >= 0 ? `${list}_${at}` : undefined}
        autoComplete="off"
        required={required}
        value={text}
        placeholder={placeholder}
        onChange={(event) => {
          set(event.target.value);
          open(true);
        }}
        onClick={() => open(false)}
        onBlur={() => setOpen(false)}
        onKeyDown={press}
      />
      <div id={list} role="listbox" aria-label={`Choices for ${label}`} hidden={!shown} dir="auto">
        {found.map((name, index) => (
          // biome-ignore lint/a11y/useFocusableInteractive: the input keeps the focus
          // biome-ignore lint/a11y/useKeyWithClickEvents: its keys choose
          <div
            key={name}
            id={`${list}_${index}`}
            role="option"
            aria-selected={index === at}
            ref={(element) => {
              if (index === at) element?.scrollIntoView({ block: "nearest" });
            }}
            onMouseDown={(event) => event.preventDefault()}
            onClick={() => choose(name)}
          >
            {name}
          </div>
        ))}
      </div>
    </div>
  );
}
