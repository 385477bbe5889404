"""The document on notebooks names what there is."""

from __future__ import annotations

import argparse
import re
from pathlib import Path

from datagenflow_nb.magics.commands import COMMANDS


def test_every_option_is_documented() -> None:
    """Every command and every option stands in the documents' table, and no other."""
    documents = Path(__file__).resolve().parents[2] / "docs" / "notebooks.md"
    rows = re.findall(r"^\| (`%.*`) \|(.*)\|$", documents.read_text(encoding="utf-8"), re.M)
    told: dict[str, set[str]] = {name: set() for name in COMMANDS}
    for first, second in rows:
        for code in re.findall(r"`(%%?dgf [^`]+)`", first + second):
            _, name, *words = code.split()
            told[name] |= set(re.findall(r"--[\w-]+", " ".join(words)))
    assert len(rows) == len(COMMANDS)
    for name, command in COMMANDS.items():
        parsers: list[argparse.ArgumentParser] = [command.parser()]
        for action in parsers[0]._actions:
            if isinstance(action, argparse._SubParsersAction):
                parsers += action.choices.values()
        options = {
            flag for parser in parsers for action in parser._actions
            for flag in action.option_strings if flag.startswith("--")
        }  # fmt: skip
        assert options - {"--help", "--as"} == told[name], name
