"""What ``dgf`` says about itself, and wrong usage."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import click
import pytest

from datagenflow_nb import __version__
from datagenflow_nb.cli import dgf as group
from datagenflow_nb.cli.command import STATUSES
from datagenflow_nb.jobs.options import MAX_CONCURRENCY
from datagenflow_nb.storage.records import OUTCOMES, REVIEW_STATUSES

BUDGETS = ("max_tokens_total", "max_cost", "max_seconds", "max_records")
BOUNDS = (*BUDGETS, "target_accepted", "max_attempts")
SELECTION = ("search", "where", "tags", "reviewer", "ids", "edited", "all_attempts")
COMMANDS = {
    "blocks": ["as_json"],
    "cancel": ["db", "now", "as_json"],
    "demo": [],
    "doctor": ["db", "as_json"],
    "estimate": [
        "executions",
        "db",
        "concurrency",
        "model",
        "random_seed",
        "stop_early",
        *BUDGETS,
        "as_json",
    ],
    "export": [
        "db",
        "statuses",
        "format",
        "flat",
        "defuse_formulas",
        "review",
        *SELECTION,
        "sort",
        "as_json",
    ],
    "failures": ["db", "limit", "as_json"],
    "job": ["db", "as_json"],
    "jobs": ["db", "as_json"],
    "log": ["db", "limit", "as_json"],
    "pause": ["db", "as_json"],
    "report": ["db", "html", "statuses", "fields", "sample", *SELECTION, "as_json"],
    "rerun": [
        "db",
        "pipeline",
        "concurrency",
        "model",
        "stop_early",
        *BUDGETS,
        "target_accepted",
        "detach",
        "as_json",
    ],
    "resume": ["db", "concurrency", "stop_early", *BOUNDS, "detach", "as_json"],
    "retry": [
        "db",
        "record",
        "from_block",
        "concurrency",
        "stop_early",
        *BOUNDS,
        "detach",
        "as_json",
    ],
    "run": [
        "db",
        "out",
        "statuses",
        "concurrency",
        "model",
        "random_seed",
        "stop_early",
        *BOUNDS,
        "detach",
        "as_json",
    ],
    "templates": ["seeds", "as_json"],
    "tutorials": [],
}


def test_version(dgf: Any) -> None:
    """``--version`` names the command and the package's version."""
    assert dgf("--version").stdout == f"dgf, version {__version__}\n"


def test_help_lists_every_command(dgf: Any) -> None:
    """``--help`` shows each command and the exit statuses."""
    text = dgf("--help").stdout
    assert [name for name in group.commands if f"\n  {name} " not in text] == []
    assert "3 finished with failed records" in text


@pytest.mark.parametrize("name", sorted(group.commands))
def test_every_command_and_option_has_help(name: str) -> None:
    """No command and no option is without a text of its own."""
    command = group.commands[name]
    assert command.help
    options = [item for item in command.params if isinstance(item, click.Option)]
    assert [option.name for option in options if not option.help] == []


def test_command_list() -> None:
    """The commands and their options are the ones promised."""
    found = {
        name: [item.name for item in command.params if isinstance(item, click.Option)]
        for name, command in group.commands.items()
        if name != "offline-model"
    }
    assert found == COMMANDS


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (["frobnicate"], "No such command 'frobnicate'"),
        (["run", "only.yaml"], "Missing argument 'SEEDS'"),
        (["run", "a.yaml", "b.json", "--concurrency", "0"], "0 is not in the range"),
        (["run", "a.yaml", "b.json", "--status", "failed"], "give --out too"),
        (["export", "one", "out.jsonl"], "'one' is not a valid integer"),
        (["export", "1", "out.jsonl", "--status", "open"], "'open' is not one of"),
        (["templates", "--seeds"], "name it"),
        (["offline-model", "--rate-429", "2"], "2.0 is not in the range"),
    ],
)
def test_wrong_usage(dgf: Any, args: list[str], message: str) -> None:
    """Wrong usage ends with 2, a reason on standard error, and creates nothing."""
    run = dgf(*args, status=2)
    assert message in run.stderr
    assert run.stdout == ""
    assert not (dgf.folder / "datagenflow.db").exists()


def test_choices_are_those_of_the_package() -> None:
    """Statuses and the range of --concurrency are written twice, and the same."""
    assert (*REVIEW_STATUSES, *OUTCOMES) == STATUSES
    (option,) = [item for item in group.commands["run"].params if item.name == "concurrency"]
    assert isinstance(option.type, click.IntRange)
    assert option.type.max == MAX_CONCURRENCY


def test_help_is_light() -> None:
    """Importing the command line loads none of the heavy libraries."""
    heavy = ["aiohttp", "dotenv", "jinja2", "openai", "pandas", "pydantic", "sqlite3", "yaml"]
    script = f"import sys, datagenflow_nb.cli; print(sorted(set({heavy!r}) & set(sys.modules)))"
    run = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=60)
    assert run.stdout.strip() == "[]", run.stderr


def test_help_needs_no_settings(dgf: Any) -> None:
    """Settings that cannot be used do not keep anybody from reading the help."""
    assert "Usage: dgf run" in dgf("run", "--help", DEBUG="perhaps").stdout
