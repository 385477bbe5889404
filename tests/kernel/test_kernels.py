"""The helper for tests with a kernel does what it says, or it proves nothing."""

from __future__ import annotations

from kernel.kernels import Kernel


def test_outputs(kernel: Kernel) -> None:
    """What a cell prints, shows and gives is told apart."""
    cell = kernel.run(
        "import sys; from IPython.display import HTML\nprint('out')\n"
        "print('err', file=sys.stderr)\ndisplay(HTML('<b>x</b>'))\n1 + 1"
    )
    assert (cell.status, cell.stdout, cell.stderr) == ("ok", "out\n", "err\n")
    assert (cell.result, cell.data("text/html"), cell.error) == ("2", ["<b>x</b>"], None)


def test_queued_cells(kernel: Kernel) -> None:
    """After a cell that failed the queued ones are aborted."""
    first, second = kernel.run_all(["1 / 0", "2"])
    assert first.error == "ZeroDivisionError: division by zero"
    assert "1 / 0" in first.traceback
    assert second.status == "aborted"


def test_questions(kernel: Kernel) -> None:
    """Questions are noted and answered in turn."""
    cell = kernel.run("input('a? ') + input('b? ')", answers=["x", "y"])
    assert (cell.result, cell.prompts) == ("'xy'", ["a? ", "b? "])


def test_interrupt_and_restart(kernel: Kernel) -> None:
    """A cell is interrupted where it is; a restarted kernel knows nothing."""
    cell = kernel.submit("kept = 1; import time; print('on'); time.sleep(60)")
    kernel.until(lambda: "on" in cell.stdout)
    kernel.interrupt()
    assert kernel.wait(cell).error == "KeyboardInterrupt: "
    assert kernel.run("kept").result == "1"
    kernel.restart()
    assert kernel.run("kept").error == "NameError: name 'kept' is not defined"
