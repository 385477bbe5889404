"""Properties that hold for every text, value and template."""

from __future__ import annotations

import re

import jinja2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from datagenflow_nb.errors import TemplateError
from datagenflow_nb.templating import compile_expression, compile_template

_TOKENS = (
    "{{ }} {% %} {# #} {{- -}} if endif else elif for in endfor set endset macro endmacro "
    "a b.c metadata.x 1 'x' ( ) [ ] { } , : . | ~ + * ** % == < and or not is defined "
    "upper default join range( loop namespace( raw endraw call endcall filter \\ '"
)

_NAMES = st.sampled_from(["a", "b", "c", "d"])
_LEAVES = _NAMES | st.sampled_from(["1", "'t'", "metadata.m", "metadata.n"])
_EXPRESSIONS = st.recursive(
    _LEAVES,
    lambda inner: st.one_of(
        st.builds("({} ~ {})".format, inner, inner),
        st.builds("({} and {})".format, inner, inner),
        st.builds("({} or {})".format, inner, inner),
        st.builds("({} if {} else {})".format, inner, inner, inner),
        st.builds("({} == {})".format, inner, inner),
        st.builds("({} in [{}])".format, inner, inner),
        st.builds("(not {})".format, inner),
        st.builds("({})|default({})".format, inner, inner),
        st.builds("({})|string".format, inner),
        st.builds("(({}) is defined)".format, inner),
        st.builds("[{}, {}]".format, inner, inner),
    ),
    max_leaves=6,
)
_BODIES = st.recursive(
    st.builds("{{{{ {} }}}}".format, _EXPRESSIONS) | st.just("text"),
    lambda inner: st.one_of(
        st.builds("{}{}".format, inner, inner),
        st.builds("{{% if {} %}}{}{{% else %}}{}{{% endif %}}".format, _EXPRESSIONS, inner, inner),
        st.builds("{{% for {} in [{}] %}}{}{{% endfor %}}".format, _NAMES, _EXPRESSIONS, inner),
        st.builds("{{% set {} = {} %}}{}".format, _NAMES, _EXPRESSIONS, inner),
        st.builds("{{% set {} %}}{}{{% endset %}}".format, _NAMES, inner),
        st.builds("{{% with {} = {} %}}{}{{% endwith %}}".format, _NAMES, _EXPRESSIONS, inner),
        st.builds("{{% macro {} ({}) %}}{}{{% endmacro %}}{}".format, _NAMES, _NAMES, inner, inner),
    ),
    max_leaves=5,
)


@given(st.text().filter(lambda text: "{" not in text))
def test_a_text_without_delimiters_renders_to_itself(text: str) -> None:
    """But for line ends, which become newlines as Jinja2 has it."""
    assert compile_template(text).render({}) == re.sub(r"\r\n|\r", "\n", text)


@given(st.text())
def test_a_value_renders_to_itself(value: str) -> None:
    """Every character of it, braces included."""
    assert compile_template("{{ x }}").render({"x": value}) == value


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
        max_leaves=10,
    )
)
def test_any_plain_value_prints_as_python_prints_it(value: object) -> None:
    """And an expression hands it back as it is."""
    assert compile_template("{{ x }}").render({"x": value}) == str(value)
    assert compile_expression("x").evaluate({"x": value}) is value


@given(
    st.text(alphabet="{}%#-|.()[]'\"\\ \nab1~*+=<>!,:_")
    | st.lists(st.sampled_from(_TOKENS.split())).map(" ".join)
)
def test_garbage_raises_nothing_but_template_errors(source: str) -> None:
    """Whatever is written, compiling and rendering end in a text or our error."""
    try:
        compile_template(source).render({"a": 1, "b": {"c": [1]}, "metadata": {"x": 2}})
    except TemplateError as error:
        assert "\n" not in error.message
    try:
        compile_expression(source).evaluate({"a": 1, "b": {"c": [1]}, "metadata": {"x": 2}})
    except TemplateError as error:
        assert "\n" not in error.message


@given(_BODIES)
def test_every_required_field_is_certainly_needed(source: str) -> None:
    """Whatever else is there, leaving out a required field is an error."""
    template = compile_template(source)
    for truth in (0, 1):
        everything = dict.fromkeys("abcd", truth) | {"metadata": {"m": truth, "n": truth}}
        for name in template.required:
            rest = {key: value for key, value in everything.items() if key != name}
            with pytest.raises(TemplateError):
                template.render(rest)
        for name in template.metadata_fields:
            some = {key: truth for key in "mn" if key != name}
            with pytest.raises(TemplateError):
                template.render(everything | {"metadata": some})


@given(_BODIES)
def test_no_field_outside_the_lists_is_ever_missed(source: str) -> None:
    """With all required and optional fields there, no top-level field is unknown."""
    template = compile_template(source)
    fields = dict.fromkeys(template.required | template.optional, "v")
    try:
        template.render(fields | {"metadata": {"m": 1, "n": 2}})
    except TemplateError as error:
        # Only a name the template sets too late.
        assert error.detail["field"] is None or error.detail["field"] in fields


@given(_BODIES)
def test_what_renders_renders_as_jinja2_does(source: str) -> None:
    """The sandbox may refuse; it never prints something else."""
    context = {"a": 1, "b": "t", "c": 0, "d": "", "metadata": {"m": "v", "n": None}}
    plain = jinja2.Environment(undefined=jinja2.StrictUndefined, keep_trailing_newline=True)
    try:
        text = compile_template(source).render(context)
    except TemplateError:
        return
    assert text == plain.from_string(source).render(context)
