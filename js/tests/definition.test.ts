import { describe, expect, it } from "vitest";
import * as d from "../src/editor/definition";

const entry = (type: string, id?: string): d.BlockEntry => (id ? { type, id } : { type });
const pipeline = (...blocks: d.BlockEntry[]): d.Definition => ({ name: "p", blocks });
const types = (definition: d.Definition) => definition.blocks.map((block) => block.type);

describe("effective ids", () => {
  it("are types in snake case, numbered when repeated, around ids that are given", () => {
    const blocks = [entry("TextGenerator"), entry("TextGenerator"), entry("JSONValidatorBlock")];
    expect(d.effectiveIds(blocks)).toEqual([
      "text_generator",
      "text_generator_2",
      "json_validator_block",
    ]);
    expect(d.effectiveIds([entry("Output"), entry("A", "output")])).toEqual(["output_2", "output"]);
  });
});

describe("edits", () => {
  const abc = pipeline(entry("A"), entry("B"), entry("C"));

  it("insert, remove and move keep the others in order", () => {
    expect(types(d.insert(abc, 1, [entry("X"), entry("Y")]))).toEqual(["A", "X", "Y", "B", "C"]);
    expect(types(d.remove(abc, 1))).toEqual(["A", "C"]);
    expect(types(d.move(abc, 0, 2))).toEqual(["B", "C", "A"]);
    expect(types(d.move(abc, 2, 0))).toEqual(["C", "A", "B"]);
    expect(d.move(abc, 1, 1)).toBe(abc);
    expect(types(abc)).toEqual(["A", "B", "C"]);
  });

  it("a duplicate stands after its original and has no id that is taken", () => {
    const one = pipeline({ type: "A", id: "first", config: { x: [1] } });
    const two = d.duplicate(one, 0);
    expect(two.blocks).toEqual([
      { type: "A", id: "first", config: { x: [1] } },
      { type: "A", config: { x: [1] } },
    ]);
    expect(two.blocks[1]?.config).not.toBe(one.blocks[0]?.config);
  });

  it("changing a key to nothing takes it away", () => {
    const one = pipeline({ type: "A", when: "x", disabled: true, config: { a: 1 } });
    expect(d.change(one, 0, { when: "", config: {} }).blocks[0]).toEqual({
      type: "A",
      disabled: true,
    });
    expect(d.toggleDisabled(one, 0).blocks[0]).toEqual({ type: "A", when: "x", config: { a: 1 } });
  });

  it("rules stand before the blocks", () => {
    const changed = d.changeRules(abc, { accept_when: "valid", name: "q" });
    expect(Object.keys(changed)).toEqual(["name", "accept_when", "blocks"]);
    expect(d.changeRules(changed, { accept_when: "" })).toEqual({ ...abc, name: "q" });
  });
});
