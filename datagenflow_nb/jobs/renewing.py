"""Blocks that were given as objects, where their code has been defined anew since."""

from __future__ import annotations

from collections.abc import Mapping

from ..blocks.base import BaseBlock
from ..blocks.fingerprint import fingerprint
from ..blocks.folder import is_own
from ..blocks.registry import Registry
from ..engine.program import build_block
from ..errors import BlockNotFoundError, ConfigError
from ..records import decode
from ..spec import PipelineSpec
from ..storage.jobs import JobRow

__all__ = ["renewed"]


def renewed(
    job: JobRow, registry: Registry, instances: Mapping[str, BaseBlock]
) -> dict[str, BaseBlock]:
    """The objects that a job runs with again.

    One whose class a cell, a script or the project's ``blocks/`` defines with other code by now is
    made anew, from its configuration. The others stay as they are, with all that they hold.

    Raises
    ------
    ConfigError
        When the new code does not take it.
    """
    if not instances:
        return {}
    registry.refresh()
    spec = PipelineSpec.from_dict(decode(job.definition), f"pipeline {job.pipeline_name!r}")
    blocks = dict(instances)
    for number, entry in enumerate(spec.blocks, 1):
        ready = blocks.get(entry.id)
        if ready is not None and _is_outdated(type(ready), registry):
            blocks[entry.id] = build_block(entry, registry, number)
    return blocks


def _is_outdated(kind: type[BaseBlock], registry: Registry) -> bool:
    """Whether there is another definition of the class; one that was imported is left alone."""
    if not is_own(kind):
        return False
    try:
        now = registry.get(kind.__name__)
    except (BlockNotFoundError, ConfigError):  # it is gone, or two are: neither is a newer one
        return False
    return now is not kind and is_own(now) and fingerprint(now) != fingerprint(kind)
