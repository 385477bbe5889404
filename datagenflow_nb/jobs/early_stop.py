"""When a job has no use: nearly all that it began first fails, or what nothing mends repeats."""

from __future__ import annotations

from collections.abc import Hashable

from ..displays.text import shorten
from ..engine import Branch, Outcome
from ..errors import JobError, ModelError
from ..storage.jobs import STOPPED_EARLY
from .causes import Causes
from .steering import Limit

__all__ = ["EarlyStop", "FirstBegun", "InARow"]

#: Characters of a cause on the one line that says why a job was stopped.
_CAUSE_WIDTH = 400

#: Facts about a failing model that programs get.
_TOLD = ("model", "endpoint", "status", "kind")

_FATAL = frozenset({"auth", "not_found", "certificate"})
#: May be meant for one prompt: some providers refuse what their moderation flags so.
_FORBIDDEN = 403


class FirstBegun:
    """The branches that began first and what became of them.

    By their beginning, not by their end: what fails at once ends before what a model answers, and
    of 256 branches at a time those 20 that end first may be the only ones that fail.
    """

    #: Branches that are looked at, and how many of these have to fail.
    SIZE, MOST = 20, 19

    def __init__(self) -> None:
        self.failed = 0
        self._ended = 0
        self._under_way: set[Hashable] = set()

    @property
    def is_hopeless(self) -> bool:
        """Whether nearly all of them have failed."""
        return self.failed >= self.MOST and self._count == self.SIZE

    @property
    def _count(self) -> int:
        return self._ended + len(self._under_way)

    def began(self, branch: Hashable) -> None:
        """A branch has begun."""
        if self._count < self.SIZE:
            self._under_way.add(branch)

    def parted(self, branch: Hashable) -> None:
        """It has fanned out: the next to begin takes its place."""
        self._under_way.discard(branch)

    def ended(self, branch: Hashable, *, has_failed: bool) -> bool:
        """It has ended; whether it is one of the first."""
        if branch not in self._under_way:
            return False
        self._under_way.remove(branch)
        self._ended += 1
        self.failed += has_failed
        return True


class InARow:
    """Failures that the next record will meet as well, without a success in between."""

    #: So many end a job, and so many of those that may be meant for one prompt, once a record has
    #: come out well.
    ENOUGH, ENOUGH_FORBIDDEN = 3, 10

    def __init__(self) -> None:
        self.count = 0
        self._has_succeeded = False

    def succeeded(self) -> None:
        """A branch has ended well."""
        self.count = 0
        self._has_succeeded = True

    def failed(self, status: int | None) -> bool:
        """A branch has ended with such a failure; whether that is enough."""
        self.count += 1
        is_doubtful = status == _FORBIDDEN and self._has_succeeded
        return self.count >= (self.ENOUGH_FORBIDDEN if is_doubtful else self.ENOUGH)


class EarlyStop(Limit):
    """Ends a job as ``failed`` when it is of no use to go on, and says why on one line.

    Parameters
    ----------
    is_retry : bool
        That nearly all fail is then no news, and may be the seeds' fault.
    """

    def __init__(self, job_id: int, *, is_retry: bool = False) -> None:
        self._job_id = job_id
        self._is_retry = is_retry
        self._first = FirstBegun()
        self._causes = Causes()
        self._row = InARow()

    def began(self, branch: Branch) -> None:
        self._first.began(id(branch))

    def parted(self, branch: Branch, parts: int) -> None:
        self._first.parted(id(branch))

    def ended(self, branch: Branch, outcome: Outcome) -> Outcome:
        has_failed = outcome.status == "failed"
        if self._first.ended(id(branch), has_failed=has_failed) and has_failed:
            block = None if outcome.error is None else outcome.error.detail.get("block_id")
            self._causes.add(outcome.reason or "", about=(block,))
        if not has_failed:
            self._row.succeeded()
            return outcome
        fatal = _fatal(outcome.error)
        if fatal is not None and self._row.failed(fatal.detail.get("status")):
            self._stop(f"{self._row.count} records in a row failed: {_line(fatal.message)}", fatal)
        elif self._first.is_hopeless and not self._is_retry:
            cause = next(iter(self._causes))
            count = f"{self._first.failed} of the first {FirstBegun.SIZE} records failed"
            if cause.count < self._first.failed:
                count += f", {cause.count} of them"
            self._stop(f"{count}: {_line(cause.message)}", None)
        return outcome

    def _stop(self, what: str, fatal: ModelError | None) -> None:
        known = {} if fatal is None else fatal.detail
        detail = {name: known[name] for name in _TOLD if name in known}
        detail |= {"job_id": self._job_id, "reason": STOPPED_EARLY, "why": what}
        # What there is to do about it only the job's end tells: calls in flight are awaited.
        self.steering.stop("failed", JobError(f"stopped early, {what}", detail))


def _fatal(error: BaseException | None) -> ModelError | None:
    """The error, or what a block made it of, when every further call would meet it as well."""
    while error is not None:
        if isinstance(error, ModelError):
            kind, is_absent = error.detail.get("kind"), error.detail.get("is_absent")
            return error if kind in _FATAL or (kind == "connection" and is_absent) else None
        error = error.__cause__
    return None


def _line(message: str) -> str:
    return shorten(message, _CAUSE_WIDTH)
