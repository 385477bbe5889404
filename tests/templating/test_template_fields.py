"""Which fields a template needs is read off its syntax tree."""

from __future__ import annotations

import pytest

from datagenflow_nb.templating import compile_template


@pytest.mark.parametrize(
    ("source", "required", "optional", "metadata"),
    [
        ("plain", "", "", ""),
        ("{{ a }} {{ b.c }} {{ d['e'] }} {{ f[g] }}", "a b d f", "g", ""),
        ("{{ metadata.a }} {{ metadata['b'] }}", "", "", "a b"),
        ("{{ metadata.items() }}", "metadata", "", ""),
        ("{{ metadata|tojson }}{{ metadata.a }}", "metadata", "", "a"),
        ("{{ metadata[k] }}", "metadata", "k", ""),
        ("{{ metadata.a.b }}", "", "", "a"),
        (
            "{% if a %}{{ b }}{{ metadata.c }}{% elif d %}{{ e }}{% else %}{{ f }}{% endif %}",
            "a",
            "b d e f",
            "",
        ),
        ("{{ a }}{% if c %}{{ a }}{% endif %}", "a c", "", ""),
        (
            "{% for x in xs %}{{ x }}{{ loop.index }}{{ y }}{% else %}{{ z }}{% endfor %}",
            "xs",
            "y z",
            "",
        ),
        ("{% for x in xs if x > t %}{% endfor %}{{ x }}", "xs x", "t", ""),
        ("{% for a, b in m.items() %}{{ a }}{{ b }}{% endfor %}", "m", "", ""),
        ("{{ a and b }} {{ c or d }}", "a c", "b d", ""),
        ("{{ a if b else c }}", "b", "a c", ""),
        ("{{ a < b < c }} {{ d in e }} {{ not f }} {{ -g }}", "a b e f g", "c d", ""),
        (
            "{{ a is defined }} {{ b is not defined }} {{ c is undefined }} {{ d is none }}",
            "d",
            "a b c",
            "",
        ),
        ("{{ a|default('x') }} {{ b|d(c) }} {{ e.f|default(1) }}", "e", "a b c", ""),
        ("{{ metadata.a|default(1) }} {{ metadata.b is defined }}", "metadata", "", ""),
        ("{{ a|upper|default('x') }}", "a", "", ""),
        (
            "{{ a|join(b) }} {{ '%s %s' % (c, d) }} {{ e ~ f ~ 'x' }} {{ g + h }}",
            "a c d e f g h",
            "b",
            "",
        ),
        ("{{ [a, b.c] }} {{ {'k': d} }} {{ f(e) }}", "b f", "a d e", ""),
        ("{% set a = 1 %}{{ a }}{% set b = c %}{{ b }}{% set d = e ~ 'x' %}", "e", "c", ""),
        ("{{ a }}{% set a = 1 %}", "a", "", ""),
        ("{% if c %}{% set a = 1 %}{% endif %}{{ a }}", "c", "a", ""),
        ("{% for i in [1] %}{% set a = 1 %}{% endfor %}{{ a }}", "a", "", ""),
        ("{% set a %}{{ b }}{% endset %}{{ a }}", "b", "", ""),
        ("{% filter upper %}{{ a }}{% endfilter %}", "a", "", ""),
        ("{% with a = b, c = 1 %}{{ a }}{{ c }}{{ e }}{% endwith %}{{ c }}", "c e", "b", ""),
        (
            "{% macro m(a, b=c) %}{{ a }}{{ d }}{{ varargs }}{% endmacro %}"
            "{{ m(e) }}{{ m(f ~ '') }}",
            "f",
            "c d e",
            "",
        ),
        (
            "{% macro m() %}{{ caller() }}{% endmacro %}"
            "{% call(x) m() %}{{ x }}{{ y }}{% endcall %}",
            "",
            "y",
            "",
        ),
        (
            "{% set ns = namespace(a=b) %}{% set ns.a = 1 %}{{ range(n) }}{{ dict(x=1) }}",
            "",
            "b n",
            "",
        ),
        ("{% set metadata = {'a': 1} %}{{ metadata.a }}", "", "", ""),
        ("{% raw %}{{ a }}{% endraw %}{# {{ b }} #}{{ '{{ c }}' }}", "", "", ""),
    ],
)
def test_fields_of_a_template(source: str, required: str, optional: str, metadata: str) -> None:
    """Unconditional uses are required, all others optional, names of its own neither."""
    template = compile_template(source)
    assert template.required == set(required.split())
    assert template.optional == set(optional.split())
    assert template.metadata_fields == set(metadata.split())
