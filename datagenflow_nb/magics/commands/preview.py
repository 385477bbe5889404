"""``%dgf preview NAME``: one seed through a pipeline, nothing stored."""

from __future__ import annotations

import shlex
from typing import Any

from ...displays.commands import to_type
from ...displays.text import as_json
from ...errors import SeedError
from ...pipeline import Pipeline
from ..command import Call, Command
from ..parser import Parser, names
from ..variables import find_seed
from ._arguments import pipeline_argument, whole_number

__all__ = ["COMMAND"]


def _arguments(parser: Parser) -> None:
    pipeline_argument(parser)
    seed = "a variable, or a JSON object in quotes; default: a seed it was run with before"
    names(parser.add_argument("--seed", metavar="SEED", help=seed), "seeds")
    parser.add_argument("--upto", metavar="BLOCK", help="stop after this block: id, type or place")
    parser.add_argument("--dry", action="store_true", help="render the prompts, ask no model")
    names(parser.add_argument("--model", metavar="M", help="answers where a block names none"),
          "model")  # fmt: skip
    parser.add_argument("--random-seed", type=whole_number, metavar="N",
                        help="what random numbers are drawn from")  # fmt: skip


def _run(call: Call) -> Any:
    args = call.args
    pipeline = call.workspace.pipeline(args.pipeline)
    return pipeline.preview(
        _seed(call, pipeline),
        upto=args.upto,
        dry=args.dry,
        model=args.model,
        random_seed=args.random_seed,
    )


def _seed(call: Call, pipeline: Pipeline) -> Any:
    if call.args.seed is not None:
        return find_seed(call.args.seed, call.shell.user_ns)
    if call.body is not None and call.body.strip():
        from ...seeds import parse_text

        return {"metadata": next(iter(parse_text(call.text, where="the cell"))).metadata}
    found = call.workspace.example_seed(pipeline)
    if found is None:
        needed = list(pipeline.needed_fields())
        names = [name.partition("|")[0] for name in needed]
        example = as_json(dict.fromkeys(names or ["topic"], "..."))
        line = to_type("%dgf preview", call.args.pipeline, f"--seed {shlex.quote(example)}")
        raise SeedError(f"a preview needs a seed: {line}", {"fields": needed})
    return {"metadata": found}


COMMAND = Command(
    "preview", "run one seed, store nothing, show every step", _run, _arguments, body="may",
    examples="%dgf preview qa --seed '{\"topic\": \"tides\"}'\n%dgf preview qa --dry\n"
    "%dgf preview qa --upto summary",
)  # fmt: skip
