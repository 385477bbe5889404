"""Output: a template into the field `output`."""

from __future__ import annotations

import pytest

from datagenflow_nb.blocks.builtin.output import Output
from datagenflow_nb.blocks.context import BlockContext
from datagenflow_nb.errors import ConfigError, TemplateError


@pytest.mark.asyncio
async def test_template() -> None:
    """The template sees the state."""
    block = Output(template="{{ q }} -> {{ parsed.a | join(', ') }}")
    state = {"q": "Which teas?", "parsed": {"a": ["Assam", "Sencha"]}}
    assert await block.execute(state) == {"output": "Which teas? -> Assam, Sencha"}


@pytest.mark.asyncio
async def test_original_name_of_the_template() -> None:
    """The original calls it format_template."""
    block = Output({"format_template": "<{{ assistant }}>"})
    assert await block.execute({"assistant": "tea"}) == {"output": "<tea>"}


@pytest.mark.asyncio
async def test_default() -> None:
    """Without a template the output is the answer."""
    assert await Output().execute({"assistant": "tea"}) == {"output": "tea"}


@pytest.mark.asyncio
async def test_metadata() -> None:
    """In a pipeline the seed's own fields are reachable as metadata, whatever overwrote them."""
    block = Output(template="{{ metadata.topic }} / {{ topic }}")
    ctx = BlockContext({"topic": "new"}, {"topic": "old"}, block_type="Output")
    assert await block.execute({"topic": "new"}, ctx) == {"output": "old / new"}


@pytest.mark.asyncio
async def test_unknown_field() -> None:
    """The error names block, config key and field."""
    with pytest.raises(TemplateError) as caught:
        await Output(template="{{ asistant }}").execute({"assistant": "tea"})
    assert caught.value.message.startswith("block 'Output', config 'template': ")
    assert "'asistant'" in caught.value.message


def test_wrong_config() -> None:
    """A template is text."""
    with pytest.raises(ConfigError) as caught:
        Output(template=None)
    assert caught.value.message == (
        "Output: config 'template' is None: input should be a valid string"
    )


def test_declaration() -> None:
    """Field and the original's name are declared."""
    assert (Output.outputs, Output.aliases) == (["output"], ["OutputBlock"])
