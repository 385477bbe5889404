"""Tab completion of ``%dgf`` lines: commands, options, names, numbers, paths."""

from __future__ import annotations

import argparse
import contextlib
import re
import shlex
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from IPython.core.completer import CompletionContext, SimpleCompletion, context_matcher

from ..displays.commands import quoted
from ..errors import DataGenFlowError
from .commands import COMMANDS
from .parser import Parser, kind_of, spans, split_line
from .variables import may_be_seeds

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell

__all__ = ["add_completion", "complete_line", "remove_completion", "split_typed"]

_IDENTIFIER = "datagenflow_nb"
_LINE = re.compile(r"\s*(?:\w+\s*=\s*)?%{1,2}dgf(?:\s+(.*))?$", re.DOTALL)
_SEED_TYPES = ("DataFrame", "generator")
_SEED_FILES = (".json", ".jsonl", ".csv", ".tsv", ".yaml", ".yml", ".parquet", ".md", ".txt")


def add_completion(shell: InteractiveShell) -> None:
    """Teach the shell's completer our lines."""
    remove_completion(shell)

    @context_matcher(identifier=_IDENTIFIER)  # type: ignore[untyped-decorator] # IPython's
    def match(context: CompletionContext) -> dict[str, Any]:
        line = context.line_with_cursor[: context.cursor_position]
        first = _LINE.match(line)
        is_body = context.cursor_line > 0 and context.full_text.lstrip().startswith("%%")
        if first is None or is_body:
            return {"completions": []}
        words, fragment = split_typed(first[1] or "")
        # Where nothing fits, the word itself: it keeps IPython from offering its own magics.
        found = complete_line(words, fragment, shell.user_ns) or ([fragment] if fragment else [])
        return {
            "completions": [SimpleCompletion(text=text, type="param") for text in found],
            "suppress": True,
            "matched_fragment": fragment,
        }

    shell.Completer.custom_matchers.append(match)


def remove_completion(shell: InteractiveShell) -> None:
    """Forget them."""
    matchers = shell.Completer.custom_matchers
    matchers[:] = [m for m in matchers if getattr(m, "matcher_identifier", "") != _IDENTIFIER]


def complete_line(words: list[str], fragment: str, variables: dict[str, Any]) -> list[str]:
    """What ``fragment``, as typed, may become after ``words`` of a line; sorted but for commands.

    Names and paths are in quotes where they need some.
    """
    if not words or words == ["help"]:
        return [name for name in COMMANDS if name.startswith(fragment)]
    command = COMMANDS.get(words[0])
    if command is None:
        return []
    parser, rest = _innermost(command.parser(), words[1:])
    options = {flag: action for action in parser._actions for flag in action.option_strings}
    action = options.get(rest[-1]) if rest else None
    start = _unquoted(fragment)
    if action is not None and action.nargs != 0:
        found = _values(action, start, variables)
    elif fragment.startswith("-"):
        found = [flag for flag in options if flag.startswith("--")]
    else:
        found = _next_positional(parser, rest, options, start, variables)
    return sorted({_typed(text, fragment) for text in found if text.startswith(start)})


def split_typed(text: str) -> tuple[list[str], str]:
    """The words before the cursor, and the one it stands in as it is typed."""
    found = list(spans(text))
    if not found or found[-1].end() < len(text):
        return _words(text), ""
    return _words(text[: found[-1].start()]), found[-1][0]


def _words(text: str) -> list[str]:
    try:
        return split_line(text)
    except DataGenFlowError:
        return text.split()


def _unquoted(fragment: str) -> str:
    """What a word that one still types says so far; its quotation may have no end yet."""
    for end in ("", '"', "'"):
        with contextlib.suppress(ValueError):
            return "".join(shlex.split(fragment + end))
    return fragment


def _typed(text: str, fragment: str) -> str:
    """A name as one would type it; a folder stays open for what is in it."""
    word = quoted(text)
    if word == text and fragment[:1] in ("'", '"'):
        word = f'"{text}"'
    return word.removesuffix('"') if word.endswith('/"') else word


def _innermost(parser: Parser, words: list[str]) -> tuple[argparse.ArgumentParser, list[str]]:
    """``%dgf model add`` goes on with the parser of ``add``."""
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction) and words and words[0] in action.choices:
            return action.choices[words[0]], words[1:]
    return parser, words


def _next_positional(
    parser: argparse.ArgumentParser,
    words: list[str],
    options: dict[str, argparse.Action],
    fragment: str,
    variables: dict[str, Any],
) -> Iterable[str]:
    given: list[str] = []
    words = [word for word in words if word != "--"]
    while words:
        word = words.pop(0)
        action = options.get(word)
        if action is None:
            given.append(word)
        elif action.nargs != 0 and words:
            words.pop(0)
    positional = [action for action in parser._actions if not action.option_strings]
    if len(given) >= len(positional):
        return []
    return _values(positional[len(given)], fragment, variables, given)


def _values(
    action: argparse.Action, fragment: str, variables: dict[str, Any], given: Sequence[str] = ()
) -> Iterable[str]:
    if action.choices is not None:
        return [str(choice) for choice in action.choices]
    kind = kind_of(action)
    if kind == "named":
        kind = given[-1]
    if kind not in _NAMES:
        return []
    try:
        found: list[str] = _NAMES[kind](fragment, variables)
        return found
    except DataGenFlowError:
        return []  # a store that cannot be used is told by the command, not while one types


def _paths(fragment: str, suffixes: tuple[str, ...] | None = None) -> list[str]:
    folder, _, start = fragment.rpartition("/")
    base = Path(folder or ("/" if fragment.startswith("/") else ".")).expanduser()
    try:
        entries = [entry for entry in base.iterdir() if entry.name.startswith(start)]
    except OSError:
        return []
    head = f"{folder}/" if "/" in fragment else ""
    return [
        f"{head}{entry.name}{'/' if entry.is_dir() else ''}"
        for entry in entries
        if not entry.name.startswith(".")
        and (entry.is_dir() or suffixes is None or entry.suffix in suffixes)
    ]


def _pipelines(fragment: str, variables: dict[str, Any]) -> list[str]:
    files = _paths(fragment, (".yaml", ".yml")) if fragment else []
    # Where a name may stand, one that begins with "-" is taken for an option.
    return [*(name for name in _stored("pipelines", "name") if name[:1] != "-"), *files]


def _seeds(fragment: str, variables: dict[str, Any]) -> list[str]:
    held = [
        name
        for name, value in variables.items()
        if may_be_seeds(name, value)
        and (isinstance(value, dict | list | tuple) or type(value).__name__ in _SEED_TYPES)
    ]
    return [*held, *_paths(fragment, _SEED_FILES)]


def _stored(method: str, attribute: str) -> list[str]:
    """Names of what is in the store; none is made to look into."""
    from ..workspaces import existing

    held = existing()
    return (
        [] if held is None else [str(getattr(item, attribute)) for item in getattr(held, method)()]
    )


def _blocks(fragment: str, variables: dict[str, Any]) -> list[str]:
    from ..blocks.discovery import build_registry
    from ..settings import Settings
    from ..workspaces import existing

    held = existing()
    registry = build_registry(Settings.load().blocks_path) if held is None else held.registry
    return registry.types()


def _templates(fragment: str, variables: dict[str, Any]) -> list[str]:
    from ..settings import Settings
    from ..templates import template_ids

    return template_ids(Settings.load().templates_path)


def _models(fragment: str, variables: dict[str, Any]) -> list[str]:
    from ..llm.base import OFFLINE

    return [*_stored("configured_models", "name"), OFFLINE]


#: What each kind of name may be, given what is typed of it.
_NAMES: dict[str, Any] = {
    "pipeline": _pipelines,
    "template": _templates,
    "job": lambda fragment, variables: _stored("jobs", "id"),
    "block": _blocks,
    "model": _models,
    "seeds": _seeds,
    "path": lambda fragment, variables: _paths(fragment),
}
