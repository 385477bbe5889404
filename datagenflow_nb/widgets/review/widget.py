"""The review of records: a table over any number of them, decided on by keys."""

from __future__ import annotations

import dataclasses
import logging
import threading
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import traitlets

from ...errors import StoreError
from ...query import RecordQuery
from ...records import decode
from ...storage.jobs import ACTIVE
from ...storage.records import Record, RecordTable
from ..bridge import Action, BridgedWidget
from ..fallback import show, static_html, view_bundle
from ..trace_acts import TraceActs
from .deciding import Deciding
from .exporting import Exporting
from .judging import Judging
from .looking import position_of, used_tags
from .rows import full_record, row_of
from .selections import Selections
from .static import ROWS, review_html

if TYPE_CHECKING:
    from IPython.display import DisplayHandle

    from ...workspaces import Workspace

__all__ = ["ReviewWidget"]

_log = logging.getLogger("datagenflow_nb")

#: Rows that one answer holds at most.
_MOST = 400
#: What the layout of a review of several pipelines is kept under.
_SEVERAL = "several pipelines"
#: What changes records.
_ACTS = frozenset({"decide", "note", "tag", "edit", "undo", "redo", "sort_out", "make_current"})
#: Seconds after an act until the saved notebook's HTML shows it.
_QUIET = 1.0


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
    judged : int
        Records that a rule has looked at so far; 0 while none is at work.
    """

    lasting = frozenset({"export", "judge", "sort_out"})
    about = traitlets.Dict().tag(sync=True)
    query = traitlets.Dict().tag(sync=True)
    advance = traitlets.Unicode("pending").tag(sync=True)
    reviewer = traitlets.Unicode().tag(sync=True)
    judged = traitlets.Int(0).tag(sync=True)

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
        self._session = session = workspace.review_session(only)
        self._traces = TraceActs(workspace, lambda: session.author, self._selections.exchange)
        self._deciding = Deciding(session, self._records, self._selections)
        self._static: list[DisplayHandle | None] = []
        self._later: threading.Timer | None = None
        self._is_searchable = False
        #: What was shown first: its query, its first rows, how many there were.
        self._first: tuple[RecordQuery, list[int], int] | None = None
        super().__init__(
            "review", about=self._about(), query=dict(query or {}), reviewer=session.reviewer
        )

    def __repr__(self) -> str:
        return f"ReviewWidget({self.about['title']!r})"

    def _ipython_display_(self) -> None:
        show(view_bundle(self))
        self._static.append(show(self._as_html(), display_id=True))

    def answer(self, action: str, values: dict[str, Any]) -> Any:
        if action in _ACTS:
            self._traces.settle()  # what has run again is in the history before this
        answered = super().answer(action, values)
        if action in _ACTS:
            self._selections.has_acted()
            self._refresh_later()
        return answered

    def actions(self) -> Mapping[str, Action]:
        deciding = self._deciding
        judging = Judging(
            self._workspace, self._session, deciding, self._selections, self._show_judged
        )
        exporting = Exporting(self._records, self._selections, self._job_ids)
        return {
            "fields": lambda _: self._fields(),
            "keep_layout": self._keep_layout,
            "query": self._ask,
            "counts": lambda values: self._selections.counts(self._selection(values).query),
            "next": lambda values: self._selections.next(
                self._selection(values), int(values["position"]), str(values["status"])
            ),
            "news": self._news,
            "rows": self._rows,
            "record": lambda values: full_record(self._records.get(values["id"])),
            "tags": lambda _: used_tags(self._workspace.store, self._job_ids),
            "position": lambda values: position_of(self._selection(values), int(values["id"])),
            "decide": deciding.decide,
            "note": deciding.note,
            "tag": deciding.tag,
            "edit": deciding.edit,
            "undo": deciding.undo,
            "redo": deciding.redo,
            "rename": self._rename,
            "judge": judging.judge,
            "sort_out": judging.sort_out,
            "export": exporting.export,
            "export_cell": exporting.cell,
            **self._traces.actions(),
        }

    def _refresh_later(self) -> None:
        with self.lock:
            if self._later is None and self._static:
                self._later = threading.Timer(_QUIET, self._refresh)
                self._later.daemon = True
                self._later.start()

    def _refresh(self) -> None:
        with self.lock:
            self._later = None
        try:
            html = self._as_html()
        except StoreError as error:  # nobody waits for this thread
            _log.warning("the saved notebook shows an older state of the review: %s", error.message)
            return
        for view in self._static:
            if view is not None:
                view.update(html, raw=True)

    def _fill_up(self) -> None:
        """Show more in the saved notebook where there were few records first."""
        if self._first is not None and len(self._first[1]) < ROWS:
            self._first = self._first_of(self._first[0])
            self._refresh_later()

    def _first_of(self, query: RecordQuery) -> tuple[RecordQuery, list[int], int]:
        found = self._selections.open(query)
        return (found.query, list(found.ids[:ROWS]), len(found.ids))

    def _as_html(self) -> dict[str, str]:
        if self._first is None:
            self._first = self._first_of(self._selections.query(self.query))
        query, first, total = self._first
        html = review_html(
            self.about["title"],
            self._selections.counts(query),
            total,
            [field.name for field in self._selections.fields()],
            self._in_order(first),
        )
        return {"text/html": static_html(html), "text/plain": repr(self)}

    def _in_order(self, ids: Sequence[int]) -> list[Record]:
        found = {record.id: record for record in self._records.many(ids)}
        return [found[key] for key in ids if key in found]

    def _about(self) -> dict[str, Any]:
        chosen = self._job_ids
        jobs = [job.row for job in self._workspace.jobs() if chosen is None or job.id in chosen]
        numbers = ", ".join(map(str, chosen or ()))
        told = "all jobs" if chosen is None else f"job{'s' * (len(chosen) > 1)} {numbers}"
        return {
            "job_ids": None if chosen is None else list(chosen),
            "pipelines": sorted({job.pipeline_name for job in jobs}),
            "title": told,
            "has_rule": any(decode(job.definition).get("accept_when") for job in jobs),
        }

    def _fields(self) -> dict[str, Any]:
        """What a record has, and how the columns are laid out."""
        fields = [dataclasses.asdict(field) for field in self._selections.fields()]
        return {"fields": fields, "layout": self._workspace.layout(self._layout_name())}

    def _keep_layout(self, values: dict[str, Any]) -> None:
        self._workspace.set_layout(self._layout_name(), values["layout"])

    def _layout_name(self) -> str:
        """Whose columns these are: the pipeline's, or those of reviews of several."""
        names = self.about["pipelines"]
        return str(names[0]) if len(names) == 1 else _SEVERAL

    def _selection(self, values: dict[str, Any]) -> Any:
        return self._selections.get(values.get("selection"))

    def _ask(self, values: dict[str, Any]) -> dict[str, Any]:
        question = self._selections.asks()
        query = self._selections.query(values.get("query") or {})
        if (indexing := self._selections.indexing(query)) is not None:
            return {"indexing": indexing}
        made = self._selections.open(query)
        self._selections.shows(question, made)
        keep = values.get("keep")
        return {
            "selection": made.number,
            "total": len(made.ids),
            "counts": self._selections.counts(made.query),
            "position": made.ids.index(keep) if keep is not None and keep in made.ids else None,
            "seen": list(made.seen),
            **self._deciding.can(),
        }

    def _news(self, values: dict[str, Any]) -> dict[str, Any]:
        seen = list(values.get("seen") or ())
        if not self._is_searchable:
            self._is_searchable = True
            self._selections.prepare_search()  # the first rows are on the screen
        news = self._selections.news(self._selection(values), seen)
        if news["counts"] is not None:
            self._fill_up()
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

    def _show_judged(self, count: int) -> None:
        with self.lock:
            self.judged = count

    def _rename(self, values: dict[str, Any]) -> None:
        self._deciding.reviewer = str(values.get("name"))
        with self.lock:
            self.reviewer = self._deciding.reviewer
