"""What people may write into a record, checked: statuses, notes, fields, and who was faster."""

from __future__ import annotations

import sqlite3
import unicodedata
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from ..errors import ConflictError, ValidationError, suggest
from ..records import NotPlain, encode, plain
from ..whole import told
from .actions import MARKS
from .changes import Found
from .records import OUTCOMES, REVIEW_STATUSES, Record

__all__ = [
    "DECISION",
    "RULE",
    "check_fields",
    "check_note",
    "check_reviewer",
    "check_status",
    "check_tags",
    "check_version",
    "deciding",
    "edited",
]

_TAG = 40
#: Unseen characters that languages and emojis need: joiners, marks of direction, and the tags of
#: which flags are made.
_UNSEEN = frozenset("\u200c\u200d\u200e\u200f\u061c") | set(map(chr, range(0xE0020, 0xE0080)))
#: Control characters, unseen ones, halves of characters, ends of lines and of paragraphs.
_REFUSED = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})
_REVIEWER = 100
#: Who decided where nobody did: a job's ``accept_when``; ``rule: <expression>`` one of later.
RULE = "rule"

#: The columns that a decision writes. ``reviewer`` is who decided, not who wrote a note.
DECISION = ("status", "reviewer")


def check_status(status: str | None) -> None:
    """Refuse what is no review status.

    Raises
    ------
    ValidationError
    """
    if status not in REVIEW_STATUSES:
        raise ValidationError(
            f"status {status!r} is no review status; {suggest(str(status), REVIEW_STATUSES)}",
            {"status": status, "statuses": list(REVIEW_STATUSES)},
        )


def check_note(note: Any) -> str | None:
    """The note as it is stored: None for an empty one.

    Raises
    ------
    ValidationError
        When it is no text.
    """
    if note is not None and not isinstance(note, str):
        raise ValidationError(f"note is {note!r}, expected a text")
    return note or None


def check_fields(fields: Any) -> Mapping[str, Any]:
    """The fields to edit.

    Raises
    ------
    ValidationError
        When it is no mapping of names to values.
    """
    if not isinstance(fields, Mapping):
        raise ValidationError(
            f"fields is {told(fields)}, expected a mapping of their names to values, such as "
            "{'answer': 'Tea'}; nothing was changed"
        )
    for name in fields:
        if not isinstance(name, str):
            raise ValidationError(
                f"field {told(name)} is no name: a field's name is a text; nothing was changed"
            )
    return fields


def check_tags(tags: Any) -> list[str]:
    """Tags as they are stored, each once.

    Raises
    ------
    ValidationError
        When one is no short text of one line.
    """
    if isinstance(tags, str) or not isinstance(tags, Iterable):
        raise ValidationError(f"tags are {tags!r}, expected a list of texts, such as ['good']")
    found: dict[str, None] = {}
    for tag in tags:
        text = tag.strip() if isinstance(tag, str) else ""
        if not text.strip("".join(_UNSEEN)) or len(text) > _TAG:
            raise ValidationError(
                f"tag {told(tag)} is none: a tag is a text of one line with 1 to {_TAG} characters"
            )
        for at, character in enumerate(text, 1):
            if unicodedata.category(character) in _REFUSED and character not in _UNSEEN:
                name = unicodedata.name(character, "a control character")
                raise ValidationError(
                    f"tag {told(tag)} is none: its character {at} is U+{ord(character):04X} "
                    f"({name.lower()}), which is not seen in a tag; take it out"
                )
        found[text] = None
    return list(found)


def check_reviewer(reviewer: Any) -> str:
    """The name of a person who reviews.

    Raises
    ------
    ValidationError
        When it is no short text of one line, or the name of a rule.
    """
    name = reviewer.strip() if isinstance(reviewer, str) else ""
    if not name or len(name) > _REVIEWER or not name.isprintable():
        raise ValidationError(
            f"reviewer {told(reviewer)} is no name: it is a text of one line with 1 to {_REVIEWER} "
            "characters"
        )
    if name == RULE or name.startswith(f"{RULE}:"):
        raise ValidationError(f"reviewer {name!r} is what rules decide as; take another name")
    return name


def deciding(
    status: str, reviewer: str, only: str | None = None
) -> Callable[[Found], tuple[Any, ...] | str]:
    """The change of ``DECISION`` to this status; ``only`` of records of that one."""

    def after(found: Found) -> tuple[Any, ...] | str:
        if found.status in OUTCOMES:
            return found.status
        if only is not None and found.status != only:
            return f"{found.status} meanwhile"
        if found.status == status == "pending" and found.values[1] is None:
            return found.values  # nobody has decided, and nobody does
        return status, reviewer

    return after


def check_version(
    connection: sqlite3.Connection, record: Record, version: int, fields: Mapping[str, Any]
) -> None:
    """Refuse a change of a record that is not of this version any more.

    Raises
    ------
    ConflictError
    """
    if record.version == version:
        return
    row = connection.execute(
        "SELECT a.reviewer FROM records r JOIN review_actions a ON a.group_id = "
        f"max(0, {', '.join(f'coalesce(r.{mark}, 0)' for mark in dict.fromkeys(MARKS.values()))}) "
        "WHERE r.id = ?",
        [record.id],
    ).fetchone()
    who = "somebody" if row is None else row[0]
    names = {(record.output_field or name) if name == "output" else name for name in fields}
    raise ConflictError(
        f"record {record.id} was changed by {who} since you read it (version {version}, now "
        f"{record.version}); look at it again; nothing was changed",
        {
            "record_id": record.id,
            "version": record.version,
            "yours": plain(dict(fields)),
            "theirs": {name: record.state[name] for name in names if name in record.state},
            "status": record.status,
            "reviewer": who,
        },
    )


def edited(record: Record, fields: Mapping[str, Any]) -> str | None:
    """All edits of the record as JSON; an edit back to the original is none.

    Raises
    ------
    ValidationError
        For a field that the record has not, and a value JSON cannot hold.
    """
    edits = {name: record.state[name] for name in record.original}
    for name, value in fields.items():
        target = (record.output_field or name) if name == "output" else name
        if target not in record.state:
            raise ValidationError(
                f"record {record.id} has no field {name!r}; {suggest(name, record.state)}; "
                "nothing was changed",
                {"record_id": record.id, "field": name, "fields": sorted(record.state)},
            )
        try:
            edits[target] = plain(value)
        except NotPlain as error:
            raise ValidationError(
                f"record {record.id}, field {name!r}: {error}; nothing was changed"
            ) from error
    computed = record.state | record.original
    # As texts: to Python True equals 1, and 1 equals 1.0.
    kept = {name: value for name, value in edits.items() if encode(value) != encode(computed[name])}
    return encode(kept) if kept else None
