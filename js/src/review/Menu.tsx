import { type ReactNode, useEffect, useRef } from "react";

export interface Item {
  label: ReactNode;
  isDisabled?: boolean;
  isChosen?: boolean;
  act(): void;
}

/** A list of things to do, by arrows and Enter; groups are parted by a line. */
export function Menu(properties: {
  label: string;
  left: number;
  top: number;
  groups: Item[][];
  close(): void;
}) {
  const { label, left, top, groups, close } = properties;
  const list = useRef<HTMLDivElement>(null);
  const items = () => [
    ...(list.current?.querySelectorAll<HTMLElement>("[role='menuitem']:not(:disabled)") ?? []),
  ];
  // biome-ignore lint/correctness/useExhaustiveDependencies: once, when it opens
  useEffect(() => items()[0]?.focus(), []);
  return (
    <div
      ref={list}
      className="dgf-menu"
      role="menu"
      tabIndex={-1}
      aria-label={label}
      style={{ left, top }}
      onBlur={(event) => {
        if (!event.currentTarget.contains(event.relatedTarget)) close();
      }}
      onKeyDown={(event) => {
        const all = items();
        const at = all.indexOf(document.activeElement as HTMLElement);
        const to = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: -1 }[event.key];
        if (event.key === "Escape" || event.key === "Tab") close();
        else if (to !== undefined) all.at(to % all.length)?.focus();
        else if (event.key === "Enter" || event.key === " ") return;
        event.preventDefault();
        event.stopPropagation();
      }}
    >
      {groups.map((group, at) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: groups never change their order
        <div key={at} className="dgf-menu-group" role="presentation">
          {group.map((item, number) => (
            <button
              // biome-ignore lint/suspicious/noArrayIndexKey: as above
              key={number}
              type="button"
              role="menuitem"
              tabIndex={-1}
              disabled={item.isDisabled}
              className={item.isChosen ? "dgf-menu-chosen" : undefined}
              onClick={() => {
                close();
                item.act();
              }}
            >
              {item.label}
            </button>
          ))}
        </div>
      ))}
    </div>
  );
}
