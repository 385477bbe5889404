"""Where a text is best cut into chunks.

A *cut* is a position in the text; cuts come in ranks, best first (before a heading, between
paragraphs, after a sentence, ...). A chunk ends at the last cut of the best rank it can reach.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from itertools import pairwise

__all__ = ["find_chunks"]

Span = tuple[int, int]
Ranks = list[list[int]]

_PARAGRAPH = re.compile(r"\r?\n(?:[ \t]*\r?\n)+")
# A full stop, its closing quotes and brackets, white space, and no small letter next ("e.g. this");
# the full-width marks of Chinese and Japanese need no white space.
_SENTENCE = re.compile(
    r"[.!?\u2026][\"'\u201d\u2019)\]]{0,3}\s++(?![a-z])"
    r"|[\u3002\uff01\uff1f][\"'\u201d\u2019\u300d\u300f\uff09]{0,3}\s*+"
)
_LINE = re.compile(r"\r?\n")
_WORD = re.compile(r"\s++")
_FENCE = re.compile(r"[ \t]*(`{3,}|~{3,})(.*)")
_HEADING = re.compile(r" {0,3}#{1,6}(?:\s|$)")
_UNDERLINE = re.compile(r" {0,3}(?:=+|-+)\s*$")


def find_chunks(text: str, by: str, size: int, overlap: int) -> list[Span]:
    """Start and end of every chunk, in order.

    Parameters
    ----------
    by : {"paragraph", "sentence", "markdown", "character"}
        What is kept whole if possible.
    size : int
        Longest chunk, in characters; 0: a chunk per section, paragraph or sentence.
    overlap : int
        Most characters of the chunk before that are repeated, less than ``size``.
    """
    if by == "character":
        spans = list(_slide(len(text), size, overlap))
    else:
        ranks, starts = _RANKERS[by](text)
        if size:
            spans = list(_pack(len(text), ranks, starts, size, overlap))
        else:
            spans = list(pairwise([0, *ranks[0], len(text)]))
    return [(start, end) for start, end in spans if text[start:end].strip()]


def _slide(length: int, size: int, overlap: int) -> Iterator[Span]:
    start = 0
    while start < length:
        end = min(start + size, length)
        yield start, end
        if end == length:
            return
        start = end - overlap


def _pack(
    length: int, ranks: Ranks, starts: list[list[int]], size: int, overlap: int
) -> Iterator[Span]:
    """``starts``: where an overlap may begin, best rank first."""
    start = cut = 0
    while cut < length:
        if length - start <= size:
            yield start, length
            return
        end = _last_cut(ranks, cut, start + size)
        yield start, end
        start = _overlap_start(length, ranks, starts, start, end, size, overlap)
        cut = end


def _last_cut(ranks: Ranks, after: int, until: int) -> int:
    """The last cut of the best rank in ``(after, until]``; any position when there is none."""
    for cuts in ranks:
        index = bisect_right(cuts, until)
        if index and cuts[index - 1] > after:
            return cuts[index - 1]
    return until


def _overlap_start(
    length: int,
    ranks: Ranks,
    starts: list[list[int]],
    start: int,
    cut: int,
    size: int,
    overlap: int,
) -> int:
    """Where the chunk after ``cut`` begins.

    As far back as the overlap goes, but not so far that the chunk no longer reaches the best cut
    it could reach without any.
    """
    wanted = cut + 1
    if length - cut <= size:
        wanted = length
    else:
        for cuts in ranks:
            index = bisect_right(cuts, cut)
            if index < len(cuts) and cuts[index] <= cut + size:
                wanted = cuts[index]
                break
    earliest = max(cut - overlap, wanted - size, start + 1)
    for places in starts:
        index = bisect_left(places, earliest)
        if index < len(places) and places[index] < cut:
            return places[index]
    return cut


def _ends(pattern: re.Pattern[str], text: str, start: int = 0, end: int | None = None) -> list[int]:
    stop = len(text) if end is None else end
    return [match.end() for match in pattern.finditer(text, start, stop)]


def _rank_sentences(text: str) -> tuple[Ranks, Ranks]:
    sentences, words = _ends(_SENTENCE, text), _ends(_WORD, text)
    return [sentences, words], [sentences, words]


def _rank_paragraphs(text: str) -> tuple[Ranks, Ranks]:
    sentences, words = _ends(_SENTENCE, text), _ends(_WORD, text)
    paragraphs = _ends(_PARAGRAPH, text)
    return [paragraphs, sentences, words], [sorted({*paragraphs, *sentences}), words]


def _rank_markdown(text: str) -> tuple[Ranks, Ranks]:
    """Sections, blocks, sentences, lines, words; then what should stay whole: heading and next
    block, lines of a fence, words of a heading."""
    sections: list[int] = []
    between: list[int] = []
    sentences: list[int] = []
    lines: list[int] = []
    words: list[int] = []
    after_heading: list[int] = []
    inside_fence: list[int] = []
    inside_heading: list[int] = []
    before = ""
    for kind, start, end in _blocks(text):
        if before == "heading":
            after_heading.append(start)
        elif kind == "heading":
            sections.append(start)
        else:
            between.append(start)
        if kind == "fence":
            inside_fence += _ends(_LINE, text, start, end)
        elif kind == "heading":
            inside_heading += _ends(_WORD, text, start, end)
        else:
            sentences += _ends(_SENTENCE, text, start, end)
            lines += _ends(_LINE, text, start, end)
            words += _ends(_WORD, text, start, end)
        before = kind
    ranks = [
        sections, between, sentences, lines, words, after_heading, inside_fence, inside_heading,
    ]  # fmt: skip
    whole = sorted({*sections, *between, *after_heading, *sentences})
    return ranks, [whole, words]


def _blocks(text: str) -> Iterator[tuple[str, int, int]]:
    """``(kind, start, end)`` of every block with the blank lines after it: heading, fence, text.

    Source: https://spec.commonmark.org/0.31.2/ (leaf blocks; lists and quotes count as text).
    """
    kinds: list[str] = []
    starts: list[int] = []
    fence = ""
    is_open = False  # a paragraph that the next line continues
    position = 0
    for line in text.splitlines(keepends=True):
        start, position = position, position + len(line)
        bare = line.rstrip("\r\n")
        mark = _FENCE.match(bare)
        if fence:
            if mark and mark[1].startswith(fence) and not mark[2].strip():
                fence = ""
            continue
        if not bare.strip():
            is_open = False
            continue
        if is_open and kinds[-1] == "line" and _UNDERLINE.match(bare):
            kinds[-1], is_open = "heading", False
            continue
        opens_fence = mark is not None and (mark[1][0] == "~" or "`" not in mark[2])
        if is_open and not opens_fence and not _HEADING.match(bare):
            kinds[-1] = "text"
            continue
        kind = "fence" if opens_fence else "heading" if _HEADING.match(bare) else "line"
        if mark and opens_fence:
            fence = mark[1]
        is_open = kind == "line"
        kinds.append(kind)
        starts.append(start)
    # Blank lines before the first block belong to it.
    yield from zip(kinds, [0, *starts[1:]], [*starts[1:], len(text)], strict=False)


_RANKERS = {
    "markdown": _rank_markdown,
    "paragraph": _rank_paragraphs,
    "sentence": _rank_sentences,
}
