"""A template reads the fields it is given, and reaches nothing else."""

from __future__ import annotations

from pathlib import Path

import pytest

from datagenflow_nb.errors import TemplateError
from datagenflow_nb.templating import compile_template

REFUSED = {
    "percent star": "{{ '%*d' % (10**9, 1) }}",
    "percent star prec": "{{ '%.*f' % (10**9, 1.5) }}",
    "fmt class": "{{ '{0.__class__}'.format(1) }}",
    "fmt class mro": "{{ '{0.__class__.__mro__}'.format('') }}",
    "fmt map class": "{{ '{a.__class__}'.format_map({'a': 1}) }}",
    "fmt index": "{{ '{0[__class__]}'.format(1) }}",
    "namespace nested": (
        "{% set a = namespace() %}{% set b = namespace() %}{% set a.x = b %}"
        "{% set b.x = a %}{{ a }}"
    ),
    "namespace text": "{{ namespace(a=1) ~ '' }}",
    "namespace list": "{{ [namespace(a=1)] }}",
    "encode": "{{ 'a'.encode('utf-16') }}",
    "translate": "{{ 'a'.translate({97: 'b'}) }}",
    "to_bytes": "{{ (1).to_bytes(10**9, 'big') }}",
    "fromkeys": "{{ {}.fromkeys(range(9)) }}",
    "class": "{{ x.__class__ }}",
    "mro": "{{ ''.__class__.__mro__ }}",
    "attr class": "{{ ''|attr('__class__') }}",
    "item class": "{{ ''['__class__'] }}",
    "map class": "{{ ['']|map(attribute='__class__')|list }}",
    "subclasses": "{{ ().__class__.__base__.__subclasses__() }}",
    "globals": "{{ cycler.__init__.__globals__ }}",
    "joiner globals": "{{ joiner.__init__.__globals__ }}",
    "namespace init": "{{ namespace.__init__.__globals__ }}",
    "range globals": "{{ range.__globals__ }}",
    "macro func": "{% macro m() %}{% endmacro %}{{ m._func }}",
    "macro globals": "{% macro m() %}{% endmacro %}{{ m.__call__.__globals__ }}",
    "loop iterable": "{% for i in [1] %}{{ loop._iterable }}{% endfor %}",
    "gen frame": "{{ ([1]|map('string')).gi_frame }}",
    "func print": "{{ range }}",
    "method print": "{{ x.items }}",
    "namespace cls": "{{ namespace }}",
    "generator print": "{{ [1]|map('string') }}",
    "update": "{{ x.update(a=1) }}",
    "setdefault": "{{ x.setdefault('a', 1) }}",
    "pop": "{{ [1].pop() }}",
    "cycler": "{% set c = cycler(1) %}{{ c.next.__globals__ }}",
    "user func": "{{ f() }}",
    "user method": "{{ p.exists() }}",
    "sys modules": "{{ ''.__class__.__init__.__globals__['sys'] }}",
    "type methods": "{{ dict.mro() }}",
    "field as namespace": "{% set x.a = 1 %}",
    "lipsum": "{{ lipsum(n=10**9) }}",
    "self": "{{ self }}",
    "self context": "{{ self._TemplateReference__context }}",
}


@pytest.mark.parametrize("source", REFUSED.values(), ids=REFUSED.keys())
def test_the_sandbox_refuses(source: str) -> None:
    """Python's inner life, functions and methods that are not for reading, other texts."""
    context = {"x": {"b": 1}, "f": print, "p": Path()}
    with pytest.raises(TemplateError) as caught:
        compile_template(source).render(context)
    assert context["x"] == {"b": 1}
    assert "\n" not in caught.value.message


def test_a_refusal_does_not_show_what_it_protects() -> None:
    """The message names the access, never the value behind it."""
    with pytest.raises(TemplateError) as caught:
        compile_template("{{ x.__init__.__globals__ }}").render({"x": "s3cret"})
    assert caught.value.message == "access to 'x.__init__' is not allowed in a template"


def test_the_host_cannot_be_made_to_run_code_by_a_field() -> None:
    """Objects in the context are printed, not called."""
    calls: list[str] = []
    context = {"f": lambda: calls.append("called"), "p": Path("a")}
    for source in ("{{ f() }}", "{{ p.unlink() }}", "{{ [f]|map('f')|list }}", "{{ f|f }}"):
        with pytest.raises(TemplateError):
            compile_template(source).render(context)
    assert compile_template("{{ p }}").render(context) == "a"
    assert calls == []
