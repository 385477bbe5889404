"""The records that match a query, in an order that stays while they are decided on."""

from __future__ import annotations

import itertools
import threading
from array import array
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from ...errors import ConfigError
from ...storage.store import Store

__all__ = ["Selection", "Selections"]

#: Selections kept for the views of a widget; each view looks at one.
_KEPT = 8


@dataclass(frozen=True, slots=True)
class Selection:
    """What a query found when it was asked.

    Attributes
    ----------
    ids : array
        Of the records, in the query's order. New records and changed ones do not move it.
    """

    number: int
    query: dict[str, Any]
    ids: array[int]


class Selections:
    """Selections by number."""

    def __init__(self, store: Store, job_ids: Sequence[int] | None) -> None:
        self._store = store
        self._job_ids = job_ids
        self._numbers = itertools.count(1)
        self._open: dict[int, Selection] = {}
        self._lock = threading.Lock()

    def open(self, query: dict[str, Any]) -> Selection:
        """Ask the store; the selection stays as it is until it is asked again."""
        where, parameters = self._where(query.get("statuses"))
        rows = self._store.rows(f"SELECT id FROM records {where} ORDER BY id", parameters)
        with self._lock:
            made = Selection(next(self._numbers), query, array("q", (row[0] for row in rows)))
            self._open[made.number] = made
            for number in list(self._open)[:-_KEPT]:
                del self._open[number]
        return made

    def get(self, number: Any) -> Selection:
        """The selection of that number.

        Raises
        ------
        ConfigError
            When it is not kept any more; detail ``kind`` is ``selection_gone``.
        """
        found = self._open.get(number)
        if found is None:
            raise ConfigError(f"selection {number!r} is gone", {"kind": "selection_gone"})
        return found

    def counts(self, query: dict[str, Any]) -> dict[str, int]:
        """Number of records by status, whatever statuses the query asks for."""
        where, parameters = self._where(None)
        found = self._store.rows(
            f"SELECT status, count(*) FROM records {where} GROUP BY status", parameters
        )
        return {row[0]: row[1] for row in found}

    def _where(self, statuses: Sequence[str] | None) -> tuple[str, list[Any]]:
        conditions: list[str] = ["is_current = 1"]
        parameters: list[Any] = []
        for column, wanted in (("job_id", self._job_ids), ("status", statuses)):
            if wanted is not None:
                conditions.append(f"{column} IN ({','.join('?' * len(wanted))})")
                parameters.extend(wanted)
        return "WHERE " + " AND ".join(conditions), parameters
