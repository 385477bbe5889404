"""Resuming: what was stopped is finished from the store, and nothing answered is asked again."""

from __future__ import annotations

import signal
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from holding import THREE_CALLS, answered, assert_whole, prompts_of, write_seeds
from running import ECHO, ask, finish, look, row_counts, wait_until
from servers import OfflineServer

import datagenflow_nb as dgf

# Functions that become blocks are written as users write them.
# mypy: disable-error-code="no-untyped-def"

Start = Callable[..., subprocess.Popen[str]]

SEEDS = 300
CONCURRENCY = 8
RUN = f"""
    import datagenflow_nb as dgf
    dgf.workspace("store.db")
    dgf.run({THREE_CALLS!r}, "seeds.csv", model="m", concurrency={CONCURRENCY}, wait=True)
"""


def repeated(server: OfflineServer) -> int:
    """How many requests the server got more than once."""
    log = server.log()
    return int(log["requests"] - log["distinct_prompts"])


def end_by(process: subprocess.Popen[str], number: signal.Signals) -> None:
    """Send the signal and wait until the process has ended."""
    process.send_signal(number)
    process.communicate(timeout=20)


@pytest.mark.parametrize("how", ["SIGINT", "cancel", "now"])
def test_cancelled_job(
    ws: dgf.Workspace, server: OfflineServer, start_script: Start, how: str
) -> None:
    """After Ctrl-C or cancel nothing is asked twice, after cancel(now=True) what was dropped."""
    server.reset(latency=0.02)
    write_seeds(SEEDS)
    process = start_script(RUN)
    wait_until(lambda: answered() >= 450, "450 answers", process)
    if how == "SIGINT":
        process.send_signal(signal.SIGINT)
    else:
        ws.job(1).cancel(now=how == "now")
    process.communicate(timeout=20)
    job = ws.job(1)
    assert job.status == "cancelled"
    Path("seeds.csv").unlink()
    finish(job.resume(concurrency=16))
    assert job.row.options["concurrency"] == 16
    assert repeated(server) <= (CONCURRENCY if how == "now" else 0)
    assert_whole(ws, job, SEEDS)
    assert job.row.error is job.row.control is None


def test_what_cannot_be_resumed(ws: dgf.Workspace) -> None:
    """A completed job, a running one, one whose seeds are not all there; options that stay."""
    job = finish(dgf.run(ECHO, {"n": 1}))
    with pytest.raises(dgf.JobError, match=r"^job 1 is completed, there is nothing to resume$"):
        job.resume()
    with ws.store.write() as connection:
        connection.execute("UPDATE jobs SET status = 'cancelled'")
    told = r'^model cannot be changed, all records of job 1 .* run the pipeline over "job:1"$'
    with pytest.raises(dgf.ConfigError, match=told):
        job.resume(model="offline")
    with pytest.raises(dgf.ConfigError, match=r"^random_seed cannot be changed"):
        job.resume(random_seed=1)
    with pytest.raises(dgf.ConfigError, match=r"^run option 'concurency' is unknown"):
        job.resume(concurency=1)
    with ws.store.write() as connection:
        connection.execute("UPDATE jobs SET total = NULL, status = 'failed'")
    with pytest.raises(dgf.JobError, match=r"^job 1 is failed and its seeds were not all stored"):
        job.resume()
    with pytest.raises(dgf.JobError, match=r"^there is no job 7"):
        ws.job(7).resume()


def test_running_job(ws: dgf.Workspace, server: OfflineServer) -> None:
    """What runs in this process is told so, and goes on."""
    server.reset(latency=0.05)
    job = dgf.run(ask("Say {{ n }}"), [{"n": n} for n in range(20)], model="m", concurrency=2)
    with pytest.raises(dgf.JobError, match=r"^job 1 is running, this process has it: it cannot"):
        job.resume()
    with pytest.raises(dgf.JobError, match=r"^job 1 is running, .* its failed records cannot"):
        job.retry_failed()
    finish(job)
    assert repeated(server) == 0


def test_runner_that_lost_its_job(
    ws: dgf.Workspace, server: OfflineServer, start_script: Start
) -> None:
    """A runner that was taken for dead and lives writes nothing more, and the counts are right."""
    server.reset(latency=0.02)
    write_seeds(SEEDS)
    process = start_script(RUN)
    wait_until(lambda: answered() >= 300, "300 answers", process)
    process.send_signal(signal.SIGSTOP)
    with ws.store.write() as connection:  # as if the lease had run out on another host
        connection.execute("UPDATE jobs SET status = 'interrupted', runner = NULL")
    job = ws.job(1).resume()
    wait_until(lambda: answered() >= 400, "100 more answers")
    process.send_signal(signal.SIGCONT)
    _, err = process.communicate(timeout=30)
    assert "is not this runner's any more" in err
    finish(job)
    assert_whole(ws, job, SEEDS)


BLOCK = """
import datagenflow_nb as dgf

@dgf.block(outputs=["said"])
async def Twice(n, ctx):
    first = await ctx.llm("m").chat(f"{word} {{n}}")
    second = await ctx.llm("m").chat(f"two {{n}}")
    return {{"said": [first.text, second.text]}}
"""


def test_block_file_that_changed(server: OfflineServer, monkeypatch: pytest.MonkeyPatch) -> None:
    """What the block asks now is asked, the rest is not asked again, and what was paid stays."""
    monkeypatch.setenv("BLOCKS_PATH", "blocks")
    Path("blocks").mkdir()
    Path("blocks/twice.py").write_text(BLOCK.format(word="one"))
    ws = dgf.workspace("other.db")
    ws.add_model("m", endpoint=server.url, model="offline")
    server.reset(latency=0.3)
    job = ws.run({"name": "p", "blocks": [{"type": "Twice"}]}, [{"n": 1}, {"n": 2}], concurrency=1)
    wait_until(lambda: look("other.db", "SELECT 1 FROM calls"), "the first answer")
    finish(job.cancel(now=True), "cancelled")
    Path("blocks/twice.py").write_text(BLOCK.format(word="uno"))
    server.reset(latency=0.0)
    finish(job.resume())
    assert prompts_of(job) == [["one 1", "uno 1", "two 1"], ["uno 2", "two 2"]]
    assert look("other.db", "SELECT number FROM calls ORDER BY execution_id, number") == [
        (0,), (1,), (2,), (0,), (1,),
    ]  # fmt: skip
    changed, line = job.log()
    assert changed.message == (
        "the code of block 'twice' has changed since the job began; what is missing is made with "
        "it as it is now"
    )
    assert line.message == (
        "block 'twice' asks something else than before the job was resumed; answers that it had "
        "and did not ask for again: 1 (paid, so they stay in the trace)"
    )
    assert (line.level, line.block_id) == ("warning", "twice")
    assert job.usage["calls"] == 5  # the first answer was paid, too


def test_calls_made_at_once(ws: dgf.Workspace, server: OfflineServer) -> None:
    """Answers are found by what was asked, in whatever order it is asked now."""
    import asyncio

    order = [1, 2, 3, 4]

    @dgf.block(outputs=["said"])
    async def gather(ctx):
        model = ctx.llm("m")

        async def chain(k):
            first = await model.chat(f"start {k}")
            return first.text, (await model.chat(f"go on {k}")).text

        said = await asyncio.gather(*(chain(k) for k in order))
        last = await model.chat("last")
        return {"said": [*said, last.text]}

    server.reset(latency=0.25)
    job = dgf.run(dgf.Pipeline("p", [gather]), {"n": 1})
    wait_until(lambda: answered() >= 8, "all answers but one")
    finish(job.cancel(now=True), "cancelled")
    order.reverse()
    server.reset(latency=0.0)
    finish(job.resume())
    assert server.log()["requests"] == 1
    (prompts,) = prompts_of(job)
    expected = [f"{word} {k}" for word in ("start", "go on") for k in (1, 2, 3, 4)]
    assert sorted(prompts) == sorted([*expected, "last"])
    assert job.usage["calls"] == 9


def test_vectors_are_asked_for_again(ws: dgf.Workspace, server: OfflineServer) -> None:
    """The journal does not hold them; the trace shows one call."""

    @dgf.block(outputs=["size"])
    async def embed(n, ctx):
        vectors = await ctx.llm("m").embed([f"text {n}"])
        return {"size": len(vectors), "said": (await ctx.llm("m").chat("and now")).text}

    embed.outputs = ["size", "said"]
    server.reset(latency=0.3)
    job = dgf.run(dgf.Pipeline("p", [embed]), {"n": 1})
    wait_until(lambda: look("store.db", "SELECT 1 FROM calls"), "the vectors")
    finish(job.cancel(now=True), "cancelled")
    finish(job.resume())
    (record,) = job.records()["id"]
    assert [call["number"] for call in job.trace(int(record))[0]["calls"]] == [0, 1]
    assert job.usage["calls"] == 3


def test_servers_of_an_older_dialect(
    ws: dgf.Workspace, server: OfflineServer, start_script: Start
) -> None:
    """A process that does not know yet how the server wants to be asked finds the answers, too."""
    server.reset(latency=0.05, unsupported_formats={"json_schema", "json_object"})
    schema = {"type": "object", "properties": {"a": {"type": "string"}}, "required": ["a"]}
    pipeline = {
        "name": "p",
        "blocks": [
            {"type": "StructuredGenerator",
             "config": {"prompt": f"{word} {{{{ n }}}}", "json_schema": schema}, "id": word}
            for word in ("one", "two", "three")
        ],
    }  # fmt: skip
    process = start_script(
        f"""
        import datagenflow_nb as dgf
        dgf.workspace("store.db")
        seeds = [{{"n": n}} for n in range(40)]
        dgf.run({pipeline!r}, seeds, model="m", concurrency=4, wait=True)
        """
    )
    wait_until(lambda: answered() >= 60, "60 answers", process)
    end_by(process, signal.SIGKILL)
    job = ws.job(1)
    finish(job.resume())
    assert job.records_generated == 40
    assert server.log()["by_outcome"]["ok"] <= 120 + 4
    assert job.usage["calls"] == answered() == 120


def test_blocks_that_were_objects(
    ws: dgf.Workspace, server: OfflineServer, start_script: Start
) -> None:
    """The process that made them goes on with them; another one is told which types it lacks."""
    server.reset(latency=0.1)

    @dgf.block(outputs=["shout"])
    def shout(assistant):
        return {"shout": assistant.upper()}

    pipe = dgf.Pipeline("p", [*ask("Say {{ n }}")["blocks"], shout])
    job = dgf.run(pipe, ({"n": n} for n in range(20)), model="m", concurrency=2)
    wait_until(lambda: job.executions_done >= 4, "first records")
    finish(job.cancel(), "cancelled")
    out, _ = start_script(
        """
        import datagenflow_nb as dgf
        try:
            dgf.workspace("store.db").job(1).resume()
        except dgf.BlockNotFoundError as error:
            print(error.message)
            print(error.detail["missing"])
        """
    ).communicate(timeout=30)
    assert out == (
        "job 1 cannot go on: there are no blocks of type 'shout' here; define them first (run the "
        "cell or the script that did, or put them into the project's blocks/)\n['shout']\n"
    )
    assert job.status == "cancelled"
    finish(job.resume())
    assert job.records()["shout"].str.isupper().all()
    assert (job.records_generated, repeated(server)) == (20, 0)


def test_other_default_model(ws: dgf.Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    """A job is not finished by another model than it was begun with."""
    job = finish(dgf.run(ask("Say {{ n }}"), [{"n": 1}]))
    with ws.store.write() as connection:
        connection.execute("UPDATE jobs SET status = 'cancelled'")
    monkeypatch.setenv("LLM_ENDPOINT", "http://127.0.0.1:9/v1")
    monkeypatch.setenv("LLM_MODEL", "big")
    told = r"^job 1 asked the models offline, now its blocks would ask big; set them as they were"
    with pytest.raises(dgf.ConfigError, match=told):
        dgf.workspace("store.db").job(1).resume()
    assert job.row.status == "cancelled"


def test_random_numbers_and_repetitions(ws: dgf.Workspace, server: OfflineServer) -> None:
    """Each execution draws what it would have drawn without the stop; repetitions count."""
    server.reset(latency=0.05)

    @dgf.block(outputs=["drawn"])
    def draw(n, ctx):
        return {"drawn": ctx.random.random()}

    pipe = dgf.Pipeline("p", [*ask("Say {{ n }}")["blocks"], draw])
    seeds = [{"metadata": {"n": n}, "repetitions": 5} for n in range(5)]
    job = dgf.run(pipe, seeds, model="m", concurrency=3, random_seed=7)
    wait_until(lambda: job.executions_done >= 7, "first records")
    finish(job.cancel(), "cancelled")
    finish(job.resume())
    server.reset(latency=0.0)
    whole = finish(dgf.run(pipe, seeds, model="m", random_seed=7))
    columns = ["seed_index", "repetition", "drawn", "assistant"]
    frames = [one.records()[columns].sort_values(columns[:2]) for one in (job, whole)]
    assert frames[0].to_numpy().tolist() == frames[1].to_numpy().tolist()
    assert len(frames[0]) == 25
    assert row_counts(ws)["executions"] == 50


def test_failed_job(ws: dgf.Workspace) -> None:
    """A job that could not go on goes on when it can."""
    job = finish(dgf.run(ECHO, [{"n": n} for n in range(50)]))
    with ws.store.write() as connection:
        connection.execute("UPDATE jobs SET status = 'failed', error = '{\"error\": \"full\"}'")
        connection.execute("DELETE FROM executions WHERE seed_index % 2 = 0")
    finish(job.resume())
    assert (job.records_generated, job.error) == (50, None)
    assert sorted(job.records()["seed_index"]) == list(range(50))


def test_how_long_a_job_ran(ws: dgf.Workspace) -> None:
    """The time between its runners does not count, nor that until its end was noticed."""
    job = finish(dgf.run(ECHO, {"n": 1}))
    with ws.store.write() as connection:
        connection.execute(
            "UPDATE jobs SET status = 'interrupted', started_at = '2026-01-01T10:00:00.000Z', "
            "heartbeat_at = '2026-01-01T10:01:00.000Z', finished_at = '2026-01-05T10:00:00.000Z'"
        )
    assert job.row.seconds == 65
    finish(job.resume())
    seconds = job.row.seconds
    assert seconds is not None
    assert 65 <= seconds < 90
    assert job.row.started_at == "2026-01-01T10:00:00.000Z"
