import { describe, expect, it } from "vitest";
import { formLayout, formSchema, shown } from "../src/editor/form/schema";

describe("formSchema", () => {
  it("takes Python's short type words", () => {
    const schema = formSchema({
      a: { type: "str" },
      b: { type: "int" },
      c: { type: "float" },
      d: { type: "bool" },
      e: { type: "list" },
      f: { type: "dict" },
      g: { type: "text" },
      h: { type: "any" },
      i: { type: "string", enum: ["x", "y"] },
    });
    expect(schema).toEqual({
      type: "object",
      properties: {
        a: { title: "a", type: "string" },
        b: { title: "b", type: "integer" },
        c: { title: "c", type: "number" },
        d: { title: "d", type: "boolean" },
        e: { title: "e", type: "array" },
        f: { title: "f", type: "object" },
        g: { title: "g", type: "string" },
        h: { title: "h" },
        i: { title: "i", type: "string", enum: ["x", "y"] },
      },
      required: [],
      additionalProperties: false,
    });
  });

  it("keeps limits and help, and no default that the form would write", () => {
    const schema = formSchema({
      temperature: {
        type: "number",
        nullable: true,
        default: 0.7,
        minimum: 0,
        maximum: 2,
        description: "Randomness",
      },
      prompt: { type: "string", format: "jinja2", required: true },
    });
    expect(schema.properties).toEqual({
      temperature: {
        title: "temperature",
        type: ["number", "null"],
        minimum: 0,
        maximum: 2,
        description: "Randomness",
      },
      prompt: { title: "prompt", type: "string" },
    });
    expect(schema.required).toEqual(["prompt"]);
  });

  it("begins a new entry of a list as an empty text", () => {
    expect(formSchema({ words: { type: "array", items: { type: "str" } } }).properties).toEqual({
      words: { title: "words", type: "array", items: { type: "string", default: "" } },
    });
  });

  it("moves definitions to where references look for them", () => {
    const n = { anyOf: [{ type: "integer" }, { type: "null" }], default: 3, title: "N" };
    const $defs = { Rule: { type: "object", title: "Rule", properties: { n } } };
    const config = { rule: { $ref: "#/$defs/Rule", $defs } };
    const schema = formSchema(config);
    expect(schema.$defs).toEqual({
      Rule: {
        type: "object",
        title: "Rule",
        properties: { n: { title: "n", type: ["integer", "null"] } },
      },
    });
    expect(formLayout(config).rule).toEqual({
      "ui:options": { fallback: null },
      n: { "ui:options": { fallback: 3 }, "ui:placeholder": "3" },
    });
    expect(schema.properties).toEqual({ rule: { title: "rule", $ref: "#/$defs/Rule" } });
  });

  it("shows keys the block does not describe", () => {
    const config = { n: { type: "integer" } };
    expect(formSchema(config, ["typo"]).properties).toEqual({
      n: { title: "n", type: "integer" },
      typo: { title: "typo", description: "This block does not describe this key." },
    });
    expect(formLayout(config, ["typo"]).typo).toEqual({ "ui:field": "json" });
  });
});

describe("a block that describes nothing", () => {
  it("takes any keys, each with a value written as JSON", () => {
    expect(formSchema({}, ["a"])).toEqual({
      type: "object",
      title: "configuration",
      additionalProperties: {},
    });
    expect(formLayout({}, ["a"])).toEqual({
      "ui:submitButtonOptions": { norender: true },
      "ui:field": "map",
      items: { "ui:field": "json", "ui:options": { isInner: true } },
    });
  });
});

describe("formLayout", () => {
  const editors = (config: Parameters<typeof formLayout>[0]) =>
    Object.fromEntries(
      Object.entries(formLayout(config))
        .filter(([key]) => !key.startsWith("ui:"))
        .map(([key, layout]) => [key, layout["ui:field"] ?? layout["ui:widget"] ?? null]),
    );

  it("chooses an editor by format, type and name", () => {
    expect(
      editors({
        user_prompt: { type: "string", format: "jinja2" },
        json_schema: { anyOf: [{ type: "object" }, { type: "string" }], format: "json-or-jinja2" },
        mappings: { type: "object", additionalProperties: { type: "string", format: "jinja2" } },
        options: { type: "dict" },
        things: { type: "list" },
        anything: { type: "any" },
        words: { type: "array", items: { type: "string" } },
        model: { type: "string", nullable: true },
        judge_model: { type: "str" },
        field_name: { type: "string" },
        which_field: { type: "string", enum: ["text"] },
        note: { type: "text" },
        flag: { type: "boolean", nullable: true },
        count: { type: "integer" },
        stop: { type: ["string", "integer"] },
        either: { anyOf: [{ type: "string" }, { type: "integer" }] },
        perhaps: { anyOf: [{ type: "integer" }, { type: "null" }] },
        rule: { $ref: "#/$defs/Rule" },
        nested: { type: "object", properties: { a: { type: "string" } } },
      }),
    ).toEqual({
      user_prompt: "template",
      json_schema: "json",
      mappings: "map",
      options: "json",
      things: "json",
      anything: "json",
      words: null,
      model: "model",
      judge_model: "model",
      field_name: "field",
      which_field: null,
      note: "multiline",
      flag: "select",
      count: null,
      stop: "json",
      either: "json",
      perhaps: null,
      rule: null,
      nested: null,
    });
  });

  it("shows defaults as placeholders", () => {
    const layout = formLayout({
      temperature: { type: "number", default: 0.7 },
      words: { type: "array", items: { type: "string" }, default: ["a"] },
      model: { type: "string", default: null },
    });
    expect(layout.temperature).toEqual({
      "ui:options": { fallback: 0.7 },
      "ui:placeholder": "0.7",
    });
    expect(layout.words).toEqual({
      "ui:options": { fallback: ["a"] },
      "ui:placeholder": '["a"]',
      items: { "ui:options": { isInner: true }, "ui:emptyValue": "" },
    });
    expect(layout.model).toEqual({ "ui:options": { fallback: null }, "ui:widget": "model" });
  });

  it("gives a mapping's values their own editor", () => {
    const layout = formLayout({
      mappings: { type: "object", additionalProperties: { type: "string", format: "jinja2" } },
    });
    expect(layout.mappings?.items).toEqual({
      "ui:options": { isInner: true },
      "ui:emptyValue": "",
      "ui:widget": "template",
    });
  });
});

describe("shown", () => {
  it("writes a default in a few words", () => {
    expect([shown("a"), shown(false), shown(0), shown(null), shown(["a"]), shown("")]).toEqual([
      "a",
      "false",
      "0",
      "",
      '["a"]',
      "",
    ]);
  });
});
