"""``dgf run``: a pipeline over seeds, stored, and exported when asked for."""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ..displays.text import plural, shown_path
from ..errors import ConfigError, SeedError, suggest
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
from .output import emit, emit_json

if TYPE_CHECKING:
    from ..jobs import Job
    from ..records import Seed
    from ..settings import Settings
    from ..workspaces import Workspace

__all__ = ["run"]

_PIPELINE_SUFFIXES = (".yaml", ".yml", ".json")


@click.command(cls=Command)
@click.argument("pipeline", metavar="PIPELINE")
@click.argument("seeds", metavar="SEEDS")
@db_option
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    metavar="PATH",
    help="Export the records to this file when the job has completed: .jsonl, .csv or .parquet.",
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
    is_file = _check_file(settings, pipeline)
    _check_seeds(seeds)
    if out is not None:
        _spare_inputs(out, (Path(pipeline), Path(seeds), settings.database_path))
        _rehearse_export(out)
    with Interrupts() as interrupts, opened(db) as workspace:
        ready = Path(pipeline) if is_file else _stored(workspace, pipeline)
        source = _standard_input() if seeds == "-" else seeds
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
            told, summary["export"] = _export(job, row.status, out, list(statuses))
            if not as_json:
                emit(told)
        if as_json:
            emit_json(summary)
    ctx.exit(exit_status(row))


def _check_file(settings: Settings, source: str) -> bool:
    """Whether PIPELINE is a file; one that cannot be used fails here, before a store is made."""
    if Path(source).suffix.lower() in _PIPELINE_SUFFIXES:
        from ..pipeline import Pipeline

        Pipeline.from_yaml(Path(source))
        return True
    if not settings.database_path.exists():
        raise _unknown(settings, source, [])
    return False


def _stored(workspace: Workspace, name: str) -> str:
    known = [pipeline.name for pipeline in workspace.pipelines()]
    if name not in known:
        raise _unknown(workspace.settings, name, known)
    return name


def _unknown(settings: Settings, source: str, stored: list[str]) -> ConfigError:
    from ..templates import template_ids

    detail = {"pipeline": source, "pipelines": stored}
    if source in template_ids(settings.templates_path):
        return ConfigError(
            f"{source!r} is a template, not a pipeline of yours; write it to files first: "
            f"dgf templates {source} > {source}.yaml and "
            f"dgf templates {source} --seeds > seeds.json",
            detail,
        )
    if Path(source).exists():
        return ConfigError(
            f"{source!r} is no pipeline file: its name ends in {', '.join(_PIPELINE_SUFFIXES)}",
            detail,
        )
    files = [str(path) for path in Path().iterdir() if path.suffix in _PIPELINE_SUFFIXES[:2]]
    return ConfigError(
        f"{source!r} is neither a YAML file nor a stored pipeline; "
        f"{suggest(source, [*stored, *files])}",
        detail,
    )


def _check_seeds(seeds: str) -> None:
    """A file that is not there or of a kind nobody reads fails before a store is made."""
    from ..seeds import read_seeds

    if seeds != "-" and not seeds.startswith("job:"):
        read_seeds(seeds)  # reads nothing yet


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
    job: Job, status: str, out: Path, statuses: list[str]
) -> tuple[str, dict[str, Any] | None]:
    """Export a completed job: what to say about it, and the same as JSON."""
    if status != "completed":
        return f"Nothing was exported; to do it: dgf export {job.id} {out}", None
    result = job.export(out, status=statuses or None)
    told = f"Exported {plural(result.records, 'record')} to {shown_path(result.path)}"
    return told, {
        "path": str(result.path), "records": result.records, "format": result.format,
    }  # fmt: skip


def _standard_input() -> Iterator[Seed]:
    from ..seeds import parse_text

    if sys.stdin is None:
        raise SeedError("standard input is closed; give the seeds as a file")
    try:
        text = sys.stdin.buffer.read().decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise SeedError(f"standard input is not UTF-8: {error}") from error
    return parse_text(text, where="standard input")
