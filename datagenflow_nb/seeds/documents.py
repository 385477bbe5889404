"""Seeds in JSON, JSON Lines and YAML text, from a file or from a notebook cell."""

from __future__ import annotations

import itertools
import json
import re
from collections.abc import Iterable, Iterator
from typing import Any

from ..records import Seed
from ..yaml_text import RepeatedKey, check_keys, unique
from .check import seed_of
from .place import Cursor, shorten, source_error

__all__ = ["read_json", "read_jsonl", "read_yaml"]

_MAX_YAML_NODES = 10_000_000
_MAX_YAML_DEPTH = 200
_DEEP_INDENT = re.compile(rf"^[ \t?:-]{{{_MAX_YAML_DEPTH}}}", re.MULTILINE)
_BRACKET = re.compile(r"[\[\]{}]")
_NEAR_END = 16  # no JSON token but a string is cut further than this before the end of a buffer
_GAP = re.compile(r"[ \t\n\r]*")
_DECODER = json.JSONDecoder(object_pairs_hook=unique)
_TOO_DEEP = "nested too deeply"


def read_jsonl(lines: Iterable[str], source: str) -> Iterator[Seed]:
    """One seed per line; blank lines are skipped."""
    at = Cursor(source, "line", f"{source}:")
    for number, line in enumerate(lines, start=1):
        if line.isspace():
            continue
        at.number = number
        try:
            value = _DECODER.decode(line)
        except RepeatedKey as exc:
            raise at.error(str(exc), exc.key) from None
        except ValueError as exc:
            raise at.error(_line_problem(line, exc)) from exc
        except RecursionError as exc:
            raise at.error(_TOO_DEEP) from exc
        if type(value) is list:
            raise at.error("a JSON array in a file of JSON Lines; write one object per line")
        yield seed_of(value, at)


def _line_problem(line: str, exc: ValueError) -> str:
    if line.strip() in ("{", "[", "[{"):
        return "JSON Lines has one whole object per line; this looks like .json: rename the file"
    if isinstance(exc, json.JSONDecodeError):
        return f"not valid JSON: {exc.msg} (column {exc.colno})"
    return f"not valid JSON: {exc}"


def read_json(chunks: Iterable[str], source: str) -> Iterator[Seed]:
    """An array of seeds, of which one at a time is in memory, or one object: one seed.

    Raises
    ------
    SeedError
        With the seed's index and the line, when the text is not JSON or a seed is wrong.
    """
    text = _JsonText(chunks)
    opening = text.peek()
    at = Cursor(source, "index", f"{source}: seed ")
    if opening == "[":
        yield from _array(text, at)
    elif opening == "{":
        at.number, at.line = 0, text.line
        yield seed_of(_value(text, at), at)
    elif not opening:
        raise source_error(source, "the text is empty; expected an array of seeds or one object")
    else:
        found = text.text[text.at : text.at + 40]
        raise source_error(
            source, f"expected an array of seeds or one object, found {shorten(found)}", text.line
        )
    if rest := text.peek():
        hint = "; one object per line is JSON Lines: name the file .jsonl" if rest == "{" else ""
        raise source_error(source, f"more text after the end of the JSON{hint}", text.line)


def _array(text: _JsonText, at: Cursor) -> Iterator[Seed]:
    text.at += 1
    if text.peek() == "]":
        raise source_error(at.source, "the array is empty; give at least one seed")
    for at.number in itertools.count():
        at.line = text.line
        yield seed_of(_value(text, at), at)
        mark = text.peek()
        if mark == "]":
            text.at += 1
            return
        if mark == ",":
            text.at += 1
            if text.peek() not in ("]", ""):
                continue
        at.line = text.line
        raise at.error(_array_problem(mark, text))


def _array_problem(mark: str, text: _JsonText) -> str:
    if not text.peek():
        return "the text ends before the ']' of the array; was it cut off?"
    if mark == ",":
        return "a comma after the last seed; remove it"
    return f"expected ',' or ']' after it, found {shorten(text.text[text.at : text.at + 40])}"


def _value(text: _JsonText, at: Cursor) -> Any:
    try:
        return text.value()
    except RepeatedKey as exc:
        raise at.error(str(exc), exc.key) from None
    except json.JSONDecodeError as exc:
        at.line = text.line + text.text.count("\n", text.at, exc.pos)
        near = text.text[exc.pos : exc.pos + 40]
        found = f" at {shorten(near)}" if near else "; the text ends inside this seed"
        raise at.error(f"not valid JSON: {exc.msg}{found}") from exc
    except ValueError as exc:
        raise at.error(f"not valid JSON: {exc}") from exc
    except RecursionError as exc:
        raise at.error(_TOO_DEEP) from exc


class _JsonText:
    """A window that moves over a JSON text and decodes one value after the other.

    The standard decoder rather than ijson: it keeps integers of any size and lone surrogates as
    they are, knows the line, and is faster here. (yajl overflows or makes every float a Decimal,
    and silently turns a lone surrogate into "?".)
    """

    def __init__(self, chunks: Iterable[str]) -> None:
        self._chunks = iter(chunks)
        self.text = ""
        self.at = 0
        self._line = 1
        self._counted = 0  # as far as the line ends of ``text`` are in ``_line``

    @property
    def line(self) -> int:
        """The line of the place, from 1."""
        self._line += self.text.count("\n", self._counted, self.at)
        self._counted = self.at
        return self._line

    def peek(self) -> str:
        """The next character that is no white space, "" at the end; moves there."""
        while True:
            match = _GAP.match(self.text, self.at)
            self.at = match.end() if match else self.at
            if self.at < len(self.text):
                return self.text[self.at]
            if not self._more():
                return ""

    def value(self) -> Any:
        """The value that starts here; moves behind it."""
        while True:
            try:
                value, self.at = _DECODER.raw_decode(self.text, self.at)
            except json.JSONDecodeError as exc:
                if self._may_be_cut(exc) and self._more():
                    continue
                raise
            return value

    def _may_be_cut(self, exc: json.JSONDecodeError) -> bool:
        return exc.pos >= len(self.text) - _NEAR_END or exc.msg.startswith("Unterminated string")

    def _more(self) -> bool:
        """Forget what was passed, read as much again as is left (so that long values are cheap)."""
        rest = self.text[self.at :]
        parts, size = [rest], 0
        for chunk in self._chunks:
            parts.append(chunk)
            size += len(chunk)
            if size > len(rest):
                break
        if not size:
            return False
        _ = self.line  # counts what goes
        self.text, self.at, self._counted = "".join(parts), 0, 0
        return True


def read_yaml(chunks: Iterable[str], source: str) -> Iterator[Seed]:
    """The seeds of a list or of one mapping, in each document of the text.

    The text is read whole. Values are what YAML says they are (``no`` is false, ``2024-01-01`` a
    date, stored as ISO text).
    """
    import yaml

    at = Cursor(source, "index", f"{source}: seed ")
    number = 0
    try:
        for document in _documents("".join(chunks)):
            if document is None:
                continue
            for value in _items(document, source):
                at.number = number
                yield seed_of(value, at)
                number += 1
    except RepeatedKey as exc:
        error = source_error(source, str(exc), exc.line)
        error.detail["key"] = exc.key
        raise error from None
    except yaml.MarkedYAMLError as exc:
        mark = exc.problem_mark or exc.context_mark
        problem = exc.problem or exc.context
        line = mark.line + 1 if mark else None
        raise source_error(source, f"not valid YAML: {problem}", line) from exc
    except (yaml.YAMLError, UnicodeEncodeError) as exc:
        raise source_error(source, f"not valid YAML: {' '.join(str(exc).split())}") from exc
    except RecursionError as exc:
        raise source_error(source, _TOO_DEEP) from exc


def _documents(text: str) -> Iterator[Any]:
    """The values of all documents; a key that is there twice is a `RepeatedKey`."""
    import yaml

    fast = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    # libyaml recurses on the C stack and crashes the process when that ends; Python only raises.
    loader = (yaml.SafeLoader if _may_be_deep(text) else fast)(text)
    try:
        while loader.check_node():
            node = loader.get_node()
            check_keys(node)
            yield loader.construct_document(node)
    finally:
        loader.dispose()


def _may_be_deep(text: str) -> bool:
    """Whether brackets or indentation could nest further than anybody writes by hand."""
    if _DEEP_INDENT.search(text):
        return True
    if text.count("[") + text.count("{") <= _MAX_YAML_DEPTH:
        return False
    depth = 0
    for bracket in _BRACKET.finditer(text):
        depth = depth + 1 if bracket[0] in "[{" else max(depth - 1, 0)
        if depth > _MAX_YAML_DEPTH:
            return True
    return False


def _items(document: Any, source: str) -> list[Any]:
    if isinstance(document, list | dict):
        if _size(document, {}) > _MAX_YAML_NODES:
            raise source_error(source, f"its aliases unfold to over {_MAX_YAML_NODES:,} values")
        return document if isinstance(document, list) else [document]
    raise source_error(
        source,
        "expected a list of seeds or one mapping of fields, "
        f"found {type(document).__name__} {shorten(document)}",
    )


def _size(value: Any, known: dict[int, int]) -> int:
    """How many values a copy of ``value`` would hold: an alias counts each time it is used."""
    if not isinstance(value, list | dict):
        return 1
    if id(value) not in known:
        known[id(value)] = 1  # a list inside itself ends here; copying it is what fails
        items = value.values() if isinstance(value, dict) else value
        known[id(value)] = 1 + sum(_size(item, known) for item in items)
    return known[id(value)]
