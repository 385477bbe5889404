"""``dgf report``: what the records of a job are like."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from ..displays.text import plural, shown_path
from .command import STATUSES, Command, db_option, existing_workspace, json_option
from .output import emit, emit_json, output_width
from .progress import Reading
from .selecting import selection_options

__all__ = ["report"]


@click.command(cls=Command)
@click.argument("job_id", metavar="ID", type=int)
@db_option
@click.option(
    "--html",
    type=click.Path(path_type=Path),
    metavar="PATH",
    help="Write the report as one HTML file, with charts, instead of printing it.",
)
@click.option(
    "--status",
    "statuses",
    multiple=True,
    type=click.Choice(STATUSES),
    help="Only records of this status, may be repeated. Default: pending and accepted.",
)
@click.option("--field", "fields", multiple=True, metavar="NAME",
              help="Only this field, may be repeated.")  # fmt: skip
@click.option(
    "--sample", type=click.IntRange(1), metavar="N",
    help="Read only N records, drawn at random, the same each time.",
)  # fmt: skip
@selection_options
@json_option
def report(
    job_id: int,
    db: Path | None,
    html: Path | None,
    statuses: tuple[str, ...],
    fields: tuple[str, ...],
    sample: int | None,
    as_json: bool,
    **selection: Any,
) -> None:
    """Tell what the records of job ID are like.

    What is odd first; then each field: how many have a value, lengths, distributions, frequent
    values, duplicates; seeds without records, failures by cause, time, tokens and cost.
    """
    with existing_workspace(db) as workspace:
        reading = Reading("record")
        found = workspace.job(job_id).report(
            list(statuses) or None,
            fields=list(fields) or None,
            sample=sample,
            progress=reading.show,
            **selection,
        )
        reading.end()
        if html is not None:
            path = found.to_html(html)
        if as_json:
            emit_json(found.to_dict())
        elif html is None:
            emit(found.text(output_width()))
        else:
            emit(f"Report on {plural(found.records, 'record')} of job {job_id} written to "
                 f"{shown_path(path)}")  # fmt: skip
            for warning in found.warnings:
                emit(f"! {warning}")
