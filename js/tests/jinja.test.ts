import { describe, expect, it } from "vitest";
import { fieldUses, hasTemplateMark, localNames } from "../src/editor/form/jinja";

/** `name` of what is certain, `name?` of the rest, in order. */
function uses(template: string): string[] {
  return fieldUses(template).map(({ name, certain }) => (certain ? name : `${name}?`));
}

describe("fieldUses", () => {
  it("finds names where they stand", () => {
    expect(fieldUses("Hi {{ name }}!")).toEqual([{ name: "name", from: 6, to: 10, certain: true }]);
  });

  it("leaves attributes, filters, tests, arguments' names and texts out", () => {
    expect(uses("{{ doc.title | truncate(10, end='x') | upper }}")).toEqual(["doc"]);
    expect(uses("{{ n is divisibleby 3 }}{{ m is not string }}")).toEqual(["n", "m"]);
    expect(uses(`{{ "{{ a }} b" ~ 'c' ~ d }}`)).toEqual(["d"]);
    expect(uses("{{ a[1:3] }}{{ a[-1] }}{{ -b }}{{ 1 + 2.5e3 }}")).toEqual(["a", "a", "b"]);
    expect(uses("{{ true and none or None }}")).toEqual([]);
  });

  it("reads the seed's own fields", () => {
    expect(fieldUses("{{ metadata.topic }}")).toEqual([
      { name: "metadata.topic", from: 12, to: 17, certain: true },
    ]);
    expect(uses(`{{ metadata["two words"] }}{{ metadata.items() }}{{ metadata }}`)).toEqual([
      "metadata.two words",
    ]);
  });

  it("knows what for, set, with and macro bind", () => {
    expect(uses("{% for x in items %}{{ x }}{{ loop.index }}{% endfor %}{{ x }}")).toEqual([
      "items",
      "x",
    ]);
    expect(uses("{% for k, v in d.items() if v %}{{ k }}{% endfor %}")).toEqual(["d"]);
    expect(uses("{% for x in x %}{{ x }}{% endfor %}")).toEqual(["x"]);
    expect(uses("{%- set y, z = a.b, 1 -%}{{ y }}{{ z }}")).toEqual(["a"]);
    expect(uses("{% set t %}{{ a }}{% endset %}{{ t }}")).toEqual(["a"]);
    expect(uses("{% with t = u.v %}{{ t }}{% endwith %}")).toEqual(["u?"]);
    expect(
      uses("{% macro m(p, q=1) %}{{ p }}{{ caller() }}{{ r }}{% endmacro %}{{ m(1) }}"),
    ).toEqual(["r?"]);
    expect(uses("{{ loop.index }}")).toEqual(["loop"]);
  });

  it("has functions of the language", () => {
    expect(uses("{% for i in range(3) %}{{ i }}{% endfor %}{{ dict(a=b) }}")).toEqual(["b?"]);
  });

  it("calls uncertain what not every rendering reaches", () => {
    expect(uses("{% if a %}{{ b }}{% elif c %}{% else %}{{ d }}{% endif %}{{ e }}")).toEqual([
      "a",
      "b?",
      "c?",
      "d?",
      "e",
    ]);
    expect(uses("{{ a and b }}{{ c if d else e }}")).toEqual(["a", "b?", "c?", "d?", "e?"]);
    expect(uses("{{ f(x) }}{{ [y] }}")).toEqual(["f", "x?", "y?"]);
  });

  it("says nothing of what the template itself asks for", () => {
    expect(uses("{{ note | default('none') }}{{ note }}")).toEqual([]);
    expect(uses("{% if note is defined %}{{ note }}{% endif %}")).toEqual([]);
    expect(uses("{{ doc.note | default('') }}")).toEqual(["doc"]);
  });

  it("may be bound by a branch", () => {
    expect(uses("{% if a %}{% set b = 1 %}{% endif %}{{ b }}")).toEqual(["a"]);
  });

  it("skips comments, raw parts and tags that do not end", () => {
    expect(uses("{# {{ a }} #}{% raw %}{{ b }}{% endraw %}{{ c }}")).toEqual(["c"]);
    expect(uses("{{ a {{ b }}")).toEqual(["b"]);
    expect(uses("{{ a")).toEqual([]);
    expect(uses("no {template} here, 100 %}")).toEqual([]);
  });

  it("reads names of any script", () => {
    expect(uses("{{ größe }}{{ שם }}")).toEqual(["größe", "שם"]);
  });

  it("reads a large text in no time", () => {
    const large = `${"word ".repeat(200_000)}{{ end }}`;
    expect(fieldUses(large)).toEqual([
      { name: "end", from: 1_000_003, to: 1_000_006, certain: true },
    ]);
    expect(uses("{{ a ".repeat(50_000))).toEqual([]);
  });
});

describe("localNames", () => {
  it("are what the template binds itself", () => {
    expect(localNames("{% set b = 1 %}{% for a in x %}{% endfor %}")).toEqual(["a", "b", "loop"]);
  });
});

describe("hasTemplateMark", () => {
  it("tells templates from other texts", () => {
    expect(hasTemplateMark("{{ a }}")).toBe(true);
    expect(hasTemplateMark("{% if a %}")).toBe(true);
    expect(hasTemplateMark('{"a": {"b": 1}}')).toBe(false);
  });
});
