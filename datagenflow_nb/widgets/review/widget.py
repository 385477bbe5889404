"""The review of records: a table over any number of them, decided on by keys."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import traitlets

from ...records import decode
from ...storage.jobs import ACTIVE
from ...storage.records import RecordTable
from ..bridge import Action, BridgedWidget
from ..fallback import show, view_bundle
from .deciding import Deciding
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
        What is reviewed: ``{"job_ids", "pipelines", "title", "has_rule"}``.
    query : dict
        What is shown; the browser changes it.
    advance : str
        Where one goes after a decision: to the next ``pending`` row, the ``next``, or ``stay``.
    reviewer : str
        Who decides.
    """

    about = traitlets.Dict().tag(sync=True)
    query = traitlets.Dict().tag(sync=True)
    advance = traitlets.Unicode("pending").tag(sync=True)
    reviewer = traitlets.Unicode().tag(sync=True)

    def __init__(
        self,
        workspace: Workspace,
        job_ids: Sequence[int] | None = None,
        query: Mapping[str, Any] | None = None,
    ) -> None:
        self._workspace = workspace
        self._job_ids = None if job_ids is None else tuple(job_ids)
        self._records = RecordTable(workspace.store)
        self._selections = Selections(workspace.store, self._job_ids)
        only = self._job_ids[0] if self._job_ids and len(self._job_ids) == 1 else None
        session = workspace.review_session(only)
        self._deciding = Deciding(session, self._records, self._selections)
        self._layout: dict[str, Any] = {}
        super().__init__(
            "review", about=self._about(), query=dict(query or {}), reviewer=session.reviewer
        )

    def __repr__(self) -> str:
        return f"ReviewWidget({self.about['title']!r})"

    def _ipython_display_(self) -> None:
        show(view_bundle(self))

    def actions(self) -> Mapping[str, Action]:
        deciding = self._deciding
        return {
            "fields": lambda _: {"fields": self._fields(), "layout": self._layout},
            "keep_layout": self._keep_layout,
            "query": self._ask,
            "counts": lambda values: self._selections.counts(self._selection(values).query),
            "next": lambda values: self._selections.next(
                self._selection(values), int(values["position"]), str(values["status"])
            ),
            "news": self._news,
            "rows": self._rows,
            "record": lambda values: full_record(self._records.get(values["id"])),
            "decide": deciding.decide,
            "note": deciding.note,
            "tag": deciding.tag,
            "edit": deciding.edit,
            "undo": deciding.undo,
            "redo": deciding.redo,
            "rename": self._rename,
        }

    def _about(self) -> dict[str, Any]:
        jobs = [self._workspace.job(job_id).row for job_id in self._job_ids or ()]
        names = sorted({job.pipeline_name for job in jobs})
        numbers = ", ".join(str(job.id) for job in jobs)
        told = f"job {numbers}" if len(jobs) == 1 else f"jobs {numbers}" if jobs else "all jobs"
        job_ids = None if self._job_ids is None else list(self._job_ids)
        rules = [decode(job.definition).get("accept_when") for job in jobs]
        return {
            "job_ids": job_ids,
            "pipelines": names,
            "title": told,
            "has_rule": not jobs or any(rules),
        }

    def _fields(self) -> list[dict[str, str]]:
        """The fields of the records, the seed's last."""
        first = self._selections.open(self._selections.query({})).ids[:50]
        found: dict[str, tuple[str, Any]] = {}
        sample = self._records.many(first)
        for record in sample:
            for name, value in record.outputs.items():
                found[name] = ("block", value)
        for record in sample:
            for name, value in record.metadata.items():
                found.setdefault(name, ("seed", value))
        return [
            {"name": name, "source": source, "kind": _kind(value)}
            for name, (source, value) in found.items()
        ]

    def _keep_layout(self, values: dict[str, Any]) -> None:
        self._layout = dict(values["layout"])

    def _selection(self, values: dict[str, Any]) -> Any:
        return self._selections.get(values.get("selection"))

    def _ask(self, values: dict[str, Any]) -> dict[str, Any]:
        made = self._selections.open(self._selections.query(values.get("query") or {}))
        keep = values.get("keep")
        return {
            "selection": made.number,
            "total": len(made.ids),
            "counts": self._selections.counts(made.query),
            "position": made.ids.index(keep) if keep is not None and keep in made.ids else None,
        }

    def _news(self, values: dict[str, Any]) -> dict[str, Any]:
        news = self._selections.news(self._selection(values))
        jobs = self._job_ids
        rows = (
            [job.row for job in self._workspace.jobs()]
            if jobs is None
            else [self._workspace.job(job_id).row for job_id in jobs]
        )
        return news | {"is_running": any(row.status in ACTIVE for row in rows)}

    def _rows(self, values: dict[str, Any]) -> dict[str, Any]:
        """The rows from one position to before another."""
        selection = self._selection(values)
        start = max(0, int(values.get("start", 0)))
        ids = selection.ids[start : min(int(values.get("stop", 0)), start + _MOST)]
        fields = [str(name) for name in values.get("fields") or ()]
        found = {record.id: record for record in self._records.many(ids)}
        rows = [row_of(found[key], fields) if key in found else {"id": key} for key in ids]
        return {"selection": selection.number, "start": start, "rows": rows}

    def _rename(self, values: dict[str, Any]) -> None:
        self._deciding.reviewer = str(values.get("name"))
        with self.lock:
            self.reviewer = self._deciding.reviewer


def _kind(value: Any) -> str:
    if isinstance(value, bool):
        return "boolean"
    if isinstance(value, int | float):
        return "number"
    return "text" if isinstance(value, str) or value is None else "json"
