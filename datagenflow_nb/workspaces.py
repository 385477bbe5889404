"""The workspace: store, block registry, models and settings in one object.

Magics, widgets, server and command line all drive this one; ``datagenflow_nb.workspace()`` gives
the current one, ``datagenflow_nb.run`` runs in it.
"""

from __future__ import annotations

import contextlib
import logging
import numbers
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from . import runtime
from .blocks.context import use_default_models
from .blocks.discovery import build_registry
from .errors import ConfigError, JobError, ValidationError, suggest
from .jobs import Job, JobRoom
from .jobs.job import DEFAULT_EXPORT, as_statuses
from .jobs.options import RunOptions
from .llm.base import OFFLINE, ModelConfig
from .llm.catalog import Models
from .llm.pairing import pair
from .pipeline import Pipeline, Services, read_pipeline_text, use_services
from .records import build_trace, decode
from .settings import Settings
from .spec import PipelineSpec
from .storage.doctor import Finding, examine
from .storage.library import ModelTable, PipelineTable, StoredPipeline
from .storage.records import Record
from .storage.review import ReviewTable
from .storage.store import Store

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Workspace", "run", "workspace"]

_LIMITS = ("timeout", "max_tries", "max_wait")


class Workspace:
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
        runtime.on_exit(self.models.close)  # before the jobs' own, which is called before it
        self._jobs = JobRoom(self.store)
        self._records = self._jobs.records
        self._review = ReviewTable(self.store, self._records)
        if settings.debug:
            logging.getLogger("datagenflow_nb").setLevel(logging.DEBUG)

    def __repr__(self) -> str:
        return f"Workspace({self.store.path.name!r})"

    @property
    def services(self) -> Services:
        """What pipelines run with here."""
        return Services(self.registry, self.models)

    # Pipelines

    def pipelines(self) -> list[StoredPipeline]:
        """All saved pipelines by name."""
        return list(self._pipelines.list())

    def pipeline(self, source: Any) -> Pipeline:
        """A pipeline from an object, a dictionary, a saved name, a YAML file or YAML text.

        Raises
        ------
        ConfigError
            When it is none of these, with the names there are.
        """
        return self._resolve(source)[0]

    def save_pipeline(self, pipeline: Pipeline) -> StoredPipeline:
        """Save it under its name: a new version when it changed."""
        return self._pipelines.save(pipeline.name, pipeline.to_json())

    def delete_pipeline(self, name_or_id: str | int) -> None:
        """Delete a saved pipeline; its jobs and records stay.

        Raises
        ------
        ConfigError
            When there is none of that name.
        """
        self._pipelines.delete(name_or_id)

    # Models

    def add_model(
        self,
        name: str,
        *,
        endpoint: str,
        model: str,
        key_env: str | None = None,
        input_price: float | None = None,
        output_price: float | None = None,
        **limits: float,
    ) -> ModelConfig:
        """Configure a model, and allow its key to be sent to that endpoint from this machine.

        Parameters
        ----------
        endpoint : str
            Base URL of an OpenAI-compatible API.
        model : str
            The id sent to it.
        key_env : str, optional
            Name of the environment variable that holds the key.
        input_price, output_price : float, optional
            Per million tokens.
        **limits
            ``timeout`` (s for one try), ``max_tries``, ``max_wait`` (s for all tries).

        Raises
        ------
        ConfigError
            For a reserved name, an endpoint that is no URL, a key instead of a variable's name, an
            unknown limit or a value out of range.
        """
        endpoint = _checked_model(name, endpoint, key_env, limits)
        if key_env is not None:
            pair(endpoint, key_env)
        self._model_table.save(
            name,
            endpoint=endpoint,
            model=model,
            key_env=key_env,
            input_price=input_price,
            output_price=output_price,
            limits=dict(limits),
        )
        self.models.forget()
        return self._configured()[name]

    def configured_models(self) -> list[ModelConfig]:
        """All configured models by name."""
        return list(self._configured().values())

    def delete_model(self, name: str) -> None:
        """Forget a configured model.

        Raises
        ------
        ConfigError
            When there is none of that name.
        """
        if not self._model_table.delete(name):
            self.models.resolve(name)  # says which models there are
            raise ConfigError(f"model {name!r} is not a configured model of this store")
        self.models.forget()

    # Jobs

    def run(self, pipeline: Any, seeds: Any, *, wait: bool = False, **options: Any) -> Job:
        """Start a job; see ``datagenflow_nb.run``."""
        checked = RunOptions.check(options)
        ready, stored = self._resolve(pipeline)
        job = self._jobs.start(ready, seeds, checked, self.models, stored=stored)
        if wait:
            try:
                job.wait()
            except KeyboardInterrupt:
                with contextlib.suppress(JobError):  # it ended in the same moment
                    job.cancel()
                job.wait()
                raise
        return job

    def jobs(self) -> list[Job]:
        """All jobs, oldest first."""
        return self._jobs.list()

    def job(self, job_id: int) -> Job:
        """The job of that number.

        Raises
        ------
        JobError
            When there is none, with the numbers there are.
        """
        return self._jobs.get(job_id)

    # Records

    def records(
        self,
        job_id: int | None = None,
        status: str | Sequence[str] | None = None,
        limit: int | None = None,
        offset: int = 0,
        flat: bool = True,
    ) -> pd.DataFrame:
        """Records as a DataFrame; see ``frames.records_frame`` for the columns.

        Parameters
        ----------
        job_id : int, optional
            Only this job's.
        status : str or list of str, optional
            Only these statuses.
        limit, offset : int
            A page of them, in order of their ids; None: all.
        flat : bool
            One column per field of the state.
        """
        from .frames import records_frame

        statuses = as_statuses(status)
        if limit is None and not offset:
            found: Any = self._records.stream(job_id=job_id, statuses=statuses)
        else:
            found = self._records.page(job_id=job_id, statuses=statuses, limit=limit, offset=offset)
        return records_frame(found, flat=flat)

    def record(self, record_id: int) -> Record:
        """One record.

        Raises
        ------
        StoreError
            When there is none of that number.
        """
        return self._records.get(record_id)

    def trace(self, record_id: int) -> list[dict[str, Any]]:
        """The full trace of a record, calls included; see ``records.build_trace``."""
        record = self._records.get(record_id)
        return build_trace(record.metadata, self._records.steps_with_calls(record))

    def traces(self, job_id: int | None = None) -> pd.DataFrame:
        """A row per step; see ``frames.traces_frame`` for the columns."""
        from .frames import traces_frame

        found = self._records.stream(job_id=job_id)
        return traces_frame((record, self._records.steps_with_calls(record)) for record in found)

    def record_counts(self, job_id: int | None = None) -> dict[str, int]:
        """Number of records by status."""
        return self._records.count(job_id)

    def update_record(
        self,
        record_id: int,
        *,
        status: str | None = None,
        output: Any = ...,
        fields: Mapping[str, Any] | None = None,
        note: str | None = None,
    ) -> Record:
        """Decide on a record or edit it; the original values are kept.

        Parameters
        ----------
        status : str, optional
            ``pending``, ``accepted`` or ``rejected``.
        output : JSON value, optional
            Writes the field the record's output comes from.
        fields : dict, optional
            Other fields to edit.
        note : str, optional

        Raises
        ------
        ValidationError
            For an unknown status or field, or a failed or filtered record; nothing is changed.
        StoreError
            When there is no such record.
        """
        edits = dict(fields or {})
        if output is not ...:
            edits["output"] = output
        self._review.update({record_id: edits}, status=status, note=note)
        return self._records.get(record_id)

    def update_records(
        self,
        records: pd.DataFrame | Sequence[int],
        *,
        status: str | None = None,
        note: str | None = None,
    ) -> int:
        """Decide on many records, or write an edited DataFrame back; all or nothing.

        Parameters
        ----------
        records : list of record ids, or DataFrame as ``records()`` gives it
            A frame's edited fields and statuses are written; what did not change is left alone.
        status : str, optional
            For all of them.
        note : str, optional
            For all of them.

        Returns
        -------
        int
            Number of records that changed.

        Raises
        ------
        ValidationError, StoreError
            As ``update_record``; nothing is changed.
        """
        edits: dict[int, dict[str, Any]] = {}
        statuses: dict[int, str] = {}
        ids: Any = records
        if hasattr(records, "columns"):
            from .frames import read_edits

            frame = cast("pd.DataFrame", records)
            edits, statuses = read_edits(frame, self._records.many)
            ids = frame["id"]
        changes = {record_id: edits.get(record_id, {}) for record_id in _ids(ids)}
        decided = statuses if status is None else dict.fromkeys(changes, status)
        return self._review.update(changes, status=decided, note=note)

    def delete_records(
        self,
        record_ids: Sequence[int] | None = None,
        *,
        job_id: int | None = None,
        status: str | None = None,
    ) -> int:
        """Delete records with their traces; the number deleted.

        Raises
        ------
        ValidationError
            When nothing says which ones.
        """
        return self._review.delete(record_ids=record_ids, job_id=job_id, status=status)

    def export(
        self,
        path: str | Path,
        *,
        job_id: int | None = None,
        status: str | Sequence[str] | None = None,
        **options: Any,
    ) -> Any:
        """Write records to a file; see ``Job.export``."""
        from .export import export_records

        wanted = as_statuses(DEFAULT_EXPORT if status is None else status)
        return export_records(
            lambda: self._records.stream(job_id=job_id, statuses=wanted), path, **options
        )

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
        self.store.close()
        if _current and _current[0] is self:
            _current.clear()
            # Pipelines without a workspace run on, with what the settings alone say.
            models = Models(self.settings, hand_over=runtime.hand_over)
            use_services(Services(self.registry, models))
            use_default_models(models)

    def _configured(self) -> dict[str, ModelConfig]:
        return {
            row["name"]: ModelConfig(
                name=row["name"],
                model=row["model"],
                endpoint=row["endpoint"],
                key_env=row["key_env"],
                input_price=row["input_price"],
                output_price=row["output_price"],
                **row["limits"],
            )
            for row in self._model_table.list()
        }

    def _resolve(self, source: Any) -> tuple[Pipeline, tuple[int, int] | None]:
        """The pipeline, and (id, version) when it is a saved one."""
        if isinstance(source, Pipeline):
            return source.with_services(self.services), None
        if isinstance(source, Mapping):
            return Pipeline.from_spec(PipelineSpec.from_dict(source), self.services), None
        if isinstance(source, Path) or (isinstance(source, str) and _looks_like_yaml(source)):
            text, where = read_pipeline_text(source)
            return Pipeline.from_spec(PipelineSpec.from_yaml(text, where), self.services), None
        if isinstance(source, str | int):
            saved = self._pipelines.get(source)
            spec = PipelineSpec.from_dict(decode(saved.definition), f"pipeline {saved.name!r}")
            return Pipeline.from_spec(spec, self.services), (saved.id, saved.version)
        raise ConfigError(
            f"{type(source).__name__} is no pipeline; expected a Pipeline, its name, a YAML file "
            "or a dictionary"
        )


def _ids(records: Iterable[Any]) -> list[int]:
    """Record ids out of a list, a DataFrame's column, an array."""
    ids = []
    for value in records:
        is_whole = isinstance(value, numbers.Integral) or (  # a column with gaps holds floats
            isinstance(value, float) and value.is_integer()
        )
        if isinstance(value, bool) or not is_whole:
            raise ValidationError(f"record id {value!r} is no whole number; nothing was changed")
        ids.append(int(value))
    return ids


def _looks_like_yaml(text: str) -> bool:
    return "\n" in text or text.endswith((".yaml", ".yml", ".json")) or text.startswith("{")


def _checked_model(
    name: str, endpoint: str, key_env: str | None, limits: Mapping[str, float]
) -> str:
    if not isinstance(name, str) or not name.strip() or name == OFFLINE:
        raise ConfigError(f"model name {name!r} is not allowed; {OFFLINE!r} is the embedded model")
    url = Settings.check_endpoint(endpoint, "endpoint")
    if key_env is not None and not key_env.isidentifier():
        raise ConfigError(
            "key_env is the NAME of an environment variable, such as OPENAI_API_KEY; the key "
            "itself is never stored"
        )
    for limit, value in limits.items():
        if limit not in _LIMITS:
            raise ConfigError(f"model option {limit!r} is unknown; {suggest(limit, _LIMITS)}")
        if isinstance(value, bool) or not isinstance(value, int | float) or value <= 0:
            raise ConfigError(f"model option {limit} is {value!r}, expected a number above 0")
    return url


_current: list[Workspace] = []


def workspace(database_path: str | Path | None = None) -> Workspace:
    """Open a workspace and make it the current one; without a path, give the current one.

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
    chosen = None if database_path is None else Path(database_path).expanduser().resolve()
    settings = Settings.load(database_path=chosen)
    if not (_current and _current[0].settings == settings):
        _current[:] = [Workspace(settings)]
    use_services(_current[0].services)
    use_default_models(_current[0].models)
    return _current[0]


def run(pipeline: Any, seeds: Any, *, wait: bool = False, **options: Any) -> Job:
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
        Return when the job has ended; Ctrl-C then cancels it cleanly.
    **options
        ``concurrency`` (32), ``model`` (replaces the default), ``random_seed``.

    Returns
    -------
    Job
        It runs on; ``job.wait()`` waits for it.

    Raises
    ------
    DataGenFlowError
        For anything wrong with pipeline, models, options or seeds; then nothing was started.
    """
    return workspace().run(pipeline, seeds, wait=wait, **options)
