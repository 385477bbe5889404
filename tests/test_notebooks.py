"""Notebooks are run, saved and compared so that only what they do makes a difference."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbval.plugin import get_sanitize_patterns

ROOT = Path(__file__).resolve().parent.parent

Write = Callable[..., Path]

DISPLAY = """\
from IPython.display import HTML, display
handle = display(HTML("0 %"), display_id=True)
handle.update(HTML("100 %"))"""


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Writes ``notebooks/name.ipynb`` with these code cells, the project's settings beside it."""
    folder = tmp_path / "notebooks"
    folder.mkdir()
    for name in ("conftest.py", "sanitize.cfg"):
        shutil.copy(ROOT / "notebooks" / name, folder)

    def made(*cells: str, name: str = "some", tags: dict[int, list[str]] | None = None) -> Path:
        notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(c) for c in cells])
        for index, names in (tags or {}).items():
            notebook.cells[index].metadata["tags"] = names
        nbformat.write(notebook, folder / f"{name}.ipynb")
        return folder / f"{name}.ipynb"

    return made


def call(*command: str | Path) -> subprocess.CompletedProcess[str]:
    """Run Python; where it fails, what it said is in the assertion."""
    return subprocess.run(
        [sys.executable, *command], capture_output=True, text=True, timeout=100, cwd=ROOT
    )


def execute(path: Path) -> Any:
    """Run a notebook as `make notebooks` does; what is saved."""
    done = call("docs/run_notebooks.py", path)
    assert done.returncode == 0, done.stdout + done.stderr
    return nbformat.read(path, as_version=4)


def compare(folder: Path) -> subprocess.CompletedProcess[str]:
    """Compare as `make test` does."""
    options = ["-c", ROOT / "pyproject.toml", "-p", "no:cacheprovider", "--color=no"]
    cells = ["--nbval", folder, "--nbval-sanitize-with", folder / "sanitize.cfg"]
    return call("-m", "pytest", *options, *cells)


def test_saved_outputs_hold(write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    """What was saved compares equal: in a folder of its own, offline, displays as last updated."""
    monkeypatch.setenv("LLM_MODEL", "not-this-one")
    path = write(
        "import os, pathlib\nsorted(p.name for p in pathlib.Path().iterdir() if p.name[0] != '.')",
        "os.environ.get('LLM_MODEL')",
        DISPLAY,
        "import time; print(f'{time.time() % 100:.1f} s')",
        "sorted(path.stem for path in pathlib.Path('blocks').iterdir())",
        "1 / 0",
        tags={5: ["raises-exception"]},
    )
    (path.parent / "data").mkdir()
    (path.parent / "data" / "seeds.csv").write_text("topic\nlight\n", encoding="utf-8")
    (path.parent / "export.jsonl").write_text("of an earlier run by hand", encoding="utf-8")
    cells = execute(path).cells
    assert cells[0].outputs[0].data["text/plain"] == "['blocks', 'data', 'some.ipynb']"
    assert cells[1].outputs == []
    assert [output.data["text/html"] for output in cells[2].outputs] == ["100 %"]
    assert cells[4].outputs[0].data["text/plain"] == "['language_filter', 'word_stats']"
    assert cells[5].outputs[0].ename == "ZeroDivisionError"
    done = compare(path.parent)
    assert "6 passed" in done.stdout, done.stdout + done.stderr
    files = sorted(each.name for each in path.parent.iterdir() if each.is_file())
    assert files == ["conftest.py", "export.jsonl", "sanitize.cfg", "some.ipynb"]


def test_differences_are_found(write: Write) -> None:
    """A text, a display's last state or an error that is not what was saved fails."""
    path = write("print('one')", DISPLAY, "'kept'")
    saved = execute(path)
    saved.cells[0].outputs[0].text = "two\n"
    saved.cells[1].outputs[0].data["text/html"] = "0 %"
    nbformat.write(saved, path)
    done = compare(path.parent)
    assert "2 failed, 1 passed" in done.stdout, done.stdout + done.stderr


def test_saved_file_is_clean(write: Write) -> None:
    """Nothing is saved that changes from run to run: a second run writes the same bytes."""
    path = write(
        "import ipywidgets\nipywidgets.IntSlider()",
        "print('a')\nprint('b', flush=True)\nprint('c')",
        "import pathlib, tempfile; str(pathlib.Path(tempfile.mkdtemp()) / 'some.db')",
        tags={1: ["nbval-ignore-output"]},
    )
    saved = execute(path)
    first = path.read_bytes()
    execute(path)
    assert path.read_bytes() == first
    assert set(saved.metadata) == {"kernelspec", "language_info"}
    assert "version" not in saved.metadata.language_info
    assert [dict(cell.metadata) for cell in saved.cells] == [
        {},
        {"tags": ["nbval-ignore-output"]},
        {},
    ]
    assert list(saved.cells[0].outputs[0].data) == ["text/plain"]
    assert [output.text for output in saved.cells[1].outputs] == ["a\nb\nc\n"]
    assert saved.cells[2].outputs[0].data["text/plain"] == "'/.../some.db'"


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("import os; print(os.getcwd() + '/data.csv')", "say it relative"),
        ("1 / 0", "ZeroDivisionError"),
    ],
)
def test_a_bad_run_is_not_saved(write: Write, source: str, message: str) -> None:
    """A notebook that fails, or shows folders of this machine, is left as it was."""
    path = write(source)
    before = path.read_bytes()
    done = call("docs/run_notebooks.py", path)
    assert done.returncode == 1
    assert message in done.stderr
    assert path.read_bytes() == before


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("done in 0.3 s", "done in DURATION"),
        ("12 ms", "DURATION"),
        ("12ms, 1.5 min", "DURATION, DURATION"),
        ("2 min 5 s", "DURATION"),
        ("ETA 0:12", "ETA DURATION"),
        ("123.4/s", "RATE/s"),
        ("8 records/s", "RATE records/s"),
        ("2026-01-31T09:08:07.123456+00:00", "TIMESTAMP"),
        ("since 2026-01-31 09:08:07Z", "since TIMESTAMP"),
        ("2026-01-31 09:08 UTC", "TIMESTAMP"),
        ("trace 1f0e9c2b", "trace ID"),
        ("123e4567-e89b-42d3-a456-426614174000", "UUID"),
        ("<object at 0x7f31E0>", "<object at ADDRESS>"),
        ("pandas 3.1.1, python=3.11.7", "pandas VERSION, python=VERSION"),
        ("10 records, 3 failed, 1.5 tokens", "10 records, 3 failed, 1.5 tokens"),
        ("3 seeds, 2 steps, job 7", "3 seeds, 2 steps, job 7"),
        ("<style>td{margin:0}\n</style><td>3</td>", "STYLE<td>3</td>"),
        ("bedroom, 1234567, 2026-01-31", "bedroom, 1234567, 2026-01-31"),
    ],
)
def test_sanitize(text: str, expected: str) -> None:
    """Times, rates, ids and versions do not count; numbers that mean something do."""
    rules = get_sanitize_patterns((ROOT / "notebooks" / "sanitize.cfg").read_text("utf-8"))
    assert len(rules) == 11
    for pattern, replacement in rules:
        text = re.sub(pattern, replacement, text)
    assert text == expected


def test_sanitize_temporary_folders() -> None:
    """A temporary folder counts as one, wherever it is."""
    rules = get_sanitize_patterns((ROOT / "notebooks" / "sanitize.cfg").read_text("utf-8"))
    pattern, replacement = rules[5]
    for place in (("tmp",), ("private", "var", "folders"), ("var", "tmp"), ("...",)):
        path = "/".join(["", *place, "x1", "out.jsonl"])
        assert re.sub(pattern, replacement, f"saved as '{path}'") == "saved as 'FOLDER'"
