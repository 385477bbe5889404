import { type KeyboardEvent, type ReactNode, useEffect, useMemo, useRef, useState } from "react";
import { CopyButton } from "./CopyButton";
import { asText } from "./folding";
import { LongText, Marked } from "./LongText";
import * as treeOf from "./tree";

/** A JSON value whose lists and objects fold; texts are shown as texts, whatever they hold.
 *
 * One of its rows has the focus: arrows move and fold, as in a tree of files. */
export function JsonTree(properties: {
  value: unknown;
  /** What it is called, also in the paths that are copied. */
  name: string;
  /** Levels that are open at first; without it as many as are quickly read. */
  open?: number;
}) {
  const { value, name, open } = properties;
  const [opened, setOpened] = useState(() => treeOf.firstOpened(value, open));
  const [focused, setFocused] = useState("[]");
  const tree = useRef<HTMLDivElement>(null);
  const rows = useMemo(() => treeOf.rowsOf(value, opened), [value, opened]);
  const at = Math.max(
    0,
    rows.findIndex((row) => row.id === focused),
  );

  const focus = (to: number) => {
    const bounded = Math.max(0, Math.min(to, rows.length - 1));
    tree.current?.querySelector<HTMLElement>(`[data-row="${bounded}"]`)?.focus();
  };
  // A page more takes the place of the row that it was asked for with.
  const next = useRef<number | null>(null);
  // biome-ignore lint/correctness/useExhaustiveDependencies: when the rows are there
  useEffect(() => {
    if (next.current !== null) focus(next.current);
    next.current = null;
  }, [rows]);

  const act = (row: treeOf.Row) => {
    if (row.kind === "more") {
      next.current = rows.indexOf(row);
      setOpened(treeOf.withMore(opened, row.path));
    } else if (row.canOpen) setOpened(treeOf.toggled(opened, row.id));
  };
  const press = (event: KeyboardEvent) => {
    const row = rows[at];
    const isOnRow = event.target === event.currentTarget;
    if (!row || !isOnRow || event.ctrlKey || event.metaKey || event.altKey) return;
    const key = event.key;
    if (key === "ArrowDown") focus(at + 1);
    else if (key === "ArrowUp") focus(at - 1);
    else if (key === "Home") focus(0);
    else if (key === "End") focus(rows.length - 1);
    else if (key === "ArrowRight" && row.canOpen && !row.isOpen) act(row);
    else if (key === "ArrowRight" && row.isOpen) focus(at + 1);
    else if (key === "ArrowLeft" && row.isOpen) act(row);
    else if (key === "ArrowLeft")
      focus(rows.findLastIndex((each, n) => n < at && each.depth < row.depth));
    else if (key === "Enter" || key === " ") act(row);
    else return;
    event.preventDefault();
    event.stopPropagation();
  };
  return (
    <div ref={tree} className="dgf-tree" role="tree" aria-label={name}>
      {rows.map((row, number) => (
        <div
          key={row.id}
          data-row={number}
          role="treeitem"
          aria-level={row.depth + 1}
          aria-expanded={row.canOpen ? row.isOpen : undefined}
          aria-selected={number === at}
          tabIndex={number === at ? 0 : -1}
          className="dgf-tree-row"
          style={{ paddingInlineStart: row.depth * 14 }}
          onFocus={() => setFocused(row.id)}
          onKeyDown={press}
          onClick={(event) => {
            const isText = document.getSelection()?.toString() !== "";
            const target = event.target as HTMLElement;
            if (!isText && !target.closest("button, .dgf-long")) act(row);
          }}
        >
          <RowLine row={row} root={name} />
        </div>
      ))}
    </div>
  );
}

function RowLine({ row, root }: { row: treeOf.Row; root: string }) {
  if (row.kind === "more") {
    return (
      <span className="dgf-tree-more">
        Show {Math.min(row.count, treeOf.PAGE).toLocaleString("en")} more of{" "}
        {row.count.toLocaleString("en")}
      </span>
    );
  }
  const path = treeOf.pathText(root, row.path);
  return (
    <>
      <span className="dgf-tree-line">
        <span className="dgf-tree-fold" aria-hidden="true">
          {row.canOpen ? (row.isOpen ? "▾" : "▸") : ""}
        </span>
        {row.key !== null && (
          <bdi className="dgf-tree-name">
            <Marked text={String(row.key)} />:{" "}
          </bdi>
        )}
        <Value row={row} />
        <span className="dgf-tree-acts">
          <CopyButton label={path} text={() => row.number ?? asText(row.value)} />
          <CopyButton label={`the path ${path}`} text={() => path}>
            Path
          </CopyButton>
        </span>
      </span>
      {row.kind === "text" && row.isOpen && <LongText text={row.value as string} label={path} />}
    </>
  );
}

function Value({ row }: { row: treeOf.Row }): ReactNode {
  const { value, count, kind } = row;
  const many = count.toLocaleString("en");
  if (kind === "list" || kind === "object") {
    const [left, right] = kind === "list" ? "[]" : "{}";
    return (
      <span className="dgf-soft">
        {left}
        {row.isOpen || count === 0 ? "" : "…"}
        {right} {many} {count === 1 ? "item" : "items"}
      </span>
    );
  }
  if (kind === "text") {
    if (row.isOpen) return <span className="dgf-soft">{many} characters</span>;
    return (
      <bdi className="dgf-tree-text">
        <Marked text={`"${treeOf.lineOf(value as string)}"`} />
      </bdi>
    );
  }
  return <span className="dgf-tree-other">{row.number ?? String(value ?? null)}</span>;
}
