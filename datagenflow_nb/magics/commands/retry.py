"""``%dgf retry ID``: run what failed in a job again, or one record from a block on."""

from __future__ import annotations

from typing import Any

from ...displays.text import Note
from ...errors import ConfigError
from ..command import Call, Command
from ..parser import Parser
from ._arguments import whole_number
from .resume import again_arguments, options
from .run import shown

__all__ = ["COMMAND"]


def _arguments(parser: Parser) -> None:
    again_arguments(parser)
    parser.add_argument("--record", type=whole_number, metavar="N",
                        help="this record alone, beside what it is now; needs --from")  # fmt: skip
    parser.add_argument("--from", dest="from_block", metavar="BLOCK",
                        help="from this block on; what precedes it is taken over")  # fmt: skip


def _run(call: Call) -> Any:
    job, args = call.workspace.job(call.args.job), call.args
    if (args.record is None) != (args.from_block is None):
        raise ConfigError(
            "one record runs again from one block: say both, as in %dgf retry "
            f"{job.id} --record 7 --from BLOCK"
        )
    if args.record is None:
        return shown(call, job.retry_failed(detach=args.detach, **options(call)))
    from IPython.display import display

    plan = job.plan_run_again(args.record, args.from_block)
    told = str(plan)
    display(Note(told[:1].upper() + told[1:]))
    return shown(call, plan.start(detach=args.detach, **options(call)))


COMMAND = Command(
    "retry", "run what failed in a job, or one record from a block on, again", _run,
    _arguments, examples="%dgf retry 3\n%dgf retry 3 --record 7 --from judge",
)  # fmt: skip
