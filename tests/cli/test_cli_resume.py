"""``dgf resume`` and ``dgf retry``."""

from __future__ import annotations

import json
import signal
from typing import Any

import pytest
from command_line import ASK, DIVIDE, ECHO
from servers import offline_server

SEEDS = [{"topic": f"topic {number}"} for number in range(120)]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGKILL])
def test_resume(dgf: Any, until: Any, number: signal.Signals) -> None:
    """A run that was stopped says how to finish it, and is finished without its files."""
    with offline_server(latency=0.03) as server:
        env = {"LLM_ENDPOINT": server.url, "LLM_MODEL": "small"}
        args = ("run", dgf.write("ask.yaml", ASK), dgf.write("seeds.json", SEEDS))
        process = dgf.start(*args, "--db", "s.db", "--concurrency", "4", env=dgf.env | env)
        until(lambda: dgf.rows("SELECT 1 FROM records WHERE id = 40", "s.db"), process)
        process.send_signal(number)
        told, _ = process.communicate(timeout=60)
        if number == signal.SIGINT:
            assert told.splitlines()[-1] == "To finish it: dgf resume 1 --db s.db"
        ((done,),) = dgf.rows("SELECT count(*) FROM records", "s.db")
        for name in ("ask.yaml", "seeds.json"):
            (dgf.folder / name).unlink()
        run = dgf("resume", "1", "--db", "s.db", **env)
        log = server.log()
    assert run.stderr.startswith(f"Pipeline 'Ask', {done} of 120 executions done\nModel: small\n")
    assert run.stdout.startswith("Job 1 completed in ")
    assert ": 120 of 120 executions, 120 records\n" in run.stdout
    assert "dgf resume" not in run.stdout
    assert log["requests"] - 120 <= (0 if number == signal.SIGINT else 4)
    counts = "SELECT count(*), count(DISTINCT seed_index) FROM records"
    assert dgf.rows(counts, "s.db") == [(120, 120)]
    assert dgf.rows("SELECT count(*) FROM calls WHERE answer IS NOT NULL", "s.db") == [(120,)]


def test_resume_that_cannot_be(dgf: Any, echo: tuple[str, str]) -> None:
    """Without a store, without the job, of a completed one: an error, as JSON when asked for."""
    assert dgf("resume", "1", status=1).stderr.startswith("Error: there is no store at datagenflow")
    dgf("run", *echo)
    told = "job 1 is completed, there is nothing to resume"
    assert dgf("resume", "1", status=1).stderr == f"Error: {told}\n"
    answer = {"error": told, "detail": {"job_id": 1, "status": "completed"}}
    assert dgf.json("resume", "1", status=1) == answer
    assert "there is no job 2" in dgf("resume", "2", status=1).stderr
    assert dgf("resume", "one", status=2).stderr.endswith("'one' is not a valid integer.\n")
    assert dgf("retry", "1", status=1).stderr == "Error: job 1 has no failed records to retry\n"


def test_retry(dgf: Any) -> None:
    """What failed runs again; 3 while it fails, 0 when it does not any more."""
    dgf("run", dgf.write("d.yaml", DIVIDE), dgf.write("d.json", [{"n": 0}, {"n": 5}]), status=3)
    run = dgf("retry", "1", "--concurrency", "2", status=3)
    assert run.stderr.startswith("Pipeline 'Divide', 1 of 2 executions done\nModel: none")
    assert run.stdout.splitlines()[-1] == "To retry: dgf retry 1"
    dgf.write_rows("UPDATE seeds SET metadata = '{\"n\": 2}' WHERE seed_index = 0")
    summary = dgf.json("retry", "1")
    assert (summary["records_generated"], summary["records_failed"]) == (2, 0)
    rows = dgf.rows("SELECT seed_index, is_current, status FROM records ORDER BY id")
    assert sorted(rows) == [
        (0, 0, "failed"), (0, 0, "failed"), (0, 1, "pending"), (1, 1, "pending"),
    ]  # fmt: skip
    dgf("doctor")


def test_one_record_from_a_block(dgf: Any) -> None:
    """What it makes is told before it starts; half of what is needed is a wrong use."""
    dgf("run", dgf.write("a.yaml", ASK), dgf.write("a.json", SEEDS[:2]))
    (block,) = {row[0] for row in dgf.rows("SELECT block_id FROM calls")}
    run = dgf("retry", "1", "--record", "2", "--from", block)
    assert run.stderr.splitlines()[0] == (
        f"Record 2 again from {block!r}: 0 steps taken over, 1 call made"
    )
    assert run.stdout.splitlines()[0].endswith(": 2 of 2 executions, 2 records")
    rows = dgf.rows("SELECT seed_index, is_current FROM records ORDER BY id")
    assert rows == [(0, 1), (1, 0), (1, 1)]
    told = "Error: One record runs again from one block: say both --record and --from\n"
    assert dgf("retry", "1", "--record", "2", status=2).stderr.endswith(told)
    assert "has no block 'x'" in dgf("retry", "1", "--record", "2", "--from", "x", status=1).stderr
    dgf("doctor")


def test_budget(dgf: Any) -> None:
    """It stops the run, which says how to go on; ``none`` takes it away.

    So many records are what was asked, so these are exported and nothing has failed.
    """
    numbers = dgf.write("n.json", [{"name": str(n)} for n in range(9)])
    run = dgf("run", dgf.write("e.yaml", ECHO), numbers, "--max-records", "4", "--out", "o.csv")
    assert run.stdout.splitlines()[0].startswith("Job 1 stopped in ")
    assert run.stdout.splitlines()[-3:] == [
        "Why:    4 of max_records 4 used; to go on with more: job.resume(max_records=...), "
        "%dgf resume 1 --max-records N or dgf resume 1 --max-records N",
        "To finish it: dgf resume 1 --max-records N",
        "Exported 4 records to o.csv",
    ]
    refused = dgf("resume", "1", status=1).stderr
    assert refused.startswith("Error: job 1 has used 4 of max_records 4: nothing was started;")
    assert dgf.json("resume", "1", "--max-records", "6")["records_generated"] == 6
    assert dgf("resume", "1", "--max-records", "0", status=2).stderr.endswith(
        "0 is not in the range x>=1.\n"
    )
    (told,) = dgf.json("jobs")
    assert (told["target_accepted"], told["budgets"]) == (None, {"max_records": 6})
    options = ("--max-records", "none", "--max-seconds", "900", "--max-tokens-total", "5")
    assert dgf.json("resume", "1", *options, "--max-cost", "0.5")["records_generated"] == 9
    stored = json.loads(dgf.rows("SELECT options FROM jobs")[0][0])
    names = ("max_records", "max_seconds", "max_tokens_total", "max_cost")
    assert [stored[name] for name in names] == [None, 900.0, 5, 0.5]


def test_rerun(dgf: Any) -> None:
    """What will be reused and made is told before; the summary tells what was."""
    two = (
        "name: Ask\nblocks:\n"
        "  - {type: TextGenerator, id: a, config: {user_prompt: 'About {{ topic }}'}}\n"
        "  - {type: TextGenerator, id: b, config: {user_prompt: 'WORD {{ topic }}'}}\n"
    )
    with offline_server() as server:
        env = {"LLM_ENDPOINT": server.url, "LLM_MODEL": "small"}
        dgf("run", dgf.write("ask.yaml", two), dgf.write("seeds.json", SEEDS[:5]), **env)
        refused = dgf("rerun", "1", status=1, **env)
        dgf.write("ask.yaml", two.replace("WORD", "More on"))
        run = dgf("rerun", "1", "--pipeline", "ask.yaml", **env)
        answer = dgf.json("rerun", "2", "--pipeline", "ask.yaml", "--concurrency", "2", **env)
        assert server.log()["requests"] == 15
    assert refused.stderr == (
        "Error: job 1 ran the pipeline 'Ask', and none is saved under that name; say which to run: "
        "job.rerun(pipeline), dgf rerun 1 --pipeline NAME\n"
    )
    assert run.stderr.startswith(
        "Re-run of job 1 with 'Ask': reuses 5 answers, makes 5 calls\n"
        "Pipeline 'Ask', 5 executions\n"
    )
    assert "in 5 calls; cost unknown; 5 answers reused\n" in run.stdout
    assert (answer["job_id"], answer["parent_job_id"], answer["usage"]["reused"]) == (3, 2, 10)
    assert answer["forecast"] == {"reused": 10, "made": 0, "is_exact": True}


def test_default_model_of_code(dgf: Any) -> None:
    """A model that a block's code asks for is told, and is not another when the job is resumed."""
    (dgf.folder / "blocks").mkdir()
    (dgf.folder / "blocks" / "own.py").write_text(
        "import datagenflow_nb as dgf\n"
        "@dgf.block(outputs=['a'])\n"
        "async def say(n, ctx):\n"
        "    return {'a': (await ctx.llm().chat(f'say {n}')).text}\n"
        "@dgf.block(outputs=['a'])\n"
        "def draw(n, ctx):\n"
        "    return {'a': ctx.random.random()}\n"
    )
    seeds = dgf.write("n.json", [{"n": n} for n in range(6)])
    budget = ("--max-records", "3", "--concurrency", "1")
    with offline_server() as server:
        env = {"LLM_ENDPOINT": server.url, "LLM_MODEL": "cheap"}
        for name in ("say", "draw"):
            pipeline = dgf.write(f"{name}.yaml", f"name: {name}\nblocks:\n- type: {name}\n")
            run = dgf("run", pipeline, seeds, *budget, **env)
            assert "\nModel: default: cheap, if a block's code asks\n" in run.stderr
        again = ("resume", "1", "--max-records", "none")
        dear = env | {"LLM_MODEL": "dear"}
        assert dgf(*again, status=1, **dear).stderr == (
            "Error: job 1 has the default model 'cheap' for blocks whose code asks one, which was "
            f"cheap at {server.url} and is dear at {server.url} now; set it as it was (add_model, "
            'LLM_ENDPOINT and LLM_MODEL), or run the pipeline over "job:1"\n'
        )
        assert server.log()["requests"] == 3
        dgf(*again, **env)
        assert server.log()["requests"] == 6
        # Its block has run to its end without asking one.
        dgf("resume", "2", "--max-records", "none", **dear)
        assert server.log()["requests"] == 6


def test_target(dgf: Any) -> None:
    """What stops short says the rule and its counts; a re-run may leave the target out."""
    rule = DIVIDE + "accept_when: n == 5\n"
    seeds = dgf.write("d.json", [{"n": 0}, {"n": 5}])
    run = dgf("run", dgf.write("d.yaml", rule), seeds, "--target-accepted", "3",
              "--max-records", "2", "--concurrency", "1", status=1)  # fmt: skip
    lines = run.stdout.splitlines()
    assert "Rule:   accept_when 'n == 5': 2 accepted, 0 rejected, 2 failed, 0 filtered" in lines
    assert "To retry: dgf retry 1 --max-records N" in lines
    assert lines[-1] == "To finish it: dgf resume 1 --max-records N"
    run = dgf("resume", "1", "--max-records", "none", status=3)
    assert run.stdout.startswith("Job 1 completed in ")
    assert "To retry" not in run.stdout
    assert "To retry" not in dgf("failures", "1").stdout
    refused = dgf("rerun", "1", "--pipeline", "d.yaml", status=1).stderr
    assert refused.startswith("Error: a re-run goes through the seeds once, and target_accepted (3")
    options = ("--pipeline", "d.yaml", "--target-accepted", "none")
    assert dgf.json("rerun", "1", *options, status=3)["records_accepted"] == 1
