"""What becomes of executions: records, failures, drops, branches, verdicts."""

from __future__ import annotations

import asyncio
import sys
from typing import Any

import pytest
from running import ECHO, finish, row_counts
from servers import OfflineServer

import datagenflow_nb as dgf

# Functions that become blocks are written as users write them.
# mypy: disable-error-code="no-untyped-def"


def pipeline(*blocks: Any, **rules: Any) -> dgf.Pipeline:
    """A pipeline of block classes, objects and dictionaries."""
    return dgf.Pipeline("test", list(blocks), **rules)


def output(template: str) -> dict[str, Any]:
    """An Output block."""
    return {"type": "Output", "config": {"template": template}}


@dgf.block(outputs=["part"], fan_out=True)
async def split(n):
    """As many branches as ``n`` says."""
    return [{"part": number} for number in range(n)]


def test_foreign_exception(ws: dgf.Workspace) -> None:
    """The failing seeds are failed records with the partial trace; the others complete."""

    @dgf.block(outputs=["half"])
    def halve(n):
        if n == 2:
            raise RuntimeError("no two, please")
        return {"half": n / 2}

    job = finish(dgf.run(pipeline(output("{{ n }}!"), halve), [{"n": n} for n in range(5)]))
    assert ws.record_counts() == {"pending": 4, "failed": 1}
    frame = job.records(status="failed")
    assert list(frame["reason"]) == ["block 'halve' (halve) raised RuntimeError: no two, please"]
    assert (frame["seed_index"].iloc[0], frame["output"].iloc[0]) == (2, None)
    trace = job.trace(int(frame["id"].iloc[0]))
    assert [step["block_type"] for step in trace] == ["Output", "halve"]
    assert trace[0]["output"] == {"output": "2!"}
    assert trace[1]["error"]["detail"]["block_id"] == "halve"
    assert trace[1]["input"] == {"n": 2, "output": "2!"}


@pytest.mark.parametrize(
    ("raised", "text"),
    [
        (SystemExit(3), "SystemExit: 3"),
        (KeyboardInterrupt(), "KeyboardInterrupt"),
        (StopIteration("done"), ""),  # in a coroutine Python itself makes it a RuntimeError
        (StopAsyncIteration(), "StopAsyncIteration"),
        (MemoryError(), "MemoryError"),
        (RecursionError("deep"), "RecursionError: deep"),
        (ValueError("half \ud83d and \x00"), "ValueError: half \\ud83d and \x00"),
        (UnicodeDecodeError("utf-8", b"\xff", 0, 1, "bad"), "UnicodeDecodeError: 'utf-8'"),
    ],
    ids=lambda value: value if isinstance(value, str) else type(value).__name__,
)
@pytest.mark.parametrize("is_async", [True, False])
def test_whatever_a_block_raises(
    ws: dgf.Workspace, raised: BaseException, text: str, is_async: bool
) -> None:
    """A failed record each time; the job, its loop and the other seeds live on."""
    if is_async:

        @dgf.block(outputs=["x"])
        async def explode(n):
            if n == 1:
                raise raised
            return {"x": n}
    else:

        @dgf.block(outputs=["x"])
        def explode(n):
            if n == 1:
                raise raised
            return {"x": n}

    job = finish(dgf.run(pipeline(explode), [{"n": 0}, {"n": 1}, {"n": 2}]))
    assert ws.record_counts() == {"pending": 2, "failed": 1}
    (reason,) = job.records(status="failed")["reason"]
    assert f"raised {text}" in reason


def test_block_that_calls_sys_exit(ws: dgf.Workspace) -> None:
    """It ends neither the job nor the process."""

    @dgf.block(outputs=["x"])
    async def leave(n):
        sys.exit("good bye")

    finish(dgf.run(pipeline(leave), [{"n": 1}]))
    assert ws.record(1).reason == "block 'leave' (leave) raised SystemExit: good bye"
    assert finish(dgf.run(ECHO, [{"n": 1}])).records_generated == 1


def test_own_error_with_a_detail_that_is_no_json(ws: dgf.Workspace) -> None:
    """Whatever stands in the detail, it is one failed record and no failed job."""

    @dgf.block(outputs=["x"])
    async def refuse(n):
        raise dgf.ValidationError("no", {"thing": object(), "nan": float("nan"), "n": n})

    job = finish(dgf.run(pipeline(refuse), [{"n": 1}]))
    error = job.trace(1)[0]["error"]
    assert (error["error"], error["detail"]["n"]) == ("no", 1)


def test_a_bad_template_fails_those_it_hits(ws: dgf.Workspace) -> None:
    """A hostile prompt that some seeds reach: failed with a clear reason, the others go on."""
    hostile = {
        "type": "Output",
        "config": {"template": "{{ ''.__class__.__mro__ }}"},
        "when": "n is divisibleby 3",
    }
    job = finish(dgf.run(pipeline(output("{{ n }}"), hostile), [{"n": n} for n in range(9)]))
    assert ws.record_counts() == {"failed": 3, "pending": 6}
    frame = job.records(status="failed")
    assert sorted(frame["seed_index"]) == [0, 3, 6]
    assert frame["reason"].str.contains("block 'output_2', config 'template': ").all()
    assert frame["reason"].str.contains("__class__").all()


def test_drop(ws: dgf.Workspace) -> None:
    """A dropped execution is a filtered record with the reason, out of the export."""

    @dgf.block(outputs=["kept"])
    async def keep_even(n):
        return dgf.Drop(f"{n} is odd") if n % 2 else {"kept": n}

    job = finish(dgf.run(pipeline(keep_even), [{"n": n} for n in range(6)]))
    assert (job.records_generated, job.records_filtered) == (3, 3)
    assert sorted(job.records(status="filtered")["reason"]) == ["1 is odd", "3 is odd", "5 is odd"]
    assert job.export("out.jsonl").records == 3
    assert repr(job) == "Job(1: 'test' completed, 3 records, 3 filtered)"


def test_one_of_twenty_branches_fails(ws: dgf.Workspace) -> None:
    """19 records and one failed, each with its own path; what is before the fan-out stored once."""

    @dgf.block(outputs=["y"])
    async def check(part):
        if part == 7:
            raise ValueError("seven")
        return {"y": part * 2}

    job = finish(dgf.run(pipeline(output("{{ n }}"), split, check), {"n": 20}))
    frame: Any = job.records().set_index("branch")
    assert sorted(frame.index, key=int) == [str(number) for number in range(20)]
    assert frame.loc["7", "status"] == "failed"
    assert frame.loc["19", "y"] == 38
    assert (job.records_generated, job.records_failed, job.executions_done) == (19, 1, 1)
    assert row_counts(ws) == {
        "jobs": 1, "seeds": 1, "executions": 1, "steps": 1 + 20 + 20, "records": 20,
    }  # fmt: skip
    trace = job.trace(int(frame.loc["19", "id"]))
    assert [(step["block_type"], step["branch"]) for step in trace] == [
        ("Output", ""), ("split", "19"), ("check", "19"),
    ]  # fmt: skip
    assert trace[-1]["accumulated_state"] == {"n": 20, "output": "20", "part": 19, "y": 38}


def test_nested_fan_out(ws: dgf.Workspace) -> None:
    """A branch of a branch: paths with dots, traces along the path only."""

    @dgf.block(outputs=["letter"], fan_out=True)
    def spell(part):
        return [{"letter": letter} for letter in "ab"[: part + 1]]

    job = finish(dgf.run(pipeline(split, spell, output("{{ part }}{{ letter }}")), {"n": 2}))
    frame = job.records().sort_values("branch")
    assert list(zip(frame["branch"], frame["output"], strict=True)) == [
        ("0.0", "0a"), ("1.0", "1a"), ("1.1", "1b"),
    ]  # fmt: skip
    trace = job.trace(int(frame["id"].iloc[2]))
    assert [step["branch"] for step in trace] == ["1", "1.1", "1.1"]
    assert {finding.what: finding.count for finding in ws.examine() if finding.count} == {}


def test_empty_fan_out(ws: dgf.Workspace) -> None:
    """No items: filtered, with the reason; the rest of the document's seeds go on."""
    job = finish(dgf.run(pipeline(split, output("{{ part }}")), [{"n": 0}, {"n": 1}]))
    assert ws.record_counts() == {"filtered": 1, "pending": 1}
    assert list(job.records(status="filtered")["reason"]) == ["block 'split' returned no items"]


def test_a_document_uses_the_whole_pool(ws: dgf.Workspace, server: OfflineServer) -> None:
    """One seed of 500 chunks keeps all 32 workers busy."""
    server.reset(latency=0.02)
    text = " ".join(f"Sentence number {number}." for number in range(500))
    chunks = {
        "type": "TextChunker",
        "config": {"field_name": "text", "chunk_size": 0, "by": "sentence"},
    }
    asking = {"type": "TextGenerator", "config": {"user_prompt": "About: {{ chunk_text }}"}}
    job = finish(dgf.run(pipeline(chunks, asking), {"text": text}, model="m", concurrency=32))
    assert job.executions_done == 1
    assert job.records_generated == 500
    assert server.log()["requests"] == job.records_generated == job.usage["calls"]
    assert 16 <= server.log()["max_in_flight"] <= 32


def test_accept_when(ws: dgf.Workspace) -> None:
    """The rule decides: accepted or rejected, by the reviewer ``rule``; exports omit rejects."""
    rated = pipeline(output("{{ n }}"), accept_when="n > 2")
    job = finish(dgf.run(rated, [{"n": n} for n in range(5)]))
    assert ws.record_counts() == {"accepted": 2, "rejected": 3}
    by_seed = {record.seed_index: record for record in map(ws.record, range(1, 6))}
    assert [by_seed[n].verdict for n in range(5)] == [
        "rejected", "rejected", "rejected", "accepted", "accepted",
    ]  # fmt: skip
    assert {record.reviewer for record in by_seed.values()} == {"rule"}
    assert job.export("out.jsonl").records == 2
    assert job.export("all.jsonl", status=["accepted", "rejected"]).records == 5


def test_rule_that_fails(ws: dgf.Workspace) -> None:
    """A rule that cannot be evaluated for a record makes it failed, with its whole trace."""
    job = finish(
        dgf.run(pipeline(output("{{ n }}"), accept_when="10 / n > 2"), [{"n": 0}, {"n": 1}])
    )
    assert ws.record_counts() == {"failed": 1, "accepted": 1}
    (reason,) = job.records(status="failed")["reason"]
    assert reason.startswith("accept_when: ")


def test_history_is_not_rewritten(ws: dgf.Workspace) -> None:
    """A block that changes nested values in place changes no stored trace and no other branch."""

    @dgf.block(outputs=["seen"])
    async def grow(tree):
        tree["leaves"].append("new")
        return {"seen": tree["leaves"]}

    job = finish(dgf.run(pipeline(grow, grow), {"tree": {"leaves": ["old"]}}))
    trace = job.trace(1)
    assert [step["input"]["tree"] for step in trace] == [{"leaves": ["old"]}] * 2
    assert [step["output"]["seen"] for step in trace] == [["old", "new"]] * 2


FIELDS = (
    "id", "status", "output", "model", "job_id", "metadata", "branch", "seed_index", "reason",
    "trace_id", "created_at", "field.id", "accumulated_state",
)  # fmt: skip


def test_fields_with_fixed_names(ws: dgf.Workspace) -> None:
    """Seed fields called like our own columns: nothing is lost in frame, CSV and JSON Lines."""
    import csv
    import json
    from pathlib import Path

    @dgf.block(outputs=["answer"])
    async def answer(id, status):
        return {"answer": f"{id}/{status}"}

    seed = {name: f"my {name}" for name in FIELDS}
    job = finish(dgf.run(pipeline(answer), {"metadata": seed}))
    frame = job.records()
    (row,) = frame.to_dict("records")
    assert (row["id"], row["status"], row["job_id"]) == (1, "pending", 1)
    assert (row["output"], row["answer"]) == ("my id/my status", "my id/my status")
    assert {value for value in row.values() if isinstance(value, str)} >= set(seed.values())
    assert row["field.id"] == "my id"
    job.export("out.csv")
    with Path("out.csv").open(encoding="utf-8", newline="") as file:
        (line,) = csv.DictReader(file)
    assert (line["id"], line["status"], line["field.id"]) == ("1", "pending", "my id")
    assert set(line.values()) >= set(seed.values())
    job.export("out.jsonl")
    written = json.loads(Path("out.jsonl").read_text(encoding="utf-8"))
    assert written["metadata"] == seed
    assert written["accumulated_state"] == {"answer": "my id/my status"}
    job.export("flat.jsonl", flat=True)
    flat = json.loads(Path("flat.jsonl").read_text(encoding="utf-8"))
    assert {value for value in flat.values() if isinstance(value, str)} >= set(seed.values())


def test_trace_has_the_shape_of_execute(ws: dgf.Workspace) -> None:
    """A stored record's trace and the one ``execute`` gives are the same but for times."""
    pipe = pipeline(
        {"type": "TextGenerator", "config": {"user_prompt": "Say: {{ n }}", "model": "offline"}},
        {"type": "Output", "config": {"template": "{{ assistant }}"}, "when": "n > 1"},
        {"type": "Output", "disabled": True},
    )
    job = finish(dgf.run(pipe, {"n": 1}, random_seed=5))
    stored = ws.trace(1)
    assert stored == job.trace(1)
    _, direct, _ = ws.pipeline(pipe).execute_sync({"n": 1}, random_seed=5)
    assert [_timeless(step) for step in stored] == [_timeless(step) for step in direct]
    assert [step["skipped"] for step in stored] == [False, True, True]


def _timeless(step: dict[str, Any]) -> dict[str, Any]:
    calls = [{**call, "latency": 0, "tries": len(call["tries"])} for call in step["calls"]]
    return {**step, "execution_time": 0, "calls": calls}


def test_usage_of_a_block_that_fans_out(ws: dgf.Workspace, server: OfflineServer) -> None:
    """Its call is stored once, shown in every branch's trace, and counted once."""

    @dgf.block(outputs=["idea"], fan_out=True)
    async def ideas(n, ctx):
        await ctx.llm("m").chat(f"Ideas about {n}")
        return [{"idea": number} for number in range(3)]

    job = finish(dgf.run(pipeline(ideas, output("{{ idea }}")), {"n": 1}))
    assert (job.usage["calls"], server.log()["requests"], row_counts(ws)["calls"]) == (1, 1, 1)
    assert [len(job.trace(record)[0]["calls"]) for record in (1, 2, 3)] == [1, 1, 1]
    assert list(job.records()["model"]) == ["m", "m", "m"]


def test_last_block_fans_out(ws: dgf.Workspace) -> None:
    """Every item is a record of its own."""
    job = finish(dgf.run(pipeline(split), {"n": 3}))
    assert list(job.records()["output"]) == [0, 1, 2]


def test_a_block_that_cancels_its_own_task(ws: dgf.Workspace) -> None:
    """It is one failed record; a job is never completed with executions missing."""

    class Scope(dgf.BaseBlock):
        outputs = ["x"]

        async def execute(self, data: dict[str, Any]) -> dict[str, Any]:
            if data["n"] == 1:
                task = asyncio.current_task()
                assert task is not None
                task.cancel()
                await asyncio.sleep(1)
            if data["n"] == 2:
                raise GeneratorExit
            return {"x": 1}

    job = ws.run(dgf.Pipeline("p", [Scope]), [{"n": n} for n in range(20)], wait=True)
    assert (job.status, job.executions_done, job.records_generated) == ("completed", 20, 18)
    assert job.reasons() == [("a block cancelled the task it ran in", 2)]
