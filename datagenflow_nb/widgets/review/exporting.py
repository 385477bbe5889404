"""Taking records away from the review: as a file, and as the cell that does it again."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from typing import Any

from ...errors import ConfigError
from ...export.place import check_target
from ...jobs.exporting import export_selected
from ...query import RecordQuery
from ...storage.id_runs import pairs_of
from ...storage.records import RecordTable
from .selections import Selections

__all__ = ["Exporting"]

_FLAGS = ("flat", "defuse_formulas", "review")
#: Runs of ids that a cell's line names; of more it would be no line to read.
_RUNS = 200


class Exporting:
    """What is selected, or all that match, to a file.

    Parameters
    ----------
    job_ids : sequence of int, optional
        The jobs that are reviewed.
    """

    def __init__(
        self, records: RecordTable, selections: Selections, job_ids: Sequence[int] | None
    ) -> None:
        self._records = records
        self._selections = selections
        self._job_ids = job_ids

    def export(self, values: dict[str, Any]) -> dict[str, Any]:
        """Write the file.

        Raises
        ------
        ConfigError
            When a file of that name is there already and ``over`` does not say to replace it;
            detail ``kind`` is ``file_exists``. For a path that cannot be one.
        """
        path = str(values.get("path"))
        ids = self._ids(values)
        target = check_target(path)
        if target.exists() and not values.get("over"):
            raise ConfigError(f"{target} is there already", {"kind": "file_exists"})
        options = {name: True for name in _FLAGS if values.get(name)}
        if values.get("format"):
            options["format"] = values["format"]
        done = export_selected(self._records, self._query(values), path, options, ids)
        return {
            "path": str(done.path),
            "records": done.records,
            "format": done.format,
            "notes": done.notes(),
        }

    def cell(self, values: dict[str, Any]) -> dict[str, str | None]:
        """The line that exports the same; ``why`` there is none."""
        if self._job_ids is None or len(self._job_ids) != 1:
            return {"source": None, "why": "A cell exports the records of one job."}
        query = self._query(values)
        if query.ids is not None and len(query.ids) > _RUNS:
            return {"source": None, "why": "The selection has too many pieces for a line."}
        words = ["%dgf", "export", str(self._job_ids[0]), str(values.get("path")), *query.options()]
        if values.get("format"):
            words += ["--format", str(values["format"])]
        words += [f"--{name.replace('_', '-')}" for name in _FLAGS if values.get(name)]
        if any(word.splitlines() != [word] for word in words if word):
            return {"source": None, "why": "A line end in the selection or the path fits no line."}
        return {"source": " ".join(map(_quoted, words)), "why": None}

    def _query(self, values: dict[str, Any]) -> RecordQuery:
        selection = self._selections.get(values.get("selection"))
        if "runs" not in values:
            return selection.query
        asked = selection.query
        return RecordQuery(
            job_ids=asked.job_ids,
            ids=pairs_of(self._ids(values)),
            current_only=asked.current_only,
            sort=asked.sort,
        )

    def _ids(self, values: dict[str, Any]) -> list[int]:
        ids = self._selections.get(values.get("selection")).ids
        if "runs" not in values:
            return list(ids)
        return [key for first, last in values["runs"] for key in ids[first : last + 1]]


def _quoted(word: str) -> str:
    """As the line of a magic takes it."""
    return word if word and not set(word) - _PLAIN else shlex.quote(word)


_PLAIN = set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789%-_./=,+*:@~")
