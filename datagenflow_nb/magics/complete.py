"""Tab completion of ``%dgf`` lines: commands, options, names, numbers, paths."""

from __future__ import annotations

import argparse
import re
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from IPython.core.completer import CompletionContext, SimpleCompletion, context_matcher

from ..errors import DataGenFlowError
from .commands import COMMANDS
from .parser import Parser, kind_of

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell

__all__ = ["add_completion", "complete_line", "remove_completion"]

_IDENTIFIER = "datagenflow_nb"
_LINE = re.compile(r"\s*(?:\w+\s*=\s*)?%{1,2}dgf(?:\s+(.*))?$", re.DOTALL)
_SEED_FILES = (".json", ".jsonl", ".csv", ".tsv", ".yaml", ".yml", ".parquet", ".md", ".txt")


def add_completion(shell: InteractiveShell) -> None:
    """Teach the shell's completer our lines."""
    remove_completion(shell)

    @context_matcher(identifier=_IDENTIFIER)  # type: ignore[untyped-decorator] # IPython's
    def match(context: CompletionContext) -> dict[str, Any]:
        line = context.line_with_cursor[: context.cursor_position]
        first = _LINE.match(line)
        if first is None or (context.cursor_line and "%%dgf" not in line):
            return {"completions": []}
        words, fragment = _split(first[1] or "")
        found = complete_line(words, fragment, shell.user_ns)
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
    """What ``fragment`` may become after ``words`` of a line; sorted but for commands."""
    if not words:
        return [name for name in COMMANDS if name.startswith(fragment)]
    command = COMMANDS.get(words[0])
    if command is None:
        return []
    parser, rest = _innermost(command.parser(), words[1:])
    options = {flag: action for action in parser._actions for flag in action.option_strings}
    action = options.get(rest[-1]) if rest else None
    if action is not None and action.nargs != 0:
        found = _values(action, fragment, variables)
    elif fragment.startswith("-"):
        found = [flag for flag in options if flag.startswith("--")]
    else:
        found = _next_positional(parser, rest, options, fragment, variables)
    return sorted({text for text in found if text.startswith(fragment)})


def _split(text: str) -> tuple[list[str], str]:
    """The words before the cursor, and the one it stands in."""
    words = text.split()
    fragment = words.pop() if words and not text[-1].isspace() else ""
    return words, fragment


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
    given, words = 0, list(words)
    while words:
        word = words.pop(0)
        action = options.get(word)
        if action is None:
            given += 1
        elif action.nargs != 0 and words:
            words.pop(0)
    positional = [action for action in parser._actions if not action.option_strings]
    return _values(positional[given], fragment, variables) if given < len(positional) else []


def _values(action: argparse.Action, fragment: str, variables: dict[str, Any]) -> Iterable[str]:
    if action.choices is not None:
        return [str(choice) for choice in action.choices]
    kind = kind_of(action)
    if kind is None:
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
    from ..workspaces import workspace

    files = _paths(fragment, (".yaml", ".yml")) if fragment else []
    return [*(saved.name for saved in workspace().pipelines() if " " not in saved.name), *files]


def _seeds(fragment: str, variables: dict[str, Any]) -> list[str]:
    kinds = ("DataFrame", "list", "dict", "tuple")
    held = [
        name
        for name, value in variables.items()
        if not name.startswith("_") and type(value).__name__ in kinds and name not in ("In", "Out")
    ]
    return [*held, *_paths(fragment, _SEED_FILES)]


def _from_workspace(method: str, attribute: str) -> Any:
    def names(fragment: str, variables: dict[str, Any]) -> list[str]:
        from ..workspaces import workspace

        return [str(getattr(item, attribute)) for item in getattr(workspace(), method)()]

    return names


def _blocks(fragment: str, variables: dict[str, Any]) -> list[str]:
    from ..workspaces import workspace

    return workspace().registry.types()


def _models(fragment: str, variables: dict[str, Any]) -> list[str]:
    from ..llm.base import OFFLINE
    from ..workspaces import workspace

    return [*(config.name for config in workspace().configured_models()), OFFLINE]


#: What each kind of name may be, given what is typed of it.
_NAMES: dict[str, Any] = {
    "pipeline": _pipelines,
    "template": _from_workspace("templates", "id"),
    "job": _from_workspace("jobs", "id"),
    "block": _blocks,
    "model": _models,
    "seeds": _seeds,
    "path": lambda fragment, variables: _paths(fragment),
}
