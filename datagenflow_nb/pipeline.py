"""The pipeline as users hold it: make it, check it, try it on one seed."""

from __future__ import annotations

import random
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from . import runtime
from .blocks.base import BaseBlock
from .blocks.context import ModelSource
from .blocks.registry import Registry
from .check import Problem, check_pipeline
from .engine import Branch, Execution, Outcome, Program, build_program, run_branch
from .errors import ConfigError, DataGenFlowError, SeedError, ValidationError
from .records import NotPlain, build_trace, new_trace_id, plain
from .spec import PipelineSpec

__all__ = ["Pipeline", "Result", "Services", "current_services", "use_services"]


@dataclass(frozen=True, slots=True)
class Services:
    """What a pipeline needs to run: the blocks there are and the models."""

    registry: Registry
    models: ModelSource


_current: list[Services] = []


def use_services(services: Services) -> None:
    """Make ``services`` what pipelines without their own use; the current workspace calls this."""
    _current[:] = [services]


def current_services() -> Services:
    """The current workspace's services, else ones from the settings alone."""
    if not _current:
        from .blocks.discovery import build_registry
        from .llm.catalog import Models
        from .settings import Settings

        settings = Settings.load()
        models = Models(settings, hand_over=runtime.hand_over)
        use_services(Services(build_registry(settings.blocks_path), models))
    return _current[0]


@dataclass(frozen=True, slots=True)
class Result:
    """What one branch gave; unpacks as ``result, trace, trace_id``.

    Attributes
    ----------
    result : dict
        The final state, and ``output``: the field of that name when a block set it, else the first
        declared output of the last block that ran.
    trace : list of dict
        One entry per step; see ``records.build_trace``.
    status : str
        ``completed``; ``filtered`` when a block dropped the branch, with ``reason``.
    accepted : bool or None
        What ``accept_when`` said; None without that rule.
    """

    result: dict[str, Any]
    trace: list[dict[str, Any]] = field(repr=False)
    trace_id: str
    branch: str = ""
    status: str = "completed"
    reason: str | None = None
    accepted: bool | None = None

    def __iter__(self) -> Iterator[Any]:
        return iter((self.result, self.trace, self.trace_id))

    def __len__(self) -> int:
        return 3

    def __getitem__(self, index: int) -> Any:
        return (self.result, self.trace, self.trace_id)[index]


class Pipeline:
    """A named, ordered list of blocks with its rules.

    Parameters
    ----------
    name : str
    blocks : list
        Dictionaries ``{"type", "id"?, "config"?, "when"?, "disabled"?, "description"?}``, block
        objects, or block classes.
    accept_when : str, optional
        Jinja2 expression over the final state; decides accepted or rejected.
    description : str, optional

    Raises
    ------
    ConfigError
        For a malformed entry. Block types and their configuration are checked by ``validate`` and
        before a run, so that a pipeline can be edited before its blocks exist.
    """

    def __init__(
        self,
        name: str,
        blocks: Sequence[Mapping[str, Any] | BaseBlock | type[BaseBlock]],
        *,
        accept_when: str | None = None,
        description: str = "",
        services: Services | None = None,
    ) -> None:
        entries, objects = _split_objects(blocks)
        data = {
            "name": name,
            "description": description,
            "accept_when": accept_when,
            "blocks": entries,
        }
        self.spec = PipelineSpec.from_dict(data, f"pipeline {name!r}")
        #: Ready-made blocks by id, of a pipeline made of objects.
        self.instances = {self.spec.blocks[at].id: block for at, block in objects.items()}
        self._services = services

    @classmethod
    def from_spec(cls, spec: PipelineSpec, services: Services | None = None) -> Pipeline:
        """A pipeline around a ready specification."""
        pipeline = cls.__new__(cls)
        pipeline.spec = spec
        pipeline.instances = {}
        pipeline._services = services
        return pipeline

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Pipeline:
        """A pipeline from plain data, for example parsed JSON."""
        return cls.from_spec(PipelineSpec.from_dict(data))

    @classmethod
    def from_yaml(cls, text_or_path: str | Path) -> Pipeline:
        """A pipeline from YAML (or JSON) text or from a file of it.

        Raises
        ------
        ConfigError
            Naming file, line, block and key; and when a file is not there.
        """
        text, where = read_pipeline_text(text_or_path)
        return cls.from_spec(PipelineSpec.from_yaml(text, where))

    from_json = from_yaml

    @classmethod
    def from_template(cls, template_id: str) -> Pipeline:
        """A fresh pipeline from a built-in template or one in the project's ``templates/``."""
        from .settings import Settings
        from .templates import read_template

        info = read_template(template_id, Settings.load().templates_path)
        return cls.from_spec(PipelineSpec.from_yaml(info.text, f"template {template_id!r}"))

    @property
    def name(self) -> str:
        """The pipeline's name."""
        return self.spec.name

    def __repr__(self) -> str:
        blocks = " -> ".join(block.type for block in self.spec.blocks)
        return f"Pipeline({self.spec.name!r}: {blocks})"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Pipeline) and self.spec == other.spec

    __hash__ = None  # type: ignore[assignment]  # compared by value, and configurations are dicts

    def to_dict(self) -> dict[str, Any]:
        """Plain data, as it was written."""
        return self.spec.to_dict()

    def to_yaml(self) -> str:
        """YAML; reading it and writing it again gives the same bytes."""
        return self.spec.to_yaml()

    def to_json(self) -> str:
        """Compact JSON."""
        return self.spec.to_json()

    def validate(self, fields: Iterable[str] | None = None) -> list[Problem]:
        """What is wrong, without running anything; an empty list when nothing is.

        Parameters
        ----------
        fields : iterable of str, optional
            The seed's fields; given, a field that nobody provides is a problem too.
        """
        registry = self.services.registry
        registry.refresh()
        return check_pipeline(self.spec, registry, self.instances, fields)

    def program(self) -> Program:
        """The pipeline with its blocks built, ready to run.

        Raises
        ------
        BlockNotFoundError, ConfigError, TemplateError
        """
        registry = self.services.registry
        registry.refresh()
        return build_program(self.spec, registry, self.instances)

    def with_services(self, services: Services) -> Pipeline:
        """The same pipeline, running with these blocks and models."""
        other = Pipeline.from_spec(self.spec, services)
        other.instances = self.instances
        return other

    @property
    def services(self) -> Services:
        """The blocks and models this pipeline runs with."""
        return self._services or current_services()

    async def execute(self, seed: Mapping[str, Any], *, random_seed: int | None = None) -> Result:
        """Run one seed, store nothing.

        Parameters
        ----------
        seed : dict
            The metadata, or ``{"metadata": {...}}``.
        random_seed : int, optional
            What ``ctx.random`` is drawn from; drawn when not given.

        Returns
        -------
        Result
            ``result, trace, trace_id = await pipe.execute({...})``

        Raises
        ------
        DataGenFlowError
            With ``trace``: the steps so far. A foreign exception becomes BlockExecutionError.
        ValidationError
            When there is not exactly one result; ``execute_all`` gives them as a list.
        """
        results = await self.execute_all(seed, random_seed=random_seed)
        if len(results) != 1:
            raise ValidationError(
                f"pipeline {self.name!r} fanned out into {len(results)} branches; execute() gives "
                "exactly one result, use execute_all()",
                {"branches": len(results)},
            )
        if results[0].status == "filtered":
            raise ValidationError(
                f"pipeline {self.name!r} filtered this seed out ({results[0].reason}); execute() "
                "gives exactly one result, use execute_all()",
                {"reason": results[0].reason},
            )
        return results[0]

    async def execute_all(
        self, seed: Mapping[str, Any], *, random_seed: int | None = None
    ) -> list[Result]:
        """Run one seed, store nothing; one Result per branch, dropped ones included.

        Raises
        ------
        DataGenFlowError
            The first branch's error, with ``trace``.
        """
        program = self.program()
        models = self.services.models
        models.check(program.model_names)
        execution = Execution(
            metadata=_as_metadata(seed),
            trace_id=new_trace_id(),
            random_seed=random.getrandbits(32) if random_seed is None else random_seed,
        )
        return await runtime.hand_over(_run_all(program, Branch.start(execution), models))

    def execute_sync(self, seed: Mapping[str, Any], *, random_seed: int | None = None) -> Result:
        """``execute`` for code without ``await``.

        Raises
        ------
        JobError
            When called on the loop thread (inside a block); await ``execute`` there.
        """
        return runtime.run(self.execute(seed, random_seed=random_seed), "execute_sync")


def read_pipeline_text(text_or_path: str | Path) -> tuple[str, str]:
    """The text of a pipeline, and what to call it in messages."""
    if not isinstance(text_or_path, str | Path):
        raise ConfigError(
            f"{text_or_path!r} ({type(text_or_path).__name__}) is no pipeline; expected YAML text "
            "or the path of a file"
        )
    is_text = isinstance(text_or_path, str) and ("\n" in text_or_path or "{" in text_or_path)
    if is_text:
        return str(text_or_path), "pipeline"
    path = Path(text_or_path)
    try:
        return path.read_text(encoding="utf-8-sig"), path.name
    except FileNotFoundError as error:
        raise ConfigError(f"pipeline file {str(path)!r} does not exist") from error
    except (OSError, ValueError) as error:
        raise ConfigError(f"pipeline file {str(path)!r} cannot be read: {error}") from error


async def _run_all(program: Program, first: Branch, models: ModelSource) -> list[Result]:
    """All branches of one execution, in order of their paths."""
    waiting = [first]
    results: list[Result] = []
    while waiting:
        branch = waiting.pop()
        outcome = await run_branch(program, branch, models)
        if isinstance(outcome, list):
            waiting.extend(reversed(outcome))
        else:
            results.append(_result(branch, outcome))
    return results


def _result(branch: Branch, outcome: Outcome) -> Result:
    metadata = branch.execution.metadata
    trace = build_trace(metadata, branch.all_steps())
    if outcome.error is not None:
        error: DataGenFlowError = outcome.error
        error.trace = trace
        raise error
    state = plain(branch.state)
    output = state.get(outcome.output_field) if outcome.output_field else None
    return Result(
        result={**state, "output": output},
        trace=trace,
        trace_id=branch.execution.trace_id,
        branch=branch.path,
        status=outcome.status,
        reason=outcome.reason,
        accepted=outcome.verdict,
    )


def _as_metadata(seed: Mapping[str, Any]) -> dict[str, Any]:
    if not isinstance(seed, Mapping):
        raise SeedError(
            f"a seed is a dictionary of fields, got {type(seed).__name__}: {seed!r:.60}"
        )
    fields = seed
    if "metadata" in seed:
        fields = seed["metadata"]
        others = [key for key in seed if key not in ("metadata", "repetitions")]
        if not isinstance(fields, Mapping):
            raise SeedError(
                "a dictionary with the key 'metadata' is a seed, and its metadata is a dictionary "
                f"of fields, got {type(fields).__name__}: {fields!r:.60}"
            )
        if others:
            raise SeedError(
                f"seed: unknown key {others[0]!r} beside 'metadata' and 'repetitions'; put it "
                "inside metadata"
            )
    try:
        return dict(plain(dict(fields)))
    except NotPlain as error:
        place = f"seed field {error.path!r}" if error.path else "seed"
        raise SeedError(f"{place}: {error.reason}") from error


def _split_objects(
    blocks: Sequence[Mapping[str, Any] | BaseBlock | type[BaseBlock]],
) -> tuple[list[Any], dict[int, BaseBlock]]:
    """Entries as plain data, and the ready-made blocks by position."""
    entries: list[Any] = []
    objects: dict[int, BaseBlock] = {}
    for position, item in enumerate(blocks):
        block = item() if isinstance(item, type) and issubclass(item, BaseBlock) else item
        if isinstance(block, BaseBlock):
            objects[position] = block
            entry: dict[str, Any] = {"type": type(block).__name__}
            if block.given_config:
                entry["config"] = block.given_config
            entries.append(entry)
        else:
            entries.append(item)
    return entries, objects
