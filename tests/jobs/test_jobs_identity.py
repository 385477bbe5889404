"""What a job's models and its blocks' code were: nothing goes on with others without a word."""

from __future__ import annotations

from collections.abc import Callable
from html import escape
from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest
from running import ask, finish, look, wait_until
from servers import OfflineServer

import datagenflow_nb as dgf
from datagenflow_nb.jobs import Job

# Functions that become blocks are written as users write them.
# mypy: disable-error-code="no-untyped-def"


def numbers(count: int) -> list[dict[str, Any]]:
    """Seeds."""
    return [{"n": n} for n in range(count)]


def two() -> dict[str, Any]:
    """Two blocks that ask ``m``."""
    more = {
        "type": "TextGenerator",
        "id": "b",
        "config": {"user_prompt": "B {{ n }}", "model": "m"},
    }
    return ask("A {{ n }}", more, model="m")


def cut_short(server: OfflineServer, run: Callable[[], Job]) -> Job:
    """A job that was cancelled when some of it was done."""
    server.reset(latency=0.05)
    job = run()
    wait_until(lambda: job.executions_done >= 3, "first records")
    finish(job.cancel(), "cancelled")
    server.reset(latency=0.0)
    return job


def asked_ids(job_id: int) -> set[str]:
    """Ids of the models that the job's own calls were made to."""
    return {row[0] for row in look(
        "store.db", "SELECT DISTINCT json_extract(c.request, '$.model') FROM calls c JOIN "
        "executions e ON e.id = c.execution_id WHERE e.job_id = ? AND NOT c.reused", job_id,
    )}  # fmt: skip


def test_resume_when_the_name_means_another_model(ws: dgf.Workspace, server: OfflineServer) -> None:
    """Another id or address under the same name is refused before any call."""
    job = cut_short(server, lambda: dgf.run(two(), numbers(20), concurrency=2))
    paid = job.usage["calls"]
    for endpoint, model in ((server.url, "dear"), ("http://127.0.0.1:9/v1", "offline")):
        ws.add_model("m", endpoint=endpoint, model=model)
        told = (
            f"job 1 has the model 'm', which was offline at {server.url} and is {model} at "
            f"{endpoint} now; set it as it was (add_model, LLM_ENDPOINT and LLM_MODEL), or run the "
            'pipeline over "job:1"'
        )
        for resume in (job.resume, ws.job(1).resume):
            with pytest.raises(dgf.ConfigError) as caught:
                resume()
            assert caught.value.message == told
    assert (server.log()["requests"], job.status) == (0, "cancelled")
    ws.add_model("m", endpoint=server.url, model="offline")
    finish(job.resume())
    assert server.log()["requests"] == 40 - paid
    assert asked_ids(1) == {"offline"}


def test_rerun_when_the_name_means_another_model(ws: dgf.Workspace, server: OfflineServer) -> None:
    """An answer is that of a name and an id: of another id none is reused, and that is told."""
    parent = finish(dgf.run(two(), numbers(10)))
    server.reset()
    ws.add_model("m", endpoint=server.url, model="dear")
    plan = parent.plan_rerun(two())
    assert str(plan.forecast) == "reuses no answers, makes 20 calls"
    child = finish(plan.start())
    assert (server.log()["requests"], child.usage["calls"], asked_ids(2)) == (20, 20, {"dear"})
    elsewhere = server.url.replace("127.0.0.1", "localhost")
    ws.add_model("m", endpoint=elsewhere, model="offline")
    server.reset()
    moved = parent.rerun(two(), wait=True)
    assert str(moved.forecast) == (
        f"reuses 20 answers, makes no calls (model 'm' was at {server.url}, is at {elsewhere})"
    )
    assert (server.log()["requests"], moved.usage["reused"]) == (0, 20)


def test_model_that_only_code_names(ws: dgf.Workspace, server: OfflineServer) -> None:
    """What its calls were made to tells what it was; a job stored without any of this goes on."""

    @dgf.block(outputs=["a"])
    async def say(n, ctx):
        return {"a": (await ctx.llm("m").chat(f"say {n}")).text}

    job = cut_short(server, lambda: dgf.run(dgf.Pipeline("p", [say]), numbers(20), concurrency=2))
    ws.add_model("m", endpoint=server.url, model="dear")
    with pytest.raises(dgf.ConfigError, match=r"^job 1 has the model 'm', which was offline at"):
        job.resume()
    assert server.log()["requests"] == 0
    with ws.store.write() as connection:
        connection.execute("UPDATE jobs SET options = json_remove(options, '$.identity')")
    finish(job.resume())
    assert asked_ids(1) == {"offline", "dear"}


def test_code_that_changed(ws: dgf.Workspace, server: OfflineServer) -> None:
    """A resumed job says so in its log and its display; a re-run foresees it."""
    source = """
        import datagenflow_nb as dgf

        @dgf.block(outputs=["k"], fan_out=True)
        def split(n):
            return [{"k": f"{n} %s {i}"} for i in range(4)]
    """
    Path("blocks").mkdir()
    file = Path("blocks/split.py")
    file.write_text(dedent(source % "part"))
    pipe = {"name": "p", "blocks": [{"type": "split"}, *ask("Say {{ k }}")["blocks"]]}
    whole = finish(dgf.run(pipe, numbers(10), model="m"))
    job = cut_short(server, lambda: dgf.run(pipe, numbers(10), model="m", concurrency=2))
    same = "reuses about 40 answers, makes about 0 calls"
    assert str(whole.plan_rerun(pipe).forecast) == same
    file.write_text(dedent(source % "piece"))
    plan = whole.plan_rerun(pipe)
    told = "the code of block 'split' has changed since"
    assert str(plan.forecast) == f"reuses no answers, makes up to about 40 calls ({told})"
    finish(job.resume())
    assert [(line.level, line.message) for line in job.log()] == [
        ("warning", f"{told} the job began; what is missing is made with it as it is now")
    ]
    assert f"Resumed: {escape(told)}" in job._repr_html_()
    server.reset()
    child = finish(plan.start())
    assert child.forecast == plan.forecast
    assert server.log()["requests"] == child.usage["calls"] == 40
    file.write_text(dedent(source % "part"))
    assert str(whole.plan_rerun(pipe).forecast) == same
