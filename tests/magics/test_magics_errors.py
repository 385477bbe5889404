"""In a real kernel: how errors show, what is asked, and what loading and unloading leave."""

from __future__ import annotations

from kernel.kernels import Cell, Kernel
from magics.shells import ECHO

BLOCKS = """\
import datagenflow_nb as dgf
@dgf.block(outputs=['half'])
def Half(n):
    whole = n
    return {'half': whole / 0}
pipe = dgf.Pipeline('half', [{'type': 'Half'}])
"""
KEPT = "ZeroDivisionError: division by zero"


def panels(cell: Cell) -> list[str]:
    """The error panels it showed."""
    return [html for html in cell.data("text/html") if "dgf-error" in html]


def test_our_error(kernel: Kernel) -> None:
    """An error of ours is a panel and two lines, and the cells queued behind it do not run."""
    first, second = kernel.run_all(["%dgf pipeline nope", "2"])
    assert (first.status, second.status) == ("error", "aborted")
    assert first.error == "ConfigError: there is no stored pipeline 'nope'; there are none"
    assert first.traceback == f"{first.error}"
    (panel,) = panels(first)
    assert '<div class="dgf-head dgf-bad">ConfigError</div>' in panel
    # Where no HTML is shown, the text of the error is what is left: the panel brings none.
    assert first.data("text/plain") == []


def test_error_of_the_api(kernel: Kernel) -> None:
    """Errors of plain Python calls show the same way."""
    kernel.run("import datagenflow_nb as dgf")
    cell = kernel.run("def ask():\n    return dgf.Pipeline.from_template('nope')\nask()")
    assert cell.traceback.startswith("ConfigError: there is no template 'nope'; ")
    assert len(cell.traceback.splitlines()) == 1
    assert len(panels(cell)) == 1


def test_other_errors_keep_their_traceback(kernel: Kernel) -> None:
    """What is no error of ours shows as ever, with every line."""
    cell = kernel.run("def add(a):\n    return a + 'x'\nadd(1)")
    assert cell.error == "TypeError: unsupported operand type(s) for +: 'int' and 'str'"
    assert "----> 2     return a + 'x'" in cell.traceback
    assert panels(cell) == []


def test_caught_error_shows(kernel: Kernel) -> None:
    """An error that was caught and is a cell's value shows as the panel."""
    cell = kernel.run(
        "try:\n    dgf.Pipeline.from_template('nope')\nexcept dgf.ConfigError as e:\n    kept = e\n"
        "kept"
    )
    assert len(panels(cell)) == 1
    assert (cell.status, cell.error) == ("ok", None)


def test_failing_block(kernel: Kernel) -> None:
    """The panel of a block that failed shows the line of the user's own code in the cell."""
    kernel.run(BLOCKS)
    cell = kernel.run("pipe.execute_sync({'n': 1})")
    assert cell.traceback.splitlines() == [
        f"BlockExecutionError: block 'half' (Half) raised {KEPT}",
        "  cell line 5, in Half: return {'half': whole / 0}",
    ]
    (panel,) = panels(cell)
    assert '<pre class="dgf-soft">cell line 5, in Half: return {&#x27;half&#x27;: ' in panel


def test_debugger_after_a_panel(kernel: Kernel) -> None:
    """%tb shows the whole of what the block raised, and %debug stands at the line that did."""
    kernel.run(BLOCKS)
    kernel.run("pipe.execute_sync({'n': 41})")
    told = kernel.run("%tb").traceback
    assert told.startswith("-" * 75 + "\nZeroDivisionError")
    assert "----> 5     return {'half': whole / 0}" in told
    cell = kernel.run("%debug", answers=["p whole", "u", "q"])
    assert "----> 5     return {'half': whole / 0}" in cell.stdout
    assert "\n41\n" in cell.stdout


def test_debugger_after_any_panel(kernel: Kernel) -> None:
    """After an error of no block %debug stands where it was noticed, one's own code above it."""
    kernel.run("def ask():\n    mine = 7\n    dgf.Pipeline.from_template('nope')\nask()")
    assert kernel.run("%tb").traceback.startswith("ConfigError: there is no template 'nope'")
    cell = kernel.run("%debug", answers=["u", "u", "p mine", "q"])
    assert "\n7\n" in cell.stdout


def test_syntax_of_a_cell_of_blocks(kernel: Kernel) -> None:
    """A mistake in a cell of blocks is told with its line, the magic's being the first."""
    cell = kernel.run("%%dgf block\nclass A:\n    def f(self)\n        pass\n")
    assert cell.traceback == "ConfigError: cell line 3: expected ':': def f(self)"


def test_cell_of_blocks_that_raises(kernel: Kernel) -> None:
    """An error of the cell's own code keeps its traceback, without our frames."""
    cell = kernel.run("%%dgf block\nhalf = 1\nhalf / 0\n")
    assert cell.error == KEPT
    assert "----> 3 half / 0" in cell.traceback
    assert "dispatch" not in cell.traceback


def test_deleting_asks(kernel: Kernel) -> None:
    """Only a yes deletes."""
    kernel.run(ECHO)
    kernel.run("%%dgf run echo --wait\nn: 1\n")
    for answer in ("n", "", "nonsense"):
        cell = kernel.run("%dgf delete pipeline echo", answers=[answer])
        assert cell.prompts == ["Delete the pipeline 'echo' with its 1 version? [y/N] "]
        assert cell.error == "ConfigError: nothing was deleted; --yes deletes without a question"
    cell = kernel.run("%dgf delete job 1", answers=["y"])
    assert cell.prompts == ["Delete job 1 with its 1 record and their traces? [y/N] "]
    assert cell.result == "Deleted job 1 with its 1 record."
    assert kernel.run("%dgf delete pipeline echo", answers=["YES"]).status == "ok"
    assert kernel.run("%dgf pipelines").result == (
        "No pipelines yet: %dgf new NAME --template T, or %%dgf pipeline NAME."
    )


def test_nobody_to_ask(kernel: Kernel) -> None:
    """Where nobody can answer (nbconvert, papermill) nothing is deleted."""
    kernel.run(ECHO)
    cell = Cell("")
    message = kernel.client.execute("%dgf delete pipeline echo", allow_stdin=False)
    kernel._cells[message] = cell
    kernel.wait(cell)
    assert cell.error == "ConfigError: nothing was deleted; --yes deletes without a question"


def test_loading_twice(kernel: Kernel) -> None:
    """Loading again says so; reloading works; an error is still shown once."""
    cell = kernel.run("%load_ext datagenflow_nb")
    assert cell.stdout.startswith("The datagenflow_nb extension is already loaded.")
    assert kernel.run("%reload_ext datagenflow_nb").status == "ok"
    assert len(panels(kernel.run("%dgf pipeline nope"))) == 1


def test_unloading(kernel: Kernel) -> None:
    """After unloading there is no magic and no panel, and a job shows as plain text."""
    kernel.run(ECHO)
    kernel.run("%%dgf run echo --wait --as job\nn: 1\n")
    assert kernel.run("%unload_ext datagenflow_nb").status == "ok"
    assert "UsageError: Line magic function `%dgf` not found." in kernel.run("%dgf").stderr
    assert "Cell magic `%%dgf` not found." in kernel.run("%%dgf run echo\nn: 1").stderr
    cell = kernel.run("dgf.Pipeline.from_template('nope')")
    assert panels(cell) == []
    assert cell.error is not None and cell.error.startswith("ConfigError: there is no template")
    assert kernel.run("job").result == "Job(2: 'echo' completed, 1 records)"
    assert kernel.run("%load_ext datagenflow_nb").status == "ok"
    assert len(panels(kernel.run("%dgf pipeline nope"))) == 1


def test_handler_of_somebody_else_stays(kernel: Kernel) -> None:
    """A notebook's own way to show exceptions is neither replaced nor taken away."""
    kernel.run("%unload_ext datagenflow_nb")
    kernel.run(
        "def mine(shell, kind, error, tb, tb_offset=None):\n    print('mine:', error)\n"
        "get_ipython().set_custom_exc((KeyError,), mine)"
    )
    kernel.run("%load_ext datagenflow_nb")
    assert kernel.run("{}['a']").stdout == "mine: 'a'\n"
    cell = kernel.run("%dgf pipeline nope")
    assert cell.traceback.startswith("ConfigError: there is no stored pipeline 'nope'")
    kernel.run("%unload_ext datagenflow_nb")
    assert kernel.run("{}['a']").stdout == "mine: 'a'\n"
    kernel.run("get_ipython().set_custom_exc((), None)")
    kernel.run("%load_ext datagenflow_nb")
