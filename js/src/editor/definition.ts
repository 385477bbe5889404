/** A pipeline as data, as Python's PipelineSpec holds it, and the edits there are. */

import type { Json } from "../shared/json";

export interface BlockEntry {
  type: string;
  id?: string;
  config?: Record<string, Json>;
  when?: string;
  disabled?: boolean;
  description?: string;
}

export interface Definition {
  name: string;
  description?: string;
  accept_when?: string;
  blocks: BlockEntry[];
  field_layout?: Record<string, Json>;
}

/** `TextGenerator` -> `text_generator`, as Python names blocks that have no id. */
export function snakeCase(name: string): string {
  return name
    .replace(/([A-Z]+)([A-Z][a-z])/g, "$1_$2")
    .replace(/([a-z0-9])([A-Z])/g, "$1_$2")
    .toLowerCase();
}

/** The id each block goes by: its own, else its type in snake case, numbered when repeated. */
export function effectiveIds(blocks: readonly BlockEntry[]): string[] {
  const given = new Set(blocks.flatMap((block) => (block.id ? [block.id] : [])));
  const used = new Set<string>();
  return blocks.map((block) => {
    let id = block.id;
    if (!id) {
      const base = snakeCase(block.type);
      id = base;
      for (let count = 2; used.has(id) || given.has(id); count++) id = `${base}_${count}`;
    }
    used.add(id);
    return id;
  });
}

/** A definition with other blocks. */
function withBlocks(definition: Definition, blocks: BlockEntry[]): Definition {
  return { ...definition, blocks };
}

/** `entries` at position `at` of the blocks; ids that are taken are left out. */
export function insert(definition: Definition, at: number, entries: BlockEntry[]): Definition {
  const taken = new Set(effectiveIds(definition.blocks));
  const fresh = entries.map((entry) => {
    const { id, ...rest } = structuredClone(entry);
    if (id === undefined || taken.has(id)) return rest;
    taken.add(id);
    return { ...rest, id };
  });
  return withBlocks(definition, definition.blocks.toSpliced(at, 0, ...fresh));
}

export function remove(definition: Definition, at: number): Definition {
  return withBlocks(definition, definition.blocks.toSpliced(at, 1));
}

/** The block at `from` to where it stands at `to` afterwards. */
export function move(definition: Definition, from: number, to: number): Definition {
  const block = definition.blocks[from];
  if (!block || from === to) return definition;
  return withBlocks(definition, definition.blocks.toSpliced(from, 1).toSpliced(to, 0, block));
}

/** A copy right after the block, under an id of its own. */
export function duplicate(definition: Definition, at: number): Definition {
  const block = definition.blocks[at];
  return block ? insert(definition, at + 1, [block]) : definition;
}

/** The block with some keys changed; a key that becomes undefined, empty or false goes away. */
export function change(
  definition: Definition,
  at: number,
  values: { [Key in keyof BlockEntry]?: BlockEntry[Key] | undefined },
): Definition {
  const block = definition.blocks[at];
  if (!block) return definition;
  const entry: Record<string, unknown> = { ...block, ...values };
  for (const key of Object.keys(values)) {
    if (isNothing(entry[key])) delete entry[key];
  }
  return withBlocks(definition, definition.blocks.with(at, entry as unknown as BlockEntry));
}

/** The pipeline's own keys changed: name, description, rules. */
export function changeRules(
  definition: Definition,
  values: Partial<Pick<Definition, "name" | "description" | "accept_when">>,
): Definition {
  const changed: Record<string, unknown> = { ...definition, ...values };
  for (const key of ["description", "accept_when"]) {
    if (isNothing(changed[key])) delete changed[key];
  }
  // The blocks last, the rules before them: the order in which people write and read them.
  const { blocks, field_layout, ...rules } = changed as unknown as Definition;
  return { ...rules, blocks, ...(field_layout ? { field_layout } : {}) };
}

export function toggleDisabled(definition: Definition, at: number): Definition {
  return change(definition, at, { disabled: !definition.blocks[at]?.disabled });
}

function isNothing(value: unknown): boolean {
  if (value === undefined || value === "" || value === false) return true;
  return typeof value === "object" && value !== null && Object.keys(value).length === 0;
}
