"""Which fields a configured block needs."""

from __future__ import annotations

from typing import Any

import pytest

from datagenflow_nb.blocks.base import BaseBlock
from datagenflow_nb.blocks.builtin.field_mapper import FieldMapper
from datagenflow_nb.blocks.builtin.structured_generator import StructuredGenerator
from datagenflow_nb.blocks.builtin.validator import Validator
from datagenflow_nb.blocks.fields import Need, find_needs
from datagenflow_nb.errors import TemplateError


class Reader(BaseBlock):
    """Needs something of every kind."""

    inputs = ["a", "b?", "c | d", "*"]
    field_references = ["field_name"]


class Writer(BaseBlock):
    """Says which of its texts it renders."""

    def get_schema(self) -> dict[str, Any]:
        return {
            "prompt": {"type": "string", "default": "", "format": "jinja2"},
            "more": {"type": "list", "default": [], "format": "jinja2"},
            "each": {"type": "dict", "default": {}, "properties": {"a": {"format": "jinja2"}}},
            "rows": {"type": "list", "default": [], "items": {"format": "jinja2"}},
            "fmt": {"type": "string", "default": ""},
        }


def test_every_kind() -> None:
    """Inputs, fields named by the config, certain fields of what looks like a template."""
    block = Reader(
        field_name="e",
        prompt="{{ f }} {% if g %}{{ h }}{% endif %} {{ metadata.topic }}",
        nested={"list": ["{{ i }}", "plain"]},
    )
    assert find_needs(block) == [
        Need(("a",), "inputs"),
        Need(("c", "d"), "inputs"),
        Need(("e",), "config 'field_name'"),
        Need(("f",), "config 'prompt'", is_guess=True),
        Need(("g",), "config 'prompt'", is_guess=True),
        Need(("metadata.topic",), "config 'prompt'", is_guess=True),
        Need(("i",), "config 'nested'", is_guess=True),
    ]


def test_described_templates() -> None:
    """Texts of the options that say so, alone and within a list or a mapping; and no others."""
    block = Writer(
        prompt="{{ p }}",
        more=["{{ m }}"],
        each={"a": "{{ e }}", "b": "{{ no }}"},
        rows=["{{ r }}"],
        fmt="{{literal}} {x}",
    )
    assert find_needs(block) == [
        Need(("p",), "config 'prompt'"),
        Need(("m",), "config 'more'"),
        Need(("e",), "config 'each'"),
        Need(("r",), "config 'rows'"),
    ]


@pytest.mark.parametrize("value", [None, "", 3, "plain text", "{ not a template }", "{{ a", "{{"])
def test_what_is_no_template(value: Any) -> None:
    """Values without Jinja2 in them, or with broken one in a text nobody said is rendered."""
    assert [need for need in find_needs(Reader(prompt=value)) if need.where != "inputs"] == []


@pytest.mark.parametrize(
    ("block", "needs"),
    [
        (Validator(forbidden_words=["{{", "{%"]), [Need(("text", "assistant"), "inputs")]),
        (
            StructuredGenerator(
                json_schema={"type": "string", "description": "with {{placeholder}} and {{"},
                prompt="{{ topic }}",
            ),
            [Need(("topic",), "config 'prompt'")],
        ),
        (
            StructuredGenerator(json_schema='{"enum": {{ levels | tojson }}}', prompt="Hi"),
            [Need(("levels",), "config 'json_schema'")],
        ),
        (FieldMapper(mappings={"a": "{{ b }}"}), [Need(("b",), "config 'mappings'")]),
    ],
    ids=["words", "schema", "schema as a template", "mappings"],
)
def test_built_in_blocks(block: BaseBlock, needs: list[Need]) -> None:
    """What they do not render may hold anything."""
    assert find_needs(block) == needs


def test_broken_template() -> None:
    """A template that does not parse is an error that names its key."""
    with pytest.raises(TemplateError) as caught:
        find_needs(Writer(prompt="{{ a"))
    assert caught.value.message.startswith("config 'prompt': ")
