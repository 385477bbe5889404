"""Which fields a configured block needs."""

from __future__ import annotations

from typing import Any

import pytest

from datagenflow_nb.blocks.base import BaseBlock
from datagenflow_nb.blocks.fields import Need, find_needs, find_templates
from datagenflow_nb.errors import TemplateError


class Reader(BaseBlock):
    """Needs something of every kind."""

    inputs = ["a", "b?", "c | d", "*"]
    field_references = ["field_name"]


def test_every_kind() -> None:
    """Inputs, fields named by the config, certain fields of templates, the seed's fields."""
    block = Reader(
        field_name="e",
        prompt="{{ f }} {% if g %}{{ h }}{% endif %} {{ metadata.topic }}",
        nested={"list": ["{{ i }}", "plain"]},
    )
    assert find_needs(block) == [
        Need(("a",), "inputs"),
        Need(("c", "d"), "inputs"),
        Need(("e",), "config 'field_name'"),
        Need(("f",), "config 'prompt'"),
        Need(("g",), "config 'prompt'"),
        Need(("metadata.topic",), "config 'prompt'"),
        Need(("i",), "config 'nested'"),
    ]


@pytest.mark.parametrize("value", [None, "", 3, "plain text", "{ not a template }"])
def test_what_is_no_template(value: Any) -> None:
    """Values without Jinja2 in them need nothing."""
    assert list(find_templates(Reader(prompt=value))) == []


def test_broken_template() -> None:
    """A template that does not parse is an error that names its key."""
    with pytest.raises(TemplateError) as caught:
        find_needs(Reader(prompt="{{ a"))
    assert caught.value.message.startswith("config 'prompt': ")
