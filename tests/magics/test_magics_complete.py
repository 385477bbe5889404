"""Tab completion of ``%dgf`` lines."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from kernel.kernels import Kernel
from magics.shells import ECHO, Shell

from datagenflow_nb.magics.commands import COMMANDS
from datagenflow_nb.magics.complete import complete_line, split_typed

SETUP = """
import pandas as pd
seeds, frame, one, made = [{'n': 1}], pd.DataFrame(), {'n': 1}, (x for x in [])
number, text, _hidden = 3, 'seeds', []
"""


def complete(shell: Shell, line: str) -> list[str]:
    """What Tab offers after ``line``."""
    return complete_line(*split_typed(line), shell.ip.user_ns)


@pytest.fixture
def full(echo: Shell, tmp_path: Path) -> Shell:
    """A notebook with variables, files, a job, a model and pipelines."""
    echo.value(SETUP)
    echo.value('%%dgf pipeline "two words"\n- type: Output\n  config: {template: x}\n')
    echo.value("%%dgf pipeline -- -dash\n- type: Output\n  config: {template: x}\n")
    echo.value("%%dgf run echo --wait\nn: 1\n")
    echo.value("%dgf model add mine --endpoint http://127.0.0.1:9/v1 --model x")
    for name in ("topics.csv", "notes.xyz", "flow.yaml", ".hidden.csv"):
        (tmp_path / name).write_text("", encoding="utf-8")
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "more.jsonl").write_text("", encoding="utf-8")
    (tmp_path / "my data").mkdir()
    (tmp_path / "my data" / "in it.txt").write_text("", encoding="utf-8")
    return echo


@pytest.mark.parametrize(
    ("line", "found"),
    [
        ("", list(COMMANDS)),
        ("r", ["run", "resume", "retry", "rerun", "review", "records", "report"]),
        ("zz", []),
        ("zz y", []),
        ("help pre", ["preview"]),
        ("run --", ["--as", "--concurrency", "--detach", "--format", "--help", "--max-attempts",
                    "--max-cost", "--max-records", "--max-seconds", "--max-tokens-total", "--model",
                    "--no-stop-early", "--random-seed", "--seeds", "--stop-early",
                    "--target-accepted", "--wait"]),
        ("run --s", ["--seeds", "--stop-early"]),
        ("run -", ["--as", "--concurrency", "--detach", "--format", "--help", "--max-attempts",
                   "--max-cost", "--max-records", "--max-seconds", "--max-tokens-total", "--model",
                   "--no-stop-early", "--random-seed", "--seeds", "--stop-early",
                    "--target-accepted", "--wait"]),
        ("run echo --format ", ["csv", "json", "jsonl", "yaml"]),
        ("run echo --format j", ["json", "jsonl"]),
        ("run ", ['"two words"', "echo"]),
        ("run --wait ", ['"two words"', "echo"]),
        ("run --concurrency 3 ", ['"two words"', "echo"]),
        ("run -- ", ['"two words"', "echo"]),
        ("run two", ['"two words"']),
        ('run "tw', ['"two words"']),
        ('run "two wo', ['"two words"']),
        ("run 'two wo", ['"two words"']),
        ('run "e', ['"echo"']),
        ('run "two words" --seeds t', ["topics.csv"]),
        ("export 1 my", ['"my data/']),
        ('export 1 "my data/', ['"my data/in it.txt"']),
        ("run --concurrency ", []),
        ("run f", ["flow.yaml"]),
        ("run echo --seeds ", ['"my data/', "data/", "flow.yaml", "frame", "made", "one",
                               "seeds", "topics.csv"]),
        ("run echo --seeds t", ["topics.csv"]),
        ("run echo --seeds data/", ["data/more.jsonl"]),
        ("run echo --seeds nowhere/", []),
        ("run echo --model ", ["mine", "offline"]),
        ("run echo ", []),
        ("preview e", ["echo"]),
        ("pipeline e", ["echo"]),
        ("new x --template ", ["json_generation", "qa_generation", "text_classification"]),
        ("blocks J", ["JSONValidator"]),
        ("job ", ["1"]),
        ("cancel 1 --", ["--as", "--help", "--now"]),
        ("records 1 --status f", ["failed", "filtered"]),
        ("records 1 --status failed --status a", ["accepted"]),
        ("export 1 n", ["notes.xyz"]),
        ("export 1 out.csv --f", ["--flat", "--format"]),
        ("delete ", ["job", "pipeline"]),
        ("delete pipeline ", ['"two words"', "echo"]),
        ("delete job ", ["1"]),
        ("delete --yes job ", ["1"]),
        ("model ", ["add", "delete", "test"]),
        ("model add --", ["--as", "--endpoint", "--help", "--input-price", "--key-env", "--model",
                          "--output-price", "--requests-per-minute", "--timeout",
                          "--tokens-per-minute"]),
        ("model add ", []),
        ("model test ", ["mine", "offline"]),
        ("model delete m", ["mine"]),
    ],
)  # fmt: skip
def test_completions(full: Shell, line: str, found: list[str]) -> None:
    """Commands, options, their values, names of things, numbers of jobs, variables and paths."""
    assert complete(full, line) == found


def test_paths_from_elsewhere(full: Shell, tmp_path: Path) -> None:
    """An absolute path is completed as such, and the root's entries are offered."""
    assert complete(full, f"export 1 {tmp_path}/no") == [f"{tmp_path}/notes.xyz"]
    root = f"/{tmp_path.parts[1]}"
    assert f"{root}/" in complete(full, f"export 1 {root[:2]}")


def test_completion_makes_no_store(shell: Shell, tmp_path: Path) -> None:
    """Before there is a store, what comes with the package is offered, and no file is made."""
    assert complete(shell, "run ") == []
    assert complete(shell, "job ") == []
    assert complete(shell, "new x --template q") == ["qa_generation"]
    assert complete(shell, "blocks O") == ["Output"]
    assert complete(shell, "model test ") == ["offline"]
    assert not (tmp_path / "datagenflow.db").exists()


def test_store_that_cannot_be_used(shell: Shell, tmp_path: Path) -> None:
    """While one types, a broken store is no error; the command tells it."""
    (tmp_path / "datagenflow.db").write_text("no database", encoding="utf-8")
    assert complete(shell, "run ") == []
    assert shell.error("%dgf jobs").startswith("StoreError: ")


def request(kernel: Kernel, code: str) -> list[str]:
    """What a frontend gets for Tab at the end of ``code``."""
    reply: dict[str, Any] = kernel.client.complete(code, reply=True, timeout=60)["content"]
    assert reply["status"] == "ok"
    return [code[: reply["cursor_start"]] + text for text in reply["matches"]]


def test_requests_of_a_frontend(kernel: Kernel) -> None:
    """A real complete request replaces the word the cursor stands in, and offers nothing else."""
    kernel.run(ECHO)
    kernel.run("x = [{'n': 1}]")
    assert request(kernel, "%dgf previ") == ["%dgf preview"]
    assert request(kernel, "%%dgf ru") == ["%%dgf run"]
    assert request(kernel, "y = %dgf pipeline e") == ["y = %dgf pipeline echo"]
    assert request(kernel, "%dgf run echo --see") == ["%dgf run echo --seeds"]
    assert request(kernel, "%dgf run echo --seeds ") == ["%dgf run echo --seeds x"]
    assert request(kernel, "%dgf model te") == ["%dgf model test"]
    assert request(kernel, "x = 1\n%dgf previ") == ["x = 1\n%dgf preview"]
    assert request(kernel, "  %dgf previ") == ["  %dgf preview"]
    kernel.run('%%dgf pipeline "my own"\n- type: Output\n  config: {template: x}\n')
    assert request(kernel, '%dgf run "my o') == ['%dgf run "my own"']
    assert request(kernel, "%dgf run my") == ['%dgf run "my own"']
    assert request(kernel, "%dgf nonsense x") == ["%dgf nonsense x"]


def test_cell_below_is_not_ours(kernel: Kernel) -> None:
    """In the body of a cell magic, and in other lines, completion is as always."""
    assert "%%dgf run echo\n%dgf preview" not in request(kernel, "%%dgf run echo\n%dgf previ")
    assert "%%dgf block\nimport json" in request(kernel, "%%dgf block\nimport js")
    assert "prin" not in request(kernel, "prin")
    assert "print" in request(kernel, "prin")


def test_unloading_takes_completion_away(kernel: Kernel) -> None:
    """Without the extension there is no such line; loading it twice offers nothing twice."""
    kernel.run("%reload_ext datagenflow_nb")
    kernel.run("%load_ext datagenflow_nb")
    assert request(kernel, "%dgf previ") == ["%dgf preview"]
    assert kernel.run("%unload_ext datagenflow_nb").status == "ok"
    assert "%dgf preview" not in request(kernel, "%dgf previ")
    assert kernel.run("%load_ext datagenflow_nb").status == "ok"
    assert request(kernel, "%dgf previ") == ["%dgf preview"]
