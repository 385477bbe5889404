import { describe, expect, it } from "vitest";
import { readValue, textOf } from "../src/editor/form/jsonValue";
import { jsonProblems } from "../src/shared/code/jsonText";

describe("jsonProblems", () => {
  it("says where a text stops being JSON", () => {
    const [problem] = jsonProblems('{\n  "a": 1,\n  b: 2\n}', false);
    expect(problem?.message).toMatch(/^not JSON at line 3, column 3: /);
    expect([problem?.from, problem?.to, problem?.severity]).toEqual([14, 15, "error"]);
  });

  it("finds the place when the browser does not tell it", () => {
    const [problem] = jsonProblems('{"a": abc}', false);
    expect(problem?.message).toMatch(/^not JSON at line 1, column 7: Unexpected token 'a'$/);
  });

  it("has nothing against JSON, or nothing at all", () => {
    expect(jsonProblems('{"a": [1, null]}', false)).toEqual([]);
    expect(jsonProblems("  ", true)).toEqual([]);
  });

  it("warns of keys that are there twice", () => {
    expect(jsonProblems('{"a": 1, "b": {"a": 2}, "a": 3}', false)).toEqual([
      {
        from: 24,
        to: 27,
        severity: "warning",
        message: 'the key "a" is there twice; only the last one counts',
      },
    ]);
  });

  it("checks JSON Schemas, at the value that is wrong", () => {
    const text = '{"type": "object", "properties": {"a/b": {"type": "strin"}}, "required": "a"}';
    expect(jsonProblems(text, true)).toEqual([
      {
        from: 50,
        to: 57,
        severity: "error",
        message:
          "no JSON Schema: properties.a~1b.type must be one of array, boolean, integer, null, number, object, string",
      },
      {
        from: 73,
        to: 76,
        severity: "error",
        message: "no JSON Schema: required must be array",
      },
    ]);
    expect(jsonProblems('{"type": "object", "prefixItems": [{"type": "string"}]}', true)).toEqual(
      [],
    );
  });

  it("follows the dialect a schema names", () => {
    const old = '{"$schema": "http://json-schema.org/draft-07/schema#", "items": [{}, {}]}';
    expect(jsonProblems(old, true)).toEqual([]);
    expect(jsonProblems('{"items": [{}, {}]}', true).map((each) => each.message)).toEqual([
      "no JSON Schema: items must be object,boolean",
    ]);
    expect(jsonProblems('{"$schema": "https://example.com/own", "type": 1}', true)).toEqual([]);
  });

  it("wants a mapping", () => {
    expect(jsonProblems("[1]", true).map((each) => each.message)).toEqual([
      'expected a JSON Schema such as {"type": "object", "properties": {}}',
    ]);
  });
});

describe("readValue and textOf", () => {
  const both = { words: ["object", "string"], mayBeTemplate: true, isSchema: true };
  const json = { words: [], mayBeTemplate: false, isSchema: false };
  const either = { words: ["string", "integer"], mayBeTemplate: false, isSchema: false };

  it("keep a text that is no JSON where the block takes texts", () => {
    expect(readValue('{"a": 1}', both, false)).toEqual({ a: 1 });
    expect(readValue('{"a": ', both, false)).toBe('{"a": ');
    expect(readValue('{"a": {{ b }}}', both, true)).toBe('{"a": {{ b }}}');
    expect(readValue('{"a": "{{ b }}"}', both, true)).toBe('{"a": "{{ b }}"}');
    expect(readValue(" ", both, false)).toBeUndefined();
  });

  it("write nothing that is no JSON elsewhere", () => {
    expect(readValue('{"a": ', json, false)).toBeUndefined();
    expect(readValue("3", json, false)).toBe(3);
  });

  it("show a text as it is, everything else as JSON", () => {
    expect(textOf({ a: [1] }, both)).toBe('{\n  "a": [\n    1\n  ]\n}');
    expect(textOf("{{ a }}", both)).toBe("{{ a }}");
    expect(textOf("a", json)).toBe('"a"');
    expect(textOf(undefined, both)).toBe("");
  });

  it("tell a number from a text that looks like one", () => {
    expect(readValue("3", either, false)).toBe(3);
    expect(readValue('"3"', either, false)).toBe("3");
    expect(readValue("3.5", either, false)).toBe("3.5");
    expect(readValue("[3]", either, false)).toBe("[3]");
    expect([textOf(3, either), textOf("3", either), textOf("a", either)]).toEqual([
      "3",
      '"3"',
      "a",
    ]);
  });
});
