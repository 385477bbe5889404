"""What a block may ask of the world while it runs."""

from __future__ import annotations

import logging
import random
import sys
from collections.abc import Iterable, Mapping
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any, Protocol

from ..errors import TemplateError
from ..records import plain
from ..templating import compile_template

if TYPE_CHECKING:
    from ..llm.base import ModelConfig
    from ..llm.model import Journal, Model

__all__ = [
    "BlockContext",
    "JobLines",
    "ModelSource",
    "TraceLog",
    "job_lines",
    "use_default_models",
]


class ModelSource(Protocol):
    """Where ``ctx.llm(name)`` finds its models."""

    def check(self, names: Iterable[str | None]) -> Mapping[str | None, ModelConfig]:
        """The models behind the names; ConfigError when there is none or it cannot be used."""

    def open(
        self, name: str | None, *, journal: Journal | None, variation: str, block: str
    ) -> Model:
        """The model of that name for one block."""


_default_models: list[ModelSource] = []


def use_default_models(models: ModelSource) -> None:
    """Let blocks that run alone use ``models``; the current workspace calls this."""
    _default_models[:] = [models]


class JobLines(Protocol):
    """The log of the job that runs a block."""

    @property
    def is_over(self) -> bool:
        """True when the job takes no more lines."""

    def begin_block(self) -> None:
        """A block is about to run."""

    def write(self, level: str, text: str) -> None:
        """Take what was written to a stream, in pieces of any kind."""

    def log(self, record: logging.LogRecord) -> None:
        """Take what was logged."""


#: Set within the branches of a job, and in the threads their blocks run in.
job_lines: ContextVar[JobLines | None] = ContextVar("datagenflow_job_lines", default=None)


class _Taken:
    """Takes nothing: what is being logged is in the job's log already."""

    is_over = False

    def begin_block(self) -> None:
        pass

    def write(self, level: str, text: str) -> None:
        pass

    def log(self, record: logging.LogRecord) -> None:
        pass


_taken = _Taken()


class TraceLog(logging.LoggerAdapter[logging.Logger]):
    """Puts the execution's short trace id in front of every line.

    In a job, lines of level INFO and above go to the job's log, whichever levels are shown.
    """

    def __init__(self, trace_id: str) -> None:
        super().__init__(logging.getLogger("datagenflow_nb"), {})
        self.prefix = f"[{trace_id[:8] or '-'}] "

    def process(self, msg: Any, kwargs: Any) -> tuple[Any, Any]:
        return f"{self.prefix}{msg}", kwargs

    def log(self, level: int, msg: object, *args: object, **kwargs: Any) -> None:
        kwargs["stacklevel"] = kwargs.get("stacklevel", 1) + 1  # the caller's line, not this one
        lines = job_lines.get()
        if lines is None or lines.is_over or level < logging.INFO:
            super().log(level, msg, *args, **kwargs)
            return
        error = _error_tuple(kwargs.get("exc_info"))
        lines.log(logging.LogRecord(self.logger.name, level, "", 0, msg, args, error))
        token = job_lines.set(_taken)
        try:
            super().log(level, msg, *args, **kwargs)
        finally:
            job_lines.reset(token)


def _error_tuple(exc_info: Any) -> Any:
    """What a record holds of the ``exc_info`` that a log call was given."""
    if isinstance(exc_info, BaseException):
        return type(exc_info), exc_info, exc_info.__traceback__
    return sys.exc_info() if exc_info and not isinstance(exc_info, tuple) else exc_info


class BlockContext:
    """The second argument of ``execute(self, data, ctx)``.

    Made by the engine. In a test of one block, ``BlockContext(state={...})`` gives one that uses
    the current models.

    Parameters
    ----------
    state : mapping
        The accumulated fields, what templates see.
    metadata : mapping, optional
        The seed's metadata, what templates see as ``metadata``; default: ``state``.
    random_key : str
        What ``ctx.random`` is drawn from.
    """

    __slots__ = (
        "_config", "_journal", "_log", "_metadata", "_metadata_copy", "_models", "_random",
        "_random_key", "block_id", "block_type", "job_id", "state", "trace_id",
    )  # fmt: skip

    def __init__(
        self,
        state: Mapping[str, Any],
        metadata: Mapping[str, Any] | None = None,
        *,
        block_type: str = "",
        block_id: str = "",
        config: Any = None,
        models: ModelSource | None = None,
        journal: Journal | None = None,
        random_key: str = "",
        trace_id: str = "",
        job_id: int | None = None,
    ) -> None:
        self.state = state
        self._metadata = state if metadata is None else metadata
        #: The engine's metadata is handed out as a copy; a state given by hand is the caller's own.
        self._metadata_copy: Mapping[str, Any] | None = state if metadata is None else None
        self.block_type = block_type
        self.block_id = block_id
        self.trace_id = trace_id
        self.job_id = job_id
        self._config = config
        self._models = models
        self._journal = journal
        self._random_key = random_key
        self._random: random.Random | None = None
        self._log: TraceLog | None = None

    @classmethod
    def alone(cls, block: Any, data: Mapping[str, Any]) -> BlockContext:
        """A context for a block that was called by hand, outside any pipeline."""
        return cls(data, block_type=type(block).__name__, config=block.config)

    @property
    def metadata(self) -> Mapping[str, Any]:
        """The seed's metadata. A copy: writing to it changes nothing."""
        if self._metadata_copy is None:
            copied: dict[str, Any] = plain(self._metadata)
            self._metadata_copy = copied
        return self._metadata_copy

    @property
    def random(self) -> random.Random:
        """Random numbers that are the same in every job with the same ``random_seed``."""
        if self._random is None:
            self._random = random.Random(self._random_key)
        return self._random

    @property
    def log(self) -> TraceLog:
        """A logger whose lines carry the execution's trace id."""
        if self._log is None:
            self._log = TraceLog(self.trace_id)
        return self._log

    def fields(self, **extra: Any) -> dict[str, Any]:
        """What templates and rules see: the state, ``metadata`` and ``extra``; copies, too."""
        return {"metadata": self.metadata, **self.state, **extra}

    def _template_fields(self, **extra: Any) -> dict[str, Any]:
        """``fields`` without a copy, for templates alone, which cannot change what they see."""
        return {"metadata": self._metadata, **self.state, **extra}

    def render(self, template: str, /, **extra: Any) -> str:
        """``template`` (Jinja2) rendered with the state, ``metadata`` and ``extra`` fields.

        Raises
        ------
        TemplateError
            Naming this block, the config key the template stands in, the unknown field and the
            fields there are.
        """
        try:
            return compile_template(template).render(self._template_fields(**extra))
        except TemplateError as error:
            raise self._located(error, template) from error

    def llm(self, name: str | None = None) -> Model:
        """The model of that configured name or id; None is the default model.

        Raises
        ------
        ConfigError
            When there is no such model.
        """
        models = self._models
        if models is None:
            if not _default_models:
                from ..llm.catalog import Models
                from ..runtime import hand_over
                from ..settings import Settings

                use_default_models(Models(Settings.load(), hand_over=hand_over))
            models = _default_models[0]
        return models.open(
            name,
            journal=self._journal,
            variation=self._random_key,
            block=self.block_id or self.block_type,
        )

    def _located(self, error: TemplateError, template: str) -> TemplateError:
        config = self._config.items() if self._config is not None else ()
        key = next((name for name, value in config if value == template), None)
        place = f"block {self.block_id or self.block_type!r}"
        if key is not None:
            place += f", config {key!r}"
        detail = {"block_type": self.block_type, "block_id": self.block_id, "key": key}
        return TemplateError(f"{place}: {error.message}", {**detail, **error.detail})
