"""No template, whoever wrote it, stalls a run or takes the machine's memory.

Each source below would need gigabytes or hours. Memory beyond one gigabyte more than the tests take
is refused by the system while they run, so that an allocation made before its check fails them.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from datagenflow_nb.errors import TemplateError
from datagenflow_nb.templating import budget, compile_expression, compile_template

ATTACKS = {
    "str mul": "{{ 'a'*10**9 }}",
    "str mul const": "{{ 'a'*1000000000 }}",
    "list mul": "{{ [0]*10**9 }}",
    "tuple mul": "{{ ((0,)*10**9)|length }}",
    "bool mul": "{{ 'a' * (true + 10**9) }}",
    "squaring": (
        "{% set ns = namespace(x=10) %}{% for i in range(60) %}"
        "{% set ns.x = ns.x * ns.x %}{% endfor %}{{ ns.x }}"
    ),
    "double ~": (
        "{% set ns = namespace(x='a') %}{% for i in range(60) %}"
        "{% set ns.x = ns.x ~ ns.x %}{% endfor %}"
    ),
    "double +": (
        "{% set ns = namespace(x='a') %}{% for i in range(60) %}"
        "{% set ns.x = ns.x + ns.x %}{% endfor %}"
    ),
    "double *": (
        "{% set ns = namespace(x='a') %}{% for i in range(60) %}"
        "{% set ns.x = ns.x * 2 %}{% endfor %}"
    ),
    "double list": (
        "{% set ns = namespace(x=[1]) %}{% for i in range(60) %}"
        "{% set ns.x = ns.x + ns.x %}{% endfor %}"
    ),
    "double nested": (
        "{% set ns = namespace(x=[1]) %}{% for i in range(60) %}"
        "{% set ns.x = [ns.x, ns.x] %}{% endfor %}"
    ),
    "double dict": (
        "{% set ns = namespace(x={}) %}{% for i in range(60) %}"
        "{% set ns.x = {'a': ns.x, 'b': ns.x} %}{% endfor %}"
    ),
    "double block": "{% set x = 'aaaaaaaaaa' %}" + "{% set x %}{{ x }}{{ x }}{% endset %}" * 40,
    "double macro": (
        "{% macro m(x, n) %}{{ m(x ~ x, n - 1) if n else x }}{% endmacro %}{{ m('a', 60) }}"
    ),
    "join doubling": (
        "{% set ns = namespace(x='a') %}{% for i in range(60) %}"
        "{% set ns.x = [ns.x, ns.x]|join %}{% endfor %}"
    ),
    "replace doubling": (
        "{% set ns = namespace(x='a') %}{% for i in range(60) %}"
        "{% set ns.x = ns.x.replace('a', 'aa') %}{% endfor %}"
    ),
    "replace filter doubling": (
        "{% set ns = namespace(x='a') %}{% for i in range(60) %}"
        "{% set ns.x = ns.x|replace('a', 'aa') %}{% endfor %}"
    ),
    "format doubling": (
        "{% set ns = namespace(x='a') %}{% for i in range(60) %}"
        "{% set ns.x = '%s%s' % (ns.x, ns.x) %}{% endfor %}"
    ),
    "format method doubling": (
        "{% set ns = namespace(x='a') %}{% for i in range(60) %}"
        "{% set ns.x = '{0}{0}'.format(ns.x) %}{% endfor %}"
    ),
    "percent width": "{{ '%1000000000d' % 1 }}",
    "percent prec": "{{ '%.1000000000f' % 1.5 }}",
    "percent key width": "{{ '%(((a)))1000000000d' % {'((a))': 1} }}",
    "percent literal": "{{ '%1000000000d'|format(1) }}",
    "percent many": "{{ ('%9999d' * 100000) % (1,) }}",
    "percent keyed": "{{ ('%(a)s' * 100000) % {'a': 'x' * 100000} }}",
    "fmt width": "{{ '{:>1000000000}'.format(1) }}",
    "fmt prec": "{{ '{:.1000000000f}'.format(1.5) }}",
    "fmt nested": "{{ '{:{}}'.format(1, 10**9) }}",
    "fmt nested named": "{{ '{:{w}}'.format(1, w=10**9) }}",
    "fmt map": "{{ '{a:1000000000}'.format_map({'a': 1}) }}",
    "fmt unicode digits": "{{ '{:\uff11" + "\uff10" * 9 + "}'.format(1) }}",
    "fmt many": "{{ ('{0}' * 100000).format('x' * 100000) }}",
    "fmt attr filter": "{{ ('{:1000000000}'|attr('format'))(1) }}",
    "fmt markup": "{{ ('{:1000000000}'|safe).format(1) }}",
    "fmt conv": "{{ '{!r:>1000000000}'.format('a') }}",
    "center": "{{ 'a'|center(10**9) }}",
    "center const": "{{ 'a'|center(1000000000) }}",
    "m center": "{{ 'a'.center(10**9) }}",
    "m ljust": "{{ 'a'.ljust(10**9) }}",
    "m rjust": "{{ 'a'.rjust(10**9) }}",
    "m zfill": "{{ 'a'.zfill(10**9) }}",
    "m expandtabs": "{{ '\t'.expandtabs(10**9) }}",
    "m replace": "{{ ('a'*10000).replace('a', 'b'*10000) }}",
    "m join": "{{ ('a'*10000).join('b'*10000) }}",
    "m join list": "{{ ''.join(['a'*10000]*10000) }}",
    "markup center": "{{ ('a'|safe).center(10**9) }}",
    "markup mul": "{{ ('a'|safe) * 10**9 }}",
    "markup percent": "{{ ('%1000000000d'|safe) % 1 }}",
    "indent": "{{ 'a\nb'|indent(10**9) }}",
    "indent first": "{{ 'a'|indent(10**9, true) }}",
    "indent str": "{{ ('a\n'*1000)|indent('x'*100000) }}",
    "replace": "{{ ('a'*10000)|replace('a', 'b'*10000) }}",
    "replace empty": "{{ ('a'*10000)|replace('', 'b'*10000) }}",
    "join": "{{ ['a'*10000]|batch(10000, 'a'*10000)|list|join(', ') }}",
    "join sep": "{{ range(10000)|join('x'*10000) }}",
    "batch": "{{ [1]|batch(10**9, 'x')|list }}",
    "slice": "{{ [1]|slice(10**9)|list }}",
    "slice fill": "{{ [1]|slice(10**9, 1)|list|length }}",
    "tojson indent": "{{ [1]|tojson(indent=10**9) }}",
    "tojson indent str": "{{ [1]|tojson('x'*10000) }}",
    "wordwrap": "{{ ('a'*1000000)|wordwrap(1) }}",
    "wordwrap sep": "{{ ('a '*10000)|wordwrap(1, true, 'x'*100000) }}",
    "urlize": "{{ (')'*1000000 ~ 'x' ~ ')')|urlize }}",
    "urlize parens": "{{ ('('*100000 ~ 'x' ~ ')'*100000)|urlize }}",
    "striptags": "{{ ('<>'*1000000)|striptags }}",
    "striptags comments": "{{ ('<!---->'*1000000)|striptags }}",
    "range": "{{ range(10**9)|list }}",
    "range huge": "{{ range(10**30) }}",
    "range negative": "{{ range(0, -10**9, -1)|list }}",
    "range collisions": "{{ range(0, 50000 * (2**61 - 1), 2**61 - 1)|unique|list|length }}",
    "set collisions": (
        "{% set x %}{% for i in range(99999) %}{{ i * (2**61 - 1) }},{% endfor %}"
        "{% endset %}{{ x.split(',')|map('int')|list|unique|list|length }}"
    ),
    "round": "{{ 1|round(10**9, 'ceil') }}",
    "round neg": "{{ 1|round(-10**9) }}",
    "sum lists": "{{ ([[1]*1000]*1000)|sum(start=[]) }}",
    "empty loops": (
        "{% for a in range(99999) %}{% for b in range(99999) %}{% endfor %}{% endfor %}"
    ),
    "filtered loops": (
        "{% for a in range(99999) %}{% for b in range(99999) if false %}{% endfor %}{% endfor %}"
    ),
    "loop const": ("{% for a in range(99999) %}{% for b in 'x'*1000000 %}{% endfor %}{% endfor %}"),
    "loop vars": (
        "{% for a in range(99999) %}{% for b in range(99999) %}{{ loop.length }}"
        "{% endfor %}{% endfor %}"
    ),
    "macro exp": (
        "{% macro m(n) %}{% if n %}{{ m(n - 1) }}{{ m(n - 1) }}{% endif %}{% endmacro %}{{ m(90) }}"
    ),
    "macro inf": "{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}",
    "mutual": (
        "{% macro a() %}{{ b() }}{% endmacro %}{% macro b() %}{{ a() }}{% endmacro %}{{ a() }}"
    ),
    "caller rec": (
        "{% macro m() %}{{ caller() }}{% endmacro %}{% macro r() %}{% call m() %}"
        "{{ r() }}{{ r() }}{% endcall %}{% endmacro %}{{ r() }}"
    ),
    "recursive loop": "{% for i in [1] recursive %}{{ loop([1]) }}{% endfor %}",
    "recursive exp": (
        "{% for i in [1, 1] recursive %}{% if loop.depth < 80 %}{{ loop([1, 1]) }}"
        "{% endif %}{% endfor %}"
    ),
    "recursive range": (
        "{% for i in range(99999) recursive %}{% if loop.depth < 3 %}"
        "{{ loop(range(99999)) }}{% endif %}{% endfor %}"
    ),
    "map big": (
        "{% for i in range(99999) %}{{ range(99999)|map('string')|list|length }}{% endfor %}"
    ),
    "select big": ("{% for i in range(99999) %}{{ range(99999)|select|list|length }}{% endfor %}"),
    "sort": "{% for i in range(99999) %}{{ range(99999)|sort|length }}{% endfor %}",
    "map const": "{{ ([0]*99999)|map('default', [0]*99999, true)|list|string }}",
    "map pprint": "{{ range(99999)|map('pprint')|list|pprint }}",
    "pprint": "{{ ([0]*1000000)|pprint }}",
    "xmlattr": "{{ {'a': '&'*9999999}|xmlattr }}",
    "unique": ("{% for i in range(99999) %}{{ range(99999)|unique|list|length }}{% endfor %}"),
    "fill nested": (
        "{% set ns = namespace(x=[1]) %}{% for i in range(20) %}"
        "{% set ns.x = [1]|batch(1000, ns.x)|list %}{% endfor %}"
    ),
    "map nested": (
        "{% set ns = namespace(x=[1]) %}{% for i in range(20) %}"
        "{% set ns.x = ([0]*1000)|map('default', ns.x, true)|list %}{% endfor %}"
    ),
    "varargs nested": (
        "{% macro m(n) %}{{ m(n - 1, varargs, varargs) if n else varargs == varargs }}"
        "{% endmacro %}{{ m(60, 1, 1) }}"
    ),
    "hash nested": (
        "{% set ns = namespace(x=(1,)) %}{% for i in range(60) %}"
        "{% set ns.x = (ns.x, ns.x) %}{% endfor %}{{ {ns.x: 1} }}"
    ),
    "eq nested": (
        "{% set ns = namespace(x=[1], y=[1]) %}{% for i in range(60) %}"
        "{% set ns.x = [ns.x, ns.x] %}{% set ns.y = [ns.y, ns.y] %}{% endfor %}"
        "{{ ns.x == ns.y }}"
    ),
    "strip set": "{{ ('a'*1000000).strip('b'*1000000 ~ 'a') }}",
    "trim set": "{{ ('a'*1000000)|trim('b'*1000000 ~ 'a') }}",
    "split": "{{ ('a '*4000000).split()|length }}",
    "splitlines": "{{ ('\n'*4000000).splitlines()|length }}",
    "list text": "{{ ('a'*4000000)|list|length }}",
    "retained": (
        "{% set ns = namespace(x=[]) %}{% for i in range(1000) %}"
        "{% set ns.x = ns.x + ['a'*5000000 ~ i] %}{% endfor %}"
    ),
    "slices": (
        "{% set x = 'a'*9999999 %}{% for i in range(99999) %}{% if x[1:] == x[:3] %}"
        "{% endif %}{% endfor %}"
    ),
    "output": "{% set x = 'a'*100000 %}{% for i in range(99999) %}{{ x }}{% endfor %}",
    "set output": (
        "{% set x = 'a'*100000 %}{% set y %}{% for i in range(99999) %}{{ x }}"
        "{% endfor %}{% endset %}"
    ),
    "macro output": (
        "{% set x = 'a'*100000 %}{% macro m() %}{% for i in range(99999) %}{{ x }}"
        "{% endfor %}{% endmacro %}{{ m() }}"
    ),
    "filter output": (
        "{% set x = 'a'*100000 %}{% filter upper %}{% for i in range(99999) %}{{ x }}"
        "{% endfor %}{% endfilter %}"
    ),
    "int str": "{{ ('f' * 1000000)|int(0, 16) * 2 }}",
    "int digits": "{{ 10**3000 * 10**3000 }}",
    "json deep": (
        "{% set ns = namespace(x=[]) %}{% for i in range(3000) %}"
        "{% set ns.x = [ns.x] %}{% endfor %}{{ ns.x|tojson }}"
    ),
    "urlencode": "{{ ('😀'*9999999)|urlencode }}",
    "escape grow": "{{ ('&'*9999999)|e }}",
    "pow paren": "{{ 2 ** (10 ** 9) }}",
    "pow tower": "{{ 9 ** (9 ** 9) }}",
    "pow negative base": "{{ (-3) ** (10 ** 9) }}",
    "groupby": ("{% for i in range(99999) %}{{ range(99999)|groupby('real')|length }}{% endfor %}"),
    "dict pairs": (
        "{% set p = range(99998)|batch(2)|list %}{% for i in range(99999) %}"
        "{{ dict(p)|length }}{% endfor %}"
    ),
    "compares": (
        "{% set x = 'a' * 9000000 ~ '' %}{% set y = 'a' * 9000000 ~ '' %}"
        "{% for i in range(99999) %}{% if x == y %}{% endif %}{% endfor %}"
    ),
    "compares in line": ("{% set x = 'a' * 9000000 ~ '' %}{% set y = 'a' * 9000000 ~ '' %}")
    + "{{ x == y }}" * 2000,
    "attribute path": "{{ range(99999)|sort(attribute='real' ~ '.real' * 10000)|length }}",
    "attribute path of sum": "{{ [1]|sum('real' ~ '.real' * 1000000) }}",
    "attribute path of map": "{{ [1]|map(attribute='real' ~ '.real' * 1000000)|list }}",
    "sort by attribute": "{{ ([0] * 1000000)|sort(attribute='real.real.real.real')|length }}",
    "tests in loop": (
        "{% set x = 'a' * 9000000 ~ '' %}{% set y = 'a' * 9000000 ~ '' %}"
        "{% for i in range(99999) %}{% if x is eq y or x is lower %}{% endif %}"
        "{% endfor %}"
    ),
}

TOO_DEEP_OR_LONG = {
    "deep list": "{{ " + "[" * 3000 + "]" * 3000 + " }}",
    "deep parens": "{{ " + "(" * 3000 + "1" + ")" * 3000 + " }}",
    "deep not": "{{ " + "not " * 9000 + "1 }}",
    "deep attr": "{{ x" + ".a" * 9000 + " }}",
    "deep add": "{{ 1" + "+1" * 9000 + " }}",
    "deep if": "{% if 1 %}" * 300 + "{% endif %}" * 300,
    "deep for": "{% for x in [1] %}" * 60 + "{% endfor %}" * 60,
    "many tokens": "{{ " + "1+" * 60000 + "1 }}",
    "long source": "a" * 1_000_001,
    "unclosed comments": "{#" * 400_000,
    "unclosed tags": "{%" * 400_000,
    "braces": "{" * 900_000,
    "open expression": "{{" + " " * 900_000,
    "endless string": "{{ '" + "\\\\" * 400_000,
    "endless number": "{{ " + "9" * 900_000 + " }}",
}


@pytest.fixture(autouse=True, scope="module")
def bounded_memory() -> Iterator[None]:
    """One gigabyte on top of what the process has now, where the system can tell and refuse."""
    if not sys.platform.startswith("linux"):
        yield
        return
    import resource

    pages = int(Path("/proc/self/statm").read_text().split()[0])
    limits = resource.getrlimit(resource.RLIMIT_AS)
    resource.setrlimit(resource.RLIMIT_AS, (pages * resource.getpagesize() + 2**30, limits[1]))
    yield
    resource.setrlimit(resource.RLIMIT_AS, limits)


@pytest.mark.timeout(30)
@pytest.mark.parametrize("source", ATTACKS.values(), ids=ATTACKS.keys())
def test_going_over_a_limit_is_an_error(source: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Soon, by a limit of ours, and not because the memory ran out."""
    monkeypatch.setattr(budget, "MAX_SECONDS", 0.2)
    with pytest.raises(TemplateError, match=r"^over a limit of templates: "):
        compile_template(source).render({"x": {"b": 1}})


@pytest.mark.timeout(30)
@pytest.mark.parametrize("source", TOO_DEEP_OR_LONG.values(), ids=TOO_DEEP_OR_LONG.keys())
def test_a_source_too_long_or_too_deep_is_an_error(source: str) -> None:
    """Python's own parser and the recursion limit are never met unprepared."""
    with pytest.raises(TemplateError, match=r"^this template does not parse: "):
        compile_template(source)
    with pytest.raises(TemplateError):
        compile_expression(source)


@pytest.mark.timeout(30)
def test_the_time_limit_stops_what_no_other_limit_does() -> None:
    """Two seconds, as it is set for everybody."""
    source = "{% macro m(n) %}{{ m(n - 1) ~ m(n - 1) if n }}{% endmacro %}{{ m(90) }}"
    with pytest.raises(TemplateError, match="takes more than 2 s to render"):
        compile_template(source).render({})


def test_a_rendering_over_a_limit_leaves_the_next_one_alone() -> None:
    """Each rendering has its own budget."""
    template = compile_template(
        "{% for i in range(n) %}{% for j in range(n) %}{% endfor %}{% endfor %}ok"
    )
    for _ in range(3):
        with pytest.raises(TemplateError, match="turns"):
            template.render({"n": 2000})
        assert template.render({"n": 20}) == "ok"


@pytest.mark.parametrize(
    ("source", "length"),
    [
        ("{{ x }}", 5_000_000),
        ("{{ x }}{{ x[:1000] }}{{ x|upper|length }}", 5_001_007),
        ("{% for word in words %}{{ word }} {% endfor %}", 400_000),
        ("{{ words|join(' ') }}", 399_999),
        ("{{ words|map('upper')|select|list|length }}", 6),
        (
            "{% set ns = namespace(t='') %}"
            "{% for i in range(500) %}{% set ns.t = ns.t ~ x[:100] %}{% endfor %}{{ ns.t }}",
            50_000,
        ),
        (
            "{% set ns = namespace(t=[]) %}"
            "{% for i in range(2000) %}{% set ns.t = ns.t + [i] %}{% endfor %}{{ ns.t|length }}",
            4,
        ),
        ("{{ {'words': words}|tojson|length }}", 6),
        ("{{ 'a' * 9000000 }}", 9_000_000),
        ("{{ 2 ** 9000 }}", 2710),
        ("{{ range(100000)|sum }}", 10),
    ],
)
def test_what_real_prompts_need_is_far_below_the_limits(source: str, length: int) -> None:
    """Five megabytes of text, a hundred thousand words, thousands of turns."""
    context = {"x": "a" * 5_000_000, "words": ["abc"] * 100_000}
    assert len(compile_template(source).render(context)) == length
