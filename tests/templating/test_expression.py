"""Rules are Jinja2 expressions with native values."""

from __future__ import annotations

import pytest

from datagenflow_nb.errors import TemplateError
from datagenflow_nb.templating import compile_expression


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("valid and score > 0.7", True),
        ("{{ valid and score > 0.7 }}", True),
        ("  {{- score -}}  ", 0.8),
        ("score > 0.9", False),
        ("text", "False"),
        ("none_there", None),
        ("metadata.topic", "tea"),
        ("metadata['topic'] == 'tea'", True),
        ("items|length", 3),
        ("items|select('gt', 1)|list", [2, 3]),
        ("items|select('gt', 5)", []),
        ("items|map('string')", ["1", "2", "3"]),
        ("{'a': score}", {"a": 0.8}),
        ("{{ {'a': 1} }}", {"a": 1}),
        ("(1, score)", (1, 0.8)),
        ("'a' if score > 1", None),
        ("nothing is defined", False),
        ("nothing is defined and nothing > 1", False),
        ("nothing|default(5)", 5),
        ("valid or nothing", True),
        ("result + 1", 4),
        ("text|tojson", '"False"'),
        ("'}}'", "}}"),
        ("score > 0.5 {# comment #}", None),
    ],
)
def test_an_expression_has_a_native_value(source: str, expected: object) -> None:
    """With or without braces, of its own type."""
    if "#" in source:
        with pytest.raises(TemplateError):
            compile_expression(source)
        return
    context = {
        "valid": True,
        "score": 0.8,
        "text": "False",
        "none_there": None,
        "items": [1, 2, 3],
        "result": 3,
        "metadata": {"topic": "tea"},
    }
    value = compile_expression(source).evaluate(context)
    assert value == expected
    assert type(value) is type(expected)


@pytest.mark.parametrize(
    ("source", "field"),
    [
        ("nothing", "nothing"),
        ("nothing > 1", "nothing"),
        ("a.b", "a.b"),
        ("a.b > 1", "a.b"),
        ("a['b']", "a.b"),
        ("{{ a.b }}", "a.b"),
        ("not nothing", "nothing"),
        ("false or nothing", "nothing"),
        ("nothing is none", "nothing"),
        ("nothing is string", "nothing"),
        ("nothing|items|list", "nothing"),
        ("nothing|length", "nothing"),
        ("nothing ~ 'a'", "nothing"),
        ("2 ** nothing", "nothing"),
        ("2 * nothing", "nothing"),
        ("[1, nothing]", "nothing"),
        ("{'x': [nothing]}", "nothing"),
        ("'%s' % nothing", "nothing"),
        ("nothing()", "nothing"),
        ("nothing[0]", "nothing"),
    ],
)
def test_a_missing_field_is_an_error_wherever_it_is_needed(source: str, field: str) -> None:
    """A rule never takes a missing field for false."""
    with pytest.raises(TemplateError) as caught:
        compile_expression(source).evaluate({"a": {"c": 1}})
    assert caught.value.detail["field"] == field


@pytest.mark.parametrize(
    "source",
    [
        "",
        "  ",
        "{{ }}",
        "{{}}",
        "hello world",
        "a b",
        "x {{ a }}",
        "{{ a }} x",
        "{{ a }}{{ b }}",
        "{{ a }} and {{ b }}",
        "{% if a %}1{% endif %}",
        "{% set a = 1 %}",
        "{{ a }}{% set a = 1 %}",
        "a }}",
        "a %}",
        "a = 1",
        "a, b",
        "a ==",
        "a|nofilter",
        "a is notest",
        "include 'x'",
        "{# a #}",
    ],
)
def test_what_is_not_one_expression_is_refused(source: str) -> None:
    """Statements, texts, several expressions and none."""
    with pytest.raises(TemplateError, match=r"^this expression does not parse: ") as caught:
        compile_expression(source)
    assert "\n" not in caught.value.message


def test_an_expression_tells_its_fields() -> None:
    """As a template does."""
    rule = compile_expression("{{ valid and score > metadata.limit }}")
    assert rule.required == {"valid"}
    assert rule.optional == {"score"}
    assert rule.metadata_fields == frozenset()
    assert compile_expression("score > metadata.limit").metadata_fields == {"limit"}
    assert compile_expression("result + other").required == {"result", "other"}
    assert rule.source == "{{ valid and score > metadata.limit }}"


def test_limits_hold_in_expressions() -> None:
    """A rule is as bounded as a template."""
    for source in ("'a' * 10**9", "[0] * 10**9", "range(10**9)|list", "x.__class__"):
        with pytest.raises(TemplateError):
            compile_expression(source).evaluate({"x": 1})
