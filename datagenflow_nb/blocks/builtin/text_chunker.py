"""A long text as a branch per chunk."""

from __future__ import annotations

import asyncio
from typing import Any, Literal

from pydantic import Field

from ...errors import ConfigError, ValidationError, suggest
from ..base import BaseBlock
from ..config import BlockConfig
from ._cuts import find_chunks

__all__ = ["TextChunker"]

#: Characters from which on the work is done in a thread, so that the event loop stays free.
_LONG_TEXT = 100_000


class TextChunker(BaseBlock):
    """Split a text; each chunk goes on as a branch of its own.

    Chunks are pieces of the text as it is, at most ``chunk_size`` characters, cut at the best place
    that leaves them so: ``paragraph`` at the last blank line, else after the last sentence, else
    between words; ``sentence`` without the first; ``markdown`` before the last heading, else
    between blocks, else as ``paragraph``, but never inside a code fence and not between a heading
    and what follows it, unless one of them alone is too long; ``character`` at every
    ``chunk_size``.

    A chunk begins with up to ``chunk_overlap`` characters of the one before, from the start of a
    sentence or word on; less where the whole overlap would push the next cut to a worse place.
    Together the chunks hold the whole text, but for white space longer than a chunk. A blank text
    gives no chunk, and the execution ends as filtered.

    Outputs: ``chunk_text``, ``chunk_index`` (from 0), ``chunk_count``.
    """

    name = "Text Chunker"
    description = "Split a long text into chunks, each a branch of its own"
    category = "seeders"
    inputs = ["*"]
    outputs = ["chunk_text", "chunk_index", "chunk_count"]
    reads_only = True
    fan_out = True
    aliases = ["MarkdownMultiplierBlock"]
    field_references = ["field_name"]

    class Config(BlockConfig):
        """How the text is split."""

        field_name: str = Field(
            "file_content",
            min_length=1,
            description="Field that holds the text",
        )
        chunk_size: int = Field(
            2000,
            ge=0,
            description="Longest chunk, in characters; 0: every section (paragraph, sentence) is "
            "a chunk, however long, and nothing overlaps",
        )
        chunk_overlap: int | None = Field(
            None,
            ge=0,
            description="Most characters repeated from the chunk before; null: a tenth of "
            "chunk_size",
        )
        by: Literal["paragraph", "sentence", "markdown", "character"] = Field(
            "paragraph", alias="parser_type", description="Where the text is cut if possible"
        )

    def prepare(self) -> None:
        size, overlap = self.config.chunk_size, self.config.chunk_overlap
        if size == 0 and self.config.by == "character":
            raise ConfigError(
                "TextChunker: config 'chunk_size' is 0 (no limit), but by='character' cuts by "
                "nothing else; set a size of 1 or more",
                {"block_type": "TextChunker", "key": "chunk_size"},
            )
        if size and overlap is not None and overlap >= size:
            raise ConfigError(
                f"TextChunker: config 'chunk_overlap' is {overlap}, expected less than "
                f"'chunk_size', {size}, or a chunk would hold nothing new",
                {"block_type": "TextChunker", "key": "chunk_overlap"},
            )
        self._overlap = size // 10 if overlap is None else overlap

    async def execute(self, data: dict[str, Any]) -> list[dict[str, Any]]:
        """Split the text of one state.

        Raises
        ------
        ValidationError
            When the field is missing or holds no text.
        """
        name = self.config.field_name
        if name not in data:
            raise ValidationError(
                f"TextChunker: there is no field {name!r}; {suggest(name, data)}",
                {"block_type": "TextChunker", "field": name, "fields": list(data)},
            )
        text = data[name]
        if not isinstance(text, str):
            raise ValidationError(
                f"TextChunker: field {name!r} is {type(text).__name__}, expected text",
                {"block_type": "TextChunker", "field": name},
            )
        options = (text, self.config.by, self.config.chunk_size, self._overlap)
        if len(text) > _LONG_TEXT:
            spans = await asyncio.to_thread(find_chunks, *options)
        else:
            spans = find_chunks(*options)
        return [
            {"chunk_text": text[start:end], "chunk_index": index, "chunk_count": len(spans)}
            for index, (start, end) in enumerate(spans)
        ]
