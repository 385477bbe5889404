"""Blocks that were defined anew after a job ran, and run again: as they are now."""

from __future__ import annotations

import subprocess
from collections.abc import Callable

import pytest
from servers import OfflineServer

import datagenflow_nb as dgf

Start = Callable[..., subprocess.Popen[str]]

#: What a notebook's cells do, one after the other, in one namespace.
CELLS = """
import datagenflow_nb as dgf
ws = dgf.workspace("store.db")
say = {"type": "TextGenerator", "config": {"user_prompt": "Say {{ n }}"}}
seeds = [{"n": n} for n in range(10)]
"""
MENDED = """
@dgf.block(outputs=["v"])
def fix(n, add: int = 1):
    raise ValueError("wrong")

job = dgf.run(dgf.Pipeline("p", [say, fix(add=5)]), seeds, wait=True, stop_early=False)
print(job.status, job.records_failed)

@dgf.block(outputs=["v"])
def fix(n, add: int = 1):
    return {"v": n + add}

ws.job(1).retry_failed(wait=True)
print(job.status, job.records_failed, sorted(job.records()["v"]))
print(job.log()[0].message)
"""
RESUMED = """
class Tail(dgf.BaseBlock):
    outputs = ["v"]
    def execute(self, data): return {"v": "old"}

job = dgf.run(dgf.Pipeline("p", [Tail]), seeds, max_records=4, concurrency=1, wait=True)

class Tail(dgf.BaseBlock):
    outputs = ["v"]
    def execute(self, data): return {"v": "new"}

job.resume(max_records=None, wait=True)
print(job.records()["v"].value_counts().to_dict())
"""
#: The same code again, with a global of its module changed, and an object that holds more.
SAME = """
def define():
    class Count(dgf.BaseBlock):
        outputs = ["v"]
        def __init__(self, seen=None):
            self.seen = []
        def execute(self, data):
            self.seen.append(data["n"])
            if limit > data["n"]:
                raise ValueError("too small")
            return {"v": len(self.seen)}
    return Count

limit, Count = 5, define()
kept = Count()
job = dgf.run(dgf.Pipeline("p", [kept]), seeds, wait=True, stop_early=False)
limit, Count = 0, define()
job.retry_failed(wait=True)
print(job, len(kept.seen))
"""
OTHER_CONFIG = """
class Tail(dgf.BaseBlock):
    outputs = ["v"]
    def __init__(self, word): self.word = word
    def execute(self, data): raise ValueError(self.word)

job = dgf.run(dgf.Pipeline("p", [Tail(word="no")]), seeds, wait=True, stop_early=False)
before = job.row

class Tail(dgf.BaseBlock):
    outputs = ["v"]
    def __init__(self, number): self.number = number
    def execute(self, data): return {"v": self.number}

try:
    job.retry_failed()
except dgf.ConfigError as error:
    print(error.message)
print(job.row == before)
"""


def output(start_script: Start, script: str) -> str:
    """What the script prints; it must end well."""
    process = start_script(CELLS + script)
    out, err = process.communicate(timeout=60)
    assert process.returncode == 0, err
    return out


def test_block_mended_in_its_cell(
    monkeypatch: pytest.MonkeyPatch, server: OfflineServer, start_script: Start
) -> None:
    """Its new code runs, with the configuration of the object, and what is paid for helps."""
    monkeypatch.setenv("LLM_ENDPOINT", server.url)
    monkeypatch.setenv("LLM_MODEL", "offline")
    assert output(start_script, MENDED) == (
        "completed 10\ncompleted 0 [5, 6, 7, 8, 9, 10, 11, 12, 13, 14]\n"
        "the code of block 'fix' has changed since the job began; what is missing is made with it "
        "as it is now\n"
    )
    assert server.log()["requests"] == 20  # a retry asks anew


def test_class_defined_anew_before_a_resume(start_script: Start) -> None:
    """What is missing is made by the new one."""
    assert output(start_script, RESUMED) == "{'new': 6, 'old': 4}\n"


def test_object_whose_code_is_the_same_stays(start_script: Start) -> None:
    """Running its cell again changes nothing, and what it holds is kept."""
    assert output(start_script, SAME) == "Job(1: 'p' completed, 10 records) 15\n"


def test_object_that_cannot_be_made_anew_is_told(start_script: Start) -> None:
    """Nothing was started when its new code takes another configuration."""
    assert output(start_script, OTHER_CONFIG) == (
        "block 1 ('tail'): Tail: Tail.__init__() got an unexpected keyword argument 'word'; its "
        "constructor takes: number\nTrue\n"
    )


def test_imported_class_is_no_older_definition(ws: dgf.Workspace) -> None:
    """A class of a module that happens to be called like a block of the package stays itself."""
    kind = type(
        "Output",
        (dgf.BaseBlock,),
        {"outputs": ["v"], "execute": lambda self, data: {"v": 1 // data["n"]}},
    )
    job = dgf.run(dgf.Pipeline("p", [kind]), [{"n": 0}, {"n": 1}], wait=True)
    job.retry_failed(wait=True)
    assert job.records(status="pending")["v"].tolist() == [1]
    assert job.last_failure is not None
    assert "raised ZeroDivisionError" in job.last_failure
