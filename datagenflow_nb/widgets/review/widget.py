"""The review of records: a table over any number of them, decided on by keys."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import traitlets

from ...storage.records import RecordTable
from ..bridge import Action, BridgedWidget
from ..fallback import show, view_bundle
from .rows import full_record, row_of
from .selections import Selections

if TYPE_CHECKING:
    from ...workspaces import Workspace

__all__ = ["ReviewWidget"]

#: Rows that one answer holds at most.
_MOST = 400


class ReviewWidget(BridgedWidget):
    """A review of the records of some jobs.

    Parameters
    ----------
    workspace : Workspace
        Whose records they are.
    job_ids : sequence of int, optional
        Only these jobs' records.
    query : mapping, optional
        What is shown first, as ``RecordQuery.to_dict`` without the jobs.

    Attributes
    ----------
    about : dict
        What is reviewed: ``{"job_ids", "pipelines"}``.
    query : dict
        What is shown; the browser changes it.
    """

    about = traitlets.Dict().tag(sync=True)
    query = traitlets.Dict().tag(sync=True)

    def __init__(
        self,
        workspace: Workspace,
        job_ids: Sequence[int] | None = None,
        query: Mapping[str, Any] | None = None,
    ) -> None:
        self._workspace = workspace
        self._job_ids = None if job_ids is None else list(job_ids)
        self._records = RecordTable(workspace.store)
        self._selections = Selections(workspace.store, self._job_ids)
        super().__init__("review", about=self._about(), query=dict(query or {}))

    def __repr__(self) -> str:
        return f"ReviewWidget({self.about['title']!r})"

    def _ipython_display_(self) -> None:
        show(view_bundle(self))

    def actions(self) -> Mapping[str, Action]:
        return {
            "fields": lambda _: self._fields(),
            "query": self._ask,
            "rows": self._rows,
            "record": lambda values: full_record(self._records.get(values["id"])),
        }

    def _about(self) -> dict[str, Any]:
        jobs = [self._workspace.job(job_id).row for job_id in self._job_ids or []]
        names = sorted({job.pipeline_name for job in jobs})
        numbers = ", ".join(str(job.id) for job in jobs)
        told = f"job {numbers}" if len(jobs) == 1 else f"jobs {numbers}" if jobs else "all jobs"
        return {"job_ids": self._job_ids, "pipelines": names, "title": told}

    def _fields(self) -> list[dict[str, str]]:
        """The fields of the records, the seed's last."""
        sample = self._records.many(list(self._selections.open({}).ids[:50]))
        found: dict[str, str] = {}
        for record in sample:
            for name in record.outputs:
                found[name] = "block"
        for record in sample:
            for name in record.metadata:
                found.setdefault(name, "seed")
        return [{"name": name, "kind": "text", "source": source} for name, source in found.items()]

    def _ask(self, values: dict[str, Any]) -> dict[str, Any]:
        query = values.get("query") or {}
        made = self._selections.open(query)
        return {
            "selection": made.number,
            "total": len(made.ids),
            "counts": self._selections.counts(query),
        }

    def _rows(self, values: dict[str, Any]) -> dict[str, Any]:
        """The rows from one position to before another."""
        selection = self._selections.get(values.get("selection"))
        start = max(0, int(values.get("start", 0)))
        ids = selection.ids[start : min(int(values.get("stop", 0)), start + _MOST)]
        fields = [str(name) for name in values.get("fields") or ()]
        found = {record.id: record for record in self._records.many(ids)}
        rows = [row_of(found[key], fields) if key in found else {"id": key} for key in ids]
        return {"selection": selection.number, "start": start, "rows": rows}
