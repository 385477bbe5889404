import { describe, expect, it } from "vitest";
import { nearest, unknownFields } from "../src/editor/form/unknown";

const HERE = { fields: ["content", "assistant"], seed: ["content"], isOpen: false };

describe("unknownFields", () => {
  it("names the nearest field", () => {
    expect(unknownFields("{{ contnet }}{{ assistant }}", HERE)).toEqual([
      {
        name: "contnet",
        from: 3,
        to: 10,
        certain: true,
        message: "no field here is called 'contnet'; did you mean 'content'?",
      },
    ]);
  });

  it("lists the fields when none is near", () => {
    expect(unknownFields("{{ zebra }}", HERE).map((each) => each.message)).toEqual([
      "no field here is called 'zebra'; there are: content, assistant.",
    ]);
    expect(unknownFields("{{ x }}", { ...HERE, fields: [] }).map((each) => each.message)).toEqual([
      "no field here is called 'x'; there are none",
    ]);
  });

  it("is mild where the field may not be reached", () => {
    expect(unknownFields("{% if content %}{{ contnt }}{% endif %}", HERE)).toEqual([
      {
        name: "contnt",
        from: 19,
        to: 25,
        certain: false,
        message:
          "no field here is called 'contnt'; did you mean 'content'? It is an error only where it is reached.",
      },
    ]);
  });

  it("says nothing while any field may be there", () => {
    expect(unknownFields("{{ zebra }}", { ...HERE, isOpen: true })).toEqual([]);
  });

  it("knows the seed's fields, open or not", () => {
    const all = { ...HERE, isOpen: true };
    expect(unknownFields("{{ metadata.assistant }}", all).map((each) => each.message)).toEqual([
      "the seed has no field 'assistant'; there are: content.",
    ]);
    expect(unknownFields("{{ metadata.x }}", { ...HERE, seed: null })).toEqual([]);
    expect(unknownFields("{{ metadata.x }}", { ...HERE, fields: ["metadata"] })).toEqual([]);
  });
});

describe("nearest", () => {
  it("allows for slips of the fingers", () => {
    const names = ["content", "chunk_text", "assistant"];
    expect(nearest("contnet", names)).toBe("content");
    expect(nearest("Content", names)).toBe("content");
    expect(nearest("chunk_txt", names)).toBe("chunk_text");
    expect(nearest("seed", names)).toBeNull();
    expect(nearest("x", [])).toBeNull();
  });
});
