"""Detached jobs: processes of their own that outlive the one that started them."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from running import (
    ECHO,
    detached_processes,
    end_detached,
    finish,
    row_counts,
    stop_between_writes,
    wait_until,
)
from servers import OfflineServer

import datagenflow_nb as dgf
from datagenflow_nb.blocks.builtin.output import Output
from datagenflow_nb.errors import BlockNotFoundError, ConfigError, JobError
from datagenflow_nb.jobs import Job
from datagenflow_nb.settings import Settings
from datagenflow_nb.storage import lease

Start = Callable[..., subprocess.Popen[str]]

#: The first seed is done at once, the others when the file ``go`` is there.
HOLD = """
import os, time
from pathlib import Path
import datagenflow_nb as dgf

@dgf.block(outputs=["held"])
def Hold(n):
    print("at", n)
    if n == 1:
        os.write(2, b"a line of C\\n")
    Path(f"at-{n}").touch()
    while n and not Path("go").exists():
        time.sleep(0.01)
    return {"held": f"{n} in {os.getpid()}"}
"""
HELD: dict[str, Any] = {"name": "held", "blocks": [{"type": "Hold"}]}
SEEDS = [{"n": n} for n in range(4)]
#: How a file of blocks tells the process of a detached job from the one that starts it.
IS_DETACHED = "any('datagenflow job ' in word for word in sys.argv)"


@pytest.fixture(autouse=True)
def no_process_is_left(tmp_path: Path) -> Iterator[None]:
    """Processes that a test has left are ended with it."""
    yield
    end_detached(tmp_path)


@pytest.fixture
def hold(tmp_path: Path, ws: dgf.Workspace) -> dict[str, Any]:
    """The pipeline ``held``, its block in a file."""
    return with_block(HOLD, HELD)


def with_block(source: str, pipeline: dict[str, Any]) -> dict[str, Any]:
    """The pipeline, and a file of blocks."""
    Path("blocks").mkdir(exist_ok=True)
    Path("blocks/own.py").write_text(source)
    return pipeline


def pid_of(job: Job) -> int:
    """The number of the process that has the job."""
    assert job.row.runner is not None
    return int(job.row.runner.split("|")[1])


def test_runs_in_a_process_of_its_own(
    ws: dgf.Workspace, hold: dict[str, Any], tmp_path: Path
) -> None:
    """It runs elsewhere under its own token, goes on when the store is closed here, and ends."""
    job = ws.run(hold, SEEDS, detach=True, concurrency=1)
    pid = pid_of(job)
    assert pid != os.getpid()
    assert os.getsid(pid) == pid
    (process,) = detached_processes(tmp_path)
    assert process.pid == pid
    assert job.status == "running"
    ws.close()
    Path("go").touch()
    job = finish(dgf.workspace("store.db").job(1))
    assert list(job.records()["held"]) == [f"{n} in {pid}" for n in range(4)]
    lines = [(line.level, line.block_id, line.message) for line in job.log()]
    assert sorted(lines, key=str) == [
        ("print", "hold", "at 0"), ("print", "hold", "at 1"), ("print", "hold", "at 2"),
        ("print", "hold", "at 3"), ("stderr", None, "a line of C"),
    ]  # fmt: skip
    wait_until(
        lambda: not process.is_running(), "the end of the process, which is no zombie either"
    )


def test_outlives_the_script(hold: dict[str, Any], start_script: Start) -> None:
    """The script that started it ends, even by kill -9, and the job is done all the same."""
    script = f"""
        import time
        import datagenflow_nb as dgf
        dgf.workspace("store.db")
        job = dgf.run({HELD!r}, {SEEDS!r}, detach=True)
        print(job.status, flush=True)
        time.sleep(600)
    """
    process = start_script(script)
    assert process.stdout is not None
    assert process.stdout.readline() == "running\n"
    process.kill()
    process.wait()
    Path("go").touch()
    assert finish(dgf.workspace("store.db").job(1)).records_generated == 4


def test_cancel_from_here(ws: dgf.Workspace, hold: dict[str, Any]) -> None:
    """``cancel`` reaches it through its row; ``now`` leaves what hangs where it is."""
    job = ws.run(hold, SEEDS, detach=True, concurrency=2)
    wait_until(lambda: Path("at-2").exists(), "two that hold")
    finish(job.cancel(now=True), "cancelled")
    assert (job.executions_done, job.row.runner) == (1, None)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_stopped_and_resumed(
    ws: dgf.Workspace, server: OfflineServer, tmp_path: Path, number: signal.Signals
) -> None:
    """SIGTERM repeats no call, kill -9 those in flight; either reads interrupted at once."""
    server.reset(latency=0.05)
    pipeline = {
        "name": "ask",
        "blocks": [
            {"type": "TextGenerator", "id": name, "config": {"user_prompt": f"{name} {{{{ n }}}}"}}
            for name in "ab"
        ],
    }
    job = ws.run(pipeline, [{"n": n} for n in range(20)], model="m", concurrency=4, detach=True)
    wait_until(lambda: server.log()["requests"] >= 14, "14 requests")
    os.kill(pid_of(job), number)
    finish(job, "interrupted")
    if number == signal.SIGTERM:
        told = "SIGTERM: the job is stopped, answers in flight are awaited"
        assert [(line.level, line.message) for line in job.log()] == [("warning", told)]
    wait_until(lambda: not detached_processes(tmp_path), "the end of the process")
    job.resume(detach=True, concurrency=8)
    assert pid_of(job) != os.getpid()
    finish(job)
    assert job.row.options["concurrency"] == 8
    assert sorted(job.records()["n"]) == list(range(20))
    repeated = server.log()["requests"] - server.log()["distinct_prompts"]
    assert repeated <= (0 if number == signal.SIGTERM else 4)
    assert not [finding for finding in ws.examine() if finding.count]


def test_stopped_for_too_long(
    ws: dgf.Workspace, hold: dict[str, Any], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """A process that has lost its job ends, whatever its blocks do and the job is at."""
    job = ws.run(hold, SEEDS, detach=True)
    wait_until(lambda: Path("at-3").exists(), "the blocks to hold")
    (process,) = detached_processes(tmp_path)
    stop_between_writes(process, ws.store.path)
    monkeypatch.setattr(lease, "LEASE", 0.5)
    wait_until(lambda: job.status == "interrupted", "the lease to run out")
    job.resume().pause()
    process.send_signal(signal.SIGCONT)
    wait_until(lambda: not detached_processes(tmp_path), "the end of the process")
    assert job.row.is_paused
    lost = f"process {process.pid} on "
    assert [line.message for line in job.log() if line.message.startswith(lost)]
    Path("go").touch()
    finish(job.resume())


def test_second_sigterm(ws: dgf.Workspace, server: OfflineServer, tmp_path: Path) -> None:
    """It drops the answers in flight."""
    server.reset(latency=100)
    pipeline = {"name": "a", "blocks": [{"type": "TextGenerator", "config": {"user_prompt": "x"}}]}
    job = ws.run(pipeline, [{"n": 1}], model="m", detach=True)
    wait_until(lambda: server.log()["max_in_flight"], "a request")
    for count in (1, 2):
        os.kill(pid_of(job), signal.SIGTERM)
        wait_until(lambda count=count: job.log_lines == count, "its word")  # type: ignore[misc]
    finish(job, "interrupted")
    assert job.log()[-1].message == "SIGTERM: the job is stopped, answers in flight are dropped"


def test_two_resume_at_once(ws: dgf.Workspace, hold: dict[str, Any], tmp_path: Path) -> None:
    """One gets the job, the other is told who has it; no process stays without one."""
    job = finish(ws.run(hold, SEEDS, detach=True).cancel(now=True), "cancelled")
    wait_until(lambda: not detached_processes(tmp_path), "the end of the process")
    both = [ThreadPoolExecutor(1).submit(job.resume, detach=True) for _ in range(2)]
    told = [str(error) for error in (one.exception(60) for one in both) if error is not None]
    (process,) = detached_processes(tmp_path)
    assert told[0].startswith(f"job 1 is running, process {process.pid} on ")
    assert told[1:] == []
    Path("go").touch()
    finish(job)


def test_retry(ws: dgf.Workspace, tmp_path: Path) -> None:
    """What failed runs again in a process of its own."""
    source = """
        import datagenflow_nb as dgf
        from pathlib import Path
        @dgf.block(outputs=["m"])
        def Moody(n):
            if n and not Path("good").exists():
                raise ValueError("bad mood")
            return {"m": n}
    """
    pipeline = with_block(textwrap.dedent(source), {"name": "m", "blocks": [{"type": "Moody"}]})
    job = ws.run(pipeline, SEEDS, wait=True)
    assert job.records_failed == 3
    Path("good").touch()
    job.retry_failed(detach=True, wait=True)
    assert (job.status, job.records_failed, job.records_generated) == ("completed", 0, 4)


def test_blocks_of_this_process_are_refused(ws: dgf.Workspace) -> None:
    """Objects and functions: nothing is stored or started, and the way out is told."""
    goes_on = threading.Event()

    @dgf.block(outputs=["a"])
    def first(n: int) -> dict[str, Any]:
        goes_on.wait(60 if n else 0)
        return {"a": n}

    class Second(dgf.BaseBlock):
        outputs = ["b"]

        async def execute(self, data: dict[str, Any]) -> dict[str, Any]:
            return {"b": 1}

    pipeline = dgf.Pipeline("local", [first, Second(), {"type": "Output"}, first])
    with pytest.raises(ConfigError) as refused:
        ws.run(pipeline, SEEDS, detach=True)
    assert refused.value.message == (
        "'first' and 'Second' exist in this process alone, and a detached job has one of its own: "
        "save the cell with %%dgf block --save, or put them into a file in the project's blocks/"
    )
    assert refused.value.detail == {"block_types": ["first", "Second"]}
    assert row_counts(ws) == {}
    job = ws.run(dgf.Pipeline("local", [first]), SEEDS, concurrency=1)
    finish(job.cancel(now=True), "cancelled")
    goes_on.set()
    with pytest.raises(ConfigError) as again:
        job.resume(detach=True)
    assert again.value.message.startswith("'first' exists in this process alone, and a detached")
    assert again.value.message.endswith("or put it into a file in the project's blocks/")
    finish(job.resume())


def test_objects_that_are_their_configuration(ws: dgf.Workspace) -> None:
    """An object of a type that is found there is made anew; one that holds more is refused."""
    block = Output(template="{{ n }}!")
    job = ws.run(dgf.Pipeline("objects", [block]), SEEDS, detach=True, wait=True)
    assert list(job.records().sort_values("seed_index")["output"]) == ["0!", "1!", "2!", "3!"]
    block.client = object()  # type: ignore[attr-defined]
    with pytest.raises(ConfigError) as refused:
        ws.run(dgf.Pipeline("objects", [block]), SEEDS, detach=True)
    assert refused.value.message == (
        "block 'output' holds more than its configuration, which a detached job does not get: it "
        "makes a new Output from the configuration; give all that it needs there, or run the job "
        "here"
    )
    assert len(ws.jobs()) == 1


def test_settings_of_this_process_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """A key that only this process was given is told by its name and not stored or passed on."""
    url = "http://127.0.0.1:9/v1"
    monkeypatch.setenv("LLM_ENDPOINT", url)
    monkeypatch.setenv("LLM_MODEL", "x")
    settings = Settings.load(database_path=Path("own.db").resolve(), llm_api_key="sk-of-this-one")
    ws = dgf.Workspace(settings)
    with pytest.raises(ConfigError) as refused:
        ws.run(ECHO, SEEDS, detach=True)
    ws.close()
    assert refused.value.message == (
        "LLM_API_KEY of this workspace is not what the environment and .env say now, and a "
        "detached job reads those: set the same there, or open the workspace anew "
        "(dgf.workspace(path))"
    )
    assert row_counts(ws) == {}


def test_process_that_cannot_start(
    ws: dgf.Workspace, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """What it said last is told; a new job leaves nothing behind, a resumed one stays as it was."""
    job = finish(ws.run(with_block(HOLD, HELD), SEEDS).cancel(now=True), "cancelled")
    Path("go").touch()  # lets its threads end
    broken = tmp_path / "python"
    broken.write_text("#!/bin/sh\necho 'two lines'\necho 'no such luck' >&2\nexit 7\n")
    broken.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(broken))
    with pytest.raises(JobError) as refused:
        ws.run(ECHO, SEEDS, detach=True)
    assert refused.value.message == (
        "the process for job 2 ended before it had taken the job (exit status 7): no such luck"
    )
    assert refused.value.detail == {"job_id": 2, "said": "two lines\nno such luck"}
    with pytest.raises(JobError, match="the process for job 1 ended before it had taken the job"):
        job.resume(detach=True)
    monkeypatch.setattr(sys, "executable", str(tmp_path / "nowhere"))
    with pytest.raises(JobError, match=r"a process for job 3 cannot be started: .* No such file"):
        ws.run(ECHO, SEEDS, detach=True)
    assert [(known.id, known.status) for known in ws.jobs()] == [(1, "cancelled")]


def test_what_the_process_refuses(ws: dgf.Workspace, tmp_path: Path) -> None:
    """Blocks that do not load there, or differ there, are told here; nothing is left behind."""
    own = {"name": "own", "blocks": [{"type": "Own"}]}
    start = "import sys, os\nimport datagenflow_nb as dgf\n"
    block = "@dgf.block(outputs=['m'])\ndef Own(n):\n    return {'m': n}\n"

    with_block(f"{start}if {IS_DETACHED}: raise ImportError('not here')\n{block}", own)
    with pytest.raises(BlockNotFoundError) as missing:
        ws.run(own, SEEDS, detach=True)
    assert missing.value.message == (
        f"block type 'Own' is not registered; {tmp_path}/blocks/own.py defines it but cannot be "
        "loaded: line 3: ImportError: not here"
    )
    other = block.replace("{'m': n}", "{'m': n + 1}").replace("\n", "\n    ")
    with_block(f"{start}{block}\nif {IS_DETACHED}:\n    {other}", own)
    with pytest.raises(ConfigError) as differs:
        ws.run(own, SEEDS, detach=True)
    assert differs.value.message == (
        f"block 'Own' of {tmp_path}/blocks/own.py is not the one that is loaded where the job was "
        "started: its file has changed since; restart the kernel (or the script) and start the "
        "job again"
    )
    with_block(f"{start}if {IS_DETACHED}: os.kill(os.getpid(), 9)\n{block}", own)
    with pytest.raises(JobError) as killed:
        ws.run(own, SEEDS, detach=True)
    assert killed.value.message == (
        "the process for job 3 ended before it had taken the job (SIGKILL)"
    )
    assert row_counts(ws) == {}
    assert detached_processes(tmp_path) == []


def test_interrupt_while_it_starts(ws: dgf.Workspace, start_script: Start, tmp_path: Path) -> None:
    """Ctrl-C before the job is taken ends the process; nothing is left behind."""
    with_block(
        "import sys, time\nfrom pathlib import Path\nimport datagenflow_nb as dgf\n"
        f"if {IS_DETACHED}:\n    Path('starts').touch()\n    time.sleep(600)\n"
        "@dgf.block(outputs=['m'])\ndef Own(n):\n    return {'m': n}\n",
        {},
    )
    process = start_script(f"""
        import datagenflow_nb as dgf
        dgf.workspace("store.db")
        dgf.run({{"name": "own", "blocks": [{{"type": "Own"}}]}}, {SEEDS!r}, detach=True)
    """)
    wait_until(lambda: Path("starts").exists(), "its start", process)
    assert len(detached_processes(tmp_path)) == 1
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=20)
    assert "KeyboardInterrupt" in said
    assert row_counts(ws) == {}
    assert detached_processes(tmp_path) == []


def test_the_same_surroundings(ws: dgf.Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    """Blocks find the modules they find here, the store and the project after a change of folder;
    a file called like a module of Python's is no harm."""
    for name in ("lib", "elsewhere"):
        Path(name).mkdir()
    Path("lib/beside.py").write_text("WORD = 'beside'\n")
    Path("elsewhere/json.py").write_text("raise RuntimeError('the wrong json')\n")
    monkeypatch.syspath_prepend(str(Path("lib").resolve()))
    monkeypatch.setenv("OF_A_CELL", "set")
    pipeline = with_block(
        "import os\nimport datagenflow_nb as dgf\nfrom beside import WORD\n"
        "@dgf.block(outputs=['m'])\ndef Own(n):\n"
        "    place, store = os.path.basename(os.getcwd()), dgf.workspace().store.path.name\n"
        "    return {'m': [WORD, place, os.environ['OF_A_CELL'], store]}\n",
        {"name": "own", "blocks": [{"type": "Own"}]},
    )
    monkeypatch.chdir("elsewhere")
    job = ws.run(pipeline, [{"n": 1}], detach=True, wait=True)
    assert list(job.records()["m"]) == [["beside", "elsewhere", "set", "store.db"]]


def test_what_is_written_beside_the_blocks_is_bounded(ws: dgf.Workspace) -> None:
    """1,000 lines of it are kept, long ones cut, and a word that there is no more."""
    pipeline = with_block(
        "import os, time\nimport datagenflow_nb as dgf\n@dgf.block(outputs=['m'])\ndef Own(n):\n"
        "    os.write(2, b'x' * 10_010 + b'\\n' + b'line\\n\\n' * 1_100)\n"
        "    while not os.path.exists('go'): time.sleep(0.01)\n    return {'m': n}\n",
        {"name": "own", "blocks": [{"type": "Own"}]},
    )
    job = ws.run(pipeline, [{"n": 1}], detach=True)
    wait_until(lambda: job.log_lines >= 1_001, "the lines")
    lines = [line.message for line in job.log()]
    assert lines[0] == "x" * 10_000 + "... 10 more characters"
    assert lines[1:1_000] == ["line"] * 999
    assert lines[1_000:] == ["nothing more of what is written beside the blocks is kept"]
    Path("go").touch()
    finish(job)


def test_calls_that_wait_are_told_in_the_log(ws: dgf.Workspace, server: OfflineServer) -> None:
    """Nobody sees what the calls of that process wait for; the job's log says it."""
    server.reset(rate_500=1.0)
    pipeline = {"name": "a", "blocks": [{"type": "TextGenerator", "config": {"user_prompt": "x"}}]}
    job = ws.run(pipeline, [{"n": 1}], model="m", detach=True)
    wait_until(lambda: job.log_lines, "a line")
    (line, *_) = job.log()
    assert (line.level, line.block_id) == ("warning", None)
    assert line.message.startswith("waiting to try again (")
    job.cancel(now=True)
    job.wait(30)
