"""Every command of ``%dgf``, a file each; ``COMMAND`` is what it is."""

from __future__ import annotations

from ..command import Command
from . import (
    block,
    blocks,
    cancel,
    compare,
    delete,
    edit,
    estimate,
    export,
    failures,
    job,
    jobs,
    log,
    model,
    models,
    new,
    pause,
    pipeline,
    pipelines,
    preview,
    records,
    report,
    rerun,
    resume,
    retry,
    review,
    run,
    status,
    templates,
    traces,
)

__all__ = ["COMMANDS"]

_MODULES = (
    status, templates, new, blocks, block, pipelines, pipeline, edit, preview, estimate, run, jobs,
    job, pause, resume, cancel, retry, rerun, failures, log, review, compare, records, traces,
    report, export, models, model, delete,
)  # fmt: skip

#: By name, in the order in which one meets them.
COMMANDS: dict[str, Command] = {module.COMMAND.name: module.COMMAND for module in _MODULES}
