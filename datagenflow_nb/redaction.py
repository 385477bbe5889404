"""Keys that this process has read, taken out of what is stored, logged, raised or answered."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterable
from typing import Any

from .records import decode, encode

__all__ = ["Redactor", "known_keys", "learn_keys"]

_MASK = "[key]"
#: From here on a key is no ordinary word, whatever it consists of.
_LONG = 12
#: The same for one that mixes letters and digits.
_SHORT = 8
#: Where a text may hold a key in JSON's escapes: ``\\/``, ``\\u0073``.
_ESCAPE = re.compile(r"\\(?:u00|/)")
#: The same when a key holds a quote or a backslash, which JSON always escapes.
_ANY_ESCAPE = re.compile(r"\\")


class Redactor:
    """Takes keys out of texts, also where JSON has escaped them, once or several times.

    A placeholder such as ``EMPTY`` or ``ollama`` is an ordinary word and stays: a key counts from
    12 characters on, one of letters and digits from 8; and never one of digits alone.

    Parameters
    ----------
    keys : iterable of str or None
    every : bool
        Placeholders count too.
    """

    def __init__(self, keys: Iterable[str | None] = (), *, every: bool = False) -> None:
        self._every = every
        self._keys: tuple[str, ...] = ()
        self._escape = _ESCAPE
        self._pattern = re.compile("")
        self.learn(keys)

    def learn(self, keys: Iterable[str | None]) -> bool:
        """Take these keys out as well; True when one of them is new."""
        named = {(key or "").strip() for key in keys} - {"", *self._keys}
        new = {key for key in named if self._every or _is_secret(key)}
        if not new:
            return False
        ordered = sorted({*self._keys, *new}, key=len, reverse=True)
        self._pattern = re.compile("|".join(map(_escaped_pattern, ordered)))
        if any(char in key for key in new for char in '"\\'):
            self._escape = _ANY_ESCAPE
        self._keys = tuple(ordered)
        return True

    def may_hold(self, text: str) -> bool:
        """False when there is certainly no key in ``text``; cheap."""
        # A loop: a generator costs more than the searches.
        for key in self._keys:
            if key in text:
                return True
        return bool(self._keys) and "\\" in text and self._escape.search(text) is not None

    def text(self, text: str) -> str:
        """``text`` with ``[key]`` in place of each key."""
        return self._pattern.sub(_MASK, text) if self.may_hold(text) else text

    def value(self, value: Any) -> Any:
        """The same for all texts in a plain value."""
        if not self._keys:
            return value
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, dict):
            return {self.value(key): self.value(item) for key, item in value.items()}
        if isinstance(value, list):
            return [self.value(item) for item in value]
        return value

    def json(self, text: str) -> str:
        """The same for the JSON text of a plain value."""
        return encode(self.value(decode(text))) if self.may_hold(text) else text


def _is_secret(key: str) -> bool:
    if key.isdecimal():
        return False
    has_both = any(map(str.isdecimal, key)) and any(map(str.isalpha, key))
    return len(key) >= (_SHORT if has_both else _LONG)


def _escaped_pattern(key: str) -> str:
    """Finds ``key`` with any of its characters escaped; up to three layers of JSON deep."""
    return "".join(
        rf"\\{{0,7}}(?:{re.escape(char)}|u(?i:{ord(char):04x}))" for char in key
    )  # fmt: skip


#: Every key that this process has read so far.
known_keys = Redactor()


class _LogFilter(logging.Filter):
    """Takes known keys out of the package's own log lines and the tracebacks in them."""

    def filter(self, record: logging.LogRecord) -> bool:
        try:
            message = record.getMessage()
        except Exception:  # noqa: BLE001 - arguments are foreign code; logging itself says so
            return True
        if known_keys.may_hold(message):
            record.msg, record.args = known_keys.text(message), None
        if record.exc_info:
            trace = logging.Formatter().formatException(record.exc_info)
            if known_keys.may_hold(trace):
                record.exc_text, record.exc_info = known_keys.text(trace), None
        return True


_filter = _LogFilter()


def learn_keys(keys: Iterable[str | None]) -> None:
    """Keep these keys out of everything from now on."""
    if known_keys.learn(keys):
        logging.getLogger("datagenflow_nb").addFilter(_filter)
