"""A list that shows as a table."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any, TypeVar

from .html import el, page, table_html
from .text import printable, table

__all__ = ["Listing"]

T = TypeVar("T")

#: Rows that a notebook shows.
_MAX_ROWS = 500


class Listing(list[T]):
    """A list whose display is a table: what methods and commands that list things return.

    Parameters
    ----------
    items : iterable
        What the list holds.
    headers : sequence of str
        Names of the columns.
    cells : callable
        The row of one item: texts and numbers.
    title : str
        What the list is of.
    empty : str
        Said when there is nothing in it: what to do about it.
    notes : sequence of str
        Lines below the table.
    width : int or None
        Columns of the table where it is shown as text; None: as many as it takes.
    """

    def __init__(
        self,
        items: Iterable[T],
        headers: Sequence[str],
        cells: Callable[[T], Sequence[Any]],
        *,
        title: str = "",
        empty: str = "There are none.",
        notes: Sequence[str] = (),
        width: int | None = 100,
    ) -> None:
        super().__init__(items)
        self.title = title
        self.empty = empty
        self.notes = list(notes)
        self._headers = headers
        self._cells = cells
        self._width = width

    def text(self, width: int | None = None) -> str:
        """The table as plain text of at most ``width`` columns."""
        return self._text(len(self), width)

    def _text(self, most: int, width: int | None) -> str:
        if not self:
            return printable("\n".join([self.empty, *self.notes]))
        rows = [self._cells(item) for item in self[:most]]
        rest = [f"... and {len(self) - most:,} more"] if len(self) > most else []
        return printable("\n".join([table(self._headers, rows, width), *rest, *self.notes]))

    def _repr_html_(self) -> str:
        rows = [self._cells(item) for item in self[:_MAX_ROWS]]
        rest = len(self) - len(rows)
        return page(
            el("div", self.title, " ", el("span", f"({len(self)})", class_="dgf-soft"),
               class_="dgf-head") if self.title else None,
            table_html(self._headers, rows) if rows else
            el("div", self.empty, class_="dgf-soft"),
            el("div", f"... and {rest:,} more", class_="dgf-soft") if rest else None,
            [el("div", note, class_="dgf-soft") for note in self.notes],
        )  # fmt: skip

    def _repr_pretty_(self, printer: Any, cycle: bool) -> None:
        printer.text(self._text(_MAX_ROWS, self._width))
