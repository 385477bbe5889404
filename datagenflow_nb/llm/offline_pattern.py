"""Strings for simple regular expressions: what JSON Schemas put into ``pattern``.

Understood: literals, escapes, classes, groups, alternatives, quantifiers and the anchors at both
ends. Lookarounds, back-references and Unicode properties are not.
"""

from __future__ import annotations

import re
from collections.abc import Callable

__all__ = ["PatternError", "generate"]

_LETTERS = "abcdefghijklmnopqrstuvwxyz"
_CLASSES = {"d": "0123456789", "w": _LETTERS + "0123456789_", "s": " "}
_NEGATED = {"D": _LETTERS, "W": "-", "S": _LETTERS}
_LITERALS = {"n": "\n", "t": "\t", "r": "\r", "f": "\f", "v": "\v"}
_PRINTABLE = "".join(map(chr, range(32, 127)))
_QUANTIFIER = re.compile(r"\{(\d*)(,?)(\d*)\}")
_MAX_REPEAT = 10_000

Pick = Callable[[int], int]


class PatternError(ValueError):
    """A pattern outside the simple ones."""


def generate(pattern: str, pick: Pick, extra: int) -> str:
    """A string that matches ``pattern``.

    Parameters
    ----------
    pattern : str
        A regular expression of the common subset.
    pick : callable
        ``pick(n)`` gives the next choice, an index below n.
    extra : int
        How many more than the least each open quantifier repeats.

    Raises
    ------
    PatternError
        For a pattern that is not simple.
    """
    parser = _Parser(pattern, pick, extra)
    text = parser.alternatives()
    if parser.position != len(pattern):
        raise PatternError(f"unbalanced ')' at {parser.position}")
    return text


class _Parser:
    """One pass that parses and generates at once; a repeated part is parsed anew each time."""

    def __init__(self, pattern: str, pick: Pick, extra: int) -> None:
        self.pattern = pattern
        self.pick = pick
        self.extra = extra
        self.position = 0
        self.work = 0

    def alternatives(self) -> str:
        texts = [self._sequence()]
        while self._peek() == "|":
            self.position += 1
            texts.append(self._sequence())
        return texts[self.pick(len(texts))] if len(texts) > 1 else texts[0]

    def _sequence(self) -> str:
        parts: list[str] = []
        while (char := self._peek()) and char not in "|)":
            if char in "^$":
                self.position += 1
                continue
            parts.append(self._repeated())
        return "".join(parts)

    def _repeated(self) -> str:
        start = self.position
        first = self._atom()
        end = self.position
        least, most = self._quantifier()
        after = self.position
        count = min(least + self.extra, most)
        if count == 0:
            return ""
        parts = [first]
        for _ in range(count - 1):
            self.work += 1
            if self.work > _MAX_REPEAT:
                raise PatternError("it repeats too often")
            self.position = start
            parts.append(self._atom())
        if count > 1 and self.position != end:
            raise PatternError("it does not parse")
        self.position = after
        return "".join(parts)

    def _quantifier(self) -> tuple[int, int]:
        char = self._peek()
        match = _QUANTIFIER.match(self.pattern, self.position) if char == "{" else None
        if char and char in "*+?":
            self.position += 1
            bounds = {"*": (0, _MAX_REPEAT), "+": (1, _MAX_REPEAT), "?": (0, 1)}[char]
        elif match and (match.group(1) or match.group(3)):
            self.position = match.end()
            least = int(match.group(1) or 0)
            most = int(match.group(3) or _MAX_REPEAT) if match.group(2) else least
            bounds = (least, most)
        else:
            return 1, 1
        if self._peek() in ("?", "+"):  # lazy or possessive: the same strings
            self.position += 1
        return bounds

    def _atom(self) -> str:
        char = self._next()
        if char == "(":
            return self._group()
        if char == "[":
            return self._one(self._char_class())
        if char == ".":
            return self._one(_LETTERS)
        if char == "\\":
            return self._one(self._escape())
        if char in "*+?":
            raise PatternError(f"nothing to repeat at {self.position - 1}")
        return char

    def _group(self) -> str:
        if self._peek() == "?":
            match = re.compile(r"\?(?::|P?<[A-Za-z_]\w*>)").match(self.pattern, self.position)
            if not match:
                raise PatternError(f"a group it does not know at {self.position - 1}")
            self.position = match.end()
        text = self.alternatives()
        if self._peek() != ")":
            raise PatternError("unbalanced '('")
        self.position += 1
        return text

    def _escape(self) -> str:
        char = self._next()
        if char in _CLASSES:
            return _CLASSES[char]
        if char in _NEGATED:
            return _NEGATED[char]
        if char in _LITERALS:
            return _LITERALS[char]
        if char in "ux":
            width = 4 if char == "u" else 2
            digits = self.pattern[self.position : self.position + width]
            if not re.fullmatch(r"[0-9A-Fa-f]+", digits) or len(digits) != width:
                raise PatternError(f"an escape it does not know at {self.position - 2}")
            self.position += width
            return chr(int(digits, 16))
        if char.isalnum():
            raise PatternError(f"the escape \\{char}")
        return char

    def _char_class(self) -> str:
        negated = self._peek() == "^"
        self.position += negated
        chars: list[str] = []
        first = True
        while (char := self._next()) != "]" or first:
            first = False
            members = self._escape() if char == "\\" else char
            ahead = self.pattern[self.position : self.position + 2]
            if len(members) == 1 and ahead[:1] == "-" and ahead[1:] not in ("]", ""):
                self.position += 1
                last = self._next()
                last = self._escape() if last == "\\" else last
                if len(last) != 1:
                    raise PatternError("a range that ends in a class")
                members = "".join(
                    map(chr, range(ord(members), min(ord(last), ord(members) + 500) + 1))
                )
            chars.append(members)
        members = "".join(chars)
        if negated:
            members = "".join(c for c in _LETTERS + _PRINTABLE if c not in members)
        if not members:
            raise PatternError("an empty class")
        return members

    def _one(self, members: str) -> str:
        return members[self.pick(len(members))] if len(members) > 1 else members

    def _peek(self) -> str:
        return self.pattern[self.position : self.position + 1]

    def _next(self) -> str:
        char = self._peek()
        if not char:
            raise PatternError("it ends too early")
        self.position += 1
        return char
