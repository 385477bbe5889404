"""Strings for JSON Schemas: chosen by the property's name, fitted to its constraints."""

from __future__ import annotations

import re
import uuid
from functools import lru_cache
from typing import Any, NamedTuple

from .offline_pattern import PatternError, generate
from .offline_prompt import Prompt
from .offline_words import KIND_BY_WORD
from .offline_write import (
    answer_text,
    write_keyword,
    write_question,
    write_sentence,
    write_summary,
    write_title,
)

__all__ = [
    "Place",
    "UnsatisfiableError",
    "find_labelled",
    "fit_length",
    "kind_of",
    "split_name",
    "write_string",
]

_MAX_LENGTH = 100_000  # characters one string may be asked to have
_FORMAT_KINDS = frozenset(("email", "uri", "date", "date-time"))
_DATE = re.compile(r"\b(?:19|20)\d\d-(?:0[1-9]|1[0-2])-(?:0[1-9]|1\d|2[0-8])\b")


class UnsatisfiableError(Exception):
    """No value meets this part of a schema; ``keyword`` says which keyword stands in the way."""

    def __init__(self, keyword: str, reason: str) -> None:
        super().__init__(reason)
        self.keyword = keyword
        self.reason = reason


class Place(NamedTuple):
    """Where a value stands in the answer.

    Attributes
    ----------
    path : str
        ``$.pairs.question``; items of an array share it.
    name : str
        The property's name; items have their array's.
    owner : str
        Path of the object the value belongs to: a question and its answer share their sentence.
    offset : int
        Which alternative to take; items of an array count it up.
    depth : int
        Levels of nesting.
    refs : tuple of str
        The references followed on the way here.
    """

    path: str = "$"
    name: str = ""
    owner: str = "$"
    offset: int = 0
    depth: int = 0
    refs: tuple[str, ...] = ()

    def property(self, name: str) -> Place:
        """The place of a property of the object here."""
        path = f"{self.path}.{name}"
        return Place(path, name, self.path, self.offset, self.depth + 1, self.refs)

    def item(self, offset: int) -> Place:
        """The place of an array's item."""
        path, name, owner, first, depth, refs = self
        return Place(path, name, owner, first + offset, depth + 1, refs)


@lru_cache(maxsize=4096)
def split_name(name: str) -> tuple[str, ...]:
    """The lower-case words of a property name: ``correctAnswer_2`` -> ``correct, answer, 2``."""
    spaced = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", " ", name[:200])
    return tuple(re.split(r"[\W_]+", spaced.lower()))


@lru_cache(maxsize=4096)
def kind_of(name: str) -> str:
    """What sort of text a property of this name holds; ``""`` when the name does not say."""
    for word in reversed(split_name(name)):
        if word in KIND_BY_WORD:
            return KIND_BY_WORD[word]
    return ""


def write_string(prompt: Prompt, node: dict[str, Any], place: Place) -> str:
    """A string for ``node``.

    Raises
    ------
    UnsatisfiableError
        When no string of ours meets ``pattern``, ``minLength`` and ``maxLength``.
    """
    least = max(node.get("minLength", 0), 0)
    most = node.get("maxLength", _MAX_LENGTH)
    if least > most:
        raise UnsatisfiableError("minLength", f"minLength {least} is above maxLength {most}")
    if least > _MAX_LENGTH:
        raise UnsatisfiableError(
            "minLength", f"the offline model writes at most {_MAX_LENGTH} characters"
        )
    if "pattern" in node:
        return _match_pattern(prompt, node, place, int(least), int(most))
    kind = kind_of(place.name)
    wanted = node.get("format") or (kind if kind in _FORMAT_KINDS else None)
    text = _formatted(wanted, prompt, place) if wanted else None
    if text is not None and least <= len(text) <= most:
        return text
    if text is not None and "format" in node:
        keyword = "maxLength" if len(text) > most else "minLength"
        raise UnsatisfiableError(keyword, f"no {wanted} of that length")
    if least == 0 and most >= 40 and not kind and place.depth == 0:
        return answer_text(prompt)
    return fit_length(_by_kind(kind, prompt, place, least), int(least), int(most), prompt, place)


def fit_length(text: str, least: int, most: int, prompt: Prompt, place: Place) -> str:
    """``text`` continued with further sentences, or cut at a word, to the wanted length."""
    offset = place.offset
    while len(text) < least:
        offset += 1
        addition = write_sentence(prompt, place.owner, offset) or "More on this."
        joint = " " if text[-1:] in ".!?" else ": "
        text = f"{text}{joint}{addition}" if text else addition
    if len(text) <= most:
        return text
    if place.offset >= 8 and most < 8:  # the words are used up: short strings that still differ
        return _letters(place.offset, most) if most else ""
    end = text.rfind(" ", max(least, most // 2), most + 1)
    cut = text[: end if end > 0 else most].rstrip(" ,;:")
    return cut if len(cut) >= least else text[:most]


def find_labelled(prompt: Prompt, name: str) -> str | None:
    """What the material says after ``name:``, up to the end of the phrase."""
    if not prompt.material or not name or len(name) > 60:
        return None
    match = _labelled_by(" ".join(split_name(name))).search(prompt.material)
    return match.group(1).strip() if match else None


@lru_cache(maxsize=1024)
def _labelled_by(name: str) -> re.Pattern[str]:
    words = r"[ _-]?".join(map(re.escape, name.split()))
    return re.compile(rf"\b{words} ?(?::|=| is ) ?([^\s.,;:=][^\n;,.=:]{{0,80}}(?:\.\d+)?)", re.I)


def _by_kind(kind: str, prompt: Prompt, place: Place, least: int) -> str:
    offset = place.offset
    if kind == "question":
        return write_question(prompt, place.owner, offset)
    if kind == "instruction":
        topic = prompt.named_topic or write_keyword(prompt, place.owner, offset)
        return f"Explain in your own words what the text says about {topic}."
    if kind == "sentence":
        wrong = {"distractor", "distractors", "wrong", "incorrect"} & set(split_name(place.name))
        return write_sentence(prompt, place.owner, offset + bool(wrong))
    if kind == "summary":
        return write_summary(prompt, place.owner, offset)
    if kind == "title":
        return write_title(prompt, place.owner, offset)
    if kind == "difficulty":
        levels = ("easy", "medium", "hard")
        return levels[prompt.pick(place.path, offset, 3)]
    if kind == "language":
        return "English"
    if kind == "id":
        return f"{_slug(write_keyword(prompt, place.owner, offset))}-{offset + 1}"
    if kind != "keyword":
        labelled = find_labelled(prompt, place.name)
        if labelled and not offset:
            return labelled
        if least >= 25:
            return write_sentence(prompt, place.owner, offset)
    return write_keyword(prompt, place.path, offset)


def _match_pattern(
    prompt: Prompt, node: dict[str, Any], place: Place, least: int, most: int
) -> str:
    """A term of the prompt that matches, else a string made from the pattern."""
    source = node["pattern"]
    try:
        pattern = re.compile(source)
    except (re.error, OverflowError) as exc:
        raise UnsatisfiableError("pattern", f"{source!r} is no regular expression: {exc}") from exc
    given = [v for v in (*node.get("examples", ()), node.get("default")) if isinstance(v, str)]
    words = [write_keyword(prompt, place.path, i) for i in range(min(len(prompt.keywords), 6))]
    slugs = [_slug(word) for word in words]
    candidates = (*given, *words, *slugs, *(slug.upper() for slug in slugs))
    fitting = [
        t for t in dict.fromkeys(candidates) if least <= len(t) <= most and pattern.search(t)
    ]
    if place.offset < len(fitting):
        return fitting[place.offset]
    for extra in (2, 1, 0, 3, 4, 6, 8, 12, 16, 24, 32, 64, 128, least, most):
        text = _generate(source, prompt, place, min(extra, 1000))
        if least <= len(text) <= most and pattern.search(text):
            return text
        short = least - len(text)
        if short > 0 and pattern.search(padded := text + "x" * short):
            return padded
    raise UnsatisfiableError("pattern", f"the offline model finds no string for pattern {source!r}")


def _generate(source: str, prompt: Prompt, place: Place, extra: int) -> str:
    count = 0

    def pick(n: int) -> int:
        nonlocal count
        count += 1
        return prompt.pick(f"{place.path}/{place.offset}/{count}", 0, n)

    try:
        return generate(source, pick, extra)
    except (PatternError, RecursionError) as exc:
        raise UnsatisfiableError(
            "pattern", f"the offline model cannot read pattern {source!r}: {exc}"
        ) from exc


def _formatted(wanted: str, prompt: Prompt, place: Place) -> str | None:
    """A string of that format; None for a format that says nothing about the text."""
    number = prompt.draw.number(place.path) + place.offset
    slug = _slug(write_keyword(prompt, place.path, place.offset))
    dates = _DATE.findall(prompt.material)
    day = f"{2015 + number % 10}-{number // 10 % 12 + 1:02}-{(number // 120 + number) % 28 + 1:02}"
    if dates and place.offset < len(dates):
        day = dates[place.offset]
    clock = f"{number % 24:02}:{number // 24 % 60:02}:00Z"
    makers = {
        "date": day,
        "time": clock,
        "date-time": f"{day}T{clock}",
        "duration": f"P{number % 30 + 1}D",
        "email": f"{slug}@example.org",
        "idn-email": f"{slug}@example.org",
        "hostname": f"{slug}.example.org",
        "uri": f"https://example.org/{slug}",
        "url": f"https://example.org/{slug}",
        "iri": f"https://example.org/{slug}",
        "uri-reference": f"/{slug}",
        "ipv4": f"192.0.2.{number % 254 + 1}",
        "ipv6": f"2001:db8::{number % 65535 + 1:x}",
    }
    if wanted == "uuid":
        data = number.to_bytes(9, "big")[-8:] + prompt.draw.key[:8]
        return str(uuid.UUID(bytes=data, version=4))
    return makers.get(wanted)


def _slug(text: str) -> str:
    """ASCII letters and digits with hyphens; ``item`` when the text has none."""
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")[:40].strip("-") or "item"


def _letters(number: int, width: int) -> str:
    """``number`` in base 26, the last ``width`` digits."""
    digits = ""
    for _ in range(width):
        number, digit = divmod(number, 26)
        digits = chr(97 + digit) + digits
    return digits
