"""What a block may ask of the world."""

from __future__ import annotations

import logging
import random
from typing import Any

import pytest

from datagenflow_nb import BaseBlock, BlockContext, TemplateError


class Block(BaseBlock):
    """Any block."""


def test_render_sees_state_metadata_and_extra() -> None:
    """Templates see the state, the seed as metadata, and what is passed along."""
    ctx = BlockContext({"topic": "new"}, {"topic": "old"})
    text = ctx.render("{{ topic }} {{ metadata.topic }} {{ n }}", n=3)
    assert text == "new old 3"


def test_a_field_called_metadata_goes_first() -> None:
    """A state field of that name is not hidden by the seed."""
    ctx = BlockContext({"metadata": "mine"}, {"topic": "old"})
    assert ctx.render("{{ metadata }}") == "mine"


def test_render_names_block_and_key() -> None:
    """An error says in which block and config key the template stands."""
    template = "{{ topik }}"
    block = Block(prompt=template)
    ctx = BlockContext({"topic": "x"}, block_type="Block", block_id="one", config=block.config)
    with pytest.raises(TemplateError) as caught:
        ctx.render(template)
    assert caught.value.message.startswith("block 'one', config 'prompt': ")
    assert "'topik'" in caught.value.message
    assert caught.value.detail["key"] == "prompt"
    assert caught.value.detail["field"] == "topik"


def test_metadata_is_a_copy() -> None:
    """Writing to the engine's metadata changes nothing."""
    metadata: dict[str, Any] = {"tags": ["a"]}
    ctx = BlockContext({}, metadata)
    ctx.metadata["tags"].append("b")
    assert metadata == {"tags": ["a"]}
    assert ctx.render("{{ metadata.tags }}") == "['a']"


def test_fields_are_a_copy() -> None:
    """Repetitions of a seed share its metadata: one of them must not change the next one's."""
    metadata: dict[str, Any] = {"tags": ["a"]}
    ctx = BlockContext({}, metadata)
    ctx.fields()["metadata"]["tags"].append("b")
    assert metadata == {"tags": ["a"]}


def test_random_comes_from_the_key() -> None:
    """The same key gives the same numbers, another others; each context its own."""
    first = BlockContext({}, random_key="7/0/0//a")
    assert first.random.random() == random.Random("7/0/0//a").random()
    assert first.random is first.random
    again = BlockContext({}, random_key="7/0/0//a").random.random()
    assert again == random.Random("7/0/0//a").random()
    assert BlockContext({}, random_key="7/0/1//a").random.random() != again


def test_log_carries_the_trace_id(caplog: pytest.LogCaptureFixture) -> None:
    """A block's own lines begin with the execution's short id."""
    with caplog.at_level(logging.INFO, "datagenflow_nb"):
        BlockContext({}, trace_id="0123456789abcdef").log.info("%d teas", 3)
        BlockContext({}).log.info("alone")
    assert [record.getMessage() for record in caplog.records] == ["[01234567] 3 teas", "[-] alone"]


def test_alone() -> None:
    """A block called by hand gets a context with its type, its config and the data."""
    ctx = BlockContext.alone(Block(a=1), {"x": 1})
    assert (ctx.block_type, ctx.state, ctx.metadata) == ("Block", {"x": 1}, {"x": 1})
    assert (ctx.trace_id, ctx.job_id) == ("", None)
