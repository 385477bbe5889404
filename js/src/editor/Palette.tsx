import { useMemo, useState } from "react";
import { insert } from "./definition";
import type { BlockType } from "./protocol";
import { useEditor } from "./useEditor";

/** Drag data of a block type on its way from the palette to the canvas. */
export const DRAGGED_TYPE = "application/x-datagenflow-block";

/** The block types there are, by category, with a search. */
export function Palette() {
  const editor = useEditor();
  const [search, setSearch] = useState("");
  const groups = useMemo(
    () => grouped(editor.catalog?.blocks ?? [], search),
    [editor.catalog, search],
  );
  const add = (type: string) => {
    const count = editor.definition.blocks.length;
    const at = editor.insertAt ?? (editor.selected === null ? count : editor.selected + 1);
    editor.edit(insert(editor.definition, at, [{ type }]));
    editor.select(at);
    editor.setInsertAt(null);
  };
  return (
    <section className="dgf-palette" aria-label="Blocks to add">
      <input
        type="search"
        className="dgf-input"
        placeholder="Search blocks"
        aria-label="Search blocks"
        data-dgf-search=""
        value={search}
        onChange={(event) => setSearch(event.target.value)}
        onKeyDown={(event) => {
          const first = groups[0]?.[1].find((block) => !block.error);
          if (event.key === "Enter" && first) add(first.type);
        }}
      />
      <div className="dgf-palette-list">
        {groups.map(([category, blocks]) => (
          <div key={category}>
            <h4 className="dgf-category">{category}</h4>
            {blocks.map((block) => (
              <PaletteItem key={block.type} block={block} add={add} />
            ))}
          </div>
        ))}
        {editor.catalog?.unavailable.map((item) => (
          <div key={item.source} className="dgf-unavailable" title={item.error}>
            <b>{item.types.join(", ") || item.source}</b>
            <div>not available: {item.error}</div>
          </div>
        ))}
        {groups.length === 0 && editor.catalog && <p className="dgf-soft">No block matches.</p>}
      </div>
    </section>
  );
}

function PaletteItem({ block, add }: { block: BlockType; add(type: string): void }) {
  return (
    <button
      type="button"
      className="dgf-item"
      draggable
      disabled={block.error !== null}
      title={block.error ?? block.description}
      onDragStart={(event) => {
        event.dataTransfer.setData(DRAGGED_TYPE, block.type);
        event.dataTransfer.effectAllowed = "copy";
      }}
      onClick={() => add(block.type)}
    >
      <span className="dgf-item-name">{block.name}</span>
      <span className="dgf-item-about">{block.error ?? block.description}</span>
    </button>
  );
}

function grouped(blocks: readonly BlockType[], search: string): [string, BlockType[]][] {
  const words = search.toLowerCase().split(/\s+/).filter(Boolean);
  const found = new Map<string, BlockType[]>();
  for (const block of blocks) {
    const text = `${block.type} ${block.name} ${block.description} ${block.category}`.toLowerCase();
    if (!words.every((word) => text.includes(word))) continue;
    const group = found.get(block.category) ?? [];
    found.set(block.category, [...group, block]);
  }
  return [...found].sort(([one], [other]) => one.localeCompare(other));
}
