"""The pipeline as users hold it: make it, check it, try it on one seed."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from . import runtime
from .blocks.base import BaseBlock
from .check import Problem, check_pipeline, describe_flow, needed_seed_fields
from .debugging import debug_seed
from .displays.listing import Listing
from .engine import Program, build_program, ready_blocks
from .errors import ConfigError
from .faces import open_door
from .preview import Preview, cut_after, preview_seed
from .results import Result, new_execution, only_result, results_of, run_seed
from .services import Services, current_services
from .spec import PipelineSpec

__all__ = ["Pipeline", "Result", "open_widget"]


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
        self._watchers: list[Callable[[Pipeline], None]] = []

    @classmethod
    def from_spec(cls, spec: PipelineSpec, services: Services | None = None) -> Pipeline:
        """A pipeline around a ready specification."""
        pipeline = cls.__new__(cls)
        pipeline.spec = spec
        pipeline.instances = {}
        pipeline._services = services
        pipeline._watchers = []
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

    def _repr_html_(self) -> str:
        from .displays.pipeline import pipeline_html

        flow = describe_flow(self.spec, self.services.registry, self.instances)
        return pipeline_html(
            self.spec.name,
            flow.blocks,
            seed_fields=flow.seed_fields,
            description=self.spec.description,
            accept_when=self.spec.accept_when,
            problem=flow.problem,
        )

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

    def update(self, source: Pipeline | Mapping[str, Any]) -> None:
        """Take over name, blocks and rules of another pipeline; an open editor shows them.

        Plain data keeps the block objects that it still describes; a block whose type or
        configuration is another is made anew from its registered type.

        Raises
        ------
        ConfigError
            For plain data that is no pipeline.
        """
        other = source if isinstance(source, Pipeline) else Pipeline.from_dict(source)
        objects = other.instances if isinstance(source, Pipeline) else self.instances
        self.spec, self.instances = other.spec, ready_blocks(other.spec, objects)
        for watcher in self._watchers:
            watcher(self)

    def watch(self, watcher: Callable[[Pipeline], None]) -> None:
        """Have ``watcher(pipeline)`` called after each ``update``."""
        self._watchers.append(watcher)

    def edit(self) -> Any:
        """The visual editor of this pipeline, to be shown in a notebook's cell.

        What is changed there is changed here, as soon as it is a pipeline, and the other way round.

        Raises
        ------
        ConfigError
            Where the notebook's libraries are not installed.
        """
        return open_widget("editor", self)

    def validate(self, fields: Iterable[str] | None = None) -> Listing[Problem]:
        """What is wrong, without running anything; an empty list when nothing is.

        Parameters
        ----------
        fields : iterable of str, optional
            The seed's fields; given, a field that nobody provides is a problem too.
        """
        registry = self.services.registry
        registry.refresh()
        return Listing(
            check_pipeline(self.spec, registry, self.instances, fields),
            ("Block", "Problem"),
            lambda problem: (problem.block or "-", problem.message),
            title="Problems",
            empty="No problems found.",
            width=None,
        )

    def needed_fields(self) -> list[str]:
        """Fields every seed has to bring, ``"a|b"`` where either will do.

        Raises
        ------
        BlockNotFoundError, ConfigError, TemplateError
            For a pipeline that cannot be built.
        """
        registry = self.services.registry
        registry.refresh()
        needed = needed_seed_fields(self.spec, registry, self.instances)
        return ["|".join(anyof) for anyof in needed]

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
        return only_result(await self.execute_all(seed, random_seed=random_seed), self.name)

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
        execution = new_execution(seed, random_seed)
        return results_of(await runtime.hand_over(run_seed(program, execution, models)))

    def execute_sync(self, seed: Mapping[str, Any], *, random_seed: int | None = None) -> Result:
        """``execute`` for code without ``await``.

        Raises
        ------
        JobError
            When called on the loop thread (inside a block); await ``execute`` there.
        """
        return runtime.run(self.execute(seed, random_seed=random_seed), "execute_sync")

    def preview(
        self,
        seed: Mapping[str, Any],
        *,
        upto: str | int | None = None,
        dry: bool = False,
        model: str | None = None,
        random_seed: int | None = None,
    ) -> Preview:
        """Run one seed and show every step and call, whatever fails; store nothing.

        Parameters
        ----------
        upto : str or int, optional
            Stop after this block: its id, its type or its position, from 1. ``accept_when`` is
            left out when blocks are cut off.
        dry : bool
            Render every prompt and ask no model: answers are placeholders, no key is needed.
        model : str, optional
            What a block without a model gets.

        Raises
        ------
        BlockNotFoundError, ConfigError, TemplateError
            For a pipeline, a model or an ``upto`` that cannot be.
        SeedError
            For a seed that cannot be used, or lacks a field that a block needs; before any call.
        JobError
            When called on the loop thread (inside a block).
        """
        services = self.services
        services.registry.refresh()
        spec = self.spec if upto is None else cut_after(self.spec, upto, services.registry)
        return preview_seed(
            spec,
            services.registry,
            self.instances,
            services.models,
            seed,
            dry=dry,
            model=model,
            random_seed=random_seed,
        )

    def debug(self, seed: Mapping[str, Any], *, random_seed: int | None = None) -> Result:
        """``execute_sync`` on the caller's own thread and stack, for debuggers and profilers.

        ``set_trace()`` in a block, ``%debug`` after an error, ``%prun`` and JupyterLab's debugger
        work: sync blocks are not sent to worker threads, models are asked by clients of its own.

        Raises
        ------
        DataGenFlowError
            As ``execute``; the traceback ends in the block's own frame.
        ConfigError
            In a notebook without nest-asyncio2, with how to install it.
        JobError
            When called on the loop thread (inside a block).
        """
        results = debug_seed(self.program(), self.services.models, seed, random_seed)
        return only_result(results, self.name)


def open_widget(door: str, *arguments: Any) -> Any:
    """A widget, behind a door of ``faces``.

    Raises
    ------
    ConfigError
        Where the notebook's libraries are not installed, with how to install them.
    """
    try:
        return open_door(door, *arguments)
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] not in ("anywidget", "ipywidgets", "IPython"):
            raise
        raise ConfigError(
            f"this needs {error.name}, which is not installed in this kernel's environment; run in "
            f"a cell: %pip install {error.name}",
            {"package": error.name},
        ) from error


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


def _split_objects(blocks: Any) -> tuple[list[Any], dict[int, BaseBlock]]:
    """Entries as plain data, and the ready-made blocks by position."""
    entries: list[Any] = []
    objects: dict[int, BaseBlock] = {}
    if not isinstance(blocks, Iterable):
        return blocks, objects  # the specification says what was expected
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
