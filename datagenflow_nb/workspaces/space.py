"""The workspace itself, and which one is current."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from .. import runtime
from ..blocks.context import use_default_models
from ..blocks.discovery import build_registry
from ..displays.estimate import Estimate
from ..displays.listing import Listing
from ..errors import ConfigError, StoreError
from ..jobs import Job, JobRoom, job_listing
from ..jobs.estimate import check_sample
from ..jobs.options import RunOptions
from ..llm.catalog import Models
from ..pipeline import Pipeline, read_pipeline_text
from ..records import decode
from ..services import Services, use_services
from ..settings import Settings
from ..spec import PipelineSpec
from ..storage.choices import ChoiceTable
from ..storage.doctor import Finding, examine
from ..storage.drafts import DraftTable
from ..storage.layouts import LayoutTable
from ..storage.library import ModelTable, PipelineTable
from ..storage.review import ReviewTable
from ..storage.store import Store
from .catalog import CatalogFace
from .comparing import CompareFace
from .models import ModelFace
from .records import RecordFace
from .reviews import ReviewFace

__all__ = ["Workspace", "current", "run", "use", "workspace"]

#: Runs detached jobs, in processes of their own; it imports this module.
_WORKER = f"{__package__}.worker"


class Workspace(CatalogFace, ModelFace, RecordFace, ReviewFace, CompareFace):
    """Everything a project holds.

    Parameters
    ----------
    settings : Settings
        Where the store, the blocks and the default model are.

    Raises
    ------
    StoreError
        When the store cannot be used.
    """

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.store = Store(settings.database_path)
        self.registry = build_registry(settings.blocks_path)
        self._model_table = ModelTable(self.store)
        self.models = Models(settings, self._configured, hand_over=runtime.hand_over)
        self._pipelines = PipelineTable(self.store)
        #: What editors keep of changes that are not saved.
        self.drafts = DraftTable(self.store)
        # Before the jobs' own, which is called before it.
        self._stay_on_exit = runtime.on_exit(self.models.close)
        self._jobs = JobRoom(self.store, lambda: self.services, settings, _WORKER, self._resolve)
        self._records = self._jobs.records
        self._review = ReviewTable(self.store, self._records)
        self._choices = ChoiceTable(self.store, self._records)
        self._layouts = LayoutTable(self.store)
        if settings.debug:
            logging.getLogger("datagenflow_nb").setLevel(logging.DEBUG)

    def __repr__(self) -> str:
        return f"Workspace({self.store.path.name!r})"

    @property
    def services(self) -> Services:
        """What pipelines run with here."""
        return Services(self.registry, self.models)

    # Pipelines

    def pipeline(self, source: Any) -> Pipeline:
        """A pipeline from an object, a dictionary, a saved name, a YAML file or YAML text.

        Raises
        ------
        ConfigError
            When it is none of these, with the names there are.
        """
        return self._resolve(source)[0]

    # Jobs

    def run(
        self,
        pipeline: Any,
        seeds: Any,
        *,
        wait: bool = False,
        detach: bool = False,
        **options: Any,
    ) -> Job:
        """Start a job; see ``datagenflow_nb.run``."""
        checked = RunOptions.check(options)
        ready, stored = self._resolve(pipeline)
        job = self._jobs.start(ready, seeds, checked, self.models, stored=stored, detach=detach)
        return job.wait_or_cancel() if wait else job

    def estimate(self, pipeline: Any, seeds: Any, *, executions: int, **options: Any) -> Estimate:
        """Run some executions, and tell from them what all will take.

        See ``start_estimate``. An interrupt cancels the job; what it raises says what was paid and
        what can be told already.

        Raises
        ------
        JobError
            When none of them could be run.
        DataGenFlowError
            As for ``run``; then nothing was started.
        """
        job = self.start_estimate(pipeline, seeds, executions=executions, **options)
        return job.estimate(run_missing=False)

    def start_estimate(self, pipeline: Any, seeds: Any, *, executions: int, **options: Any) -> Job:
        """Start the job of an estimate; ``job.estimate()`` tells what all will take.

        Its executions are evenly spread over all that the seeds ask for. It ends as ``stopped``:
        what they did cost is not spent in vain, ``resume`` runs the others then.

        Parameters
        ----------
        pipeline, seeds, **options
            As for ``run``, but for ``target_accepted``.
        executions : int
            How many to run; when there are no more, the result is exact.

        Raises
        ------
        DataGenFlowError
            As for ``run``; then nothing was started.
        """
        checked = RunOptions.check(options)
        check_sample(executions, checked.target_accepted)
        ready, stored = self._resolve(pipeline)
        return self._jobs.start(
            ready, seeds, checked, self.models, stored=stored, sample=executions
        )

    def jobs(self) -> Listing[Job]:
        """All jobs, oldest first."""
        return job_listing(self._jobs.list())

    def job(self, job_id: int) -> Job:
        """The job of that number.

        Raises
        ------
        JobError
            When there is none, with the numbers there are.
        """
        return self._jobs.get(job_id)

    # The store

    def examine(self) -> list[Finding]:
        """What does not add up in the store; every count 0 is healthy."""
        return examine(self.store)

    def close(self) -> None:
        """Stop this process's jobs and close the store; it is the current workspace no more.

        Raises
        ------
        JobError
            When called on the loop thread.
        """
        runtime.run(self._jobs.close(), "Workspace.close()")
        runtime.run(self.models.close(), "Workspace.close()")
        self._stay_on_exit()
        self.store.close()
        if _current and _current[0] is self:
            _current.clear()
            # Pipelines without a workspace run on, with what the settings alone say.
            models = Models(self.settings, hand_over=runtime.hand_over)
            use_services(Services(self.registry, models))
            use_default_models(models)

    def _with_services(self, spec: PipelineSpec) -> Pipeline:
        return Pipeline.from_spec(spec, self.services)

    def _resolve(self, source: Any) -> tuple[Pipeline, tuple[int, int] | None]:
        """The pipeline, and (id, version) when it is a saved one."""
        if isinstance(source, Pipeline):
            return source.with_services(self.services), None
        if isinstance(source, Mapping):
            return self._with_services(PipelineSpec.from_dict(source)), None
        if isinstance(source, Path) or (isinstance(source, str) and _looks_like_yaml(source)):
            text, where = read_pipeline_text(source)
            return self._with_services(PipelineSpec.from_yaml(text, where)), None
        if isinstance(source, str | int):
            saved = self._pipelines.get(source)
            spec = PipelineSpec.from_dict(decode(saved.definition), f"pipeline {saved.name!r}")
            return self._with_services(spec), (saved.id, saved.version)
        raise ConfigError(
            f"{type(source).__name__} is no pipeline; expected a Pipeline, its name, a YAML file "
            "or a dictionary"
        )


def _looks_like_yaml(text: str) -> bool:
    return "\n" in text or text.endswith((".yaml", ".yml", ".json")) or text.startswith("{")


_current: list[Workspace] = []


def current() -> Workspace | None:
    """The current workspace, if one was opened."""
    return _current[0] if _current else None


def workspace(database_path: str | Path | None = None) -> Workspace:
    """Open a workspace and make it the current one; without a path, give the current one.

    A path whose file was deleted or replaced since is opened anew, and the workspace that had it
    open is closed; so is one that could only be read for a job that has ended since.

    Parameters
    ----------
    database_path : path, optional
        The store; relative to the project root's working directory. Default: the current
        workspace's, else ``DATABASE_PATH``, else ``datagenflow.db`` at the project root.

    Raises
    ------
    StoreError, ConfigError
        When the store or a setting cannot be used.
    """
    if database_path is None and _current:
        return _current[0]
    chosen = None if database_path is None else _store_path(database_path)
    settings = Settings.load(database_path=chosen)
    if _current and _current[0].settings == settings and _current[0].store.is_to_reopen():
        _current[0].close()
    return use(settings)


def use(settings: Settings) -> Workspace:
    """The workspace of these settings, made the current one.

    Raises
    ------
    StoreError
        When the store cannot be used.
    """
    if not (_current and _current[0].settings == settings):
        _current[:] = [Workspace(settings)]
    use_services(_current[0].services)
    use_default_models(_current[0].models)
    return _current[0]


def _store_path(path: str | Path) -> Path:
    if str(path) == ":memory:":
        raise StoreError("a store is a file that several threads open; ':memory:' is not one")
    try:
        return Path(path).expanduser().resolve()
    except (TypeError, ValueError, OSError, RuntimeError) as error:  # no path, no such home folder
        raise ConfigError(f"{path!r} is no path of a store: {error}") from error


def run(
    pipeline: Any, seeds: Any, *, wait: bool = False, detach: bool = False, **options: Any
) -> Job:
    """Run a pipeline over seeds, storing every record with its trace.

    Parameters
    ----------
    pipeline : Pipeline, str, path or dict
        A pipeline, a saved one's name, a YAML file, or plain data.
    seeds : list, dict, path, DataFrame, iterable or ``"job:3"``
        A dictionary with ``metadata`` is a seed; any other dictionary or row is the metadata
        itself. Paths: .json .jsonl .yaml .csv .parquet .md .txt or a folder. ``"job:3"``: the seeds
        of that job.
    wait : bool
        Return when the job has ended; Ctrl-C then cancels it, and a second one drops what is
        under way.
    detach : bool
        Run in a process of its own, which goes on when this one ends; Linux and macOS. Blocks are
        found there by their types, so those of cells have to be saved first.
    **options
        ``concurrency`` (32), ``model`` (replaces the default), ``random_seed``, and budgets that
        stop it: ``max_tokens_total``, ``max_cost``, ``max_seconds``, ``max_records``;
        ``target_accepted`` records that ``accept_when`` accepts, in ``max_attempts`` executions at
        most.

    Returns
    -------
    Job
        It runs on; ``job.wait()`` waits for it.

    Raises
    ------
    DataGenFlowError
        For anything wrong with pipeline, models, options or seeds; then nothing was started.
    """
    return workspace().run(pipeline, seeds, wait=wait, detach=detach, **options)
