"""``dgf run``: statuses, summary, export, models, seeds from everywhere."""

from __future__ import annotations

import json
from typing import Any

import pytest
from command_line import ASK, DIVIDE, job_row
from servers import offline_server

from datagenflow_nb.cli.follow import exit_status
from datagenflow_nb.displays.asked import models_told
from datagenflow_nb.pipeline import Pipeline
from datagenflow_nb.settings import Settings
from datagenflow_nb.workspaces import Workspace


def lines(dgf: Any, name: str) -> list[dict[str, Any]]:
    """The lines of an exported file."""
    text = (dgf.folder / name).read_text(encoding="utf-8")
    return [json.loads(line) for line in text.splitlines()]


def test_run_and_export(dgf: Any, echo: tuple[str, str]) -> None:
    """A run says what it does on standard error and what became of it on standard output."""
    run = dgf("run", *echo, "--out", "out.jsonl")
    assert run.stderr.startswith(
        "Pipeline 'Echo', 3 executions\nModel: none (no block asks one)\njob 1: 0/3 (0 %)\n"
    )
    assert "job 1: 3/3 (100 %), in " in run.stderr
    said = run.stdout.splitlines()
    assert said[0].startswith("Job 1 completed in ")
    assert said[0].endswith(": 3 of 3 executions, 3 records")
    assert said[1:] == [
        "Models: none",
        "Tokens: 0 in, 0 out, in 0 calls",
        "Store:  datagenflow.db",
        "Exported 3 records to out.jsonl",
    ]
    outputs = {line["accumulated_state"]["output"] for line in lines(dgf, "out.jsonl")}
    assert outputs == {"Hello Ada", "Hello Grace", "Hello Zoë"}


def test_json(dgf: Any, echo: tuple[str, str]) -> None:
    """With --json standard output is one document with the counts and the export."""
    summary = dgf.json("run", *echo, "--out", "out.csv", "--random-seed", "7")
    counts = ("job_id", "status", "total", "executions_done", "records_generated", "random_seed")
    assert [summary[name] for name in counts] == [1, "completed", 3, 3, 3, 7]
    assert summary["export"] == {
        "path": str(dgf.folder / "out.csv"),
        "records": 3,
        "format": "csv",
    }


def test_failed_records_are_status_3(dgf: Any) -> None:
    """Failed records are counted with their causes, the others are exported."""
    seeds = dgf.write("seeds.json", [{"n": 1}, {"n": 0}, {"n": 2}, {"n": 0}])
    run = dgf("run", dgf.write("divide.yaml", DIVIDE), seeds, "--out", "out.jsonl", status=3)
    assert ": 4 of 4 executions, 2 records, 2 failed\n" in run.stdout
    told = run.stdout.splitlines()
    at = told.index("Failed: 2 records")
    assert told[at + 1].startswith("  2 x ")
    assert "division" in told[at + 1]
    assert told[at + 2] == "  an example of each: dgf failures 1"
    assert told[at + 3] == "To retry: dgf retry 1"
    assert told[at + 4] == "Exported 2 records to out.jsonl"
    assert len(lines(dgf, "out.jsonl")) == 2


def test_status_chooses_what_is_exported(dgf: Any) -> None:
    """``--status failed`` exports the failed records instead."""
    seeds = dgf.write("seeds.json", [{"n": 1}, {"n": 0}])
    pipeline = dgf.write("divide.yaml", DIVIDE)
    dgf("run", pipeline, seeds, "--out", "out.jsonl", "--status", "failed", status=3)
    assert [line["status"] for line in lines(dgf, "out.jsonl")] == ["failed"]


def test_offline_model_is_told(dgf: Any) -> None:
    """With no LLM configured the run says that the embedded model answers."""
    pipeline, seeds = dgf.write("ask.yaml", ASK), dgf.write("seeds.jsonl", '{"topic": "tides"}\n')
    run = dgf("run", pipeline, seeds)
    told = "Model: offline (no LLM configured: the embedded offline model answers)\n"
    assert told in run.stderr
    assert "Models: offline\n" in run.stdout
    chosen = dgf("run", pipeline, seeds, "--model", "offline")
    assert "Model: offline (offline: the embedded offline model, no LLM)\n" in chosen.stderr


def test_configured_model_answers(dgf: Any) -> None:
    """LLM_* choose the default model, --model another one at the same endpoint."""
    pipeline, seeds = dgf.write("ask.yaml", ASK), dgf.write("seeds.json", [{"topic": "tides"}])
    with offline_server() as server:
        env = {"LLM_ENDPOINT": server.url, "LLM_MODEL": "small"}
        assert "Model: small\n" in dgf("run", pipeline, seeds, **env).stderr
        assert "Model: large\n" in dgf("run", pipeline, seeds, "--model", "large", **env).stderr
        assert server.log()["requests"] == 2


def test_seeds_from_standard_input_and_from_a_job(dgf: Any, echo: tuple[str, str]) -> None:
    """``-`` reads standard input, ``job:1`` takes the seeds of that job again."""
    first = dgf("run", echo[0], "-", text="\ufeffname\nAda\nMary\n")
    assert "2 of 2 executions, 2 records" in first.stdout
    again = dgf("run", echo[0], "job:1")
    assert "2 of 2 executions, 2 records" in again.stdout


def test_stored_pipeline(dgf: Any, echo: tuple[str, str]) -> None:
    """A stored name runs as well as a file; the job remembers which version it was."""
    workspace = Workspace(Settings(dgf.folder, database_path=dgf.folder / "datagenflow.db"))
    workspace.save_pipeline(Pipeline.from_yaml(dgf.folder / echo[0]))
    workspace.close()
    assert "Pipeline 'Echo', 3 executions\n" in dgf("run", "Echo", echo[1]).stderr
    assert dgf.json("jobs")[0]["pipeline_version"] == 1
    wrong = dgf("run", "Ecko", echo[1], status=1)
    assert wrong.stderr == (
        "Error: 'Ecko' is neither a YAML file nor a stored pipeline; did you mean 'Echo'?\n"
    )


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (
            ["qa_generation", "seeds.json"],
            "Error: 'qa_generation' is a template, not a pipeline of yours; write it to files "
            "first: dgf templates qa_generation > qa_generation.yaml and dgf templates "
            "qa_generation --seeds > seeds.json",
        ),
        (
            ["echo", "seeds.json"],
            "Error: 'echo' is neither a YAML file nor a stored pipeline; did you mean 'echo.yaml'?",
        ),
        (["seeds", "seeds.json"], "Error: 'seeds' is no pipeline file: its name ends in .yaml"),
        (["no.yaml", "seeds.json"], "Error: pipeline file 'no.yaml' does not exist"),
        (["echo.yaml", "nothing.json"], "Error: nothing.json: no such file"),
        (["echo.yaml", "seeds.json", "--out", "out.xls"], "Error: cannot tell the export format"),
        (["echo.yaml", "seeds.json", "--out", "no/out.csv"], "Error: cannot export to "),
    ],
)
def test_wrong_arguments(dgf: Any, echo: tuple[str, str], args: list[str], message: str) -> None:
    """A wrong argument is one clear line and status 1, before anything is created."""
    (dgf.folder / "seeds").mkdir()
    run = dgf("run", *args, status=1)
    assert message in run.stderr
    assert run.stderr.count("\n") == 1
    assert not (dgf.folder / "datagenflow.db").exists()


def test_bad_seed_starts_nothing(dgf: Any, echo: tuple[str, str]) -> None:
    """A seed without a field the pipeline needs is named, and no job stays."""
    seeds = dgf.write("bad.json", [{"name": "Ada"}, {"nam": "Grace"}])
    run = dgf("run", echo[0], seeds, status=1)
    assert "bad.json" in run.stderr
    assert "name" in run.stderr
    assert dgf.json("jobs") == []


def test_errors_as_json(dgf: Any) -> None:
    """With --json an error is the document, and standard error stays empty."""
    run = dgf("run", "no.yaml", "no.json", "--json", status=1)
    assert json.loads(run.stdout)["error"] == "pipeline file 'no.yaml' does not exist"
    assert set(json.loads(run.stdout)) == {"error", "detail"}
    assert run.stderr == ""


def test_another_store(dgf: Any, echo: tuple[str, str]) -> None:
    """``--db`` chooses the store, below the working directory."""
    assert "Store:  other.db\n" in dgf("run", *echo, "--db", "other.db").stdout
    assert not (dgf.folder / "datagenflow.db").exists()


def test_debug_log(dgf: Any, echo: tuple[str, str]) -> None:
    """``DEBUG=true`` shows the log with time and level on standard error."""
    quiet, loud = dgf("run", *echo), dgf("run", *echo, DEBUG="true")
    assert "[DEBUG]" not in quiet.stderr
    assert "[INFO]" not in quiet.stderr
    assert "[DEBUG] [" in loud.stderr


def test_traceback_only_with_debug(dgf: Any, echo: tuple[str, str]) -> None:
    """An error of ours is one line; with ``DEBUG=true`` the traceback comes first."""
    process = dgf.start("run", echo[0], "no.json", env=dgf.env | {"DEBUG": "true"})
    _, said = process.communicate(timeout=60)
    assert process.returncode == 1
    assert said.startswith("Traceback (most recent call last):\n")
    assert said.splitlines()[-1].startswith("Error: no.json: no such file")


def test_bad_setting(dgf: Any, echo: tuple[str, str]) -> None:
    """A setting that cannot be used is named."""
    run = dgf("run", *echo, status=1, DEBUG="perhaps")
    assert run.stderr == "Error: DEBUG is 'perhaps', expected true or false\n"


@pytest.mark.parametrize(
    ("status", "failed", "expected"),
    [
        ("completed", 0, 0),
        ("completed", 1, 3),
        ("cancelled", 0, 1),
        ("failed", 5, 1),
        ("interrupted", 0, 1),
    ],
)
def test_exit_status(status: str, failed: int, expected: int) -> None:
    """0 when all was done, 3 with failed records, 1 when the job did not complete."""
    assert exit_status(job_row(status=status, records_failed=failed)) == expected


def test_models_told() -> None:
    """The offline model is named as what it is, asked for or not."""
    assert models_told(["big", "small"], is_unasked=False) == "big, small"
    assert models_told(["offline", "small"], is_unasked=False) == (
        "offline, small (offline: the embedded offline model, no LLM)"
    )


def test_job_that_failed(dgf: Any, until: Any) -> None:
    """A job whose store breaks under it ends with status 1 and says why."""
    pipeline, seeds = dgf.write("ask.yaml", ASK), dgf.write("s.json", [{"topic": "a"}] * 300)
    with offline_server(latency=0.1) as server:
        env = dgf.env | {"LLM_ENDPOINT": server.url, "LLM_MODEL": "small"}
        process = dgf.start("run", pipeline, seeds, "--concurrency", "2", env=env)
        until(lambda: dgf.rows("SELECT 1 FROM records LIMIT 1"), process)
        dgf.write_rows("DROP TABLE steps")
        told, said = process.communicate(timeout=60)
    assert process.returncode == 1
    assert "no such table: steps" in told + said
    assert "Traceback" not in said


def test_the_export_does_not_become_seeds(dgf: Any, echo: tuple[str, str]) -> None:
    """--out into the folder of the seeds is refused; into one below it, which is not read, not."""
    (dgf.folder / "in" / "below").mkdir(parents=True)
    dgf.write("in/seeds.json", [{"name": "Ada"}])
    run = dgf("run", echo[0], "in", "--out", "in/out.jsonl", status=1)
    assert "--out in/out.jsonl lies in the folder of the seeds" in run.stderr
    assert not (dgf.folder / "datagenflow.db").exists()
    dgf("run", echo[0], "in", "--out", "in/below/out.jsonl")
    assert (dgf.folder / "in" / "below" / "out.jsonl").exists()


def test_the_export_spares_what_the_run_reads(dgf: Any, echo: tuple[str, str]) -> None:
    """--out over the seeds, the pipeline or the store is refused before anything runs."""
    pipeline, seeds = echo
    for target in (pipeline, seeds, "datagenflow.db"):
        before = (dgf.folder / seeds).read_bytes()
        run = dgf("run", pipeline, seeds, "--out", target, status=1)
        assert f"--out {target} is the run's own" in run.stderr
        assert (dgf.folder / seeds).read_bytes() == before
    assert not (dgf.folder / "datagenflow.db").exists()


def test_estimate(dgf: Any, echo: tuple[str, str]) -> None:
    """Two of three executions; the job can be resumed."""
    run = dgf("estimate", *echo, "--executions", "2")
    assert run.stdout.startswith("Estimate from 2 of 3 executions (job 1)\n")
    assert run.stdout.endswith(
        "What was run is kept; %dgf resume 1 or dgf resume 1 runs the rest.\n"
    )
    assert dgf.json("resume", "1")["records_generated"] == 3
    found = dgf.json("estimate", *echo, "--executions", "9")
    assert (found["job_id"], found["executions"], found["is_exact"]) == (2, 3, True)
    assert "Missing option '--executions'" in dgf("estimate", *echo, status=2).stderr
