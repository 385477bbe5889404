"""Blocks of a running job and the cells of a real kernel: neither gets into the other's way."""

from __future__ import annotations

import pytest
from kernel.kernels import Kernel

REFUSED = "a block of a job cannot ask anything; use pipe.debug(seed)"

PREPARE = """
import asyncio, builtins, getpass, sys, threading, time
from getpass import getpass as ask_secretly
import datagenflow_nb as dgf
kernel = get_ipython().kernel

def asked(ask, is_async):
    'Reasons why the record of a job failed whose block does this.'
    def execute(self, data):
        ask()
        return {'x': 1}
    async def execute_later(self, data):
        return execute(self, data)
    chosen = execute_later if is_async else execute
    kind = type('Asks', (dgf.BaseBlock,), {'outputs': ['x'], 'execute': chosen})
    job = dgf.run(dgf.Pipeline('asks', [kind]), [{'n': 1}], wait=True)
    return job.reasons()[0][0]

def set_trace():
    import pdb
    pdb.set_trace()

def state():
    'What asks between two cells, and what a kernel keeps of it.'
    names = ('raw_input', 'getpass', '_input_request')
    return (builtins.input is kernel.raw_input or builtins.input == kernel.raw_input,
            getpass.getpass == kernel.getpass, type(kernel._sys_raw_input).__name__,
            type(kernel._save_getpass).__name__, [n for n in names if n in vars(kernel)],
            type(sys.stdin).__module__)
"""


@pytest.fixture(scope="module", autouse=True)
def _prepared(kernel: Kernel) -> None:
    assert kernel.run(PREPARE).error is None


@pytest.mark.parametrize("is_async", [True, False])
@pytest.mark.parametrize(
    "ask",
    ["lambda: input('who? ')", "lambda: getpass.getpass()", "ask_secretly", "kernel.raw_input",
     "set_trace", "lambda: sys.stdin.readline()"],
)  # fmt: skip
def test_a_block_that_asks_fails(kernel: Kernel, ask: str, is_async: bool) -> None:
    """Its record fails with what to do, nothing is asked in the cell, and jobs go on."""
    cell = kernel.run(f"asked({ask}, {is_async})")
    assert (cell.prompts, cell.error) == ([], None)
    assert cell.result == repr(REFUSED)


def test_cells_ask_while_jobs_run_and_after(kernel: Kernel) -> None:
    """Cells before, during and after a job ask as ever, and the job leaves nothing behind."""
    before = kernel.run("state()").result
    kernel.run(
        "class Waits(dgf.BaseBlock):\n"
        "    outputs = ['x', 'y']\n"
        "    async def execute(self, data):\n"
        "        began.set()\n"
        "        await asyncio.to_thread(goes_on.wait)\n"
        "        try:\n"
        "            input('who? ')\n"
        "        except dgf.BlockExecutionError as error:\n"
        "            return {'x': 1, 'y': str(error)}\n"
        "began, goes_on = threading.Event(), threading.Event()\n"
        "job = dgf.run(dgf.Pipeline('waits', [Waits]), [{'n': 1}]); began.wait()"
    )
    cell = kernel.run("input('name? '), ask_secretly('word? ')", answers=["x", "y"])
    assert (cell.result, cell.prompts) == ("('x', 'y')", ["name? ", "word? "])
    cell = kernel.run("goes_on.set(); job.wait(); list(job.records().y)")
    assert (cell.result, cell.prompts) == (repr([REFUSED]), [])
    assert kernel.run("state()").result == before
    assert kernel.run("type(builtins.input), input('a? ')", answers=["z"]).prompts == ["a? "]


TALKS = """
class Talks(dgf.BaseBlock):
    outputs = ['x']
    async def execute(self, data):
        print('one')
        began.set()
        await asyncio.to_thread(goes_on.wait)
        print('two')
        return {'x': 1}

class TalksToo(dgf.BaseBlock):
    outputs = ['y']
    async def execute(self, data):
        print('three')
        return {'y': 1}

began, goes_on = threading.Event(), threading.Event()
job = dgf.run(dgf.Pipeline('talks', [BLOCKS]), [{'n': 1}])
began.wait()
"""


@pytest.mark.parametrize(
    "capture",
    ["%%capture captured\n{}",
     "import contextlib, io\nwith contextlib.redirect_stdout(io.StringIO()) as text:\n    {}\n"
     "captured = type('Captured', (), {{'stdout': text.getvalue()}})"],
)  # fmt: skip
def test_capture_in_another_cell(kernel: Kernel, capture: str) -> None:
    """What a cell captures is its own: blocks under way, and those that follow, print elsewhere."""
    assert kernel.run(TALKS.replace("BLOCKS", "Talks, TalksToo")).error is None
    wait = "while 'datagenflow' not in repr(sys.stdout): time.sleep(0.01)"
    cell = f"exec({wait!r}); print('mine'); goes_on.set(); job.wait(); None"
    assert kernel.run(capture.format(cell)).stdout == ""
    lines = "[line.message for line in job.log()]"
    assert kernel.run(f"captured.stdout, {lines}").result == (
        "('mine\\n', ['one', 'two', 'three'])"
    )


def test_streams_that_change_between_blocks(kernel: Kernel) -> None:
    """A block that replaces the streams has the next block's prints no more than anybody."""
    assert (
        kernel.run(
            "import io\n"
            "class Takes(dgf.BaseBlock):\n"
            "    outputs = ['x']\n"
            "    async def execute(self, data):\n"
            "        self.__class__.before, sys.stdout = sys.stdout, taken\n"
            "        return {'x': 1}\n"
            "taken = io.StringIO()\n"
            "job = dgf.run(dgf.Pipeline('takes', [Takes, TalksToo]), [{'n': 1}], wait=True)\n"
            "sys.stdout = Takes.before\n"
            "taken.getvalue(), [line.message for line in job.log()]"
        ).result
        == "('', ['three'])"
    )
