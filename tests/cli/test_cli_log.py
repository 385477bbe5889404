"""What blocks print never reaches standard output: it is in the job's log, for `dgf log`."""

from __future__ import annotations

import json

import pytest
from command_line import CommandLine

NOISY = """
import logging, os, subprocess, sys, threading
import datagenflow_nb as dgf

print("the file is loaded")


@dgf.block(outputs=["said"])
def Noisy(name):
    print("hello", name)
    sys.stderr.write("to standard error\\n")
    logging.getLogger("lib").warning("logged\\nin two lines")
    os.write(1, b"past Python\\n")
    subprocess.run([sys.executable, "-c", "print('a child')"], check=True)
    thread = threading.Thread(target=print, args=["a thread"])
    thread.start()
    thread.join()
    return {"said": name}
"""
PIPELINE = "name: Noise\nblocks:\n  - {type: Noisy}\n"


@pytest.fixture
def noisy(dgf: CommandLine) -> CommandLine:
    """A project whose block writes to everything there is."""
    (dgf.folder / "blocks").mkdir()
    dgf.write("blocks/noisy.py", NOISY)
    dgf.write("noise.yaml", PIPELINE)
    dgf.write("seeds.json", [{"name": "Ada"}])
    return dgf


def test_json_is_one_document(noisy: CommandLine) -> None:
    """Whatever blocks print, and however: what no job can take goes to standard error."""
    run = noisy("run", "noise.yaml", "seeds.json", "--json")
    assert json.loads(run.stdout)["log_lines"] == 3
    for text in ("the file is loaded\n", "past Python\n", "a child\n", "a thread\n"):
        assert text in run.stderr
    assert "hello Ada" not in run.stderr


def test_run_tells_of_the_log_and_log_prints_it(noisy: CommandLine) -> None:
    """Time, block and text of every line; what was logged says so."""
    run = noisy("run", "noise.yaml", "seeds.json")
    assert "\nLog:    3 lines, dgf log 1\n" in run.stdout
    lines = noisy("log", "1").stdout.splitlines()
    assert [line[19:] for line in lines] == [
        "  noisy  hello Ada",
        "  noisy  [stderr] to standard error",
        "  noisy  [warning] logged",
        "         in two lines",
    ]
    last = noisy("log", "1", "--limit", "1").stdout
    assert last.splitlines() == lines[2:]
    (first, _, logged) = noisy.json("log", "1")
    assert sorted(first) == ["block_id", "created_at", "level", "message", "trace_id"]
    assert (logged["block_id"], logged["level"]) == ("noisy", "warning")
    assert logged["message"] == "logged\nin two lines"


def test_another_store_is_named(noisy: CommandLine) -> None:
    """The line about the log can be pasted into the shell."""
    run = noisy("run", "noise.yaml", "seeds.json", "--db", "other.db")
    assert "\nLog:    3 lines, dgf log 1 --db other.db\n" in run.stdout
    assert "hello Ada" in noisy("log", "1", "--db", "other.db").stdout


def test_demo_tells_of_the_log(dgf: CommandLine) -> None:
    """Code of one's own prints in the folder of the demo as well."""
    (dgf.folder / "demo" / "blocks").mkdir(parents=True)
    dgf.write(
        "demo/blocks/spy.py",
        "from datagenflow_nb.blocks.builtin.text_generator import TextGenerator\n\n"
        "execute = TextGenerator.execute\n\n\n"
        "async def spy(self, data, ctx):\n"
        "    print('asking')\n"
        "    return await execute(self, data, ctx)\n\n\n"
        "TextGenerator.execute = spy\n",
    )
    assert "\nLog:    6 lines, dgf log 1 --db demo/datagenflow.db\n" in dgf("demo").stdout


def test_nothing_printed(dgf: CommandLine, echo: tuple[str, str]) -> None:
    """No word of a log after the run, an empty list, and a sentence for people."""
    assert "Log:" not in dgf("run", *echo).stdout
    assert dgf("log", "1").stdout == (
        "The log of job 1 is empty: its blocks printed and logged nothing.\n"
    )
    assert dgf.json("log", "1") == []


def test_wrong_numbers(dgf: CommandLine, echo: tuple[str, str]) -> None:
    """A job that is not there, no store, no number."""
    assert dgf("log", "1", status=1).stderr.startswith("Error: there is no store at")
    dgf("run", *echo)
    assert "there is no job 7" in dgf("log", "7", status=1).stderr
    assert dgf.json("log", "7", status=1)["detail"]["job_id"] == 7
    assert "-1" in dgf("log", "1", "--limit", "-1", status=2).stderr


def test_warnings_of_a_block_are_shown_once(dgf: CommandLine) -> None:
    """On standard error with the others, and in the log."""
    (dgf.folder / "blocks").mkdir()
    dgf.write(
        "blocks/warn.py",
        "import datagenflow_nb as dgf\n\n\n"
        "@dgf.block(outputs=['x'])\ndef Warn(name, ctx):\n"
        "    ctx.log.info('quiet')\n    ctx.log.warning('loud')\n    return {'x': 1}\n",
    )
    dgf.write("warn.yaml", "name: Warn\nblocks:\n  - {type: Warn}\n")
    dgf.write("one.json", [{"name": "Ada"}])
    run = dgf("run", "warn.yaml", "one.json")
    assert (run.stderr.count("loud"), run.stderr.count("quiet")) == (1, 0)
    assert [line["message"] for line in dgf.json("log", "1")] == ["quiet", "loud"]
