"""Stored pipelines with their versions, and configured models."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from ..errors import ConfigError, suggest
from ..records import decode, encode, utc_now
from ..whole import row_id, told
from .store import Store

__all__ = ["ModelTable", "PipelineTable", "StoredPipeline"]


@dataclass(frozen=True, slots=True, repr=False)
class StoredPipeline:
    """A saved pipeline; ``definition`` is its JSON."""

    id: int
    name: str
    version: int
    definition: str
    created_at: str
    updated_at: str

    def __repr__(self) -> str:
        return f"StoredPipeline({self.name!r}, version {self.version})"


class PipelineTable:
    """Saved pipelines by name; every saved version is kept."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def save(self, name: str, definition: str) -> StoredPipeline:
        """Save under ``name``: a new version when the definition changed, else nothing."""
        now = utc_now()
        with self._store.write() as connection:
            row = connection.execute("SELECT * FROM pipelines WHERE name = ?", [name]).fetchone()
            if row is None:
                cursor = connection.execute(
                    "INSERT INTO pipelines (name, version, definition, created_at, updated_at) "
                    "VALUES (?, 1, ?, ?, ?)",
                    [name, definition, now, now],
                )
                key, version = cursor.lastrowid, 1
            elif row["definition"] == definition:
                return _stored(row)
            else:
                key, version = row["id"], row["version"] + 1
                connection.execute(
                    "UPDATE pipelines SET version = ?, definition = ?, updated_at = ? WHERE id = ?",
                    [version, definition, now, key],
                )
            connection.execute(
                "INSERT INTO pipeline_versions (pipeline_id, version, definition, created_at) "
                "VALUES (?, ?, ?, ?)",
                [key, version, definition, now],
            )
            row = connection.execute("SELECT * FROM pipelines WHERE id = ?", [key]).fetchone()
        return _stored(row)

    def get(self, name_or_id: str | int) -> StoredPipeline:
        """A saved pipeline.

        Raises
        ------
        ConfigError
            When there is none of that name or number, with the nearest names.
        """
        is_name = isinstance(name_or_id, str)
        column, key = ("name", name_or_id) if is_name else ("id", row_id(name_or_id))
        row = self._store.row(f"SELECT * FROM pipelines WHERE {column} = ?", [key])
        if row is None:
            names = [pipeline.name for pipeline in self.list()]
            raise ConfigError(
                f"there is no stored pipeline {told(name_or_id)}; "
                f"{suggest(name_or_id if isinstance(name_or_id, str) else '', names)}",
                {"pipeline": told(name_or_id) if key is None else key, "pipelines": names},
            )
        return _stored(row)

    def list(self) -> list[StoredPipeline]:
        """All saved pipelines by name."""
        return [_stored(row) for row in self._store.rows("SELECT * FROM pipelines ORDER BY name")]

    def versions(self, name: str) -> Sequence[tuple[int, str, str]]:
        """(version, saved at, definition) of every version, oldest first."""
        rows = self._store.rows(
            "SELECT version, created_at, definition FROM pipeline_versions "
            "WHERE pipeline_id = ? ORDER BY version",
            [self.get(name).id],
        )
        return [tuple(row) for row in rows]

    def delete(self, name_or_id: str | int) -> None:
        """Delete the pipeline and its versions; its jobs keep the definition they ran with.

        Raises
        ------
        ConfigError
            When there is none of that name.
        """
        key = self.get(name_or_id).id
        with self._store.write() as connection:
            connection.execute("DELETE FROM pipelines WHERE id = ?", [key])


def _stored(row: Any) -> StoredPipeline:
    return StoredPipeline(
        row["id"], row["name"], row["version"], row["definition"], row["created_at"],
        row["updated_at"],
    )  # fmt: skip


class ModelTable:
    """Configured models as plain dictionaries; never a key, only the name of its variable."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def save(
        self,
        name: str,
        *,
        endpoint: str,
        model: str,
        key_env: str | None,
        input_price: float | None,
        output_price: float | None,
        limits: dict[str, Any],
    ) -> None:
        """Add the model, or replace the one of that name."""
        with self._store.write() as connection:
            connection.execute(
                "INSERT INTO models (name, endpoint, model, key_env, input_price, output_price, "
                "limits, created_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT(name) DO UPDATE "
                "SET "
                "endpoint = excluded.endpoint, model = excluded.model, key_env = excluded.key_env, "
                "input_price = excluded.input_price, output_price = excluded.output_price, "
                "limits = excluded.limits",
                [
                    name, endpoint, model, key_env, input_price, output_price, encode(limits),
                    utc_now(),
                ],
            )  # fmt: skip

    def list(self) -> list[dict[str, Any]]:
        """All models by name, ``limits`` as a dictionary."""
        rows = self._store.rows("SELECT * FROM models ORDER BY name")
        return [{**dict(row), "limits": decode(row["limits"])} for row in rows]

    def delete(self, name: str) -> bool:
        """Delete the model; False when there was none."""
        with self._store.write() as connection:
            cursor = connection.execute("DELETE FROM models WHERE name = ?", [name])
            return cursor.rowcount == 1
