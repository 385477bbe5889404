"""The shell itself: loading and unloading, questions, completion through IPython, interrupts."""

from __future__ import annotations

import signal
import sys
import threading
import traceback
from pathlib import Path

import pytest
from IPython.core.completer import provisionalcompleter
from IPython.utils.capture import capture_output
from magics.shells import Shell
from running import look

from datagenflow_nb.jobs import Job
from datagenflow_nb.magics.command import Command
from datagenflow_nb.magics.commands import COMMANDS
from datagenflow_nb.widgets.monitor_view import begin_cell, show_job


def offered(shell: Shell, code: str) -> list[str]:
    """What IPython offers at the end of ``code``, each as the whole text it makes."""
    with provisionalcompleter():
        found = list(shell.ip.Completer.completions(code, len(code)))
    return [code[: item.start] + item.text for item in found]


def test_completion_through_ipython(echo: Shell) -> None:
    """Our lines are completed wherever they may stand, and nothing else is."""
    assert offered(echo, "%dgf previ") == ["%dgf preview"]
    assert offered(echo, "a = 1\nb = %dgf pipeline e") == ["a = 1\nb = %dgf pipeline echo"]
    assert offered(echo, "%dgf run echo --seeds nowhere") == ["%dgf run echo --seeds nowhere"]
    assert "%%dgf run echo\n%dgf preview" not in offered(echo, "%%dgf run echo\n%dgf previ")
    assert "print" in offered(echo, "prin")


def test_loading_and_unloading(echo: Shell) -> None:
    """What was put into the shell is taken out, and can be put in again."""
    echo.value("%%dgf run echo --wait --as job\nn: 1\n")
    ip = echo.ip
    assert ip.custom_exceptions != ()
    echo.value("%unload_ext datagenflow_nb")
    assert echo.error("%dgf jobs") == "UsageError: Line magic function `%dgf` not found."
    assert offered(echo, "%dgf previ") == []
    assert ip.custom_exceptions == ()
    assert ip.input_transformers_post == []
    assert echo.run("job").text.endswith(": Job(1: 'echo' completed, 1 records)\n")
    echo.value("%load_ext datagenflow_nb")
    echo.value("%reload_ext datagenflow_nb")
    assert len(ip.input_transformers_post) == 1
    assert len(echo.value("%dgf jobs")) == 1
    assert "job 1: 1/1 (100 %)" in echo.run("job").text


@pytest.mark.parametrize(
    ("answer", "is_yes"),
    [("y", True), ("YES", True), (" yes ", True), ("n", False), ("", False), ("sure", False)],
)
def test_answers(echo: Shell, monkeypatch: pytest.MonkeyPatch, answer: str, is_yes: bool) -> None:
    """Only a clear yes is one."""
    asked: list[str] = []

    def keyboard(question: str) -> str:
        asked.append(question)
        return answer

    monkeypatch.setattr("builtins.input", keyboard)
    ran = echo.run("%dgf delete pipeline echo")
    assert asked == ["Delete the pipeline 'echo' with its 1 version? [y/N] "]
    assert (ran.raised is None) == is_yes
    assert (echo.value("%dgf pipelines") == []) == is_yes


def test_nobody_answers(echo: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    """Input that has ended is no yes."""

    def keyboard(question: str) -> str:
        raise EOFError

    monkeypatch.setattr("builtins.input", keyboard)
    assert echo.error("%dgf delete pipeline echo") == (
        "ConfigError: nothing was deleted; --yes deletes without a question"
    )


@pytest.mark.parametrize("presses", [1, 2])
def test_interrupts_of_a_wait(
    echo: Shell, tmp_path: Path, presses: int, request: pytest.FixtureRequest
) -> None:
    """The first interrupt lets what is under way end, the second drops it; both say what stays."""
    shell = echo
    # Loads what displays need: Python may lose an interrupt in the middle of an import.
    shell.value("%%dgf run echo --wait --as before\nn: 1\n")

    def has_control(control: str) -> bool:
        """Whether the job was asked to do this."""
        return look(tmp_path / "datagenflow.db", "SELECT control FROM jobs WHERE id = 2") == [
            (control,)
        ]

    identity = threading.main_thread().ident
    assert identity is not None

    def is_awaited() -> bool:
        """Whether the cell waits for its job by now."""
        frames = traceback.walk_stack(sys._current_frames()[identity])
        return any(frame.f_code is Job.wait.__code__ for frame, _ in frames)

    def press() -> None:
        """What the stop button does."""
        signal.pthread_kill(identity, signal.SIGINT)

    def nudge() -> None:
        """Wakes the main thread: a signal that came right before it began to wait would not."""
        signal.pthread_kill(identity, signal.SIGUSR1)

    before = signal.signal(signal.SIGUSR1, lambda *_: None)
    request.addfinalizer(lambda: signal.signal(signal.SIGUSR1, before))
    named = {"is_awaited": is_awaited, "has_control": has_control, "press": press, "nudge": nudge}
    shell.ip.user_ns.update(named, presses=presses)
    shell.value(
        "import asyncio, datagenflow_nb as dgf\n"
        "class Hold(dgf.BaseBlock):\n"
        "    inputs, outputs = ['n'], ['held']\n"
        "    async def execute(self, data):\n"
        "        if data['n'] == 1:\n"
        "            while not is_awaited():\n"
        "                await asyncio.sleep(0.01)\n"
        "            press()\n"
        "            while not has_control('cancel'):\n"
        "                nudge()\n"
        "                await asyncio.sleep(0.01)\n"
        "            if presses == 2:\n"
        "                press()\n"
        "                while True:\n"
        "                    nudge()\n"
        "                    await asyncio.sleep(0.01)\n"
        "        elif data['n'] > 1:\n"
        "            await asyncio.sleep(0.02)\n"
        "        return {'held': data['n']}"
    )
    shell.value("%%dgf pipeline hold\n- type: Hold\n")
    seeds = "".join(f'{{"n": {number}}}\n' for number in range(300))
    ran = shell.run(f"%%dgf run hold --wait --concurrency 1 --as job\n{seeds}")
    job = shell["job"]
    assert ran.error == (
        f"Interrupted: job 2 is cancelled; {job.records_generated} of 300 executions are stored "
        "with their records; %dgf resume 2 finishes it"
    )
    assert ran.error in ran.text
    # A few more may begin until the job hears of the first interrupt.
    assert job.records_generated == 1 if presses == 2 else 2 <= job.records_generated < 300


def test_command_that_needs_a_cell(shell: Shell) -> None:
    """How a command is used is told by its sign."""
    signs = {name: COMMANDS[name].parser().prog for name in ("block", "run", "jobs")}
    assert signs == {"block": "%%dgf block", "run": "%dgf run", "jobs": "%dgf jobs"}
    assert isinstance(COMMANDS["block"], Command)


def test_display_leads_to_failures(shell: Shell) -> None:
    """A job of several failures tells where they are told by cause."""
    shell.value('%%dgf pipeline third\n- type: Output\n  config: {template: "{{ 3 // n }}"}\n')
    shell.value('%%dgf run third --wait --as one\n{"n": 1}\n{"n": 0}\n')
    shell.value('%%dgf run third --wait --as two\n{"n": 0}\n{"n": 0}\n')
    told = "%dgf failures {} shows what failed, with an example of each cause."
    for number, name, is_told in ((1, "one", False), (2, "two", True)):
        begin_cell()
        with capture_output() as captured:
            show_job(shell[name])
        html = captured.outputs[-1].data["text/html"]
        assert (told.format(number) in html) == is_told
        assert "2/2 (100 %)" in html
