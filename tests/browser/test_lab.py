"""The rig itself: notebooks run in JupyterLab as a person would run them."""

from __future__ import annotations

import struct
import sys
from pathlib import Path

import pytest
from browser.lab import OpenNotebook, output_text

import datagenflow_nb


def size_of(png: Path) -> tuple[int, int]:
    """Width and height out of a PNG's header."""
    header = png.read_bytes()[:24]
    assert header[:8] == b"\x89PNG\r\n\x1a\n"
    width, height = struct.unpack(">II", header[16:])
    return width, height


def test_outputs(notebook: OpenNotebook) -> None:
    """Cells run in order, and each shows what it should."""
    opened = notebook("x = 20\nprint('hello')", "x + 1", "import sys; print('to', file=sys.stderr)")
    opened.run_all()
    assert [opened.text(index) for index in range(3)] == ["hello\n", "21", "to\n"]
    assert [cell["execution_count"] for cell in opened.cells()] == [1, 2, 3]
    assert opened.errors() == []
    assert opened.problems == []
    assert output_text(opened.run("x * 2")[0]) == "40"


def test_kernel_has_the_package(notebook: OpenNotebook) -> None:
    """The kernel is this Python, imports the package under test and works in its own folder."""
    opened = notebook(
        "import sys, datagenflow_nb; print(sys.prefix, datagenflow_nb.__file__, sep='\\n')",
        "print(datagenflow_nb.workspace().settings.database_path)",
        run=True,
    )
    assert opened.text(0).splitlines() == [sys.prefix, datagenflow_nb.__file__]
    assert opened.text(1) == f"{opened.folder / 'datagenflow.db'}\n"


def test_error(notebook: OpenNotebook) -> None:
    """A cell that fails ends the run and is reported."""
    opened = notebook("1 / 0", "print('never')", run=True)
    assert opened.errors() == ["ZeroDivisionError: division by zero"]
    assert opened.outputs(1) == []


def test_interrupt(notebook: OpenNotebook) -> None:
    """A cell that waits for ever is interrupted, and the kernel still has its names."""
    opened = notebook("x = 1", run=True)
    opened.start_cell("import threading; threading.Event().wait()")
    opened.wait_for_kernel("busy")
    opened.interrupt()
    opened.finish()
    assert opened.errors() == ["KeyboardInterrupt: "]
    assert output_text(opened.run("x")[0]) == "1"


def test_limit(notebook: OpenNotebook) -> None:
    """A cell that does not end is an error of the test, not the end of the test run."""
    opened = notebook("import threading; threading.Event().wait()")
    with pytest.raises(TimeoutError, match=r"notebook1.ipynb did not finish in 0.5 s"):
        opened.run_all(limit=0.5)
    opened.interrupt()
    opened.finish()


def test_restart(notebook: OpenNotebook) -> None:
    """A restarted kernel knows nothing any more; outputs stay."""
    opened = notebook("x = 1\nx", run=True)
    opened.restart()
    assert opened.text(0) == "1"
    opened.run("x")
    assert opened.errors() == ["NameError: name 'x' is not defined"]


def test_file(notebook: OpenNotebook, tmp_path: Path) -> None:
    """A copy of a file is opened, and saving writes the outputs to the copy."""
    first = notebook("'one'", run=True)
    first.save()
    original = first.path.read_bytes()
    second = notebook(first.path.rename(tmp_path / "second.ipynb"))
    second.run("'two'")
    saved = second.save()
    assert second.path == first.folder / "second.ipynb"
    assert [output_text(cell["outputs"][0]) for cell in saved["cells"]] == ["'one'", "'two'"]
    assert (tmp_path / "second.ipynb").read_bytes() == original


def test_two_kernels(notebook: OpenNotebook) -> None:
    """Two notebooks are open side by side, with a kernel each, in one folder."""
    first, second = notebook("x = 1", run=True), notebook("x = 2", run=True)
    assert [output_text(each.run("x")[0]) for each in (first, second)] == ["1", "2"]
    assert first.folder == second.folder
    assert first.path != second.path


def test_reload(notebook: OpenNotebook) -> None:
    """A page loaded again finds the kernel that runs."""
    opened = notebook("x = 1", run=True)
    opened.save()
    opened.reload()
    assert output_text(opened.run("x")[0]) == "1"


def test_screenshots(notebook: OpenNotebook) -> None:
    """Pictures in both themes have the window's size, or the whole notebook's, and differ."""
    opened = notebook("print('\\n'.join(map(str, range(60))))", "'below the window'", run=True)
    light = opened.screenshot("trivial")
    assert opened.style(".jp-Notebook", "background-color") == "rgb(255, 255, 255)"
    dark = opened.screenshot("trivial", "dark")
    assert opened.style(".jp-Notebook", "background-color") == "rgb(17, 17, 17)"
    assert size_of(light) == size_of(dark) == (1200, 900)
    assert light.read_bytes() != dark.read_bytes()
    assert [light.name, dark.name] == ["trivial-light.png", "trivial-dark.png"]
    whole = opened.screenshot("whole", "dark", whole=True)
    width, height = size_of(whole)
    assert width == 1200
    assert 1050 < height < 1500


def test_problems(notebook: OpenNotebook) -> None:
    """Complaints of the page are collected, and only those since the notebook was opened."""
    opened = notebook("1")
    opened.page.evaluate("() => console.error('oh no')")
    opened.page.evaluate("() => { setTimeout(() => { throw new Error('lost') }) }")
    opened.page.evaluate("() => new Promise((settle) => setTimeout(settle))")
    said, uncaught = opened.problems
    assert said == "oh no"
    assert uncaught.startswith("uncaught: lost Error: lost\n    at ")
    opened.problems.clear()
    assert notebook("2", run=True).problems == []
