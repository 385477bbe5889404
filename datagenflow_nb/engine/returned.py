"""What a block returned, held against what it declares."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ..blocks.base import Changes, Drop
from ..errors import ValidationError, suggest
from ..records import NotPlain, plain
from .program import BoundBlock

__all__ = ["StepResult", "check_returned"]


@dataclass(slots=True)
class StepResult:
    """What a block returned, checked and copied: one of changes, items or a drop."""

    set: dict[str, Any] = field(default_factory=dict)
    removed: list[str] = field(default_factory=list)
    items: list[dict[str, Any]] | None = None
    dropped: str | None = None


def check_returned(bound: BoundBlock, state: Mapping[str, Any], returned: Any) -> StepResult:
    """What ``returned`` says, copied, so that the block cannot change it any more.

    Raises
    ------
    ValidationError
        For anything but a dictionary of declared fields that JSON can hold, with ``fan_out`` a list
        of them, a Drop or Changes.
    """
    if type(returned) is dict and not bound.block.fan_out:  # nearly always
        return StepResult(set=_check_fields(bound, returned, "returned"))
    if isinstance(returned, Drop):
        return StepResult(dropped=returned.reason)
    if isinstance(returned, Changes):
        return _check_changes(bound, state, returned)
    if not bound.block.fan_out:
        return StepResult(set=_check_fields(bound, returned, "returned"))
    if not isinstance(returned, list | tuple):
        raise _wrong(
            bound,
            f"returned {_kind(returned)}, expected a list of dictionaries (it is declared with "
            f"fan_out = True){_hint(returned)}",
        )
    return StepResult(
        items=[_check_fields(bound, item, f"item {n}:") for n, item in enumerate(returned)]
    )


def _check_changes(bound: BoundBlock, state: Mapping[str, Any], changes: Changes) -> StepResult:
    removed = changes.remove
    if not isinstance(removed, list | tuple) or not all(isinstance(name, str) for name in removed):
        raise _wrong(bound, f"Changes(remove={removed!r}): expected a list of field names")
    for name in removed:
        if name not in state:
            raise _wrong(
                bound,
                f"Changes: removes the field {name!r}, which is not there; {suggest(name, state)}",
            )
    fields = _check_fields(bound, changes.set, "Changes: set is")
    return StepResult(set=fields, removed=list(removed))


def _check_fields(bound: BoundBlock, fields: Any, place: str) -> dict[str, Any]:
    if type(fields) is not dict and not isinstance(fields, Mapping):
        hint = _hint(fields)
        if isinstance(fields, list) and place == "returned":
            hint = "; declare fan_out = True to continue with several branches"
        raise _wrong(bound, f"{place} {_kind(fields)}, expected a dictionary of fields{hint}")
    declared = bound.declared
    if declared is not None and not declared.issuperset(fields):
        extra = next(name for name in fields if name not in declared)
        raise _wrong(
            bound,
            f"{place} the undeclared field {extra!r}; declared outputs: "
            f"{', '.join(repr(name) for name in bound.block.outputs) or 'none'}",
        )
    try:
        copied: dict[str, Any] = plain(fields)
        return copied
    except NotPlain as error:
        where = f"field {error.path!r}: " if error.path else ""
        raise _wrong(bound, f"{place} {where}{error.reason}") from error


def _wrong(bound: BoundBlock, problem: str) -> ValidationError:
    return ValidationError(
        f"block {bound.spec.id!r} ({bound.type}) {problem}",
        {"block_type": bound.type, "declared": list(bound.block.outputs)},
    )


def _hint(value: Any) -> str:
    return "; is a return missing?" if value is None else ""


def _kind(value: Any) -> str:
    return "None" if value is None else f"{type(value).__name__} ({repr(value)[:60]})"
