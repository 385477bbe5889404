"""What a word on a command's line means: a variable of the notebook, or a path."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from types import ModuleType
from typing import Any

from ..errors import SeedError, suggest

__all__ = ["find_seed", "find_seeds", "may_be_seeds"]


def find_seeds(word: str, variables: Mapping[str, Any]) -> Any:
    """The seeds ``word`` names: a variable, a path, or ``job:3``.

    Raises
    ------
    SeedError
        When it is none of them, with the nearest names.
    """
    if word.isidentifier() and word in variables:
        return variables[word]
    if word.startswith("job:") or Path(word).expanduser().exists():
        return word
    if word.isidentifier():
        files = [path.name for path in Path().iterdir() if path.stem == word]
        held = [name for name, value in variables.items() if may_be_seeds(name, value)]
        hint = suggest(word, files or held) if files or len(held) < 30 else _nearest(word, held)
        raise SeedError(f"--seeds {word}: there is no variable of that name and no file; {hint}")
    return word  # the reader of files says best what is wrong with a path


def find_seed(text: str, variables: Mapping[str, Any]) -> Any:
    """One seed: a variable, or a JSON object.

    Raises
    ------
    SeedError
        When it is neither.
    """
    if text.isidentifier() and text in variables:
        return variables[text]
    try:
        return json.loads(text)
    except ValueError as error:
        raise SeedError(
            f"--seed {text}: expected a variable or a JSON object in quotes, such as "
            f"""'{{"topic": "tides"}}' ({error})"""
        ) from error


def may_be_seeds(name: str, value: Any) -> bool:
    """Whether a variable is the user's own and holds data."""
    is_hidden = name.startswith("_") or name in ("In", "Out")
    return not (is_hidden or callable(value) or isinstance(value, ModuleType))


def _nearest(word: str, held: list[str]) -> str:
    hint = suggest(word, held)
    return hint if hint.startswith("did you mean") else "give a variable or a path"
