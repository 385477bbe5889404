"""Conditions on the columns of records and how to sort by them, as values and as they are typed."""

from __future__ import annotations

import json
import math
import re
from dataclasses import dataclass
from typing import Any

from .columns import QUERY_COLUMNS, field_of
from .errors import ValidationError, suggest
from .whole import LARGEST, told

__all__ = ["OPERATORS", "QUERY_COLUMNS", "FieldFilter", "Sort", "state_field"]

OPERATORS = ("=", "!=", "<", "<=", ">", ">=", "contains", "is empty", "is not empty")
_EMPTY = ("is empty", "is not empty")

_CONDITION = re.compile(
    r"""\s* (?P<field> "(?:[^"\\]|\\.)*" | [^\s"<>=!](?:.*?[^\s])?? ) (?:
        \s*(?P<sign> <=|>=|!=|==|=|<|> )\s*(?P<than>.*?)
        | \s+(?P<word>contains)\s+(?P<part>.*?)
        | \s+(?P<empty>is\s+not\s+empty|is\s+empty) ) \s*""",
    re.DOTALL | re.VERBOSE,
)
_JOINED = re.compile(r"\s(?P<word>and|or)\s+(?P<rest>.+)", re.DOTALL | re.IGNORECASE)
_PLAIN_NAME = re.compile(r"[\w.][\w.\-]*")

Scalar = str | int | float | bool


def state_field(column: str) -> str | None:
    """The field of the state that a column of a query holds; None for ``QUERY_COLUMNS``.

    >>> state_field("note"), state_field("field.id"), state_field("id"), state_field("record.note")
    ('note', 'id', None, None)
    """
    return field_of(column, QUERY_COLUMNS)


@dataclass(frozen=True, slots=True)
class FieldFilter:
    """A condition on one column.

    Attributes
    ----------
    field : str
        A field of the state, or one of ``QUERY_COLUMNS``; a field of such a name is
        ``field.<name>``.
    op : str
        One of ``OPERATORS``. ``contains`` is part of the text, upper and lower case the same;
        ``is empty`` holds where the field is missing, null, ``""``, an empty list or object.
    value : str, int, float, bool or None
        What to compare with, None for the last two. A number also equals a text that is written
        like it; numbers come before texts; true and false are 1 and 0.

    Raises
    ------
    ValidationError
    """

    field: str
    op: str
    value: Scalar | None = None

    def __post_init__(self) -> None:
        if not isinstance(self.field, str):
            raise ValidationError(f"the field of a filter is {told(self.field)}, expected a text")
        if self.op not in OPERATORS:
            raise ValidationError(
                f"operator {told(self.op)} of the filter on {self.field!r} is unknown; "
                f"{suggest(str(self.op), OPERATORS)}",
                {"operator": self.op, "operators": list(OPERATORS)},
            )
        object.__setattr__(self, "value", self._checked())

    def _checked(self) -> Scalar | None:
        value = self.value
        where = f"the filter {self.field!r} {self.op}"
        if self.op in _EMPTY:
            if value is not None:
                raise ValidationError(f"{where} takes no value, but has {told(value)}")
            return None
        if self.op == "contains" and not (isinstance(value, str) and value):
            raise ValidationError(f"{where} has {told(value)}, expected the text to look for")
        if isinstance(value, str | bool):
            return value
        if isinstance(value, int) and not -LARGEST <= value <= LARGEST:
            try:
                value = float(value)  # as the store reads such a number
            except OverflowError:
                value = math.inf
        if not isinstance(value, int | float) or not math.isfinite(value):
            raise ValidationError(
                f"{where} has {told(value)}, expected a text, a number, true or false"
            )
        return value

    @classmethod
    def parse(cls, text: str) -> FieldFilter:
        """A condition as it is typed: ``score >= 0.7``, ``topic contains tea``, ``text is empty``.

        A field with blanks or signs stands in double quotes; so does a value that shall be a text
        though it looks like a number, or that begins or ends with blanks.

        Raises
        ------
        ValidationError
        """
        found = _CONDITION.fullmatch(text) if isinstance(text, str) else None
        if found is None:
            raise ValidationError(
                f"condition {told(text)} is not understood; expected FIELD OPERATOR VALUE, such as "
                f"'score >= 0.7', 'topic contains tea' or 'text is empty' (operators: "
                f"{', '.join(OPERATORS)})",
                {"operators": list(OPERATORS)},
            )
        name = found["field"]
        if name.startswith('"'):
            name = _unquoted(name, text)
        if found["empty"]:
            return cls(name, " ".join(found["empty"].split()))
        _refuse_joined(found["part"] or found["than"], text)
        if found["word"]:
            part = found["part"]
            return cls(name, "contains", _unquoted(part, text) if _is_quoted(part) else part)
        op = "=" if found["sign"] == "==" else found["sign"]
        if not found["than"]:
            raise ValidationError(
                f"condition {told(text)} compares with nothing; write {name} is empty, or a value"
            )
        return cls(name, op, _value(found["than"], text))

    def __str__(self) -> str:
        name = self.field if _PLAIN_NAME.fullmatch(self.field) else _quoted(self.field)
        if self.op in _EMPTY:
            return f"{name} {self.op}"
        value = self.value
        if not isinstance(value, str):
            return f"{name} {self.op} {json.dumps(value)}"
        plain = f"{name} {self.op} {value}"
        return plain if self._is_read_from(plain) else f"{name} {self.op} {_quoted(value)}"

    def _is_read_from(self, text: str) -> bool:
        """Whether that is read as this condition, on a line of its own."""
        value = self.value
        if not (isinstance(value, str) and value[:1] not in ("", '"', "'") and _is_plain(value)):
            return False
        try:
            return FieldFilter.parse(text) == self
        except ValidationError:
            return False

    def to_dict(self) -> dict[str, Any]:
        return {"field": self.field, "op": self.op, "value": self.value}


@dataclass(frozen=True, slots=True)
class Sort:
    """A column to sort by: numbers, then texts by their first 200 characters.

    What has no value comes last either way.
    """

    column: str
    is_descending: bool = False

    def __post_init__(self) -> None:
        if not isinstance(self.column, str):
            raise ValidationError(f"sort column is {told(self.column)}, expected a name")
        if not isinstance(self.is_descending, bool):
            raise ValidationError(f"is_descending is {told(self.is_descending)}, expected a bool")

    @classmethod
    def parse(cls, text: str) -> Sort:
        """``score``, or ``-score`` for the highest first.

        ``+-x`` is the column ``-x``; in double quotes a column stands as it does in conditions.
        """
        if not isinstance(text, str) or text in ("", "+", "-"):
            raise ValidationError(f"sort is {told(text)}, expected 'column' or '-column'")
        column = text[1:] if text[:1] in ("-", "+") else text
        is_quoted = len(column) >= 2 and column[0] == column[-1] == '"'
        return cls(_unquoted(column, text) if is_quoted else column, text.startswith("-"))

    def __str__(self) -> str:
        column = self.column
        if not column or column.startswith('"') or not _is_plain(column):
            column = _quoted(column)
        if self.is_descending:
            return f"-{column}"
        return f"+{column}" if column[:1] in ("-", "+") else column

    def to_dict(self) -> dict[str, Any]:
        return {"column": self.column, "is_descending": self.is_descending}


def _is_quoted(text: str) -> bool:
    return len(text) >= 2 and text[0] == text[-1] and text[0] in "\"'"


def _is_plain(text: str) -> bool:
    """Whether nothing of it is lost on a line without quotes: blanks at its ends, line ends."""
    return text == text.strip() and text.isprintable()


def _quoted(text: str) -> str:
    written = json.dumps(text, ensure_ascii=False)
    # Line ends that JSON keeps as they are, and what nobody sees.
    return "".join(sign if sign.isprintable() else json.dumps(sign)[1:-1] for sign in written)


def _refuse_joined(value: str, where: str) -> None:
    """One condition compares one column."""
    found = None if _is_quoted(value) else _JOINED.search(value)
    if found is None or _CONDITION.fullmatch(found["rest"]) is None:
        return
    advice = (
        "give both conditions, each as one of its own: all have to hold"
        if found["word"].lower() == "and"
        else "select twice: conditions are not joined by 'or'"
    )
    raise ValidationError(
        f"condition {told(where)} holds an {found['word']!r}; {advice}; a text that reads so "
        "stands in double quotes"
    )


def _unquoted(text: str, where: str) -> str:
    if text.startswith("'"):
        return text[1:-1]
    try:
        return str(json.loads(text, strict=False))
    except ValueError:
        raise ValidationError(
            f"{text} in the condition {told(where)} is no text in quotes; write a quote inside as "
            '\\" and a backslash as \\\\'
        ) from None


def _value(text: str, where: str) -> Scalar:
    """A number, true or false as such, a text in quotes without them, else the text as it is."""
    if _is_quoted(text):
        return _unquoted(text, where)
    if text.startswith(("<", ">", "=", "!")):
        raise ValidationError(
            f"condition {told(where)} has an operator too many: {told(text)} is no value; "
            f"operators are {', '.join(OPERATORS)}, and a text of signs stands in double quotes"
        )
    if re.fullmatch(r"-?\d+,\d+", text, re.ASCII):
        raise ValidationError(
            f"condition {told(where)}: {text} is no number; write {text.replace(',', '.')}, or the "
            "text in double quotes"
        )
    if text in ("true", "false", "True", "False"):
        return text in ("true", "True")
    if re.fullmatch(r"-?\d{1,400}", text, re.ASCII):
        return text if re.match(r"-?0\d", text) else int(text)
    if re.fullmatch(r"-?\d+(\.\d+)?([eE][+-]?\d+)?", text, re.ASCII):
        return text if math.isinf(float(text)) else float(text)
    return text
