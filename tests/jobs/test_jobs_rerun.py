"""Re-running with an edited pipeline: only what changed is asked, and it is said before."""

from __future__ import annotations

import signal
import subprocess
from collections.abc import Callable
from typing import Any

import pytest
from running import finish, look, wait_until
from servers import OfflineServer

import datagenflow_nb as dgf
from datagenflow_nb.jobs import Job

# Functions that become blocks are written as users write them.
# mypy: disable-error-code="no-untyped-def"

Start = Callable[..., subprocess.Popen[str]]


def three(last: str = "Last {{ n }}", **changes: dict[str, Any]) -> dict[str, Any]:
    """Three model blocks; the last one's prompt, and other changes by block id."""
    prompts = {"a": "First {{ n }}", "b": "Then {{ n }}", "c": last}
    blocks = [
        {"type": "TextGenerator", "id": id_, "config": {"user_prompt": prompt}}
        for id_, prompt in prompts.items()
    ]
    return {"name": "three", "blocks": [{**block, **changes.get(block["id"], {})}
                                        for block in blocks]}  # fmt: skip


def numbers(count: int) -> list[dict[str, Any]]:
    """Seeds."""
    return [{"n": n} for n in range(count)]


def prompts_of(job: Job, record_id: int) -> list[tuple[str, bool]]:
    """(prompt, whether its answer was reused) of a record's calls, in order."""
    return [
        (call["request"]["messages"][-1]["content"], call["reused"])
        for step in job.trace(record_id)
        for call in step["calls"]
    ]


def healthy(ws: dgf.Workspace) -> bool:
    """Whether the store's own examination finds nothing."""
    return not [finding for finding in ws.examine() if finding.count]


def told(job: Job) -> str:
    """What was foreseen of a re-run."""
    return str(job.forecast)


def test_last_of_three_blocks_edited(ws: dgf.Workspace, server: OfflineServer) -> None:
    """Of 200 records 200 calls are made, not 600; the child is complete when its parent is gone."""
    parent = finish(dgf.run(three(), numbers(200), model="m"))
    assert server.log()["requests"] == 600
    server.reset()
    plan = parent.plan_rerun(three("Finally {{ n }}"))
    assert str(plan) == "re-run of job 1 with 'three': reuses 400 answers, makes 200 calls"
    assert server.log()["requests"] == 0
    child = finish(plan.start())
    assert server.log()["requests"] == child.usage["calls"] == 200
    assert (child.usage["reused"], told(child)) == (400, "reuses 400 answers, makes 200 calls")
    assert set(child.usage["blocks"]) == {"c"}
    assert (child.total, child.executions_done, child.records_generated) == (200, 200, 200)
    assert child.random_seed == parent.random_seed
    assert (child.row.parent_job_id, child.row.root_job_id) == (1, 1)
    html = child._repr_html_()
    assert "Re-run of job 1: reuses 400 answers, makes 200 calls" in html
    assert "400 answers reused" in html
    assert ws.jobs().text().splitlines()[2].endswith("three (rerun of 1)")
    parent.delete()
    assert healthy(ws)
    frame = child.records()
    assert sorted(frame["seed_index"]) == list(range(200))
    for record_id, n in zip(frame["id"], frame["n"], strict=True):
        assert prompts_of(child, int(record_id)) == [
            (f"First {n}", True), (f"Then {n}", True), (f"Finally {n}", False),
        ]  # fmt: skip
    used = look("store.db", "SELECT sum(input_tokens), sum(output_tokens) FROM calls "
                "WHERE reused = 0")[0]  # fmt: skip
    assert used == (child.usage["input_tokens"], child.usage["output_tokens"])
    steps = child.traces()
    assert (steps["input_tokens"].sum(), steps["output_tokens"].sum()) == used
    # Its seeds are its own now, and its answers can be reused in turn.
    again = finish(child.rerun(three("Finally {{ n }}"), concurrency=4))
    assert told(again) == "reuses 600 answers, makes no calls"
    assert (again.usage["calls"], again.usage["reused"]) == (0, 600)
    assert server.log()["requests"] == 200
    assert again.row.options["concurrency"] == 4
    said = [dict(zip(*map(job.records().get, ("n", "assistant")), strict=True))
            for job in (child, again)]  # fmt: skip
    assert said[0] == said[1]


def test_equal_prompts_stay_two_calls(ws: dgf.Workspace, server: OfflineServer) -> None:
    """Seeds and repetitions with the same prompt keep an answer each, their own."""
    ws.save_pipeline(dgf.Pipeline.from_dict(three()))
    seeds = [{"metadata": {"n": 1}, "repetitions": 3}, {"n": 1}]
    parent = finish(ws.run("three", seeds, model="m"))
    answers = look("store.db", "SELECT answer FROM calls ORDER BY execution_id, block_id")
    child = finish(parent.rerun())
    assert (child.usage["calls"], child.usage["reused"]) == (0, 12)
    assert look("store.db", "SELECT answer FROM calls c JOIN executions e ON e.id = c.execution_id "
                "WHERE e.job_id = 2 ORDER BY execution_id, block_id") == answers  # fmt: skip
    assert len(set(answers)) > 1


def test_first_block_edited(ws: dgf.Workspace, server: OfflineServer) -> None:
    """What does not read what it sets is reused all the same; that was only sure at run time."""
    parent = finish(dgf.run(three(), numbers(5), model="m"))
    edited = three(a={"config": {"user_prompt": "Firstly {{ n }}"}})
    child = finish(parent.rerun(edited))
    # The generators after it would take its system message.
    assert told(child) == "reuses no answers, makes about 15 calls"
    assert (child.usage["calls"], child.usage["reused"]) == (5, 10)
    chained = {"name": "chain", "blocks": [
        *three()["blocks"][:1],
        {"type": "TextGenerator", "id": "next",
         "config": {"user_prompt": "Go on: {{ assistant }}", "system_prompt": "Be brief."}},
    ]}  # fmt: skip
    parent = finish(dgf.run(chained, numbers(5), model="m"))
    chained["blocks"][0] = edited["blocks"][0]
    child = finish(parent.rerun(chained))
    assert (child.usage["calls"], "reused" in child.usage) == (10, False)


def test_another_model(ws: dgf.Workspace, server: OfflineServer) -> None:
    """An answer belongs to the model that gave it, whatever block it was for."""
    ws.add_model("n", endpoint=server.url, model="offline")
    parent = finish(dgf.run(three(), numbers(4), model="m"))
    child = finish(parent.rerun(three(c={"config": {"user_prompt": "Last {{ n }}", "model": "n"}})))
    assert told(child) == "reuses 8 answers, makes 4 calls"
    assert (child.usage["calls"], child.usage["models"].keys()) == (4, {"n"})
    other = finish(parent.rerun(three(), model="n"))
    assert (other.usage["calls"], other.row.options["models"]) == (12, ["n"])


def test_new_blocks_and_rules(ws: dgf.Workspace, server: OfflineServer) -> None:
    """A new block asks once for every record; what a rule decides is told as about."""
    parent = finish(dgf.run(three(), numbers(6), model="m"))
    edited = three()
    edited["blocks"].append(
        {"type": "TextGenerator", "id": "d", "config": {"user_prompt": "More {{ n }}"}}
    )
    edited["accept_when"] = "n > 2"
    child = finish(parent.rerun(edited))
    assert told(child) == "reuses 18 answers, makes 6 calls"
    assert child.usage["calls"] == 6
    assert ws.record_counts(job_id=2) == {"accepted": 3, "rejected": 3}
    edited["blocks"][3]["when"] = "n > 3"
    ruled = finish(child.rerun(edited))
    assert told(ruled) == "reuses about 24 answers, makes about 0 calls"
    assert (ruled.usage["calls"], ruled.usage["reused"]) == (0, 20)


def test_stopped_parent(ws: dgf.Workspace, server: OfflineServer) -> None:
    """What it was answered is reused, the rest is made; while it runs there is no re-run."""
    server.reset(latency=0.05)
    parent = dgf.run(three(), numbers(40), model="m", concurrency=4)
    wait_until(lambda: parent.usage["calls"] >= 40, "40 answers")
    with pytest.raises(dgf.JobError, match=r"^job 1 is running, more answers are coming; wait"):
        parent.rerun(three())
    finish(parent.cancel(), "cancelled")
    server.reset()
    answered = parent.usage["calls"]
    child = finish(parent.rerun(three()))
    assert told(child) == f"reuses {answered} answers, makes {120 - answered} calls"
    assert server.log()["requests"] == child.usage["calls"] == 120 - answered
    assert (child.usage["reused"], child.records_generated) == (answered, 40)


def test_latest_attempt_first(ws: dgf.Workspace, server: OfflineServer) -> None:
    """Of a record that was retried the newer answer is taken; shared calls count once."""
    fails = {"now": True}

    @dgf.block(outputs=["k"], fan_out=True)
    def split(n):
        return [{"k": k} for k in range(n)]

    @dgf.block(outputs=["said"])
    async def say(k, ctx):
        said = (await ctx.llm("m").chat(f"say {k}", seed=int(fails["now"]))).text
        if fails["now"] and k == 1:
            raise ValueError("no")
        return {"said": said}

    title = {"type": "TextGenerator", "id": "t", "config": {"user_prompt": "Title {{ n }}"}}
    pipe = dgf.Pipeline("p", [title, split, say])
    parent = finish(dgf.run(pipe, {"n": 3}, model="m"))
    fails["now"] = False
    finish(parent.retry_failed())
    server.reset()
    with pytest.raises(dgf.ConfigError, match=r"^job 1 ran the pipeline 'p', and none is saved"):
        parent.rerun()
    child = finish(parent.rerun(pipe))
    assert told(child) == "reuses about 4 answers, makes about 0 calls"
    # The other two were asked for something else than now.
    assert (server.log()["requests"], child.usage["reused"]) == (2, 2)
    frames = [job.records().set_index("branch")["said"] for job in (parent, child)]
    assert frames[0]["1"] == frames[1]["1"]
    assert healthy(ws)


def test_killed_child(ws: dgf.Workspace, server: OfflineServer, start_script: Start) -> None:
    """Resumed, it goes on with its own answers and the parent's that it had not taken yet."""
    parent = finish(dgf.run(three(), numbers(120), model="m", concurrency=16))
    server.reset(latency=0.02)
    process = start_script(
        f"""
        import datagenflow_nb as dgf
        job = dgf.workspace("store.db").job(1)
        job.rerun({three("Finally {{ n }}")!r}, wait=True, concurrency=4)
        """
    )
    wait_until(lambda: server.log()["requests"] >= 40, "40 requests", process)
    process.send_signal(signal.SIGKILL)
    process.communicate(timeout=20)
    child = ws.job(2)
    assert (child.status, child.forecast is not None) == ("interrupted", True)
    finish(child.resume())
    assert 120 <= server.log()["requests"] <= 124
    assert (child.usage["calls"], child.usage["reused"]) == (120, 240)
    assert look("store.db", "SELECT c.reused, count(*) FROM calls c JOIN executions e "
                "ON e.id = c.execution_id WHERE e.job_id = 2 GROUP BY c.reused") == [
        (0, 120), (1, 240),
    ]  # fmt: skip
    parent.delete()
    assert child.records_generated == len(child.records()) == 120
    assert healthy(ws)


def test_seeds_are_handed_over(ws: dgf.Workspace, server: OfflineServer) -> None:
    """To the oldest of those that run from them, again and again, until nobody is left."""
    parent = finish(dgf.run(three(), numbers(3), model="m"))
    children = [finish(parent.rerun(three(f"{word} {{{{ n }}}}"))) for word in ("x", "y")]
    grandchild = finish(children[0].rerun(three("z {{ n }}")))
    other = finish(dgf.run(three(), "job:4", model="m"))
    assert other.row.root_job_id == 5
    parent.delete()
    assert [job.row.root_job_id for job in ws.jobs()] == [2, 2, 2, 5]
    assert [job.row.parent_job_id for job in ws.jobs()] == [None, None, 2, None]
    children[0].delete()
    assert look("store.db", "SELECT DISTINCT job_id FROM seeds") == [(3,), (5,)]
    assert sorted(grandchild.records()["n"]) == [0, 1, 2]
    finish(dgf.run(three(), "job:4", model="m"))
    grandchild.delete()
    children[1].delete()
    assert look("store.db", "SELECT DISTINCT job_id FROM seeds") == [(5,), (6,)]
    assert healthy(ws)


def test_parent_of_an_unfinished_job(ws: dgf.Workspace, server: OfflineServer) -> None:
    """It is kept until the re-run that was stopped is finished, or is deleted."""
    parent = finish(dgf.run(three(), numbers(9), model="m"))
    child = finish(parent.rerun(three("x {{ n }}"), max_records=2, concurrency=1), "stopped")
    told = (
        r"^job 1 cannot be deleted yet: job 2, its re-run, is stopped and needs its answers to go "
        r"on; finish that \(job.resume\(\), %dgf resume 2 or dgf resume 2\) or delete it first$"
    )
    with pytest.raises(dgf.JobError, match=told):
        parent.delete()
    server.reset()
    finish(child.resume(max_records=None))
    assert server.log()["requests"] == 7
    parent.delete()
    other = finish(child.rerun(three("y {{ n }}"), max_records=2), "stopped")
    other.delete()
    child.delete()
    assert ws.jobs() == []


def test_parent_of_a_running_job(ws: dgf.Workspace, server: OfflineServer) -> None:
    """It is kept while its child takes answers; the root of a running job may go."""
    root = finish(dgf.run(three(), numbers(40), model="m"))
    parent = finish(root.rerun(three()))
    server.reset(latency=0.05)
    child = parent.rerun(three("x {{ n }}"), concurrency=2)
    wait_until(lambda: child.usage["calls"] >= 2, "two answers")
    with pytest.raises(dgf.JobError, match=r"^job 2 cannot be deleted while job 3, its re-run"):
        parent.delete()
    root.delete()
    server.reset()
    finish(child)
    assert (child.records_generated, child.usage["reused"]) == (40, 80)
    parent.delete()
    assert len(child.records()) == 40
    assert healthy(ws)


def test_what_cannot_be_rerun(ws: dgf.Workspace, server: OfflineServer) -> None:
    """It is said before anything is stored."""
    job = finish(dgf.run(three(), numbers(2), model="m"))
    with pytest.raises(dgf.ConfigError, match=r"^random_seed cannot be changed: a re-run draws"):
        job.rerun(three(), random_seed=1)
    with pytest.raises(dgf.SeedError, match=r"^seed 0 of job 1: no field 'topic', which block 'c'"):
        job.rerun(three("About {{ topic }}"))
    with pytest.raises(dgf.ConfigError, match=r"^run option 'colour' is unknown"):
        job.rerun(three(), colour=1)
    assert len(ws.jobs()) == 1


def test_split_documents(ws: dgf.Workspace, server: OfflineServer) -> None:
    """Answers belong to their chunk; where the chunks change, the forecast says about."""

    def pipeline(size: int, word: str) -> dict[str, Any]:
        config = {"field_name": "text", "chunk_size": size, "chunk_overlap": 0}
        ask = {"user_prompt": f"{word} {{{{ chunk_text }}}}"}
        return {"name": "p", "blocks": [
            {"type": "TextGenerator", "id": "title", "config": {"user_prompt": "On {{ text }}"}},
            {"type": "TextChunker", "config": config},
            {"type": "TextGenerator", "id": "say", "config": ask},
        ]}  # fmt: skip

    text = " ".join(f"word{n:04d}" for n in range(12))
    parent = finish(dgf.run(pipeline(20, "Say"), {"text": text}, model="m"))
    chunks = parent.records_generated
    assert chunks > 4
    child = finish(parent.rerun(pipeline(20, "Tell")))
    assert told(child) == f"reuses 1 answer, makes {chunks} calls"
    assert (child.usage["calls"], child.usage["reused"]) == (chunks, 1)
    other = finish(parent.rerun(pipeline(40, "Say")))
    assert told(other) == f"reuses about 1 answer, makes about {chunks} calls"
    assert other.usage["calls"] == other.records_generated < chunks


def test_stopped_by_a_budget(ws: dgf.Workspace, server: OfflineServer) -> None:
    """A re-run has its parent's budgets, and what it reuses does not count."""
    parent = finish(dgf.run(three(), numbers(9), model="m", max_tokens_total=10**6), "completed")
    child = parent.rerun(three("x {{ n }}"), max_tokens_total=1, concurrency=1).wait()
    assert (child.status, child.usage["calls"]) == ("stopped", 1)
    assert child.usage["reused"] >= 2
    finish(child.resume(max_tokens_total=None))
    assert (child.usage["calls"], child.usage["reused"], child.records_generated) == (9, 18, 9)
    assert parent.rerun(three(), wait=True).row.options["max_tokens_total"] == 10**6


def test_detached(ws: dgf.Workspace, server: OfflineServer) -> None:
    """In a process of its own it takes the parent's answers, too."""
    parent = finish(dgf.run(three(), numbers(5), model="m"))
    server.reset()
    child = finish(parent.rerun(three("x {{ n }}"), detach=True))
    assert server.log()["requests"] == child.usage["calls"] == 5
    assert child.usage["reused"] == 10
