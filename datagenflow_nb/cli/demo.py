"""``dgf demo``: the whole way on real texts, without a network."""

from __future__ import annotations

import contextlib
import json
import shlex
import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ..displays.text import plural, shown_path
from ..errors import ConfigError
from .aside import results_only
from .command import Command, start_log
from .follow import Interrupts, exit_status, follow, job_summary, summary_text
from .output import emit, output_width

if TYPE_CHECKING:
    from ..jobs import Job
    from ..settings import Settings
    from ..templates import TemplateInfo
    from ..workspaces import Workspace

__all__ = ["demo"]

_TEMPLATE = "qa_generation"
_EXPORT = "qa.jsonl"
_RANDOM_SEED = 1
_WIDTH = 100


@click.command(cls=Command)
@click.argument("folder", metavar="[DIR]", default="demo", type=click.Path(path_type=Path))
@click.pass_context
def demo(ctx: click.Context, folder: Path) -> None:
    """Run a pipeline on example texts, show a record with its trace, export a dataset.

    Everything goes into the folder DIR (default: demo): the store, the export, and the pipeline and
    the seeds as files to start from. The embedded offline model answers, whatever the settings say,
    so it needs no network and costs nothing. Running it again adds a job and exports anew; a
    pipeline or seeds edited there are kept.
    """
    from ..templates import read_template
    from ..workspaces import Workspace

    template = read_template(_TEMPLATE)
    with Interrupts() as interrupts, contextlib.closing(Workspace(_settings(folder))) as workspace:
        _write_files(folder, template)
        emit(
            f"Pipeline {template.name!r}: {template.description}\n"
            "Model: offline. The embedded model answers, whatever LLM_* says; it is no language "
            "model:\nit picks sentences and keywords out of the prompt.",
            err=True,
        )
        with results_only():
            job = workspace.run(template.text, template.seeds, random_seed=_RANDOM_SEED)
            row, seconds = follow(workspace, job, interrupts)
        _show_record(workspace, job)
        emit(summary_text(workspace, row, job_summary(workspace, row, seconds)))
        if row.status == "completed":
            result = job.export(folder / _EXPORT)
            emit(f"Exported {plural(result.records, 'record')} to {shown_path(result.path)}")
            emit(_next_steps(folder, job.id))
    ctx.exit(exit_status(row))


def _settings(folder: Path) -> Settings:
    """Settings without any LLM: nothing of the environment reaches the demo but DEBUG."""
    from ..settings import Settings

    try:
        debug = Settings.load().debug
    except ConfigError:  # the demo is to run where the settings do not yet
        debug = False
    start_log(debug)
    root = folder.expanduser().resolve()
    return Settings(
        root=root,
        database_path=root / "datagenflow.db",
        blocks_path=root / "blocks",
        templates_path=root / "templates",
        debug=debug,
    )


def _write_files(folder: Path, template: TemplateInfo) -> None:
    """The pipeline and its seeds as files; what the user has changed in them stays."""
    seeds = json.dumps(template.seeds, indent=2, ensure_ascii=False) + "\n"
    for path, text in (
        (folder / f"{_TEMPLATE}.yaml", template.text),
        (folder / "seeds.json", seeds),
    ):
        try:
            if not path.exists():
                path.write_text(text, encoding="utf-8")
            elif path.read_bytes() != text.encode():
                emit(
                    f"{shown_path(path)} was edited and is kept; the demo runs the original",
                    err=True,
                )
        except OSError as error:
            raise ConfigError(f"{path} cannot be written: {error}") from error


def _show_record(workspace: Workspace, job: Job) -> None:
    records = workspace.records(job_id=job.id)
    if records.empty:
        return
    first = records.sort_values(["seed_index", "id"])["id"].iloc[0]
    record = workspace.record(int(first))
    emit("")
    emit(record.text(output_width() or _WIDTH))
    emit("")


def _next_steps(folder: Path, job_id: int) -> str:
    program = _program()
    pipeline, seeds, table, store = (
        shlex.quote(shown_path(folder / name))
        for name in (f"{_TEMPLATE}.yaml", "seeds.json", "qa.csv", "datagenflow.db")
    )
    return f"""
Next: edit {pipeline} and {seeds}, then run them
  {program} run {pipeline} {seeds} --out out.jsonl
with a model of yours by setting LLM_ENDPOINT, LLM_MODEL and LLM_API_KEY, in the environment or in
a file .env. Also:
  {program} export {job_id} {table} --db {store}
  {program} jobs --db {store}
  {program} --help"""


def _program() -> str:
    """How the command can be called from here."""
    if shutil.which("dgf"):
        return "dgf"
    called = Path(sys.argv[0])
    if called.stem == "dgf" and called.is_file():
        return shlex.quote(shown_path(called))
    return f"{shlex.quote(sys.executable)} -m datagenflow_nb"
