"""The monitor of a job: how far it is and how it went, and buttons that steer it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import traitlets

from ..displays.failures import place_told, seed_told
from ..errors import StoreError
from . import monitor_acts
from .bridge import Action, BridgedWidget
from .trace_document import record_document

if TYPE_CHECKING:
    from .monitor_watch import Watch

__all__ = ["JobMonitor"]


class JobMonitor(BridgedWidget):
    """One job, live while it runs; several views of it share one.

    Parameters
    ----------
    watch : Watch
        What follows the job.

    Attributes
    ----------
    facts, course, insight, log_tail : dict
        What is shown, as ``monitor_facts`` makes it; set by the thread that follows the job.
    """

    #: They read a pipeline and its blocks anew, and begin a runner.
    lasting = frozenset({"resume", "retry"})
    facts = traitlets.Dict().tag(sync=True)
    course = traitlets.Dict().tag(sync=True)
    insight = traitlets.Dict().tag(sync=True)
    log_tail = traitlets.Dict().tag(sync=True)

    def __init__(self, watch: Watch) -> None:
        self._watch = watch
        super().__init__("monitor")

    def __repr__(self) -> str:
        return f"JobMonitor({self._watch.job.id})"

    def actions(self) -> Mapping[str, Action]:
        steering = ("pause", "go_on", "cancel", "resume", "retry")
        return {
            **{name: self._steer(name) for name in steering},
            "example": self._example,
            "record": self._record,
        }

    def tell(self, **traits: dict[str, Any]) -> None:
        """Show these; what has not changed is not sent."""
        with self.lock, self.hold_sync():
            for name, value in traits.items():
                if getattr(self, name) != value:
                    setattr(self, name, value)

    def _steer(self, name: str) -> Action:
        def act(values: dict[str, Any]) -> dict[str, str]:
            try:
                return {"told": monitor_acts.do(self._watch.job, name, values)}
            finally:
                self._watch.follow()  # where it was refused, the job is not what is shown

        return act

    def _example(self, values: dict[str, Any]) -> dict[str, Any]:
        """A failed record, for reading."""
        example = self._watch.glance.example(values["record"])
        if example is None:
            raise StoreError(f"record {values['record']} was deleted")
        return {**asdict(example), "place": place_told(example), "told": seed_told(example)}

    def _record(self, values: dict[str, Any]) -> dict[str, Any]:
        """What happened to a record."""
        record = self._watch.glance.record(values["record"])
        if record is None:
            raise StoreError(f"record {values['record']} was deleted")
        return record_document(record)
