"""Statuses of records, as users name them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from ..errors import ValidationError, suggest
from ..storage.records import OUTCOMES, REVIEW_STATUSES

__all__ = ["as_statuses", "statuses_to_export"]

#: Statuses of the records that an export holds when it is not told.
DEFAULT_EXPORT = ("pending", "accepted")


def statuses_to_export(
    status: str | Sequence[str] | None, does: str = "exports nothing"
) -> list[str]:
    """The statuses of the records to export; None: pending and accepted.

    Raises
    ------
    ValidationError
        For an unknown status, and a list of none: the file would be emptied.
    """
    wanted = as_statuses(DEFAULT_EXPORT if status is None else status)
    if not wanted:
        raise ValidationError(
            f"status is {status!r}, which {does}; name statuses, or leave it out for "
            f"{' and '.join(DEFAULT_EXPORT)}"
        )
    return wanted


def as_statuses(status: str | Sequence[str] | None) -> list[str] | None:
    """A status or a list of them as a list; unknown ones are errors."""
    if status is None:
        return None
    if not isinstance(status, Iterable):
        raise ValidationError(f"record status is {status!r}, expected a text or a list of them")
    wanted = [status] if isinstance(status, str) else list(status)
    known = (*REVIEW_STATUSES, *OUTCOMES)
    for name in wanted:
        if name not in known:
            raise ValidationError(
                f"record status {name!r} is unknown; {suggest(str(name), known)}",
                {"status": name, "statuses": list(known)},
            )
    return wanted
