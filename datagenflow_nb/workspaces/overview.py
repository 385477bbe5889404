"""Where one stands: what the current workspace holds, without making a store to look into."""

from __future__ import annotations

from ..displays.commands import to_type
from ..displays.status import Status
from ..displays.text import plural, shown_path
from ..errors import DataGenFlowError
from ..jobs.ways import ways_on
from ..llm.catalog import Models
from ..settings import Settings
from ..storage.jobs import JobRow
from .space import Workspace, current, workspace

__all__ = ["existing", "status"]

_START = (
    ("%dgf templates", "ready-made pipelines to start from"),
    ("%dgf new NAME --template T", "one of them as a pipeline of your own"),
    ("%%dgf pipeline NAME", "a pipeline from the YAML in the cell"),
)


def status() -> Status:
    """Store, model, counts and what to do next.

    Raises
    ------
    ConfigError, StoreError
        When a setting or the store cannot be used.
    """
    ready = existing()
    if ready is not None:
        return _of(ready)
    settings = Settings.load()
    facts = {
        "store": f"{shown_path(settings.database_path)} (made by the first thing you save)",
        "model": _model(Models(settings)),
    }
    return Status(facts, (*_START, ("%dgf --help", "all commands")))


def existing() -> Workspace | None:
    """The current workspace, opened if its store is there; none is made."""
    ready = current()
    if ready is None and Settings.load().database_path.exists():
        ready = workspace()
    return ready


def _of(ready: Workspace) -> Status:
    jobs = [job.row for job in ready.jobs()]
    pipelines = [saved.name for saved in ready.pipelines()]
    by_status: dict[str, int] = {}
    for job in jobs:
        by_status[job.status] = by_status.get(job.status, 0) + 1
    counts = ready.record_counts()
    facts = {
        "store": shown_path(ready.store.path),
        "model": _model(ready.models),
        "blocks": plural(len(ready.registry.types()), "type"),
        "pipelines": _told(pipelines),
        "jobs": ", ".join(f"{count} {name}" for name, count in by_status.items()) or "none",
        "records": ", ".join(f"{count:,} {name}" for name, count in counts.items()) or "none",
    }
    return Status(facts, (*_next(pipelines, jobs),
                          ("%dgf --help", "all commands")))  # fmt: skip


def _next(pipelines: list[str], jobs: list[JobRow]) -> tuple[tuple[str, str], ...]:
    if not pipelines and not jobs:
        return _START
    steps = []
    for job in jobs:
        if job.is_paused:
            steps.append((f"%dgf resume {job.id}", "let the job go on, it is paused"))
    if pipelines:
        steps += [
            (to_type("%dgf preview", pipelines[0]), "try it on one seed, store nothing"),
            (to_type("%%dgf run", pipelines[0]), "run it over the seeds in the cell"),
        ]
    if jobs:
        last = jobs[-1]
        ways = ways_on(last)
        if ways.resume:
            steps.append((f"%{ways.resume}", f"finish the last job, which is {last.status}"))
        elif ways.retry and last.status != "completed":
            steps.append((f"%{ways.retry}", f"run what failed, the last job is {last.status}"))
        steps += [
            (f"%dgf review {last.id}", "decide on the last job's records"),
            (f"%dgf records {last.id}", "the same as a DataFrame"),
            (f"%dgf export {last.id} out.jsonl", "take them away"),
        ]
    return tuple(steps)


def _told(names: list[str]) -> str:
    rest = f" and {len(names) - 5} more" if len(names) > 5 else ""
    return ", ".join(names[:5]) + rest if names else "none"


def _model(models: Models) -> str:
    try:
        config = models.resolve()
    except DataGenFlowError as error:
        return error.message
    if config.is_offline:
        return "offline (no LLM configured: the embedded model answers)"
    return f"{config.name} at {config.endpoint}"
