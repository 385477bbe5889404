"""``dgf run``: a pipeline over seeds, stored, and exported when asked for."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ..displays.budgets import is_as_asked
from ..displays.text import plural, shown_path
from ..errors import ConfigError
from .aside import results_only
from .budgets import budget_options, given
from .command import (
    STATUSES,
    Command,
    db_option,
    json_option,
    load_settings,
    opened,
    stop_early_option,
)
from .detached import detach_option, tell_detached
from .follow import (
    Interrupts,
    exit_status,
    follow,
    job_summary,
    summary_text,
    tell_start,
)
from .inputs import check_file, check_seeds, standard_input, stored_name
from .output import emit, emit_json

if TYPE_CHECKING:
    from ..jobs import Job
    from ..storage.jobs import JobRow

__all__ = ["run"]


@click.command(cls=Command)
@click.argument("pipeline", metavar="PIPELINE")
@click.argument("seeds", metavar="SEEDS")
@db_option
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    metavar="PATH",
    help="Export the records to this file when the job has completed or has its --max-records: "
    ".jsonl, .csv or .parquet.",
)
@click.option(
    "--status",
    "statuses",
    multiple=True,
    type=click.Choice(STATUSES),
    help="What --out exports, may be repeated. Default: pending and accepted.",
)
@click.option(
    "--concurrency",
    type=click.IntRange(1, 4096),
    default=32,
    show_default=True,
    help="Executions and branches worked on at once.",
)
@click.option(
    "--model", metavar="NAME", help="Answers where a block names no model, instead of LLM_MODEL."
)
@click.option(
    "--random-seed",
    type=click.IntRange(0, 2**63 - 1),
    metavar="N",
    help="What the job's random numbers are drawn from. Default: drawn and stored.",
)
@stop_early_option
@budget_options(is_again=False)
@detach_option
@json_option
@click.pass_context
def run(
    ctx: click.Context,
    /,
    pipeline: str,
    seeds: str,
    db: Path | None,
    out: Path | None,
    statuses: tuple[str, ...],
    detach: bool,
    as_json: bool,
    **options: Any,
) -> None:
    """Run a pipeline over seeds and store every record with its trace.

    PIPELINE is a YAML (or JSON) file or the name of a stored pipeline. SEEDS is a file (.json
    .jsonl .yaml .csv .parquet .md .txt), a folder of such files, job:3 for the seeds of that job,
    or - for standard input.

    Ctrl-C stops cleanly: nothing new starts, no further call is made, answers in flight are kept; a
    second one drops them. What has finished stays stored either way.
    """
    if statuses and out is None:
        raise click.UsageError("--status says what --out exports; give --out too")
    if detach and out is not None:
        raise click.UsageError(
            "--out exports when the job has ended, which --detach does not wait for; "
            "dgf export does it then"
        )
    settings = load_settings(db)
    is_file = check_file(settings, pipeline)
    check_seeds(seeds)
    if out is not None:
        _spare_inputs(out, (Path(pipeline), Path(seeds), settings.database_path))
        _rehearse_export(out)
    with Interrupts() as interrupts, opened(db) as workspace:
        ready = Path(pipeline) if is_file else stored_name(workspace, pipeline)
        source = standard_input() if seeds == "-" else seeds
        with results_only():
            job = workspace.run(ready, source, detach=detach, **given(options))
            row = job.row
            tell_start(workspace, row, plural(row.total or 0, "execution"))
            if not detach:
                row, seconds = follow(workspace, job, interrupts)
        if detach:
            tell_detached(workspace, row, as_json=as_json)
            return
        summary = job_summary(workspace, row, seconds)
        if not as_json:
            emit(summary_text(workspace, row, summary))
        if out is not None:
            told, summary["export"] = _export(row, job, out, list(statuses))
            if not as_json:
                emit(told)
        if as_json:
            emit_json(summary)
    ctx.exit(exit_status(row))


def _spare_inputs(out: Path, inputs: tuple[Path, ...]) -> None:
    """The export must not replace what the run reads, or the store it writes."""
    target = out.expanduser().resolve()
    for path in inputs:
        source = path.expanduser().resolve()
        if target == source:
            raise ConfigError(
                f"--out {out} is the run's own {path.name}; name another file for the export",
                {"path": str(out)},
            )
        if source.is_dir() and target.parent == source:
            raise ConfigError(
                f"--out {out} lies in the folder of the seeds: the next run would read the export "
                "as seeds; name a file elsewhere",
                {"path": str(out)},
            )


def _rehearse_export(out: Path) -> None:
    """Fail before the run rather than after it: the real export, without records, elsewhere."""
    from ..export import export_records
    from ..export.place import check_target

    check_target(out)
    with tempfile.TemporaryDirectory() as folder:
        export_records(list, Path(folder) / out.name)


def _export(
    row: JobRow, job: Job, out: Path, statuses: list[str]
) -> tuple[str, dict[str, Any] | None]:
    """Export a job that did what it was asked: what to say about it, and the same as JSON."""
    if not is_as_asked(row.status, row.error, row.options):
        return f"Nothing was exported; to do it: dgf export {job.id} {out}", None
    result = job.export(out, status=statuses or None)
    told = f"Exported {plural(result.records, 'record')} to {shown_path(result.path)}"
    return told, {
        "path": str(result.path), "records": result.records, "format": result.format,
    }  # fmt: skip
