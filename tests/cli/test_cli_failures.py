"""``dgf failures``, and runs that stop early."""

from __future__ import annotations

from typing import Any

from command_line import ASK, DIVIDE
from servers import offline_server


def test_failures(dgf: Any) -> None:
    """Causes with an example each, as text and as JSON; ``--limit`` takes the most frequent."""
    seeds = [{"n": 1}, {"n": 0}, {"n": "x"}, {"n": 0}]
    dgf("run", dgf.write("divide.yaml", DIVIDE), dgf.write("s.json", seeds), "--db", "s.db",
        "--concurrency", "1", status=3)  # fmt: skip
    text = dgf("failures", "1", "--db", "s.db").stdout
    assert text.startswith(
        "Failures of job 1: 3 records\n\n2 records (67 %), block 'output', TemplateError\n"
    )
    assert "    for example record 2, seed 1, step 0\n    n: 0\n" in text
    assert text.endswith(
        "\n\nTo retry: dgf retry 1 --db s.db; to have them in a file: dgf export 1 failed.jsonl "
        "--status failed --db s.db\n"
    )
    first, second = dgf.json("failures", "1", "--db", "s.db")
    assert (first["count"], first["block"], first["error"]) == (2, "output", "TemplateError")
    assert first["example"]["seed"] == {"n": "0"}
    assert (second["example"]["record_id"], second["example"]["seed_index"]) == (3, 2)
    assert "... and 1 record of 1 other cause" in dgf(
        "failures", "1", "--limit", "1", "--db", "s.db"
    ).stdout  # fmt: skip


def test_run_that_stops_early(dgf: Any) -> None:
    """The exit status is 1 and the cause is told; with the right key resume and retry end it."""
    seeds = [{"topic": f"topic {number}"} for number in range(60)]
    args = ("run", dgf.write("ask.yaml", ASK), dgf.write("seeds.json", seeds))
    with offline_server(api_key="right-key-123456") as server:
        env = {"LLM_ENDPOINT": server.url, "LLM_MODEL": "small", "LLM_API_KEY": "dead-key-987654"}
        run = dgf(*args, "--concurrency", "2", status=1, **env)
        assert server.log()["requests"] <= 2 + 3
        lines = run.stdout.splitlines()
        (why,) = [line for line in lines if line.startswith("Why:")]
        assert why.startswith("Why:    stopped early, 3 records in a row failed: model 'small' at ")
        assert "401 Incorrect API key provided" in why
        assert lines[-1] == "To finish it: dgf resume 1"
        assert dgf.json("jobs")[0]["status"] == "failed"
        server.reset()
        options = ("--no-stop-early", "--concurrency", "4")
        run = dgf("resume", "1", *options, status=1, **env)
        assert run.stdout.startswith("Job 1 failed in ")
        assert "dgf resume" not in run.stdout
        assert "\nTo retry: dgf retry 1\nWhy:    stopped early, 3 records in a row" in run.stdout
        right = env | {"LLM_API_KEY": "right-key-123456"}
        refused = dgf("resume", "1", status=1, **right).stderr
        assert refused.startswith("Error: job 1 is failed and nothing is missing: all of its 60 ")
        summary = dgf.json("retry", "1", **right)
        assert (summary["records_generated"], summary["records_failed"]) == (60, 0)
        assert dgf.json("failures", "1") == []
