import { type KeyboardEvent, useState } from "react";

/** Names that are shown at most; typing narrows them down. */
const MOST = 100;

/** A text for which names are offered; any other one may be typed as well. */
export function Combobox(properties: {
  id: string;
  /** What the choices are for. */
  label: string;
  /** Ids of the elements that name and describe the field; without the first one, `label` does. */
  labelledBy?: string;
  describedBy?: string;
  value: string;
  names: readonly string[];
  set(text: string): void;
  /** A name was chosen; without it, that is the text. */
  choose?(name: string): void;
  /** Keys that the choices do not need; true: it did something. */
  press?(event: KeyboardEvent): boolean;
  /** It has got the focus: names will be wanted. */
  prepare?(): void;
  placeholder?: string | undefined;
  required?: boolean | undefined;
  disabled?: boolean;
}) {
  const { id, label, labelledBy, describedBy, value, names, set, press } = properties;
  const { choose = set, prepare, placeholder, required, disabled } = properties;
  const [isOpen, setOpen] = useState(false);
  const [at, setAt] = useState(-1);
  // The name that is there already is no search: all are offered.
  const [isSearch, setSearch] = useState(false);
  const wanted = isSearch ? value.toLowerCase() : "";
  const found = names.filter((name) => name.toLowerCase().includes(wanted)).slice(0, MOST);
  const shown = isOpen && found.length > 0;
  const list = `${id}__choices`;

  const open = (search: boolean) => {
    setOpen(true);
    setSearch(search);
    setAt(-1);
  };
  const take = (name: string) => {
    choose(name);
    setOpen(false);
  };
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      if (!shown) open(false);
      const by = event.key === "ArrowDown" ? 1 : -1;
      if (found.length) setAt((old) => (shown ? (old + by + found.length) % found.length : 0));
    } else if (event.key === "Enter" && shown && at >= 0) take(found[at] as string);
    else if (event.key === "Escape" && shown) setOpen(false);
    else if (press?.(event)) setOpen(false);
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
        aria-label={labelledBy ? undefined : label}
        aria-labelledby={labelledBy}
        aria-describedby={describedBy}
        aria-expanded={shown}
        aria-controls={list}
        aria-autocomplete="list"
        aria-activedescendant={shown && at >= 0 ? `${list}_${at}` : undefined}
        autoComplete="off"
        required={required}
        disabled={disabled}
        value={value}
        placeholder={placeholder}
        onChange={(event) => {
          set(event.target.value);
          open(true);
        }}
        onClick={() => open(false)}
        onFocus={prepare}
        onBlur={() => setOpen(false)}
        onKeyDown={onKeyDown}
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
            onClick={() => take(name)}
          >
            {name}
          </div>
        ))}
      </div>
    </div>
  );
}
