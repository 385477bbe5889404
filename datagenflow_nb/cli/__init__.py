"""The command line: ``dgf``, one command per file.

Exit status: 0 did all that was asked, 1 failed, 2 wrong usage, 3 finished with failed records.
Results go to standard output, progress and messages to standard error. With ``--json`` standard
output holds one JSON document and nothing else: the result, or ``{"error", "detail"}``.

output    writing: text, tables, JSON, errors, whatever the streams can take
aside     what is no result, away from standard output
budgets   the options that stop a job
command   what the commands share: errors, options, settings, the workspace
progress  the live line of a running job
detached  a job that runs on without the command
follow    waiting for a job, and what Ctrl-C does meanwhile
wishing   what becomes of a wish that a job's runner has been told
trace     one record with its trace, for reading
"""

from __future__ import annotations

from collections.abc import Sequence

import click

from .. import __version__
from .blocks import blocks
from .cancel import cancel
from .demo import demo
from .doctor import doctor
from .estimate import estimate
from .export import export
from .failures import failures
from .job import job
from .jobs import jobs
from .log import log
from .offline_model import offline_model
from .output import prepare_streams
from .pause import pause
from .report import report
from .rerun import rerun
from .resume import resume
from .retry import retry
from .run import run
from .templates import templates
from .tutorials import tutorials

__all__ = ["dgf", "main"]

_EPILOG = """\b
Exit status: 0 did all that was asked, 1 failed, 2 wrong usage,
3 finished with failed records.

Settings come from the environment or the project's .env file: LLM_ENDPOINT, LLM_MODEL,
LLM_API_KEY, DATABASE_PATH, BLOCKS_PATH, TEMPLATES_PATH, DEBUG.
"""


@click.group(epilog=_EPILOG, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="dgf", help="Show the version and end.")
def dgf() -> None:
    """Generate synthetic data: seeds in, traced records in one SQLite file, a dataset out."""


_COMMANDS = (
    demo, estimate, run, pause, resume, cancel, retry, rerun, export, jobs, job, failures, report,
    log, blocks, templates, tutorials, doctor, offline_model,
)  # fmt: skip
for _command in _COMMANDS:
    dgf.add_command(_command)


def main(args: Sequence[str] | None = None) -> None:
    """Run ``dgf`` and end the process with its exit status.

    Parameters
    ----------
    args : list of str, optional
        Default: the process's own.
    """
    prepare_streams()
    dgf.main(args=args, prog_name="dgf")
