"""What blocks print and log while a job runs is in the job's log, and nowhere else."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import io
import logging
import os
import signal
import subprocess
import sys
import threading
import traceback
from collections.abc import Callable
from typing import Any

import pytest
from running import ECHO, finish, look, wait_until

import datagenflow_nb as dgf
from datagenflow_nb.jobs import Job, lines
from datagenflow_nb.storage.log import LogLine

# Functions that become blocks are written as users write them.
# mypy: disable-error-code="no-untyped-def"


def pipeline(*blocks: Any) -> dgf.Pipeline:
    """A pipeline of these blocks."""
    return dgf.Pipeline("test", list(blocks))


def told(job: Job) -> list[tuple[str, str | None, str]]:
    """Level, block and text of every line."""
    return [(line.level, line.block_id, line.message) for line in job.log()]


def texts(job: Job) -> list[str]:
    """The text of every line."""
    return [line.message for line in job.log()]


def run_saying(say: Callable[[], Any]) -> Job:
    """A finished job whose one block, in a thread, does this."""

    @dgf.block(outputs=["x"])
    def talk(n):
        say()
        return {"x": n}

    return finish(dgf.run(pipeline(talk), [{"n": 1}]))


def test_log_shows_as_a_table(ws: dgf.Workspace) -> None:
    """A line each: when, which block, how, what; without lines that is said."""
    lines = run_saying(lambda: print("one\ntwo")).log()
    header, first, second = lines.text().splitlines()
    assert header.split() == ["Time", "Block", "Level", "Message"]
    assert first.split()[2:] == ["talk", "print", "one"]
    assert first.split()[:2] == lines[0].created_at[:19].split("T")
    assert second.split()[2:] == ["talk", "print", "two"]
    silent = run_saying(lambda: None)
    assert silent.log() == []
    assert silent.log().text() == (
        f"The log of job {silent.id} is empty: its blocks printed and logged nothing."
    )


# Who prints


def test_prints_of_async_and_sync_blocks(
    ws: dgf.Workspace, capsys: pytest.CaptureFixture[str]
) -> None:
    """Each line knows its block, and the caller's own output holds none of them."""

    @dgf.block(outputs=["x"])
    async def first(n):
        print("async", n)
        await asyncio.sleep(0)
        print("on standard error", file=sys.stderr)
        return {"x": n}

    @dgf.block(outputs=["y"])
    def second(x):
        print("sync", x)
        return {"y": x}

    job = finish(dgf.run(pipeline(first, second), [{"n": 7}]))
    assert told(job) == [
        ("print", "first", "async 7"),
        ("stderr", "first", "on standard error"),
        ("print", "second", "sync 7"),
    ]
    (trace_id,) = look(ws.store.path, "SELECT trace_id FROM executions")[0]
    assert {line.trace_id for line in job.log()} == {trace_id}
    assert capsys.readouterr() == ("", "")
    assert job.log_lines == 3


def test_threads_and_tasks_of_a_block(ws: dgf.Workspace) -> None:
    """What carries the context of the block on prints to its job."""

    @dgf.block(outputs=["x"])
    async def fan(n):
        await asyncio.to_thread(print, "thread")
        await asyncio.create_task(asyncio.to_thread(print, "task"))
        inner = dgf.Pipeline("inner", [speak])
        await inner.execute({"n": n})
        await asyncio.to_thread(inner.execute_sync, {"n": n})
        return {"x": n}

    @dgf.block(outputs=["z"])
    def speak(n):
        print("inner")
        return {"z": n}

    job = finish(dgf.run(pipeline(fan), [{"n": 1}]))
    assert told(job) == [
        ("print", "fan", "thread"),
        ("print", "fan", "task"),
        ("print", "fan", "inner"),
        ("print", "fan", "inner"),
    ]


def test_a_block_knows_its_place_behind_a_fan_out(ws: dgf.Workspace) -> None:
    """Skipped blocks count, branches start where they parted, a repeated type has its own id."""

    @dgf.block(outputs=["part"], fan_out=True)
    def split(n):
        print("split")
        return [{"part": index} for index in range(2)]

    @dgf.block(outputs=["x"])
    def talk(part):
        print("part", part)
        return {"x": part}

    skipped = {"type": "Output", "config": {"template": "-"}, "disabled": True}
    pipe = dgf.Pipeline("test", [skipped, split, talk, talk])
    ids = [block.id for block in pipe.spec.blocks]
    job = finish(dgf.run(pipe, [{"n": 1}], concurrency=1))
    assert [line.block_id for line in job.log()] == [ids[1], ids[2], ids[3], ids[2], ids[3]]
    assert texts(job) == ["split", "part 0", "part 0", "part 1", "part 1"]


def test_two_jobs_at_once(ws: dgf.Workspace) -> None:
    """Each gets its own lines, though both print on one thread in turns."""
    meeting = threading.Barrier(2, timeout=30)

    @dgf.block(outputs=["x"])
    def talk(n):
        for number in range(3):
            meeting.wait()
            print(n, number)
        return {"x": n}

    jobs = [dgf.run(pipeline(talk), [{"n": name}]) for name in ("a", "b")]
    assert texts(finish(jobs[0])) == ["a 0", "a 1", "a 2"]
    assert texts(finish(jobs[1])) == ["b 0", "b 1", "b 2"]


def test_order_within_an_execution(ws: dgf.Workspace) -> None:
    """However many run at once, the lines of one execution stand in the order they were printed."""

    @dgf.block(outputs=["x"])
    async def talk(n):
        for number in range(5):
            print(n, number)
            await asyncio.sleep(0)
        return {"x": n}

    job = finish(dgf.run(pipeline(talk), [{"n": n} for n in range(40)]))
    by_trace: dict[str | None, list[str]] = {}
    for line in job.log():
        by_trace.setdefault(line.trace_id, []).append(line.message)
    assert sorted(by_trace.values(), key=lambda said: int(said[0].split()[0])) == [
        [f"{n} {number}" for number in range(5)] for n in range(40)
    ]


def test_failed_record(ws: dgf.Workspace) -> None:
    """What it printed before it failed is there, with the unfinished line and the traceback."""

    @dgf.block(outputs=["x"])
    def fail(n):
        print("before")
        try:
            1 / n
        except ZeroDivisionError:
            traceback.print_exc()
            print("unfinished", end="")
            raise

    job = finish(dgf.run(pipeline(fail), [{"n": 0}]))
    assert job.records_failed == 1
    said = told(job)
    assert said[0] == ("print", "fail", "before")
    assert said[1] == ("stderr", "fail", "Traceback (most recent call last):")
    assert said[-2][2] == "ZeroDivisionError: division by zero"
    assert said[-1][::2] == ("print", "unfinished")


def test_a_silent_job_has_no_log(ws: dgf.Workspace) -> None:
    """Nothing of the package's own is in it."""
    logging.getLogger("datagenflow_nb").setLevel(logging.DEBUG)
    try:
        job = finish(dgf.run(ECHO, [{"n": 1}]))
    finally:
        logging.getLogger("datagenflow_nb").setLevel(logging.NOTSET)
    assert (job.log(), job.log_lines) == ([], 0)


# What they print


@pytest.mark.parametrize(
    ("pieces", "kept"),
    [
        (["a\n", "\n", "  \n", "b"], ["a", "b"]),
        (["a", "b", "\n", "c"], ["ab", "c"]),
        (["one\ntwo\nthr", "ee\n"], ["one", "two", "three"]),
        (["10 %\r20 %", "\r30 %", "\n"], ["30 %"]),
        (["\r10 %", "\r20 %"], ["20 %"]),
        (["done\r", "\n", "more\r\n"], ["done", "more"]),
        (["bar\r", "   \r", "\n"], []),
        (["Zoë \U0001f600 \x00 \x1b[1m\n"], ["Zoë \U0001f600 \x00 \x1b[1m"]),
        (["half \ud83d pair\n"], ["half \\ud83d pair"]),
        (["x" * 10_000 + "\n"], ["x" * 10_000]),
        (
            ["x" * 9_000, "y" * 2_500 + "\n"],
            ["x" * 9_000 + "y" * 1_000 + "... (1,500 more characters were left out)"],
        ),
        (["x" * 20_000, "\rshort"], ["short"]),
    ],
)
def test_lines(ws: dgf.Workspace, pieces: list[str], kept: list[str]) -> None:
    """Text becomes lines, whatever the pieces: empty ones out, the last state of a bar, cut."""
    assert texts(run_saying(lambda: [sys.stdout.write(piece) for piece in pieces])) == kept


def test_streams_behave_as_text_streams(ws: dgf.Workspace) -> None:
    """Results, errors, flushing, bytes, and all that a stream has beside writing."""
    seen: list[Any] = []

    def say() -> None:
        out: Any = sys.stdout
        seen.append(out.write("four"))
        with pytest.raises(TypeError, match=r"write\(\) argument must be str, not bytes"):
            out.write(b"bytes")
        print("!", flush=True)
        out.writelines(["a\n", "b\n"])
        seen.append(out.buffer.write("Zoë \n".encode() + b"\xff\n"))
        out.buffer.flush()
        out.flush()
        seen.extend([out.isatty(), isinstance(out, io.IOBase), out.writable()])

    assert texts(run_saying(say)) == ["four!", "a", "b", "Zoë ", "\\xff"]
    assert seen == [4, 8, False, True, True]


def test_a_block_that_prints_too_much(ws: dgf.Workspace) -> None:
    """100,000 lines are kept and one more says so; the record is fine."""

    @dgf.block(outputs=["x"])
    def talk(n):
        for number in range(200_000):
            print(number)
        return {"x": n}

    job = finish(dgf.run(pipeline(talk), [{"n": 1}]))
    assert (job.log_lines, job.records_generated) == (100_001, 1)
    last = job.log(limit=2)
    assert last[0].message == "99999"
    assert (last[1].level, last[1].block_id, last[1].trace_id) == ("warning", None, None)
    assert last[1].message == "the log is full after 100,000 lines; nothing more is kept"


def test_long_lines_end_the_log_earlier(ws: dgf.Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    """All lines together have a limit too, which keeps memory bounded."""
    monkeypatch.setattr(lines, "MAX_CHARACTERS", 25)
    job = run_saying(lambda: [print("0123456789") for _ in range(5)])
    assert texts(job) == [
        "0123456789", "0123456789", "the log is full after 2 lines; nothing more is kept",
    ]  # fmt: skip


# Logging


def test_what_blocks_log(ws: dgf.Workspace) -> None:
    """All of ``ctx.log`` from INFO on, of other loggers from WARNING on, each line once."""

    @dgf.block(outputs=["x"])
    def talk(n, ctx):
        ctx.log.debug("not kept")
        ctx.log.info("number %d", n)
        ctx.log.warning("careful")
        logging.getLogger("some.library").info("not kept")
        logging.getLogger("some.library").warning("library %s", "warns")
        try:
            n / 0
        except ZeroDivisionError:
            ctx.log.exception("it failed")
        return {"x": n}

    job = finish(dgf.run(pipeline(talk), [{"n": 1}]))
    said = told(job)
    assert said[:3] == [
        ("info", "talk", "number 1"),
        ("warning", "talk", "careful"),
        ("warning", "talk", "library warns"),
    ]
    assert len(said) == 4
    assert said[3][:2] == ("error", "talk")
    assert said[3][2].startswith("it failed\nTraceback (most recent call last):\n")
    assert said[3][2].endswith("\nZeroDivisionError: division by zero")


def test_a_log_message_that_cannot_be_formatted(ws: dgf.Workspace) -> None:
    """It fails no record, and logging's own complaint is there as well."""
    job = run_saying(lambda: logging.Logger("lonely").error("%d", "no number"))
    assert job.records_failed == 0
    assert told(job)[:2] == [
        ("error", "talk", "(a log message that cannot be formatted: TypeError)"),
        ("stderr", "talk", "--- Logging error ---"),
    ]


def test_handlers_of_the_caller_still_get_everything(
    ws: dgf.Workspace, caplog: pytest.LogCaptureFixture
) -> None:
    """The log takes nothing away; the place of a call is the block's own."""

    @dgf.block(outputs=["x"])
    def talk(n, ctx):
        ctx.log.info("hello %d", n)
        return {"x": n}

    with caplog.at_level(logging.INFO, "datagenflow_nb"):
        job = finish(dgf.run(pipeline(talk), [{"n": 1}]))
    (record,) = [record for record in caplog.records if "hello" in record.getMessage()]
    assert record.funcName == "talk"
    assert record.getMessage().endswith("] hello 1")
    assert texts(job) == ["hello 1"]


QUIET = """
import logging, sys, threading
import datagenflow_nb as dgf

@dgf.block(outputs=["x"])
def talk(n, ctx):
    ctx.log.warning("from ctx.log")
    logging.getLogger("lib").warning("from a library")
    logging.warning("by the module, which sets a handler up")
    logging.getLogger("lib").warning("with that handler")
    told.set(); leave.wait(30)
    return {"x": n}

told, leave = threading.Event(), threading.Event()
ws = dgf.workspace("store.db")
job = dgf.run(dgf.Pipeline("quiet", [talk]), [{"n": 1}])
assert told.wait(30)
logging.getLogger("mine").warning("the caller's own")
leave.set()
job.wait()
print([line.message for line in job.log()])
print(type(sys.stdout).__name__, type(sys.stderr).__name__)
"""


def test_without_logging_set_up_nothing_of_a_block_reaches_standard_error(
    start_script: Callable[..., subprocess.Popen[str]],
) -> None:
    """Python's last resort is for the caller's own warnings, which it still shows."""
    process = start_script(QUIET)
    out, err = process.communicate(timeout=60)
    assert out.splitlines() == [
        "['from ctx.log', 'from a library', 'by the module, which sets a handler up', "
        "'with that handler']",
        "TextIOWrapper TextIOWrapper",
    ]
    assert err == "WARNING:mine:the caller's own\n"


# The caller


def test_the_caller_prints_as_ever(ws: dgf.Workspace, capsys: pytest.CaptureFixture[str]) -> None:
    """Its own output while a job runs goes where it always went; afterwards all is as before."""
    before = (sys.stdout, sys.stderr)
    running, leave = threading.Event(), threading.Event()

    @dgf.block(outputs=["x"])
    def talk(n):
        print("the block's")
        running.set()
        leave.wait(30)
        return {"x": n}

    job = dgf.run(pipeline(talk), [{"n": 1}])
    assert running.wait(30)
    print("the caller's")
    print("the caller's error", file=sys.stderr)
    other = finish(dgf.run(ECHO, [{"n": 1}]))  # the end of one job is not the end of all
    print("still the caller's")
    leave.set()
    finish(job)
    out, err = capsys.readouterr()
    assert (out, err) == ("the caller's\nstill the caller's\n", "the caller's error\n")
    assert (texts(job), texts(other)) == (["the block's"], [])
    assert (sys.stdout, sys.stderr) == before
    assert type(sys.stdout) is type(before[0])


def test_streams_replaced_in_the_middle(ws: dgf.Workspace) -> None:
    """A caller that redirects its output gets its own lines there, and the job keeps its own."""
    steps = [threading.Event() for _ in range(6)]

    @dgf.block(outputs=["x"])
    def talk(n):
        steps[2 * n].set()
        steps[2 * n + 1].wait(30)
        print("block", n)
        return {"x": n}

    before = sys.stdout
    job = dgf.run(pipeline(talk), [{"n": n} for n in range(3)], concurrency=1)
    assert steps[0].wait(30)
    with contextlib.redirect_stdout(io.StringIO()) as caught:
        steps[1].set()  # this branch has looked at the old stream; its print may reach the new one
        assert steps[2].wait(30)
        print("caller in")
        steps[3].set()
        assert steps[4].wait(30)
    print("caller out")
    steps[5].set()
    finish(job)
    assert texts(job)[-2:] == ["block 1", "block 2"]
    assert caught.getvalue().replace("block 0\n", "") == "caller in\n"
    assert sys.stdout is before


def test_redirected_when_the_job_starts_and_not_when_it_ends(ws: dgf.Workspace) -> None:
    """The other way round: nothing is left behind."""
    running, leave = threading.Event(), threading.Event()

    @dgf.block(outputs=["x"])
    def talk(n):
        running.set()
        leave.wait(30)
        return {"x": n}

    before = sys.stdout
    with contextlib.redirect_stdout(io.StringIO()) as caught:
        job = dgf.run(pipeline(talk), [{"n": 1}])
        assert running.wait(30)
        print("in")
    leave.set()
    finish(job)
    assert caught.getvalue() == "in\n"
    assert sys.stdout is before


def test_outside_a_job_nothing_changes(
    ws: dgf.Workspace, capsys: pytest.CaptureFixture[str]
) -> None:
    """One seed, tried without a job, prints into the caller's output, even while a job runs."""
    running, leave = threading.Event(), threading.Event()

    @dgf.block(outputs=["x"])
    def talk(n):
        print("said", n)
        if n == 0:
            running.set()
            leave.wait(30)
        return {"x": n}

    job = dgf.run(pipeline(talk), [{"n": 0}])
    assert running.wait(30)
    pipeline(talk).execute_sync({"n": 1})
    leave.set()
    finish(job)
    pipeline(talk).execute_sync({"n": 2})
    assert capsys.readouterr().out == "said 1\nsaid 2\n"
    assert texts(job) == ["said 0"]


def test_a_thread_left_behind_prints_where_it_did_before(
    ws: dgf.Workspace, capsys: pytest.CaptureFixture[str]
) -> None:
    """A job that has ended takes no more lines, and what is printed is not lost."""
    leave = threading.Event()
    left: list[asyncio.Task[None]] = []

    def late() -> None:
        leave.wait(30)
        print("late")
        logging.getLogger("lib").warning("late too")

    @dgf.block(outputs=["x"])
    async def talk(n):
        left.append(asyncio.create_task(asyncio.to_thread(late)))
        return {"x": n}

    job = finish(dgf.run(pipeline(talk), [{"n": 1}]))
    leave.set()
    wait_until(lambda: left[0].done(), "the thread to end")
    assert capsys.readouterr().out == "late\n"
    assert texts(job) == []


def test_printing_while_a_line_is_put_together(ws: dgf.Workspace) -> None:
    """Finalizers print at any place, also on the thread that is printing."""

    class Dying:
        def __init__(self) -> None:
            self.me = self

        def __del__(self) -> None:
            print("dead")

    def say() -> None:
        for number in range(200):
            Dying()
            print("alive", number)
        gc.collect()

    said = texts(run_saying(say))
    assert [text for text in said if text.startswith("alive")] == [
        f"alive {number}" for number in range(200)
    ]
    assert said.count("dead") == 200


# The store


def test_reading(ws: dgf.Workspace) -> None:
    """The last lines, from another store too; a wrong number, and a job that is gone."""
    job = run_saying(lambda: print("one\ntwo\nthree"))
    assert [line.message for line in job.log(limit=2)] == ["two", "three"]
    assert job.log(limit=0) == []
    other = dgf.Workspace(ws.settings)
    assert other.job(job.id).log() == job.log()
    other.close()
    (line,) = job.log(limit=1)
    assert line == LogLine(line.created_at, "print", "talk", line.trace_id, "three")
    for limit in (-1, 1.5, True):
        with pytest.raises(dgf.ValidationError, match="expected a number of lines"):
            job.log(limit)  # type: ignore[arg-type] # wrong on purpose
    job.delete()
    assert look(ws.store.path, "SELECT count(*) FROM job_log") == [(0,)]
    with pytest.raises(dgf.JobError, match="there is no job 1"):
        job.log()


def test_a_cancelled_job_keeps_its_lines(ws: dgf.Workspace) -> None:
    """Also the unfinished one of a branch that is dropped."""
    printed = threading.Event()

    @dgf.block(outputs=["x"])
    async def talk(n):
        print("whole")
        print("half", end="")
        printed.set()
        await asyncio.Event().wait()

    job = dgf.run(pipeline(talk), [{"n": 1}])
    assert printed.wait(30)
    job.cancel(now=True)
    assert texts(finish(job, "cancelled")) == ["whole", "half"]


DIES = """
import os, signal, threading
import datagenflow_nb as dgf

@dgf.block(outputs=["x"])
def talk(n):
    print("said")
    threading.Event().wait()

dgf.workspace("store.db")
dgf.run(dgf.Pipeline("dies", [talk]), [{"n": 1}], wait=True)
"""


def test_lines_are_stored_while_the_block_runs(
    ws: dgf.Workspace, start_script: Callable[..., subprocess.Popen[str]]
) -> None:
    """Another process reads them at once, and they outlive a kill."""
    process = start_script(DIES)
    path = ws.store.path
    wait_until(lambda: look(path, "SELECT * FROM job_log"), "a line to be stored", process)
    process.send_signal(signal.SIGKILL)
    process.wait(timeout=30)
    assert told(ws.job(1)) == [("print", "talk", "said")]
    assert ws.job(1).status == "interrupted"


FORKS = """
import os, warnings
import datagenflow_nb as dgf

@dgf.block(outputs=["x"])
def talk(n):
    print("parent")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # forking beside threads
        child = os.fork()
    if child == 0:
        print("child", flush=True)
        os._exit(0)
    return {"x": os.waitpid(child, 0)[1]}

dgf.workspace("store.db")
job = dgf.run(dgf.Pipeline("forks", [talk]), [{"n": 1}], wait=True)
print([line.message for line in job.log()])
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system does not fork")
def test_a_forked_child_writes_to_no_job(
    start_script: Callable[..., subprocess.Popen[str]],
) -> None:
    """The writer thread stayed in the parent: what the child prints goes where it did."""
    out, err = start_script(FORKS).communicate(timeout=60)
    assert (out, err) == ("child\n['parent']\n", "")
