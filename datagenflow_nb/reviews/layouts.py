"""How records are shown: which columns, and which fields are read first, later, or never."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..errors import ValidationError, suggest
from ..whole import as_whole, told

__all__ = ["check_layout"]

#: Where a field stands on a card. In the original's words, which are taken as well:
#: ``{"field_order": {"primary": [...], "secondary": [...], "hidden": [...]}}``.
_PLACES = ("primary", "secondary", "hidden")
_KEYS = ("columns", *_PLACES)
_COLUMN = ("name", "width", "is_hidden", "is_pinned")
_WIDTHS = range(20, 2_001)


def check_layout(layout: Any) -> dict[str, Any]:
    """The layout with all its keys, for JSON.

    Parameters
    ----------
    layout : mapping
        ``columns``: in their order, each ``{"name", "width"?, "is_hidden"?, "is_pinned"?}``;
        ``primary``, ``secondary``, ``hidden``: names of fields, none of them twice. A field need
        not exist: pipelines change.

    Raises
    ------
    ValidationError
        For an unknown key and a value of another kind.
    """
    given = _mapping(layout, "the layout", (*_KEYS, "field_order"))
    if "field_order" in given:
        if len(given) > 1:
            raise ValidationError(
                "the layout has field_order, as DataGenFlow writes it, beside "
                f"{', '.join(repr(key) for key in given if key != 'field_order')}; give either"
            )
        given = _mapping(given["field_order"], "layout field_order", _PLACES)
    columns = given.get("columns", [])
    if not isinstance(columns, list | tuple):
        raise ValidationError(f"layout columns is {told(columns)}, expected a list")
    checked = [_column(column) for column in columns]
    _refuse_twice([column["name"] for column in checked], "columns")
    places = {place: _names(given.get(place, []), place) for place in _PLACES}
    _refuse_twice([name for names in places.values() for name in names], ", ".join(_PLACES))
    return {"columns": checked, **places}


def _mapping(value: Any, what: str, keys: tuple[str, ...]) -> Mapping[str, Any]:
    if not isinstance(value, Mapping):
        raise ValidationError(f"{what} is {told(value)}, expected a mapping with {', '.join(keys)}")
    for key in value:
        if key not in keys:
            raise ValidationError(
                f"{what} has an unknown key {told(key)}; {suggest(str(key), keys)}", {"key": key}
            )
    return value


def _column(column: Any) -> dict[str, Any]:
    given = _mapping(column, "a column of the layout", _COLUMN)
    name = given.get("name")
    if not isinstance(name, str) or not name:
        raise ValidationError(f"a column of the layout has the name {told(name)}, expected a text")
    checked: dict[str, Any] = {"name": name}
    if given.get("width") is not None:
        width = as_whole(given["width"])
        if width not in _WIDTHS:
            raise ValidationError(
                f"layout column {name!r}: width is {told(given['width'])}, expected a whole number "
                f"of pixels from {_WIDTHS[0]} to {_WIDTHS[-1]}"
            )
        checked["width"] = width
    for flag in ("is_hidden", "is_pinned"):
        if flag in given:
            if not isinstance(given[flag], bool):
                raise ValidationError(
                    f"layout column {name!r}: {flag} is {told(given[flag])}, expected true or false"
                )
            checked[flag] = given[flag]
    return checked


def _names(value: Any, place: str) -> list[str]:
    if isinstance(value, list | tuple) and all(isinstance(name, str) and name for name in value):
        return list(value)
    raise ValidationError(f"layout {place} is {told(value)}, expected a list of field names")


def _refuse_twice(names: list[str], where: str) -> None:
    for name in names:
        if names.count(name) > 1:
            raise ValidationError(f"the layout has {name!r} twice in {where}; keep one of them")
