"""Waiting for a job of this process, what Ctrl-C does meanwhile, and what is said at its end."""

from __future__ import annotations

import contextlib
import shlex
import signal
from collections.abc import Mapping
from types import FrameType, TracebackType
from typing import TYPE_CHECKING, Any

from ..displays.asked import changed_told, default_told, models_told
from ..displays.budgets import is_as_asked
from ..displays.reached import executions_told, judged_of
from ..displays.text import duration, plural, shorten, shown_path
from ..displays.usage import cost_told, parts_of
from ..errors import ConfigError, DataGenFlowError
from .command import FAILED, FAILED_RECORDS
from .output import emit
from .progress import Meter, clear_line

if TYPE_CHECKING:
    from ..jobs import Job
    from ..storage.jobs import JobRow
    from ..workspaces import Workspace

__all__ = ["Interrupts", "db_argument", "exit_status", "follow", "job_summary", "summary_text",
           "tell_start"]  # fmt: skip

#: Seconds between looks at the job.
_PERIOD = 0.25
_MAX_CAUSES = 3
#: Signals that ask a command to end; Windows knows no terminal that hangs up.
_HANGUP = getattr(signal, "SIGHUP", None)
_ASKING = [signal.SIGINT, signal.SIGTERM, *([] if _HANGUP is None else [_HANGUP])]
_CAUSE_WIDTH = 200


class _Stopped(KeyboardInterrupt):
    """Ctrl-C before anything runs.

    Not ``KeyboardInterrupt`` itself: where that passes through ``exec``, as in many an import, the
    interpreter ends by the signal instead of with the exit status.
    """


class Interrupts:
    """SIGINT, SIGTERM and SIGHUP (the terminal is gone) while the block runs.

    Before a job has started they end the command (``KeyboardInterrupt``), after that they are
    counted for ``follow`` to act on. A signal the parent process chose to ignore (``nohup``, a job
    in the background) stays ignored.
    """

    def __init__(self) -> None:
        self.count = 0
        self.job: Job | None = None
        self._before: dict[int, Any] = {}

    def __enter__(self) -> Interrupts:
        for number in _ASKING:
            known = signal.getsignal(number)
            if known is not signal.SIG_IGN:
                self._before[number] = known
                signal.signal(number, self._note)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for number, known in self._before.items():
            signal.signal(number, known)

    def _note(self, number: int, frame: FrameType | None) -> None:
        if self.job is None:
            raise _Stopped
        if number == _HANGUP:
            # The shell sends one and the system another: together they are one wish.
            self.count = max(self.count, 1)
            return
        self.count += 1
        if self.count > 1:  # a third one ends the process at once: what is stored is safe
            signal.signal(number, signal.SIG_DFL)


def follow(workspace: Workspace, job: Job, interrupts: Interrupts) -> tuple[JobRow, float]:
    """Show the job's progress until it has ended; its row then, and the seconds it took."""
    interrupts.job = job
    meter = Meter(f"dgf resume {job.id}{db_argument(workspace)}")
    heeded = 0
    meter.show(job.row)
    while True:
        try:
            job.wait(_PERIOD)
        except TimeoutError:
            if heeded < min(interrupts.count, 2):
                heeded += 1
                _stop(job, now=heeded == 2)
            meter.show(job.row, job.waiting)
        except DataGenFlowError:
            clear_line()
            raise
        else:
            break
    row = job.row
    meter.show(row, is_last=True)
    return row, meter.elapsed


def _stop(job: Job, *, now: bool) -> None:
    clear_line()
    if now:
        emit("stopping now: answers in flight are dropped", err=True)
    else:
        told = "stopping: no further call is made, answers in flight are kept; Ctrl-C again drops"
        emit(f"{told} them", err=True)
    job._cancel_awaited(now)


def exit_status(row: JobRow) -> int:
    """The command's exit status for a job that has ended; max_records of it are what was asked."""
    if not is_as_asked(row.status, row.error, row.options):
        return FAILED
    return FAILED_RECORDS if row.records_failed else 0


def tell_start(workspace: Workspace, row: JobRow, how_much: str) -> None:
    """Say which pipeline runs, over how much, which model answers and which code is another."""
    options = row.options
    is_unasked = options.get("model") is None and not workspace.settings.names_a_model
    told = models_told(
        options.get("models") or [], is_unasked=is_unasked, default=default_told(options)
    )
    emit(f"Pipeline {row.pipeline_name!r}, {how_much}\nModel: {told}", err=True)
    changed = changed_told(options.get("changed") or [])
    if changed is not None:
        emit(f"Note: {changed}", err=True)


def job_summary(workspace: Workspace, row: JobRow, seconds: float) -> dict[str, Any]:
    """What became of the job, as JSON."""
    from ..jobs.usage import usage_told

    return {
        "job_id": row.id,
        "pipeline": row.pipeline_name,
        "status": row.status,
        "total": row.total,
        "executions_done": row.executions_done,
        "records_generated": row.records_generated,
        "records_failed": row.records_failed,
        "records_filtered": row.records_filtered,
        "records_accepted": row.records_accepted,
        "models": row.options.get("models") or [],
        "usage": usage_told(row.usage),
        "random_seed": row.random_seed,
        "seconds": round(seconds, 3),
        "store": str(workspace.store.path),
        "log_lines": workspace.job(row.id).log_lines,
        "causes": _causes(workspace, row) if row.records_failed else [],
        "error": row.error,
        "export": None,
    }


def _causes(workspace: Workspace, row: JobRow) -> list[dict[str, Any]]:
    """The most frequent reasons of failed records."""
    reasons = workspace.job(row.id).reasons()
    return [{"reason": reason, "count": count} for reason, count in reasons]


def summary_text(workspace: Workspace, row: JobRow, summary: dict[str, Any]) -> str:
    """The same for people."""
    from ..jobs.ways import ways_on

    ways = ways_on(row)
    counts = [plural(row.records_generated, "record")]
    if row.records_failed:
        counts.append(f"{row.records_failed:,} failed")
    if row.records_filtered:
        counts.append(f"{row.records_filtered:,} filtered")
    usage = summary["usage"]
    lines = [
        f"Job {row.id} {row.status} in {duration(summary['seconds'])}: "
        f"{executions_told(row)}, {', '.join(counts)}",
        f"Models: {', '.join(summary['models']) or 'none'}",
        f"Tokens: {_usage_text(usage)}",
        *(f"  {kind} {name}: {_usage_text(used)}" for kind, name, used in parts_of(usage)),
        f"Store:  {shown_path(workspace.store.path)}",
    ]
    if summary["log_lines"]:
        told = plural(summary["log_lines"], "line")
        lines.append(f"Log:    {told}, dgf log {row.id}{db_argument(workspace)}")
    lines.extend(_causes_text(row, summary["causes"]))
    if row.records_failed:
        lines.append(f"  an example of each: dgf failures {row.id}{db_argument(workspace)}")
    if ways.retry:
        lines.append(f"To retry: {ways.retry}{db_argument(workspace)}")
    if (judged := judged_of(row)) is not None:
        lines.append(f"Rule:   {judged}")
    if row.error is not None:
        lines.append(f"Why:    {row.error.get('error')}")
    if row.status != "completed" and row.error is None:
        lines.append(
            f"All that had finished is stored: {plural(row.executions_done, 'execution')}."
        )
    if ways.resume:
        lines.append(f"To finish {ways.what}: {ways.resume}{db_argument(workspace)}")
        if ways.resume.startswith("dgf resume") and row.options.get("sample") is not None:
            figures = f"dgf estimate job:{row.id}{db_argument(workspace)}"
            lines.append(f"What all of it will take: {figures}")
    return "\n".join(lines)


def _usage_text(usage: Mapping[str, Any]) -> str:
    told = (
        f"{usage['input_tokens']:,} in, {usage['output_tokens']:,} out, "
        f"in {plural(usage['calls'], 'call')}"
    )
    cost = cost_told(usage) if usage["calls"] else ""
    told += f"; cost {cost}" if cost else ""
    reused = usage.get("reused")
    return f"{told}; {plural(reused, 'answer')} reused" if reused else told


def db_argument(workspace: Workspace) -> str:
    """What names the store on the command line, where it is not the one by default."""
    from ..settings import Settings

    with contextlib.suppress(ConfigError):
        if Settings.load().database_path == workspace.store.path:
            return ""
    return f" --db {shlex.quote(shown_path(workspace.store.path))}"


def _causes_text(row: JobRow, causes: list[dict[str, Any]]) -> list[str]:
    if not causes:
        return []
    lines = [f"Failed: {plural(row.records_failed, 'record')}"]
    for cause in causes[:_MAX_CAUSES]:
        lines.append(f"  {cause['count']:,} x {shorten(str(cause['reason']), _CAUSE_WIDTH)}")
    if len(causes) > _MAX_CAUSES:
        lines.append(f"  and {plural(len(causes) - _MAX_CAUSES, 'other cause')}")
    return lines
