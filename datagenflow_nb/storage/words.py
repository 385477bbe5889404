"""What a search's words are: how values become the texts that FTS5 takes apart, and what is typed.

Chinese and Japanese put no spaces between words, so that each character is a word there. A number
with a fraction is one word. Between two values stands a word that nobody can type, so that no
phrase goes across.
"""

from __future__ import annotations

import re
import sqlite3
import unicodedata

from ..errors import ValidationError
from ..records import decode
from ..whole import told

__all__ = ["BOUNDARY", "TOKENIZE", "match_of", "teach"]

TOKENIZE = "tokenize='unicode61 remove_diacritics 2'"
#: Characters for private use, which are letters to the tokenizer; in texts they are blanks.
_BOUNDARY, _POINT = "\U000ffffd", "\U000ffffc"
_OURS = re.compile(f"[\0{_BOUNDARY}{_POINT}]")
#: What stands between values, in SQL.
BOUNDARY = f"char(10, {ord(_BOUNDARY)}, 10)"
_BETWEEN = f"\n{_BOUNDARY}\n"

_EACH = re.compile(
    "([\u3005-\u3007\u3041-\u30ff\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
    "\uff66-\uff9d\U00020000-\U0003ffff])"
)
_WORDS = re.compile(r'"([^"]*)(?:"|$)|([^\s"]+)')
_POINTS = re.compile("[-+.]")
#: From here on numbers are written with an exponent.
_WHOLE = 1e16
_NUMBER = re.compile(r"[-+]?(\d+\.\d*|\d+(?=[eE]))([eE][-+]?\d+)?")


def teach(connection: sqlite3.Connection) -> None:
    """Give a connection the functions that the SQL of selections uses.

    ``words_of(json, most)``: what is in a JSON column to search in, of each text the first ``most``
    characters, or all when it is negative. ``text_in(json, name)``: the text of a field, which
    SQLite itself would cut at a NUL.
    """
    connection.create_function("words_of", 2, _words_of, deterministic=True)
    connection.create_function("text_in", 2, _text_in, deterministic=True)


def match_of(search: str) -> str:
    """What is typed as what FTS5 takes: words, ``begin*`` and ``"a phrase"``, nothing else.

    Raises
    ------
    ValidationError
        When nothing in it is a word.
    """
    parts = []
    for phrase, word in _WORDS.findall(_clean(search)):
        text = phrase or word
        if any(unicodedata.category(letter)[0] in "LN" for letter in text):
            is_begin = bool(word) and word.endswith("*")
            parts.append(_part(text.rstrip("*") if is_begin else text, is_begin=is_begin))
    if not parts:
        raise ValidationError(
            f"search {told(search)} has no word; words are of letters and digits, and signs are "
            "found by a condition on a field that contains them"
        )
    return " AND ".join(parts)


def _part(text: str, *, is_begin: bool) -> str:
    """A word or a phrase; what is written like a number with a fraction is one in a text, too."""
    end = " *" if is_begin else ""
    part = f'"{_apart(text)}"{end}'
    if _NUMBER.fullmatch(text) is None:
        return part
    number = _joined(text.lstrip("+-")) if is_begin else _number(float(text))
    return f'({part} OR "{number}"{end})'


def _words_of(json: str | None, most: int) -> str | None:
    if json is None:
        return None
    found: list[str] = []
    left = [decode(json)]
    while left:
        value = left.pop()
        if isinstance(value, str):
            found.append(_apart(_clean(value if most < 0 else value[:most])))
        elif isinstance(value, dict):
            left += reversed(value.values())
        elif isinstance(value, list):
            left += reversed(value)
        elif isinstance(value, float):
            found.append(_number(value))
        elif value is not None and not isinstance(value, bool):
            found.append(str(value))
    return _BETWEEN.join(found)


def _text_in(json: str, name: str) -> str:
    return _storable(decode(json)[name])


def _clean(text: str) -> str:
    """The text as SQLite can take it, without what has a meaning of its own here."""
    return _OURS.sub(" ", _storable(text))


def _apart(text: str) -> str:
    """With blanks around what is a word by itself."""
    if text.isascii() or _EACH.search(text) is None:
        return text
    return _EACH.sub(r" \1 ", unicodedata.normalize("NFC", text))


def _storable(text: str) -> str:
    """Half surrogate pairs have no UTF-8 form."""
    return text if text.isascii() else text.encode(errors="replace").decode()


def _number(value: float) -> str:
    """``5.0`` as the integer, which it is shown as; the sign is no part of a word."""
    if value.is_integer() and abs(value) < _WHOLE:
        return str(int(abs(value)))
    return _joined(repr(abs(value)))


def _joined(number: str) -> str:
    return _POINTS.sub(_POINT, number)
