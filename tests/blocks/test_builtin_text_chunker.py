"""TextChunker: where texts are cut, what overlaps, and that nothing is lost."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from datagenflow_nb.blocks.builtin._cuts import find_chunks
from datagenflow_nb.blocks.builtin.text_chunker import TextChunker
from datagenflow_nb.errors import ConfigError, ValidationError

TWO_PARAGRAPHS = "Tides turn. They turn twice a day.\n\nThe Moon pulls. So does the Sun.\n"

HANDBOOK = """# Ferry

Runs daily. Bring cash.

## Code

```python
def sail():

    return "noon"
```

Ask the crew.

## Rules
### Goats
Goats pay half. Two goats pay full.
"""


def cut(text: str, **config: Any) -> list[str]:
    """The chunks' texts."""
    block = TextChunker(**config)
    spans = find_chunks(text, block.config.by, block.config.chunk_size, block._overlap)
    return [text[start:end] for start, end in spans]


@pytest.mark.asyncio
async def test_outputs() -> None:
    """Each chunk is a branch with its text, its number and how many there are."""
    block = TextChunker(chunk_size=40, chunk_overlap=0)
    assert await block.execute({"file_content": TWO_PARAGRAPHS}) == [
        {
            "chunk_text": "Tides turn. They turn twice a day.\n\n",
            "chunk_index": 0,
            "chunk_count": 2,
        },
        {"chunk_text": "The Moon pulls. So does the Sun.\n", "chunk_index": 1, "chunk_count": 2},
    ]


@pytest.mark.asyncio
@pytest.mark.parametrize("text", ["", " \n\t\n "])
async def test_blank_text(text: str) -> None:
    """Nothing to read gives no chunk."""
    assert await TextChunker(field_name="body").execute({"body": text}) == []


@pytest.mark.asyncio
async def test_short_text() -> None:
    """A text that fits is one chunk, as it is."""
    result = await TextChunker().execute({"file_content": HANDBOOK})
    assert result == [{"chunk_text": HANDBOOK, "chunk_index": 0, "chunk_count": 1}]


@pytest.mark.parametrize(
    ("config", "chunks"),
    [
        (
            {"chunk_size": 36},
            ["Tides turn. They turn twice a day.\n\n", "The Moon pulls. So does the Sun.\n"],
        ),
        (
            {"chunk_size": 25},
            ["Tides turn. ", "They turn twice a day.\n\n", "The Moon pulls. ",
             "So does the Sun.\n"],
        ),
        (
            {"chunk_size": 14},
            ["Tides turn. ", "They turn ", "twice a day.\n\n", "The Moon ", "pulls. ",
             "So does the ", "Sun.\n"],
        ),
        (
            {"chunk_size": 4},
            ["Tide", "s ", "turn", ". ", "They", " ", "turn", " ", "twic", "e a ", "day.", "The ",
             "Moon", " ", "pull", "s. ", "So ", "does", " ", "the ", "Sun.", "\n"],
        ),
        (
            {"chunk_size": 0},
            ["Tides turn. They turn twice a day.\n\n", "The Moon pulls. So does the Sun.\n"],
        ),
    ],
)  # fmt: skip
def test_by_paragraph(config: dict[str, Any], chunks: list[str]) -> None:
    """Paragraphs, else sentences, else words, else characters; 0 is a chunk per paragraph."""
    expected = [chunk for chunk in chunks if chunk.strip()]
    assert cut(TWO_PARAGRAPHS, chunk_overlap=0, **config) == expected


@pytest.mark.parametrize(
    ("config", "chunks"),
    [
        (
            {"chunk_size": 52},
            ["Tides turn. They turn twice a day.\n\nThe Moon pulls. ", "So does the Sun.\n"],
        ),
        (
            {"chunk_size": 0},
            [
                "Tides turn. ",
                "They turn twice a day.\n\n",
                "The Moon pulls. ",
                "So does the Sun.\n",
            ],
        ),
    ],
)
def test_by_sentence(config: dict[str, Any], chunks: list[str]) -> None:
    """Paragraphs do not count; 0 is a chunk per sentence."""
    assert cut(TWO_PARAGRAPHS, by="sentence", chunk_overlap=0, **config) == chunks


def test_sentence_ends() -> None:
    """Quotes belong to the sentence, small letters continue it, full-width marks end it."""
    text = 'He said "Go!" We left, e.g. by boat. 水が来る。船が出る。 End'
    assert cut(text, by="sentence", chunk_size=0) == [
        'He said "Go!" ', "We left, e.g. by boat. ", "水が来る。", "船が出る。 ", "End",
    ]  # fmt: skip


def test_by_character() -> None:
    """Every chunk but the last has the full size, every overlap too."""
    assert cut("abcdefghij", by="character", chunk_size=4, chunk_overlap=1) == [
        "abcd", "defg", "ghij",
    ]  # fmt: skip
    assert cut("abcdefghijk", by="character", chunk_size=4, chunk_overlap=0) == [
        "abcd", "efgh", "ijk",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("size", "chunks"),
    [
        (
            80,
            [
                "# Ferry\n\nRuns daily. Bring cash.\n\n",
                '## Code\n\n```python\ndef sail():\n\n    return "noon"\n```\n\nAsk the crew.\n\n',
                "## Rules\n### Goats\nGoats pay half. Two goats pay full.\n",
            ],
        ),
        (
            61,
            [
                "# Ferry\n\nRuns daily. Bring cash.\n\n",
                '## Code\n\n```python\ndef sail():\n\n    return "noon"\n```\n\n',
                "Ask the crew.\n\n",
                "## Rules\n### Goats\nGoats pay half. Two goats pay full.\n",
            ],
        ),
        (
            50,
            [
                "# Ferry\n\nRuns daily. Bring cash.\n\n",
                "## Code\n\n",
                '```python\ndef sail():\n\n    return "noon"\n```\n\n',
                "Ask the crew.\n\n",
                "## Rules\n### Goats\nGoats pay half. ",
                "Two goats pay full.\n",
            ],
        ),
        (
            0,
            [
                "# Ferry\n\nRuns daily. Bring cash.\n\n",
                '## Code\n\n```python\ndef sail():\n\n    return "noon"\n```\n\nAsk the crew.\n\n',
                "## Rules\n### Goats\nGoats pay half. Two goats pay full.\n",
            ],
        ),
    ],
)
def test_by_markdown(size: int, chunks: list[str]) -> None:
    """Sections, else blocks; headings stay with what follows; a fence that fits stays whole."""
    assert cut(HANDBOOK, by="markdown", chunk_size=size, chunk_overlap=0) == chunks


def test_markdown_forms() -> None:
    """Underlined headings, tilde fences, fences without a blank line before, one left open."""
    text = "Title\n=====\nText\n~~~\n# no heading\n\n~~~\n# Real\nMore\n```\n# still code\n\nend"
    assert cut(text, by="markdown", chunk_size=0) == [
        "Title\n=====\nText\n~~~\n# no heading\n\n~~~\n",
        "# Real\nMore\n```\n# still code\n\nend",
    ]


def test_long_fence_is_cut_between_lines() -> None:
    """A fence longer than a chunk has to be cut; it is cut after a line."""
    text = "```\n" + "x = 1\n" * 10 + "```\n"
    chunks = cut(text, by="markdown", chunk_size=20, chunk_overlap=0)
    assert "".join(chunks) == text
    assert all(chunk.endswith("\n") for chunk in chunks)
    assert chunks[0] == "```\nx = 1\nx = 1\n"


def test_overlap_begins_with_a_sentence_or_word() -> None:
    """The overlap is at most that long and does not begin inside a word."""
    text = "One two three. Four five six. Seven eight nine. Ten eleven twelve."
    assert cut(text, by="sentence", chunk_size=33, chunk_overlap=16) == [
        "One two three. Four five six. ",
        "Four five six. Seven eight nine. ",
        "eight nine. Ten eleven twelve.",
    ]
    assert cut(text, by="sentence", chunk_size=33, chunk_overlap=10) == [
        "One two three. Four five six. ",
        "five six. Seven eight nine. ",
        "nine. Ten eleven twelve.",
    ]


def test_overlap_gives_way() -> None:
    """An overlap that would push the next cut into a sentence or a fence is made smaller."""
    text = "One is short. A sentence of exactly this length fits. Here is a last one."
    assert cut(text, by="sentence", chunk_size=45, chunk_overlap=15) == [
        "One is short. ",
        "A sentence of exactly this length fits. ",
        "length fits. Here is a last one.",
    ]
    fence = "Before the code.\n\n```\n" + "line\n" * 8 + "```\n\nAfter the code.\n"
    assert cut(fence, by="markdown", chunk_size=55, chunk_overlap=20)[1].startswith("```")


def test_default_overlap() -> None:
    """Without a setting it is a tenth of the size: 200 of 2000."""
    assert TextChunker()._overlap == 200
    assert TextChunker(chunk_size=150)._overlap == 15
    assert TextChunker(chunk_size=0, chunk_overlap=50)._overlap == 50


def test_original_configuration() -> None:
    """MarkdownMultiplierBlock's own configuration is understood."""
    block = TextChunker({"parser_type": "markdown", "chunk_size": 0, "chunk_overlap": 50})
    assert block.config.by == "markdown"
    assert TextChunker.aliases == ["MarkdownMultiplierBlock"]
    assert TextChunker.outputs == ["chunk_text", "chunk_index", "chunk_count"]
    assert TextChunker.fan_out is True


@pytest.mark.parametrize(
    ("config", "message"),
    [
        (
            {"chunk_size": 100, "chunk_overlap": 100},
            "TextChunker: config 'chunk_overlap' is 100, expected less than 'chunk_size', 100, or "
            "a chunk would hold nothing new",
        ),
        (
            {"chunk_size": 0, "by": "character"},
            "TextChunker: config 'chunk_size' is 0 (no limit), but by='character' cuts by nothing "
            "else; set a size of 1 or more",
        ),
        (
            {"chunk_size": -1},
            "TextChunker: config 'chunk_size' is -1: input should be greater than or equal to 0",
        ),
        (
            {"chunk_overlap": -1},
            "TextChunker: config 'chunk_overlap' is -1: input should be greater than or equal to 0",
        ),
        (
            {"by": "page"},
            "TextChunker: config 'by' is 'page': input should be 'paragraph', 'sentence', "
            "'markdown' or 'character'",
        ),
    ],
)
def test_wrong_config(config: dict[str, Any], message: str) -> None:
    """Each wrong value is found when the block is made."""
    with pytest.raises(ConfigError) as caught:
        TextChunker(config)
    assert caught.value.message == message


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("state", "message"),
    [
        (
            {"file_contents": "x"},
            "TextChunker: there is no field 'file_content'; did you mean 'file_contents'?",
        ),
        ({"file_content": None}, "TextChunker: field 'file_content' is NoneType, expected text"),
    ],
)
async def test_no_text(state: dict[str, Any], message: str) -> None:
    """A missing or ill-typed field is named."""
    with pytest.raises(ValidationError) as caught:
        await TextChunker().execute(state)
    assert caught.value.message == message


@pytest.mark.asyncio
async def test_long_text() -> None:
    """A long text, which a thread cuts, comes back whole."""
    text = "The tide comes in. " * 20_000
    result = await TextChunker(chunk_size=1000, chunk_overlap=0).execute({"file_content": text})
    assert "".join(chunk["chunk_text"] for chunk in result) == text
    assert result[-1]["chunk_count"] == len(result) == 385


PIECES = st.lists(
    st.sampled_from([
        "word", " ", "Sentence. ", "Why? ", "\n", "\n\n", "\r\n\r\n", "# Head\n", "## Sub\n",
        "```\n",
        "~~~\n", "Under\n===\n", "- item\n", "    indented\n", "。", "é", "😀", ".", "\t", "x" * 30,
    ]),
    max_size=40,
).map("".join)  # fmt: skip
TEXTS = PIECES | st.text(max_size=200)


@given(
    text=TEXTS,
    by=st.sampled_from(["paragraph", "sentence", "markdown", "character"]),
    size=st.integers(1, 60),
    share=st.floats(0, 0.99),
)
def test_nothing_is_lost(text: str, by: str, size: int, share: float) -> None:
    """Chunks are in order, no longer than asked, overlap no more than asked, and hold it all."""
    overlap = int(size * share)
    spans = find_chunks(text, by, size, overlap)
    reached = 0
    for start, end in spans:
        assert 0 < end - start <= size
        assert end > reached
        assert start >= reached - overlap
        assert not text[reached:start].strip()
        reached = end
    assert not text[reached:].strip()


@given(text=TEXTS, by=st.sampled_from(["paragraph", "sentence", "markdown"]))
def test_units_are_the_text(text: str, by: str) -> None:
    """With size 0 the chunks together are the text, but for blank ones."""
    spans = find_chunks(text, by, 0, 0)
    reached = 0
    for start, end in spans:
        assert not text[reached:start].strip()
        reached = end
    assert not text[reached:].strip()


@given(
    blocks=st.lists(
        st.sampled_from(["Some text here.\n\n", "```\ncode\n\ncode\n```\n\n", "# H\n\n"]),
        min_size=1, max_size=20,
    ).filter(lambda blocks: "# H# H" not in "".join(blocks).replace("\n", "")),
    size=st.integers(40, 80),
    overlap=st.integers(0, 30),
)  # fmt: skip
def test_fences_stay_whole(blocks: list[str], size: int, overlap: int) -> None:
    """Where every fence fits a chunk none is cut, and no heading ends a chunk."""
    text = "".join(blocks)
    spans = find_chunks(text, "markdown", size, overlap)
    for start, end in spans:
        assert text[start:end].count("```") % 2 == 0
        assert end == len(text) or not text[start:end].endswith("# H\n\n")


def test_work_grows_with_the_text_alone() -> None:
    """Texts made to be slow for regular expressions are cut as any other."""
    for text in (
        "." * 200_000,
        "\n" * 200_000,
        " " * 200_000 + "x",
        ".'" * 100_000,
        "\n \n" * 70_000,
    ):
        for by in ("paragraph", "sentence", "markdown"):
            spans = find_chunks(text, by, 1000, 100)
            assert all(end - start <= 1000 for start, end in spans)
