"""What a job's models and its blocks' code were when it began, and whether they still are that.

A model is what it was when its name, its id and its endpoint are: under one name another one would
answer otherwise. Code is compared as far as ``fingerprint`` sees it, of blocks that are not ours.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from typing import Any

from ..blocks.base import BaseBlock
from ..blocks.builtin.text_generator import TextGenerator
from ..blocks.fingerprint import fingerprint
from ..displays.asked import PLACE_OF_EMBEDDED
from ..engine import Program
from ..engine.program import BoundBlock
from ..errors import ConfigError
from ..llm.base import OFFLINE, ModelConfig
from ..llm.catalog import Models
from ..storage.jobs import JobRow

__all__ = ["changed_code", "identity_of", "is_builtin", "moved_models", "refuse_other_models"]

_BUILTIN = TextGenerator.__module__.rpartition(".")[0]


def identity_of(program: Program, models: Models) -> dict[str, Any]:
    """What a job's options keep, as JSON: ``models``, the names of those that its blocks are
    configured with, and ``identity``.

    Of that ``models``: by name, their endpoints and ids. ``default``: name, endpoint and id of the
    default model when only a block's code may ask it, else None. ``python``, ``code``: by block id,
    fingerprints that this Python made.
    """
    named = {config.name: _place(config) for config in models.check(program.model_names).values()}
    default = _default(program, models)
    identity = {
        "models": named,
        "default": default and [default.name, *_place(default)],
        "python": sys.implementation.cache_tag,
        "code": _code_of(program),
    }
    return {"models": sorted(named), "identity": identity}


def is_builtin(block: BaseBlock) -> bool:
    """Whether the block is one of the package."""
    return type(block).__module__.startswith(_BUILTIN)


def changed_code(options: Mapping[str, Any], program: Program) -> list[str]:
    """Ids of the blocks whose code is not that of the job with these options, in their order.

    What another version of Python made, or a job that was stored without it, says nothing.
    """
    before = options.get("identity") or {}
    if before.get("python") != sys.implementation.cache_tag:
        return []
    known, now = before["code"], _code_of(program)
    return [id_ for id_, code in now.items() if id_ in known and known[id_] != code]


def moved_models(options: Mapping[str, Any], program: Program, models: Models) -> list[str]:
    """Which models have the same name and id at another address, in words."""
    before = (options.get("identity") or {}).get("models", {})
    told = []
    for config in models.check(program.model_names).values():
        was = before.get(config.name)
        if was is not None and was[0] != config.endpoint and was[1] == config.model:
            told.append(
                f"model {config.name!r} was at {was[0] or PLACE_OF_EMBEDDED}, "
                f"is at {config.endpoint or PLACE_OF_EMBEDDED}"
            )
    return sorted(set(told))


def refuse_other_models(
    job: JobRow, program: Program, models: Models, id_asked: Callable[[str], str | None]
) -> None:
    """Raise when the job's blocks would ask other models than before.

    Parameters
    ----------
    id_asked : callable
        The id of a model by its name, out of a call that the job has made to it.

    Raises
    ------
    ConfigError
    """
    configs = {config.name: config for config in models.check(program.model_names).values()}
    names, before = sorted(configs), job.options.get("models") or []
    if names != before:
        raise ConfigError(
            f"job {job.id} asked the models {', '.join(before) or 'none'}, now its blocks would "
            f"ask {', '.join(names) or 'none'}; set them as they were (LLM_MODEL names the default "
            f'one), or run the pipeline over "job:{job.id}"',
            {"job_id": job.id, "models": before, "now": names},
        )
    identity = job.options.get("identity")
    if identity is None:
        return  # stored before this was kept
    for name, place in identity["models"].items():
        if _place(configs[name]) != place:
            raise _other(job, f"the model {name!r}", place, _place(configs[name]))
    asked = {name for name in job.usage.get("models") or {} if name not in configs}
    if identity["default"] is not None:
        name, *place = identity["default"]
        _refuse_other_default(job, name, place, models, is_asked=name in asked)
        asked.discard(name)
    for name in sorted(asked):  # by a block's code
        if name.startswith(f"{OFFLINE} at "):
            continue  # a default one, which no code can name
        now = models.resolve(name)
        id_ = id_asked(name)
        if id_ is not None and now.model != id_:
            raise _other(job, f"the model {name!r}", [now.endpoint, id_], _place(now))


def _refuse_other_default(
    job: JobRow, name: str, place: list[str | None], models: Models, *, is_asked: bool
) -> None:
    """The same of the default model when a block's code may ask it.

    Blocks that have run to their end without it, as those that want random numbers alone, are
    taken to need none.
    """
    if job.executions_done and not is_asked:
        return
    now = models.resolve(None)
    if [now.name, *_place(now)] != [name, *place]:
        what = f"the default model {name!r} for blocks whose code asks one"
        raise _other(job, what, place, _place(now))


def _other(job: JobRow, what: str, before: list[str | None], now: list[str | None]) -> ConfigError:
    told = [f"{id_} at {endpoint or PLACE_OF_EMBEDDED}" for endpoint, id_ in (before, now)]
    return ConfigError(
        f"job {job.id} has {what}, which was {told[0]} and is {told[1]} now; set it as it was "
        f'(add_model, LLM_ENDPOINT and LLM_MODEL), or run the pipeline over "job:{job.id}"',
        {"job_id": job.id, "before": before, "now": now},
    )


def _place(config: ModelConfig) -> list[str | None]:
    return [config.endpoint, config.model]


def _default(program: Program, models: Models) -> ModelConfig | None:
    if not any(map(_may_ask, program.blocks)):
        return None
    try:
        default = models.resolve(None)
    except ConfigError:
        return None  # there is none, which a block is told that asks it all the same
    named = models.check(program.model_names).values()
    return None if any(config.name == default.name for config in named) else default


def _may_ask(bound: BoundBlock) -> bool:
    """Whether code that nobody has configured a model for can get one."""
    is_configured = "model" in dict(bound.block.config.items())
    is_off = bound.spec.disabled or is_builtin(bound.block)
    return bound.wants_context and not is_configured and not is_off


def _code_of(program: Program) -> dict[str, str]:
    return {
        bound.spec.id: fingerprint(type(bound.block))
        for bound in program.blocks
        if not is_builtin(bound.block)
    }
