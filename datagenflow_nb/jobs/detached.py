"""Jobs in processes of their own: what may run there, and what such a process is told."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .. import __version__
from ..blocks.base import BaseBlock
from ..blocks.config import BlockConfig
from ..blocks.fingerprint import fingerprint
from ..blocks.registry import CELL, Registry
from ..engine.program import build_block
from ..errors import ConfigError, JobError
from ..settings import Settings
from ..spec import PipelineSpec

__all__ = ["Order", "check_code", "make_order"]

#: Settings that a detached process reads anew, and their variables.
_READ_ANEW = {
    "llm_endpoint": "LLM_ENDPOINT", "llm_model": "LLM_MODEL", "llm_api_key": "LLM_API_KEY",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Order:
    """What a detached process is told, as JSON.

    Attributes
    ----------
    version : str
        Of the package here.
    path : list of str
        Where Python finds modules here.
    settings : dict
        Root and places; keys and models are read from the environment and ``.env``, as anywhere.
    blocks : dict of str to str
        Fingerprints of the block types that the job uses.
    job_id : int
    token : str or None
        Under which this process has the job, which is new; the other takes it over.
    again : dict or None
        How a job that has ended runs again: ``options``, ``is_retry``, ``from_block``.
    """

    version: str
    path: list[str]
    settings: dict[str, Any]
    blocks: dict[str, str]
    job_id: int = 0
    token: str | None = None
    again: dict[str, Any] | None = None


def make_order(
    spec: PipelineSpec,
    registry: Registry,
    instances: Mapping[str, BaseBlock],
    settings: Settings,
) -> Order:
    """What a process of its own needs to know to run this pipeline as this one would.

    Raises
    ------
    ConfigError
        When it would not: a block exists in this process alone, or a setting does.
    JobError
        Where there are no detached jobs.
    """
    if os.name != "posix":
        raise JobError("jobs cannot be detached on Windows; run it here, or with dgf run")
    _refuse_local_blocks(spec, registry, instances)
    places: dict[str, Any] = {
        name: str(getattr(settings, name))
        for name in ("root", "database_path", "blocks_path", "templates_path")
    }
    places["debug"] = settings.debug
    _refuse_local_settings(settings, Settings.load(**places))
    types = {block.type for block in spec.blocks}
    return Order(
        version=__version__,
        path=[os.fspath(Path(entry).absolute()) for entry in sys.path],
        settings=places,
        blocks={name: fingerprint(registry.get(name)) for name in sorted(types)},
    )


def check_code(blocks: Mapping[str, str], registry: Registry) -> None:
    """Compare the blocks here with those where the order was made.

    Raises
    ------
    BlockNotFoundError, ConfigError
        When one is not there, or is another one.
    """
    for name, expected in blocks.items():
        entry = registry.find(name)
        if fingerprint(entry.block) != expected:
            raise ConfigError(
                f"block {name!r} of {entry.source} is not the one that is loaded where the job was "
                "started: its file has changed since; restart the kernel (or the script) and "
                "start the job again",
                {"block_type": name, "source": entry.source},
            )


def _refuse_local_blocks(
    spec: PipelineSpec, registry: Registry, instances: Mapping[str, BaseBlock]
) -> None:
    local: list[str] = []
    for number, block in enumerate(spec.blocks, 1):
        ready = instances.get(block.id)
        if ready is None:
            is_local = registry.find(block.type).source == CELL
        elif block.type not in registry:
            is_local = True
        else:
            entry = registry.find(block.type)
            is_local = entry.source == CELL or entry.block is not type(ready)
            if not is_local and not _is_alike(ready, build_block(block, registry, number)):
                raise ConfigError(
                    f"block {block.id!r} holds more than its configuration, which a detached job "
                    f"does not get: it makes a new {block.type} from the configuration; give "
                    "all that it needs there, or run the job here",
                    {"block_id": block.id, "block_type": block.type},
                )
        if is_local and block.type not in local:
            local.append(block.type)
    if local:
        names = _listed(local)
        raise ConfigError(
            f"{names} {'exists' if len(local) == 1 else 'exist'} in this process alone, and a "
            "detached job has one of its own: save the cell with %%dgf block --save, or put "
            f"{'it' if len(local) == 1 else 'them'} into a file in the project's blocks/",
            {"block_types": local},
        )


def _is_alike(ready: BaseBlock, made: BaseBlock) -> bool:
    """Whether the object is what its type makes of its configuration, as far as that shows."""
    mine, other = vars(ready), vars(made)
    return mine.keys() == other.keys() and all(
        value == other[name]
        for name, value in mine.items()
        if isinstance(value, str | int | float | list | dict | BlockConfig | None)
        or type(value) is not type(other[name])
    )


def _refuse_local_settings(mine: Settings, read: Settings) -> None:
    differing = [
        variable
        for name, variable in _READ_ANEW.items()
        if getattr(mine, name) != getattr(read, name)
    ]
    if not differing and mine.key_is_paired == read.key_is_paired:
        return
    names = _listed(differing or ["LLM_API_KEY"], "")
    raise ConfigError(
        f"{names} of this workspace {'is' if len(differing) < 2 else 'are'} not what the "
        "environment and .env say now, and a detached job reads those: set the same there, or open "
        "the workspace anew (dgf.workspace(path))",
        {"settings": differing},
    )


def _listed(names: Iterable[str], quote: str = "'") -> str:
    *most, last = [f"{quote}{name}{quote}" for name in names]
    return f"{', '.join(most)} and {last}" if most else last
