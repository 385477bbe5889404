"""What a prompt asks for and what it gives to work on, told apart by simple signs.

A prompt is *instructions* ("Write one question about ...") and, often, *material*: the text between
quotes or tags, after ``TEXT:``, or whatever does not read like an instruction.
"""

from __future__ import annotations

import hashlib
import json
import re
from functools import cached_property
from typing import Any

from .base import EndpointError
from .offline_text import Draw, find_keywords, split_sentences, split_words, stems_of
from .offline_words import ENDS_MATERIAL, NO_TOPIC, NOT_MATERIAL, VERBS

__all__ = ["Prompt", "read_messages"]

_LIMIT = 120_000  # characters looked at; of a longer text the head and the tail
_RUN = re.compile(r"\s{2,}")
_COLON = re.compile(r":[ \n*]")
_LABEL = re.compile(r"[ #*>-]{0,8}([A-Za-z][A-Za-z _-]{1,30}?) ?\*{0,2}")
_TAGS = ("text", "document", "context", "passage", "article", "content", "input", "source", "data")
_ASKS = re.compile(
    r"^(?:you (?:are|will|must|should|can)|your (?:task|job|answer|role)|given (?:the|a|this)|"
    r"based on|from the (?:text|following|passage)|in (?:one|two|three|plain|your)|do not|don't|"
    r"never |only |each (?:question|answer|item)|here (?:is|are)|no (?:markdown|explanation)|"
    r"the (?:answer|question|output|result|json) (?:must|should|is to|has))",
    re.IGNORECASE,
)
_TOPIC = re.compile(
    r"(?:about|regarding|concerning|(?:topic|subject) of|explain|describe|introduce|"
    r"(?:topic|subject|theme) ?(?::|is))\s[\"'\u201c\u2018*]{0,3}(.{1,100}?)[\"'\u201d\u2019*]{0,3}"
    r"(?=\s(?:for|in|with|to|using|at|as|by|that|which|so|from)\b|[.,;:!?](?:\s|$)|\n|$)"
)


class Prompt:
    """A prompt taken apart.

    Attributes
    ----------
    asked : str
        The instructions: everything that is not material.
    material : str
        The text to work on; empty when the prompt holds none.
    shape : dict or None
        A JSON Schema, or an example object, written out in the prompt.
    draw : Draw
        Keyed by the messages and the random seed.
    """

    def __init__(self, users: list[str], system: str, draw: Draw) -> None:
        self.draw = draw
        self.shape: dict[str, Any] | None = None
        main = max(reversed(users), key=len) if users else ""
        rest = [text for text in users if text is not main]
        if "{" in main or "{" in system:
            main, self.shape = _take_shape(main)
            if self.shape is None:
                system, self.shape = _take_shape(system)
        self.material, asked = _split_material(main)
        # Runs of blanks are collapsed, so that no pattern below meets one and goes quadratic.
        self._asked_by_user = _RUN.sub(_one_blank, "\n".join((asked, *rest))).strip()
        self.asked = f"{_RUN.sub(_one_blank, system)}\n{self._asked_by_user}".strip()

    @cached_property
    def sentences(self) -> list[str]:
        """The material's sentences that can stand alone, in order."""
        found = split_sentences(self.material)
        good = [text for text in found if 20 <= len(text) <= 500 and text[-1] not in "?:"]
        return good or [text for text in found if len(text) <= 2000] or found[:1]

    @cached_property
    def keywords(self) -> list[str]:
        """Terms of the material, else of the topic and the instructions; never empty."""
        found = find_keywords(self.material)
        if not found and self.named_topic:
            found = [self.named_topic]
        if not found:
            words = split_words(self._asked_by_user)
            found = find_keywords(" ".join(word for word in words if word.lower() not in VERBS))
        return found or ["the prompt"]

    @cached_property
    def named_topic(self) -> str | None:
        """What the instructions say the answer is about; None when they do not."""
        alone = self._asked_by_user.strip(" .!\"'")
        if 0 < len(alone.split()) <= 4 and not self.material and not _is_instruction(alone):
            return alone
        text = self._asked_by_user.lower()
        for match in _TOPIC.finditer(text):
            if len(text) == len(self._asked_by_user):  # no letter changed its width
                topic = self._asked_by_user[match.start(1) : match.end(1)]
            else:
                topic = match.group(1)
            topic = " ".join(topic.split()).rstrip(".")
            words = split_words(re.sub(r"^(?:the|a|an) ", "", topic.lower()))
            if words and words[0] not in NO_TOPIC:
                return topic
        return None

    @property
    def topic(self) -> str:
        """The named topic, else the first keyword."""
        return self.named_topic or self.keywords[0]

    @cached_property
    def asked_lower(self) -> str:
        """``asked`` in lower case."""
        return self.asked.lower()

    @cached_property
    def stems(self) -> dict[str, int]:
        """Stems of the material's words (of the instructions' when there is none)."""
        return stems_of(self.material or self._asked_by_user)

    def pick(self, path: str, offset: int, count: int) -> int:
        """An index below ``count``: drawn by path, then the next one for each offset."""
        return (self.draw.number(path) + offset) % count


def read_messages(body: dict[str, Any]) -> Prompt:
    """The prompt of a chat body.

    Raises
    ------
    EndpointError
        ``bad_request`` when ``messages`` is not a list of messages with text.
    """
    messages = body.get("messages")
    if not isinstance(messages, list) or not messages:
        raise EndpointError("bad_request", "'messages' must be a non-empty list", status=400)
    users: list[str] = []
    system: list[str] = []
    digest = hashlib.blake2b(digest_size=32)
    for index, message in enumerate(messages):
        if not isinstance(message, dict) or not isinstance(message.get("role"), str):
            raise EndpointError(
                "bad_request", f"messages[{index}] must be an object with a 'role'", status=400
            )
        text = _text_of(message.get("content"), index)
        digest.update(f"{message['role']}\0{text}\0".encode("utf-8", "surrogatepass"))
        if len(text) > _LIMIT:
            text = text[: _LIMIT // 2] + "\n\n" + text[-_LIMIT // 2 :]
        if message["role"] in ("system", "developer"):
            system.append(text)
        elif message["role"] != "assistant" and text:
            users.append(text)
    digest.update(f"seed {body.get('seed')}".encode())
    return Prompt(users, "\n".join(system), Draw(digest.digest()))


def _text_of(content: Any, index: int) -> str:
    """The text of one message: a string, or its text parts."""
    if isinstance(content, str):
        return content
    if content is None:
        return ""
    if isinstance(content, list):
        parts = []
        for part in content:
            if not isinstance(part, dict) or not isinstance(part.get("text"), str):
                raise EndpointError(
                    "bad_request",
                    f"messages[{index}].content: the offline model reads text parts only, "
                    f"not {part.get('type') if isinstance(part, dict) else part!r}",
                    status=400,
                )
            parts.append(part["text"])
        return "\n".join(parts)
    raise EndpointError(
        "bad_request",
        f"messages[{index}].content must be a string or a list of parts, "
        f"not {type(content).__name__}",
        status=400,
    )


def _one_blank(run: re.Match[str]) -> str:
    return "\n" if "\n" in run.group() else " "


def _take_shape(text: str) -> tuple[str, dict[str, Any] | None]:
    """Cut the first JSON object out of ``text``, when the text speaks of JSON."""
    if "json" not in text.lower():
        return text, None
    decoder = json.JSONDecoder()
    position = -1
    for _ in range(20):
        position = text.find("{", position + 1)
        if position < 0:
            break
        try:
            value, end = decoder.raw_decode(text, position)
        except (ValueError, RecursionError):
            continue  # a brace of prose, or of an example with dots in it
        if isinstance(value, dict) and value:
            return text[:position] + "\n" + text[end:], value
    return text, None


def _split_material(text: str) -> tuple[str, str]:
    """``(material, instructions)`` of one message."""
    return _quoted(text) or _labelled(text) or _by_sentences(text)


def _quoted(text: str) -> tuple[str, str] | None:
    """Material between fences, triple quotes or tags."""
    pairs = [("```", "```"), ('"""', '"""'), ("'''", "'''")]
    if "</" in text:
        pairs += [(f"<{tag}>", f"</{tag}>") for tag in _TAGS]
    for opening, closing in pairs:
        start = text.find(opening)
        end = text.find(closing, start + len(opening)) if start >= 0 else -1
        if end >= 0:
            inner = text[start + len(opening) : end].strip()
            if len(inner.split()) >= 3:
                return inner, text[:start] + "\n" + text[end + len(closing) :]
    return None


def _labelled(text: str) -> tuple[str, str] | None:
    """Material after ``TEXT:`` and the like, up to the next label that asks something."""
    span = None
    for colon in _COLON.finditer(text):
        line = text.rfind("\n", max(colon.start() - 48, 0), colon.start()) + 1
        if not line and colon.start() > 48:
            continue
        match = _LABEL.fullmatch(text, line, colon.start())
        if not match:
            continue
        words = match.group(1).lower().replace("-", " ").replace("_", " ").split()
        if span is None:
            asks = words[0] in VERBS or words[-1] in NOT_MATERIAL or _ASKS.match(match.group(1))
            if not asks:
                span = line, colon.end()
        elif words[-1] in ENDS_MATERIAL and len(words) <= 2:
            return _cut(text, *span, line)
    return _cut(text, *span, len(text)) if span else None


def _cut(text: str, label: int, start: int, end: int) -> tuple[str, str] | None:
    """Material from ``start`` to ``end``, without a last paragraph that asks something."""
    inner = text[start:end].strip(" \n\r\t*")
    tail = ""
    paragraphs = inner.rsplit("\n\n", 1)
    if len(paragraphs) == 2 and _is_instruction(paragraphs[1].strip()):
        inner, tail = paragraphs
    if len(inner.split()) < 3 and len(inner) < 12:
        return None
    return inner, f"{text[:label]}\n{tail}\n{text[end:]}"


def _by_sentences(text: str) -> tuple[str, str]:
    """Without any sign: what does not read like an instruction is material."""
    material: list[str] = []
    asked: list[str] = []
    for sentence in split_sentences(text):
        if not _is_instruction(sentence):
            (material if _is_statement(sentence) else asked).append(sentence)
            continue
        before, colon, after = sentence.partition(": ")
        if colon and len(before) < 120 and _is_statement(after) and "json" not in before.lower():
            asked.append(before)
            material.append(after)
        else:
            asked.append(sentence)
    return " ".join(material), "\n".join(asked)


def _is_instruction(sentence: str) -> bool:
    start = sentence.lstrip("[(\"'\u201c*#- ")
    if "]" in start[:20]:
        start = start.split("]", 1)[1].lstrip()
    first = start.split(None, 1)[0].strip(",.:;*").lower() if start else ""
    return first in VERBS or bool(_ASKS.match(start)) or sentence.rstrip("\"'\u201d*").endswith("?")


def _is_statement(text: str) -> bool:
    """Long enough to be quoted: four words, or a dozen letters of a script without spaces."""
    words = text.split()
    if len(words) < 4:
        return len(text) >= 12 and max(map(len, words), default=0) >= 12 and not text.isascii()
    commas = text.count(",")
    return not (commas >= 2 and commas + 2 >= len(words))
