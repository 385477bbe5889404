"""What the commands share: how errors end, common options, settings, log and workspace."""

from __future__ import annotations

import contextlib
import contextvars
import logging
import traceback
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ..displays.text import shown_path
from ..errors import DataGenFlowError, StoreError
from .aside import results_only
from .output import emit, emit_json
from .progress import clear_line

if TYPE_CHECKING:
    from ..settings import Settings
    from ..workspaces import Workspace

__all__ = [
    "FAILED",
    "FAILED_RECORDS",
    "STATUSES",
    "Command",
    "db_option",
    "existing_workspace",
    "json_option",
    "load_settings",
    "opened",
    "start_log",
    "stop_early_option",
]

#: Exit statuses beside 0; 2, wrong usage, is click's.
FAILED, FAILED_RECORDS = 1, 3
#: Statuses of records; here so that a wrong one is wrong usage and ``--help`` lists them.
STATUSES = ("pending", "accepted", "rejected", "failed", "filtered")

_DEBUG = "datagenflow_nb.debug"
_FORMAT = "%(asctime)s [%(levelname)s] %(message)s"

db_option = click.option(
    "--db",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="The store. Default: DATABASE_PATH, else datagenflow.db at the project root.",
)
json_option = click.option(
    "--json", "as_json", is_flag=True, help="Print one JSON document instead of text."
)

stop_early_option = click.option(
    "--stop-early/--no-stop-early",
    default=None,
    help="End the job when nearly all of the first records fail, or when what nothing mends (a "
    "refused key, an unknown model) repeats. Default: yes; for a job that runs again as before.",
)


class Command(click.Command):
    """A command whose errors of ours end it with one message and status 1.

    With ``DEBUG=true`` the traceback is shown too.
    """

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except DataGenFlowError as error:
            clear_line()
            if ctx.meta.get(_DEBUG):
                emit("".join(traceback.format_exception(error)), err=True, end="")
            if ctx.params.get("as_json"):
                emit_json(error.to_dict())
            else:
                emit(f"Error: {error.message}", err=True)
            ctx.exit(FAILED)
        except KeyboardInterrupt:  # before a job has begun: from then on it is followed to its end
            if ctx.params.get("as_json"):
                emit_json({"error": "interrupted", "detail": {}})
            raise


class _Handler(logging.Handler):
    """Writes log lines to standard error, taking the live line out of their way."""

    def emit(self, record: logging.LogRecord) -> None:
        # In a context of its own: what a block logs is written here too, not to its job's log.
        contextvars.Context().run(self._show, record)

    def _show(self, record: logging.LogRecord) -> None:
        clear_line()
        emit(self.format(record), err=True)


def start_log(debug: bool) -> None:
    """Show the package's log: everything with ``debug``, else warnings and errors."""
    log = logging.getLogger("datagenflow_nb")
    for known in [handler for handler in log.handlers if isinstance(handler, _Handler)]:
        log.removeHandler(known)
    handler = _Handler()
    handler.setFormatter(logging.Formatter(_FORMAT))
    log.addHandler(handler)
    log.setLevel(logging.DEBUG if debug else logging.WARNING)
    click.get_current_context().meta[_DEBUG] = debug


def load_settings(db: Path | None = None) -> Settings:
    """The settings, with the log set up as they say.

    Raises
    ------
    ConfigError
        When a setting cannot be used.
    """
    from ..settings import Settings

    settings = Settings.load(database_path=db.expanduser().resolve() if db is not None else None)
    start_log(settings.debug)
    return settings


@contextlib.contextmanager
def opened(db: Path | None) -> Iterator[Workspace]:
    """The workspace, the current one until the block ends; its store is created when missing."""
    load_settings(db)
    from ..workspaces import workspace

    with results_only():  # the user's block files are run
        current = workspace(db)
    with contextlib.closing(current):
        yield current


@contextlib.contextmanager
def existing_workspace(db: Path | None) -> Iterator[Workspace]:
    """The workspace of a store that is there already.

    Raises
    ------
    StoreError
        When there is none; looking for something creates nothing.
    """
    path = load_settings(db).database_path
    if not path.exists():
        raise StoreError(
            f"there is no store at {shown_path(path)}; `dgf run` creates one, --db names another",
            {"path": str(path)},
        )
    with opened(db) as current:
        yield current
