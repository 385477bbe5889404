"""``dgf log``: what the blocks of a job printed and logged."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from .command import Command, db_option, existing_workspace, json_option
from .output import emit, emit_json

if TYPE_CHECKING:
    from ..storage.log import LogLine

__all__ = ["log"]


@click.command(cls=Command)
@click.argument("job_id", metavar="ID", type=int)
@db_option
@click.option(
    "--limit", type=click.IntRange(0), metavar="N", help="Only the last N lines. Default: all."
)
@json_option
def log(job_id: int, db: Path | None, limit: int | None, as_json: bool) -> None:
    """Print what the blocks of job ID printed and logged: time (UTC), block, text.

    Lines that were logged or written to standard error say so in front of the text.
    """
    with existing_workspace(db) as workspace:
        job = workspace.job(job_id)
        lines = job.log(limit)
        if as_json:
            emit_json([line.to_dict() for line in lines])
        elif lines:
            emit(_text(lines))
        elif not job.log_lines:
            emit(f"The log of job {job_id} is empty: its blocks printed and logged nothing.")


def _text(lines: list[LogLine]) -> str:
    width = max(len(line.block_id or "-") for line in lines)
    told = []
    for line in lines:
        time = line.created_at[:19].replace("T", " ")
        start = f"{time}  {line.block_id or '-':<{width}}  "
        level = "" if line.level == "print" else f"[{line.level}] "
        # Further lines of a traceback stand below its first.
        told.append(start + (level + line.message).replace("\n", "\n" + " " * len(start)))
    return "\n".join(told)
