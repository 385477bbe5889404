"""``%dgf model add|test|delete NAME``: configure a model and try it."""

from __future__ import annotations

from typing import Any

from ...displays.text import Note
from ..command import Call, Command
from ..parser import Parser, names

__all__ = ["COMMAND"]

_LIMITS = ("timeout", "requests_per_minute", "tokens_per_minute")


def _arguments(parser: Parser) -> None:
    actions = parser.add_subparsers(dest="action", metavar="add|test|delete", required=True,
                                    help="each has its own --help")  # fmt: skip
    text = "configure a model, and let its key go to its endpoint"
    add = actions.add_parser("add", help=text, description=text)
    add.add_argument("name", metavar="NAME", help="what blocks write in model:")
    add.add_argument("--endpoint", required=True, metavar="URL",
                     help="base URL of an OpenAI-compatible API")  # fmt: skip
    add.add_argument("--model", required=True, metavar="ID", help="the id sent to it")
    add.add_argument("--key-env", metavar="VAR",
                     help="NAME of the environment variable with the key")  # fmt: skip
    add.add_argument("--input-price", type=float, metavar="X", help="per million tokens")
    add.add_argument("--output-price", type=float, metavar="X", help="per million tokens")
    add.add_argument("--timeout", type=float, metavar="S", help="seconds for one try")
    add.add_argument("--requests-per-minute", type=int, metavar="N", help="never more in 60 s")
    add.add_argument("--tokens-per-minute", type=int, metavar="N",
                     help="never more in 60 s, those of answers included")  # fmt: skip
    for action, text in (("test", "ask it one short question"), ("delete", "forget it")):
        one = actions.add_parser(action, help=text, description=text)
        names(one.add_argument("name", metavar="NAME", help="the model"), "model")


def _run(call: Call) -> Any:
    args = call.args
    if args.action == "test":
        return call.workspace.test_model(args.name)
    if args.action == "delete":
        call.workspace.delete_model(args.name)
        return Note(f"Deleted the model {args.name!r}.")
    given = {name: getattr(args, name) for name in _LIMITS}
    limits = {name: value for name, value in given.items() if value is not None}
    return call.workspace.add_model(
        args.name,
        endpoint=args.endpoint,
        model=args.model,
        key_env=args.key_env,
        input_price=args.input_price,
        output_price=args.output_price,
        **limits,
    )


COMMAND = Command(
    "model", "configure a model, try it, forget it", _run, _arguments,
    examples="%dgf model add fast --endpoint http://127.0.0.1:11434/v1 --model llama3\n"
    "%dgf model add big --endpoint https://api.example.com/v1 --model big-1 --key-env EXAMPLE_KEY\n"
    "%dgf model test fast",
)  # fmt: skip
