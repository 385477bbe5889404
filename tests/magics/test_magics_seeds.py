"""Where a run takes its seeds from, and what is wrong with them, before any model is asked."""

from __future__ import annotations

from pathlib import Path

import pytest
from magics.shells import Shell
from running import look

from datagenflow_nb.magics.variables import find_seeds


def outputs(shell: Shell, code: str) -> list[str]:
    """The outputs of a run."""
    job = shell.value(code)
    assert job.status == "completed"
    found: list[str] = job.records()["output"].tolist()
    return found


@pytest.mark.parametrize(
    "body",
    [
        '[{"n": "a"}, {"n": "b"}]',
        '[\n  {"n": "a"},\n  {"metadata": {"n": "b"}, "repetitions": 1}\n]',
        '{"n": "a"}\n{"n": "b"}',
        '\n\n{"n": "a"}\n\n{"n": "b"}\n\n',
        '[\n {"n": "a"\n },\n {\n"n": "b"}\n]',
        "- n: a\n- n: b",
        "n: a\n---\nn: b",
        "# seeds\n- {n: a}\n- {n: b}",
        "n,m\na,1\nb,2",
        "n;m\na;1\nb;2",
        "n\na\nb",
        "\n\nn\na\nb\n\n",
    ],
)
def test_the_cell_holds_the_seeds(echo: Shell, body: str) -> None:
    """JSON, JSON Lines, YAML and CSV are told apart by their text."""
    assert outputs(echo, f"%%dgf run echo --wait\n{body}\n") == ["a!", "b!"]


def test_one_seed(echo: Shell) -> None:
    """One object or mapping is one seed."""
    assert outputs(echo, '%%dgf run echo --wait\n{"n": "a"}\n') == ["a!"]
    assert outputs(echo, "%%dgf run echo --wait\nn: a\n") == ["a!"]


def test_format_decides(echo: Shell) -> None:
    """What looks like one format and is another is read as the line says."""
    assert outputs(echo, "%%dgf run echo --wait --format csv\nn\n- a\n") == ["- a!"]
    assert outputs(echo, "%%dgf run echo --wait\nn: a\n") == ["a!"]
    assert echo.error("%%dgf run echo --format jsonl\nn: a\n") == (
        "SeedError: the cell:2: not valid JSON: Expecting value (column 1)"
    )


@pytest.mark.parametrize(
    ("body", "told"),
    [
        ("  \n\n", "SeedError: the cell: the text is empty; give seeds as JSON, JSON Lines, YAML "
         "or CSV"),
        ('{"n": "a"\n', "SeedError: the cell: seed 0 (line 3): not valid JSON: Expecting ',' "
         "delimiter; the text ends inside this seed"),
        ('{"n": 1}\n{"n": }\n', "SeedError: the cell:3: not valid JSON: Expecting value "
         "(column 7)"),
        ('[{"n": 1},\n {"n" 2}]\n', "SeedError: the cell: seed 1 (line 3): not valid JSON: "
         "Expecting ':' delimiter at '2}]\\n'"),
        ("- n: [1\n- n: 2\n", "SeedError: the cell:3: not valid YAML: did not find expected ',' "
         "or ']'"),
        ("n,m\n1,2\n1,2,3\n", "SeedError: the cell:4: 3 cells where the header has 2 (n, m); a "
         "cell that holds ',', a quote or a line end has to be in double quotes"),
        ("- n: 1\n- m: 1\n", "SeedError: the cell: seed 1: no field 'n', which block 'output' "
         "(Output), config 'template' needs; the seed has 'm'"),
        ('{"n": 1}\n{"N": 1}\n', "SeedError: the cell:3: no field 'n', which block 'output' "
         "(Output), config 'template' needs; did you mean 'N'? The seed has 'N'"),
        ("- 1\n", "SeedError: the cell: seed 0: expected a dictionary of fields such as "
         '{"topic": "AI"}, found int 1'),
    ],
)  # fmt: skip
def test_mistakes_in_the_cell(echo: Shell, tmp_path: Path, body: str, told: str) -> None:
    """A mistake is told with its line of the cell, and nothing is started."""
    assert echo.error(f"%%dgf run echo\n{body}") == told
    assert echo.value("%dgf jobs") == []
    assert look(tmp_path / "datagenflow.db", "SELECT count(*) FROM records") == [(0,)]


def test_no_body_at_all(echo: Shell) -> None:
    """Without a cell, and without seeds, we say how to give them."""
    assert echo.error("%%dgf run echo") == (
        "SeedError: the cell: the text is empty; give seeds as JSON, JSON Lines, YAML or CSV"
    )
    assert echo.error("%dgf run echo") == (
        "ConfigError: no seeds: write %%dgf run echo with the seeds below it, or "
        "%dgf run echo --seeds VARIABLE_OR_PATH"
    )


def test_missing_field_before_any_call(shell: Shell, tmp_path: Path) -> None:
    """A field that is missing is told with the block that needs it, and no model was asked."""
    shell.value("%dgf new qa --template qa_generation")
    assert shell.error('%%dgf run qa\n{"content": "Tea."}\n{"subject": "Tea."}\n') == (
        "SeedError: the cell:3: no field 'content', which block 'summary' (TextGenerator), "
        "config 'user_prompt' needs; the seed has 'subject'"
    )
    assert look(tmp_path / "datagenflow.db", "SELECT count(*) FROM calls") == [(0,)]


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("run nope --seeds job:1", "ConfigError: there is no stored pipeline 'nope'; there are: "
         "'echo'"),
        ("run eco --seeds job:1", "ConfigError: there is no stored pipeline 'eco'; did you mean "
         "'echo'?"),
        ("run nope.yaml --seeds job:1", "ConfigError: pipeline file 'nope.yaml' does not exist"),
        ("run echo --seeds job:1 --model zzz", "ConfigError: model 'zzz' is not configured and "
         "LLM_ENDPOINT is not set; there are: 'offline'"),
        ("run echo --seeds job:9", "JobError: there is no job 9 in datagenflow.db; there are: "
         "none"),
        ("run echo --seeds job:x", "SeedError: seeds 'job:x': expected the number of a job, such "
         "as 'job:3'"),
        ("run echo --seeds seads", "SeedError: --seeds seads: there is no variable of that name "
         "and no file; did you mean 'seeds'?"),
        ("run echo --seeds zzz", "SeedError: --seeds zzz: there is no variable of that name and no "
         "file; there are: 'number', 'seeds'"),
        ("run echo --seeds topics", "SeedError: --seeds topics: there is no variable of that name "
         "and no file; did you mean 'topics.csv'?"),
        ("run echo --seeds seeds --concurrency 0", "ConfigError: concurrency is 0, expected a "
         "whole number from 1 to 4096"),
    ],
)  # fmt: skip
def test_mistakes_in_the_line(echo: Shell, tmp_path: Path, line: str, told: str) -> None:
    """Names that are none are answered with the nearest ones, modules and functions left out."""
    (tmp_path / "topics.csv").write_text("n\n1\n", encoding="utf-8")
    echo.value("import json; seeds = [{'n': 1}]; number = 3; _hidden = []\ndef zz(): pass")
    assert echo.error(f"%dgf {line}") == told
    assert echo.value("%dgf jobs") == []


@pytest.mark.parametrize(
    ("made", "found"),
    [
        ("[{'n': 'a'}, {'n': 'b'}]", ["a!", "b!"]),
        ("{'n': 'a'}", ["a!"]),
        ("{'metadata': {'n': 'a'}, 'repetitions': 2}", ["a!", "a!"]),
        ("pd.DataFrame({'n': ['a', 'b']})", ["a!", "b!"]),
        ("pd.DataFrame({'n': ['a'], 'repetitions': [2]})", ["a!", "a!"]),
        ("({'n': c} for c in 'ab')", ["a!", "b!"]),
        ("Path('topics.csv')", ["1!"]),
    ],
)
def test_seeds_of_a_variable(echo: Shell, tmp_path: Path, made: str, found: list[str]) -> None:
    """A variable holds whatever ``dgf.run`` takes."""
    (tmp_path / "topics.csv").write_text("n\n1\n", encoding="utf-8")
    echo.value(f"import pandas as pd; from pathlib import Path; seeds = {made}")
    assert outputs(echo, "%dgf run echo --seeds seeds --wait --concurrency 1") == found


def test_seeds_of_paths_and_jobs(echo: Shell, tmp_path: Path) -> None:
    """A file, a folder and an earlier job give seeds, and a variable goes before a file."""
    (tmp_path / "topics.csv").write_text("n\n1\n", encoding="utf-8")
    (tmp_path / "more").mkdir()
    (tmp_path / "more" / "a.json").write_text('[{"n": 2}]', encoding="utf-8")
    assert outputs(echo, "%dgf run echo --seeds topics.csv --wait") == ["1!"]
    assert outputs(echo, f"%dgf run echo --seeds {tmp_path}/topics.csv --wait") == ["1!"]
    assert outputs(echo, "%dgf run echo --seeds more --wait") == ["2!"]
    assert outputs(echo, "%dgf run echo --seeds job:1 --wait") == ["1!"]
    echo.value("more = [{'n': 3}]")
    assert outputs(echo, "%dgf run echo --seeds more --wait") == ["3!"]


def test_seeds_given_twice(echo: Shell) -> None:
    """Seeds in the cell and on the line are one too many; an empty cell is none."""
    echo.value("seeds = [{'n': 1}]")
    assert echo.error("%%dgf run echo --seeds seeds\nn: 2\n") == (
        "ConfigError: seeds come from --seeds or from the cell's body; both are given"
    )
    assert outputs(echo, "%%dgf run echo --seeds seeds --wait\n\n") == ["1!"]


def test_seeds_that_are_none(echo: Shell) -> None:
    """A variable that holds no seeds is told with what it holds."""
    echo.value("number = 3")
    assert echo.error("%dgf run echo --seeds number").startswith("SeedError: ")
    assert "int 3" in echo.error("%dgf run echo --seeds number")


def test_run_options(echo: Shell) -> None:
    """Options reach the job."""
    job = echo.value(
        "%%dgf run echo --wait --random-seed 7 --concurrency 2 --model offline --as mine\nn: 1\n"
    )
    assert (job.random_seed, job.row.options["concurrency"]) == (7, 2)
    assert echo["mine"] is job


def test_run_of_a_file(shell: Shell, tmp_path: Path) -> None:
    """A pipeline may be a YAML file."""
    (tmp_path / "p.yaml").write_text(
        'name: p\nblocks:\n  - type: Output\n    config: {template: "{{ n }}?"}\n', encoding="utf-8"
    )
    assert outputs(shell, "%%dgf run p.yaml --wait\nn: 1\n") == ["1?"]


def test_run_returns_at_once(shell: Shell) -> None:
    """Without --wait the job is given while it runs."""
    shell.value(
        "import threading, datagenflow_nb as dgf\ngo = threading.Event()\n"
        "@dgf.block(outputs=['b'])\ndef Held(a):\n    go.wait(30)\n    return {'b': a}"
    )
    shell.value("%%dgf pipeline held\n- type: Held\n")
    job = shell.value("%%dgf run held\na: 1\n")
    assert job.status in ("queued", "running")
    shell["go"].set()
    assert job.wait(30).status == "completed"


def test_many_variables() -> None:
    """With a full namespace only what is near is offered."""
    from datagenflow_nb.errors import SeedError

    held = {f"name{number}": number for number in range(40)}
    with pytest.raises(SeedError, match=r"no file; give a variable or a path$"):
        find_seeds("zzz", held)
    with pytest.raises(SeedError, match="did you mean 'name39'"):
        find_seeds("name399", held)
