"""Each failure is one line that says what is wrong, where, and what there is instead."""

from __future__ import annotations

import pytest

from datagenflow_nb.errors import TemplateError
from datagenflow_nb.templating import compile_expression, compile_template


def failure(source: str, **context: object) -> TemplateError:
    """The error this template ends in with these fields."""
    with pytest.raises(TemplateError) as caught:
        compile_template(source).render(context)
    assert "\n" not in caught.value.message
    assert caught.value.detail["template"] == source[:200]
    return caught.value


def test_an_unknown_field_names_the_nearest() -> None:
    """The field, the suggestion, and all fields for programs."""
    error = failure("Write about {{ topc }}.", topic="tea", level=1)
    assert error.message == "unknown field 'topc'; did you mean 'topic'?"
    assert error.detail == {
        "field": "topc",
        "fields": ["level", "topic"],
        "line": 1,
        "template": "Write about {{ topc }}.",
    }


def test_an_unknown_field_lists_all_when_none_is_near() -> None:
    """Without a near one, those there are."""
    assert failure("{{ zzz }}", b=1, a=1).message == "unknown field 'zzz'; there are: 'a', 'b'"
    assert failure("{{ zzz }}").message == "unknown field 'zzz'; there are none"


def test_an_unknown_key_names_its_path_and_the_keys() -> None:
    """The path as the template writes it, with the line of a longer template."""
    error = failure(
        "Items:\n{% for item in items %}\n- {{ item.qestion }}\n{% endfor %}",
        items=[{"question": 1, "answer": 2}],
    )
    assert error.message == (
        "unknown field 'item.qestion'; did you mean 'question'? (line 3: '- {{ item.qestion }}')"
    )
    assert error.detail["field"] == "item.qestion"
    assert error.detail["fields"] == ["items"]
    assert error.detail["keys"] == ["answer", "question"]
    assert error.detail["line"] == 3


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("{{ metadata.topc }}", "unknown field 'metadata.topc'; did you mean 'topic'?"),
        ("{{ metadata['topc'] }}", "unknown field 'metadata.topc'; did you mean 'topic'?"),
        ("{{ metadata.topic.name }}", "unknown field 'metadata.topic.name': a str has no 'name'"),
        ("{{ empty.x }}", "unknown field 'empty.x': None has no 'x'"),
        ("{{ items[5] }}", "unknown field 'items[5]': the list has 2 items"),
        ("{{ items|map(attribute='b')|join }}", "unknown field 'b'; there are: 'a'"),
        ("{{ a.b.c }}", "unknown field 'a'; there are: 'empty', 'items', 'metadata'"),
        ("{% macro m(p) %}{{ p }}{% endmacro %}{{ m() }}", "parameter 'p' was not provided"),
        (
            "{% set empty %}{{ empty }}{% endset %}",
            "'empty' is used before the template sets it; call it other than the field",
        ),
        (
            "{{ metadata.keys }}",
            "not allowed in a template: 'keys' is a function here and cannot be printed: "
            "call it, keys(), or write ['keys'] for the key of that name",
        ),
        (
            "{{ items|map('upper') }}",
            "not allowed in a template: a filter's result cannot be printed as it is: "
            "add |list or |join",
        ),
        ("{{ items.append(1) }}", "'items.append' would change a value; templates can only read"),
        ("{{ items.__class__ }}", "access to 'items.__class__' is not allowed in a template"),
        ("{{ 1 / 0 }}", "ZeroDivisionError: division by zero"),
        ("{{ 'a' + 1 }}", 'TypeError: can only concatenate str (not "int") to str'),
        (
            "{{ 'a' * 10**9 }}",
            "over a limit of templates: a text of 1,000,000,000 characters; "
            "at most 10,000,000 are allowed",
        ),
    ],
)
def test_messages(source: str, message: str) -> None:
    """What the author of the template reads."""
    context = {"metadata": {"topic": "tea"}, "empty": None, "items": [{"a": 1}, {"a": 2}]}
    assert failure(source, **context).message == message


@pytest.mark.parametrize(
    ("source", "line", "shown", "reason"),
    [
        ("a\n{{ b", 2, "{{ b", "unexpected end of template, expected 'end of print statement'"),
        ("{% if %}", 1, "{% if %}", "Expected an expression, got 'end of statement block'"),
        (
            "a\nb {{ x|uper }} c",
            2,
            "b {{ x|uper }} c",
            "there is no filter 'uper'; did you mean 'upper'?",
        ),
        (
            "{% if a is defind %}{% endif %}",
            1,
            "{% if a is defind %}{% endif %}",
            "there is no test 'defind'; did you mean 'defined'",
        ),
        ("{% do x %}", 1, "{% do x %}", "Encountered unknown tag 'do'"),
        (
            "x\n{% include 'y' %}",
            2,
            "{% include 'y' %}",
            "'include': a prompt template is one text",
        ),
        (
            "{% import 'y' as z %}",
            1,
            "{% import 'y' as z %}",
            "'import': a prompt template is one text",
        ),
        (
            "{% from 'y' import z %}",
            1,
            "{% from 'y' import z %}",
            "'import': a prompt template is one text",
        ),
        ("{% extends 'y' %}", 1, "{% extends 'y' %}", "'extends': a prompt template is one text"),
        (
            "{% block y %}{% endblock %}",
            1,
            "{% block y %}{% endblock %}",
            "'block': templates do not inherit",
        ),
        (
            "{% autoescape true %}{% endautoescape %}",
            1,
            "{% autoescape true %}{% endautoescape %}",
            "'autoescape': texts are never escaped",
        ),
        ("{{ self }}", 1, "{{ self }}", "'self' means nothing here"),
    ],
)
def test_a_syntax_error_shows_its_line(source: str, line: int, shown: str, reason: str) -> None:
    """The number and the text of the line, and what was expected."""
    with pytest.raises(TemplateError) as caught:
        compile_template(source)
    error = caught.value
    assert error.message.startswith(f"this template does not parse: {reason}")
    assert error.message.endswith(f"(line {line}: {shown!r})")
    assert error.detail == {
        "field": None,
        "fields": [],
        "line": line,
        "source_line": shown,
        "template": source,
    }


def test_the_line_in_a_macro_is_the_macros() -> None:
    """The innermost line of the template counts."""
    error = failure("{% macro m() %}\n{{ nope }}\n{% endmacro %}\n{{ m() }}")
    assert error.detail["line"] == 2


def test_an_expressions_error_has_a_path_too() -> None:
    """Rules name what is missing as templates do."""
    with pytest.raises(TemplateError) as caught:
        compile_expression("item.scor > 1").evaluate({"item": {"score": 2}})
    assert caught.value.message == "unknown field 'item.scor'; did you mean 'score'?"
    assert caught.value.status_code == 422


def test_the_original_error_is_the_cause() -> None:
    """For those who debug us."""
    assert isinstance(failure("{{ 1 // 0 }}").__cause__, ZeroDivisionError)
