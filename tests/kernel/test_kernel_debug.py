"""``Pipeline.debug`` in a real kernel: debuggers and profilers reach a block, nothing is left."""

from __future__ import annotations

from typing import Any

import pytest
from kernel.kernels import Kernel

#: What a notebook says about asyncio that nest_asyncio2 would have changed.
ASYNCIO = """
import asyncio, tornado.concurrent
kernel_loop = type(asyncio.get_running_loop())
(asyncio.Task.__module__, asyncio.Future.__module__, asyncio.run.__module__,
 asyncio.get_event_loop.__module__, tornado.concurrent.Future.__module__,
 type(asyncio.get_event_loop_policy()).get_event_loop.__module__,
 kernel_loop.run_forever.__module__, kernel_loop._run_once.__module__,
 hasattr(asyncio, '_nest_patched'), hasattr(kernel_loop, '_nest_patched'))
"""
BLOCKS = """
import asyncio, threading
import datagenflow_nb as dgf
from IPython.core.debugger import set_trace

@dgf.block(outputs=['twice'])
def Twice(n):
    half = n
    set_trace()
    return {'twice': half * 2}

class Later(dgf.BaseBlock):
    outputs = ['late']
    async def execute(self, data):
        await asyncio.sleep(0)
        secret = 41
        set_trace()
        return {'late': secret + 1}

class Thread(dgf.BaseBlock):
    outputs = ['thread']
    def execute(self, data):
        return {'thread': threading.current_thread().name}

class Broken(dgf.BaseBlock):
    outputs = ['x']
    def execute(self, data):
        inside = 17
        return {'x': inside / 0}

class BrokenLater(dgf.BaseBlock):
    outputs = ['x']
    async def execute(self, data):
        await asyncio.sleep(0)
        inside = 18
        return {'x': inside / 0}

class Hang(dgf.BaseBlock):
    outputs = ['x']
    async def execute(self, data):
        print('hangs')
        await asyncio.Event().wait()

class Busy(dgf.BaseBlock):
    outputs = ['x']
    def execute(self, data):
        print('hangs')
        while True:
            pass

class Waits(dgf.BaseBlock):
    outputs = ['x']
    async def execute(self, data):
        print('hangs')
        try:
            await asyncio.Event().wait()
        finally:
            cancelled.set()

cancelled = threading.Event()
ASK = {'type': 'TextGenerator', 'config': {'user_prompt': 'Hi {{ n }}'}}

def pipe(*blocks):
    return dgf.Pipeline('p', list(blocks))
"""


@pytest.fixture(scope="module", autouse=True)
def blocks(kernel: Kernel) -> None:
    """The blocks of all tests here, defined as a notebook does."""
    assert kernel.run(BLOCKS).error is None


@pytest.mark.parametrize(
    ("name", "variable", "shown", "result"),
    [("Twice", "half", "4", "{'twice': 8}"), ("Later", "secret", "41", "{'late': 42}")],
)
def test_set_trace(kernel: Kernel, name: str, variable: str, shown: str, result: str) -> None:
    """A breakpoint in a sync and in an async block stops, shows a variable, and goes on."""
    cell = kernel.run(
        f"pipe({name}).debug({{'n': 4}}).trace[0]['output']", answers=[f"p {variable}", "c"]
    )
    assert cell.prompts == ["ipdb> ", "ipdb> "]
    assert f"\n{shown}\n" in cell.stdout
    assert cell.result == result


def test_leaving_the_debugger(kernel: Kernel) -> None:
    """Leaving at the breakpoint ends the cell without an error of the block."""
    cell = kernel.run("pipe(Twice).debug({'n': 4})", answers=["q"])
    assert (cell.error, cell.result) == (None, None)
    assert kernel.run("1 + 1").result == "2"


@pytest.mark.parametrize(("name", "inside"), [("Broken", "17"), ("BrokenLater", "18")])
def test_post_mortem(kernel: Kernel, name: str, inside: str) -> None:
    """%debug after an error stands in the block's own frame; the cell's is above."""
    cell = kernel.run(f"n = 4; pipe({name}).debug({{'n': n}})")
    assert cell.error is not None
    assert cell.error.startswith("BlockExecutionError: block ")
    assert cell.error.endswith("raised ZeroDivisionError: division by zero")
    after = kernel.run("%debug", answers=["p inside", "w", "q"])
    assert f"\n{inside}\n" in after.stdout
    assert "return {'x': inside / 0}" in after.stdout
    assert f"pipe({name}).debug" in after.stdout


LAB_BLOCKS = """
class Plain(dgf.BaseBlock):
    outputs = ['x']
    def execute(self, data):
        here = 5
        return {'x': here}

class Awaits(dgf.BaseBlock):
    outputs = ['y']
    async def execute(self, data):
        await asyncio.sleep(0)
        there = 6
        return {'y': there}
"""


def stops(kernel: Kernel) -> list[dict[str, Any]]:
    """Every time the kernel stopped at a breakpoint of JupyterLab's."""
    return [item for item in kernel.strays if item.get("event") == "stopped"]


def test_lab_debugger(kernel: Kernel) -> None:
    """Breakpoints set in JupyterLab stop in a sync and in an async block, with their variables."""
    ask = kernel.ask_debugger
    ask("initialize", clientID="t", adapterID="", pathFormat="path",
        linesStartAt1=True, columnsStartAt1=True)  # fmt: skip
    ask("attach")
    source = {"path": ask("dumpCell", code=LAB_BLOCKS)["sourcePath"]}
    lines = [n for n, line in enumerate(LAB_BLOCKS.splitlines(), 1) if "return" in line]
    ask("setBreakpoints", source=source, breakpoints=[{"line": line} for line in lines])
    ask("configurationDone")
    kernel.run(LAB_BLOCKS)
    cell = kernel.submit("pipe(Plain, Awaits).debug({}).result")
    for count, variable in ((1, ("here", "5")), (2, ("there", "6"))):
        kernel.until(lambda count=count: len(stops(kernel)) == count)
        thread = stops(kernel)[-1]["body"]["threadId"]
        frame = ask("stackTrace", threadId=thread)["stackFrames"][0]
        scope = ask("scopes", frameId=frame["id"])["scopes"][0]
        found = ask("variables", variablesReference=scope["variablesReference"])["variables"]
        assert variable in [(item["name"], item["value"]) for item in found]
        ask("continue", threadId=thread)
    assert kernel.wait(cell).result == "{'x': 5, 'y': 6, 'output': 6}"
    ask("disconnect", restart=False, terminateDebuggee=False)


def test_main_thread(kernel: Kernel) -> None:
    """A sync block runs on the cell's own thread, where %prun counts it."""
    assert kernel.run("pipe(Thread).debug({}).result['thread']").result == "'MainThread'"
    cell = kernel.run("%prun -q -T profile.txt pipe(Thread).debug({})")
    assert cell.error is None
    listed = kernel.run("[line for line in open('profile.txt') if 'current_thread' in line]")
    assert listed.result != "[]"


def test_run_all(kernel: Kernel) -> None:
    """Cells queued behind debugging ones all run, in order, with all they show."""
    codes = ["order = [0]; pipe(ASK).debug({'n': 1}).status"]
    for n in range(1, 7):
        codes += [
            f"order.append({n}); print('cell', {n})\npipe(ASK, Thread).debug({{'n': {n}}}).status",
            f"await asyncio.sleep(0); print('awaited', {n})\n{n}",
        ]
    cells = kernel.run_all([*codes, "order"])
    assert [cell.error for cell in cells] == [None] * 14
    assert [cell.stdout for cell in cells[1:-1:2]] == [f"cell {n}\n" for n in range(1, 7)]
    assert [cell.stdout for cell in cells[2:-1:2]] == [f"awaited {n}\n" for n in range(1, 7)]
    assert [cell.result for cell in cells[1:-1:2]] == ["'completed'"] * 6
    assert [cell.result for cell in cells[2:-1:2]] == ["1", "2", "3", "4", "5", "6"]
    assert cells[-1].result == "[0, 1, 2, 3, 4, 5, 6]"


def test_everything_else_works_afterwards(kernel: Kernel) -> None:
    """A job, an await and execute_sync in the kernel that debugged."""
    job = "dgf.run(pipe(ASK), [{'n': 1}, {'n': 2}], wait=True).status"
    cells = kernel.run_all(
        [
            "pipe(ASK).debug({'n': 1}).status",
            job,
            "(await pipe(ASK).execute({'n': 1})).status",
            "pipe(ASK).execute_sync({'n': 1}).status",
            "pipe(ASK).debug({'n': 1}).status",
        ]
    )
    assert [cell.result for cell in cells] == ["'completed'"] * 5


def test_asyncio_is_left_alone(kernel: Kernel) -> None:
    """Tasks, run, the policy and the kernel's loop are those of a kernel that never debugged."""
    kernel.restart()
    never = kernel.run(ASYNCIO)
    assert kernel.run(BLOCKS).error is None
    assert kernel.run("pipe(ASK).debug({'n': 1}).status").result == "'completed'"
    after = kernel.run(ASYNCIO)
    assert after.result is not None
    assert after.result == never.result
    assert "nest" not in after.result


@pytest.mark.parametrize("name", ["Hang", "Busy"])
def test_interrupt(kernel: Kernel, name: str) -> None:
    """The stop button ends a block that is being debugged, as an interrupt and no failure."""
    cell = kernel.submit(f"pipe({name}).debug({{}})")
    kernel.until(lambda: "hangs" in cell.stdout)
    kernel.interrupt()
    assert kernel.wait(cell).error == "KeyboardInterrupt: "
    assert kernel.run("pipe(ASK).debug({'n': 1}).status").result == "'completed'"


def test_interrupted_preview(kernel: Kernel) -> None:
    """The stop button ends a preview and what it does on the loop thread."""
    cell = kernel.submit("pipe(Waits).preview({})")
    kernel.until(lambda: "hangs" in cell.stdout)
    kernel.interrupt()
    assert kernel.wait(cell).error == "KeyboardInterrupt: "
    assert kernel.run("cancelled.wait(30)").result == "True"
