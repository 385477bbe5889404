"""``%dgf export ID PATH``: take records away as a file."""

from __future__ import annotations

from typing import Any

from ..command import Call, Command
from ..parser import Parser, names
from ._arguments import job_argument, selection_of, selection_options, sort_option, status_option

__all__ = ["COMMAND"]


def _arguments(parser: Parser) -> None:
    job_argument(parser)
    names(parser.add_argument("path", metavar="PATH", help=".jsonl, .csv or .parquet"), "path")
    status_option(parser, "what is exported, instead of pending and accepted")
    selection_options(parser)
    sort_option(parser)
    parser.add_argument("--format", choices=("jsonl", "csv", "parquet"),
                        help="instead of what the path's ending says")  # fmt: skip
    parser.add_argument("--flat", action="store_true", help="JSON Lines with one key per field")
    parser.add_argument("--defuse-formulas", action="store_true",
                        help="CSV: what a spreadsheet would run becomes text")  # fmt: skip
    parser.add_argument("--review", action="store_true",
                        help="with notes, tags, reviewers and original values")  # fmt: skip


def _run(call: Call) -> Any:
    args = call.args
    options: dict[str, Any] = {"format": args.format, **selection_of(args)}
    if args.flat:
        options["flat"] = True
    if args.defuse_formulas:
        options["defuse_formulas"] = True
    if args.review:
        options["review"] = True
    return call.workspace.job(args.job).export(args.path, status=args.status, **options)


COMMAND = Command(
    "export", "write a job's records to a file", _run, _arguments,
    examples="%dgf export 3 out.jsonl\n%dgf export 3 accepted.csv --status accepted",
)  # fmt: skip
