"""``dgf demo``: the whole way on real texts, without a network."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ..errors import ConfigError
from .command import Command, start_log
from .follow import Interrupts, exit_status, follow, job_summary, summary_text
from .output import emit, output_width, plural, shown_path
from .trace import trace_text

if TYPE_CHECKING:
    from ..jobs import Job
    from ..templates import TemplateInfo
    from ..workspaces import Workspace

__all__ = ["demo"]

_TEMPLATE = "qa_generation"
_RANDOM_SEED = 1
_WIDTH = 100


@click.command(cls=Command)
@click.argument("folder", metavar="[DIR]", default="demo", type=click.Path(path_type=Path))
@click.pass_context
def demo(ctx: click.Context, folder: Path) -> None:
    """Run a pipeline on example texts, show a record with its trace, export a dataset.

    Everything goes into the folder DIR (default: demo): the store, the export, and the pipeline and
    the seeds as files to start from. The embedded offline model answers, whatever the settings say,
    so it needs no network and costs nothing. Running it again adds a job and exports anew.
    """
    with _workspace(folder) as workspace, Interrupts() as interrupts:
        template = _write_files(folder)
        emit(
            f"Pipeline {template.name!r}: {template.description}\n"
            "Model: offline. The embedded model answers, whatever LLM_* says: it is no language\n"
            "model, it picks sentences and keywords out of the prompt.",
            err=True,
        )
        job = workspace.run(folder / f"{_TEMPLATE}.yaml", template.seeds, random_seed=_RANDOM_SEED)
        row, seconds = follow(job, interrupts)
        _show_record(workspace, job)
        emit(summary_text(workspace, row, job_summary(workspace, row, seconds)))
        if row.status == "completed":
            _finish(job, folder)
    ctx.exit(exit_status(row))
