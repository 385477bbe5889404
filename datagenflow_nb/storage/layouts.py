"""How the records of a pipeline are shown, by the pipeline's name, whether it is saved or not."""

from __future__ import annotations

from typing import Any

from ..records import decode, encode, utc_now
from .store import Store

__all__ = ["LayoutTable"]


class LayoutTable:
    """The layouts of a store; values that were checked before."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def get(self, pipeline_name: str) -> dict[str, Any] | None:
        """The layout that was stored for the pipeline, None without one."""
        row = self._store.row("SELECT layout FROM layouts WHERE pipeline_name = ?", [pipeline_name])
        return None if row is None else decode(row[0])

    def set(self, pipeline_name: str, layout: dict[str, Any] | None) -> None:
        """Store it, or forget it."""
        with self._store.write() as connection:
            if layout is None:
                connection.execute("DELETE FROM layouts WHERE pipeline_name = ?", [pipeline_name])
                return
            connection.execute(
                "INSERT INTO layouts (pipeline_name, layout, updated_at) VALUES (?, ?, ?) "
                "ON CONFLICT(pipeline_name) DO UPDATE SET layout = excluded.layout, "
                "updated_at = excluded.updated_at",
                [pipeline_name, encode(layout), utc_now()],
            )
