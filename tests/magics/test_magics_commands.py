"""What each command does and gives."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from IPython.lib.pretty import pretty
from magics.shells import Shell
from running import look

from datagenflow_nb.displays.block import BlockCard
from datagenflow_nb.displays.status import Status
from datagenflow_nb.errors import DataGenFlowError
from datagenflow_nb.jobs import Job
from datagenflow_nb.llm.base import ModelConfig
from datagenflow_nb.pipeline import Pipeline
from datagenflow_nb.preview import Preview

RUN = "%%dgf run echo --wait --as job\nn\na\nb\n"


def test_status_makes_no_store(shell: Shell, tmp_path: Path) -> None:
    """Before anything is saved one is told where the store will be, and there is none."""
    text = (
        "store  datagenflow.db (made by the first thing you save)\n"
        "model  offline (no LLM configured: the embedded model answers)\n"
        "\n"
        "Next:\n"
        "  %dgf templates              ready-made pipelines to start from\n"
        "  %dgf new NAME --template T  one of them as a pipeline of your own\n"
        "  %%dgf pipeline NAME         a pipeline from the YAML in the cell\n"
        "  %dgf --help                 all commands"
    )
    assert shell.value("%dgf").text() == text
    assert shell.value("%dgf status").text() == text
    assert not (tmp_path / "datagenflow.db").exists()


def test_status_of_a_store(echo: Shell) -> None:
    """With a store one is told what is in it and what can be done with it."""
    echo.value(RUN)
    assert echo.value("%dgf").text() == (
        "store      datagenflow.db\n"
        "model      offline (no LLM configured: the embedded model answers)\n"
        "blocks     7 types\n"
        "pipelines  echo\n"
        "jobs       1 completed\n"
        "records    2 pending\n"
        "\n"
        "Next:\n"
        "  %dgf preview echo        try it on one seed, store nothing\n"
        "  %%dgf run echo           run it over the seeds in the cell\n"
        "  %dgf review 1            decide on the last job's records\n"
        "  %dgf records 1           the same as a DataFrame\n"
        "  %dgf export 1 out.jsonl  take them away\n"
        "  %dgf --help              all commands"
    )


def test_status_opens_a_store_that_is_there(echo: Shell) -> None:
    """A store of an earlier session is told as well; so is a setting that is wrong."""
    import datagenflow_nb as dgf

    for number in range(6):
        echo.value(f"%dgf new p{number} --template qa_generation")
    dgf.workspace().close()
    assert echo.value("%dgf").facts["pipelines"] == "echo, p0, p1, p2, p3 and 2 more"


@pytest.mark.parametrize(
    ("line", "kind"),
    [
        ("", Status), ("status", Status), ("templates", list), ("blocks", list),
        ("blocks Output", BlockCard), ("pipelines", list), ("pipeline echo", Pipeline),
        ("new qa --template qa_generation", Pipeline), ("preview echo", Preview),
        ("run echo --seeds job:1", Job), ("jobs", list), ("job 1", Job), ("log 1", list),
        ("records 1", pd.DataFrame), ("traces 1", pd.DataFrame),
        ("export 1 out.jsonl", object), ("models", list),
        ("model add m --endpoint http://127.0.0.1:9/v1 --model x", ModelConfig),
        ("delete pipeline echo --yes", str), ("delete job 1 --yes", str),
    ],
)  # fmt: skip
def test_what_commands_give(echo: Shell, line: str, kind: type) -> None:
    """Every command gives an object: as the cell's value, as ``_``, by assignment and ``--as``."""
    echo.value(RUN)
    value = echo.value(f"%dgf {line}")
    assert isinstance(value, kind)
    assert echo["_"] is value
    if not line.startswith(("new", "delete")):
        echo.value(f"x = %dgf {line}")
        assert isinstance(echo["x"], kind)
        echo.value(f"%dgf {line} --as y")
        assert isinstance(echo["y"], kind)


def test_cell_magics_give_too(shell: Shell) -> None:
    """``--as`` is how a cell magic's result gets a name."""
    made = shell.value("%%dgf pipeline p --as pipe\n- type: Output\n  config: {template: x}\n")
    assert shell["pipe"] is made is shell["_"]
    assert repr(made) == "Pipeline('p': Output)"
    job = shell.value("%%dgf run p --as job --wait\n{}\n")
    assert shell["job"] is job is shell["_"]
    blocks = shell.value(
        "%%dgf block --as mine\nimport datagenflow_nb as dgf\n"
        "@dgf.block(outputs=['b'])\ndef Mine(a):\n    return {'b': a}\n"
    )
    assert shell["mine"] is blocks
    assert [item["type"] for item in blocks] == ["Mine"]
    shell.value("%dgf model --as model add m --endpoint http://127.0.0.1:9/v1 --model x")
    assert shell["model"].name == "m"


def test_lists(echo: Shell) -> None:
    """The tables of what there is."""
    echo.value(RUN)
    assert [info.id for info in echo.value("%dgf templates")] == [
        "json_generation", "qa_generation", "text_classification",
    ]  # fmt: skip
    assert [saved.name for saved in echo.value("%dgf pipelines")] == ["echo"]
    assert "echo        1  Output  20" in echo.run("%dgf pipelines").text
    assert pretty(echo.value("%dgf jobs")).splitlines()[0] == (
        "ID  Status     Done  Total  Records  Failed  Filtered  Tokens  Cost  Started           "
        "Model  Pipeline"
    )
    assert echo.value("%dgf models").text() == (
        "No models are configured: %dgf model add NAME --endpoint URL --model ID\ndefault: offline"
    )
    assert [item["type"] for item in echo.value("%dgf blocks")] == [
        "FieldMapper", "JSONValidator", "Output", "StructuredGenerator", "TextChunker",
        "TextGenerator", "Validator",
    ]  # fmt: skip


def test_lists_of_an_empty_store(shell: Shell) -> None:
    """What is not there yet says how to get it."""
    assert shell.value("%dgf pipelines").text() == (
        "No pipelines yet: %dgf new NAME --template T, or %%dgf pipeline NAME."
    )
    assert shell.value("%dgf jobs").text() == "No jobs yet."


def test_records_and_traces(echo: Shell) -> None:
    """A job's records and steps are DataFrames."""
    echo.value(RUN)
    records = echo.value("%dgf records 1")
    assert records["output"].tolist() == ["a!", "b!"]
    assert echo.value("%dgf records 1 --status failed --status accepted").empty
    assert echo.value("%dgf traces 1")["block_type"].tolist() == ["Output", "Output"]


def test_export(echo: Shell, tmp_path: Path) -> None:
    """Records go to a file, in the form the path or the line says."""
    echo.value(RUN)
    exported = echo.value("%dgf export 1 out.jsonl --flat")
    assert pretty(exported) == "Exported 2 records to out.jsonl"
    assert '"output":"a!"' in (tmp_path / "out.jsonl").read_text(encoding="utf-8").replace(" ", "")
    echo.value("%dgf export 1 reviewed.jsonl --review")
    assert '"original":{}' in (tmp_path / "reviewed.jsonl").read_text(encoding="utf-8")
    echo.value("%%dgf run echo --wait\nn: =1+1\n")
    echo.value("%dgf export 2 out.txt --format csv --defuse-formulas")
    assert "'=1+1!" in (tmp_path / "out.txt").read_text(encoding="utf-8")
    assert pretty(echo.value("%dgf export 1 none.csv --status rejected")).startswith("Exported 0")
    assert "cannot tell the export format from 'out.xyz'" in echo.error("%dgf export 1 out.xyz")


@pytest.mark.parametrize(
    ("line", "error"),
    [
        ("job 7", "JobError: there is no job 7 in datagenflow.db; there are: 1"),
        ("records 7", "JobError: there is no job 7 in datagenflow.db; there are: 1"),
        ("cancel 1", "JobError: job 1 cannot be cancelled, it is completed"),
        ("delete job x", "ConfigError: a job is deleted by its number, not 'x'; %dgf jobs lists "
         "them"),
        ("delete pipeline ecko --yes", "ConfigError: there is no stored pipeline 'ecko'; did you "
         "mean 'echo'?"),
        ("pipeline ecko", "ConfigError: there is no stored pipeline 'ecko'; did you mean 'echo'?"),
        ("new echo --template qa_generation", "ConfigError: there is a pipeline 'echo' already; "
         "choose another name, or delete it first: %dgf delete pipeline echo"),
        ("new qa --template qa_gen", "ConfigError: there is no template 'qa_gen'; did you mean "
         "'qa_generation'?"),
        ("blocks Outputt", "BlockNotFoundError: block type 'Outputt' is not registered; did you "
         "mean 'Output'?"),
        ("model test m", "ConfigError: model 'm' is not configured and LLM_ENDPOINT is not set; "
         "there are: 'offline'"),
        ("model delete m", "ConfigError: model 'm' is not configured and LLM_ENDPOINT is not set; "
         "there are: 'offline'"),
        ("model add m --endpoint http://127.0.0.1:9/v1 --model x --key-env sk-abc",
         "ConfigError: key_env is the NAME of an environment variable, such as OPENAI_API_KEY; "
         "the key itself is never stored"),
        ("model add offline --endpoint http://127.0.0.1:9/v1 --model x",
         "ConfigError: model name 'offline' is not allowed; 'offline' is the embedded model"),
        ("model add m --endpoint http://127.0.0.1:9/v1 --model x --timeout 0",
         "ConfigError: model option timeout is 0.0, expected a number above 0"),
    ],
)  # fmt: skip
def test_mistakes(echo: Shell, line: str, error: str) -> None:
    """What is not there, or cannot be done, is told with what there is."""
    echo.value(RUN)
    assert echo.error(f"%dgf {line}") == error


def test_models(shell: Shell) -> None:
    """A model is configured, tried and forgotten; no key is shown."""
    added = shell.value(
        "%dgf model add m --endpoint http://127.0.0.1:9/v1 --model x --key-env M_KEY "
        "--input-price 1.5 --output-price 3 --timeout 2.5 --requests-per-minute 60 "
        "--tokens-per-minute 90000"
    )
    assert (added.requests_per_minute, added.tokens_per_minute) == (60, 90_000)
    assert (added.name, added.key_env, added.timeout) == ("m", "M_KEY", 2.5)
    assert (added.input_price, added.output_price) == (1.5, 3.0)
    assert pretty(added) == "ModelConfig('m': x at http://127.0.0.1:9/v1, key from M_KEY)"
    assert pretty(shell.value("%dgf models")) == (
        "Name  Model  Endpoint               Key from\n"
        "m     x      http://127.0.0.1:9/v1  M_KEY\n"
        "default: offline"
    )
    assert shell.error("%dgf model test m") == (
        "ConfigError: model 'm' needs a key in the environment variable M_KEY, which is not set"
    )
    assert shell.value("%dgf model delete m") == "Deleted the model 'm'."
    assert shell.value("%dgf models") == []


def test_offline_model_can_be_tested(shell: Shell) -> None:
    """A test says what was answered, how quickly, and what it took."""
    tested = shell.value("%dgf model test offline")
    assert (tested.name, tested.endpoint, tested.usage.input_tokens > 0) == ("offline", None, True)
    assert repr(tested).startswith("Model 'offline' answered ")


def test_delete(echo: Shell) -> None:
    """``--yes`` deletes without a question and says what went."""
    echo.value(RUN)
    assert echo.value("%dgf delete pipeline echo --yes") == (
        "Deleted the pipeline 'echo'; its jobs and their records stay."
    )
    assert echo.value("%dgf delete job 1 --yes") == "Deleted job 1 with its 2 records."
    assert echo.value("%dgf jobs") == [] == echo.value("%dgf pipelines")


def test_delete_tells_what_was_reviewed(echo: Shell) -> None:
    """Work of people that would be lost is counted apart."""
    echo.value(RUN)
    echo.value("import datagenflow_nb as dgf; dgf.workspace().update_record(1, status='accepted')")
    assert echo.value("%dgf delete job 1 --yes") == (
        "Deleted job 1 with its 2 records (1 reviewed)."
    )


def test_log(shell: Shell) -> None:
    """What blocks print is in the job's log, and of a long one its end can be asked for."""
    ran = shell.run(
        "%%dgf block\nimport datagenflow_nb as dgf\n@dgf.block(outputs=['b'])\ndef Talk(a):\n"
        "    print('first', a)\n    print('second', a)\n    return {'b': a}\n"
    )
    assert ran.raised is None
    ran = shell.run("%%dgf run echo --wait\na: 1\n")
    assert ran.error == "ConfigError: there is no stored pipeline 'echo'; there are none"
    shell.value("%%dgf pipeline talk\n- type: Talk\n")
    assert "second 1" not in shell.run("%%dgf run talk --wait\na: 1\n").text
    number = shell["_"].id
    assert [line.message for line in shell.value(f"%dgf log {number}")] == ["first 1", "second 1"]
    assert [line.message for line in shell.value(f"%dgf log {number} --limit 1")] == ["second 1"]
    assert shell.error(f"%dgf log {number} --limit 0") == (
        "ConfigError: %dgf log: --limit: expected 1 or more\n%dgf log --help tells what it takes"
    )


def test_budgets(echo: Shell) -> None:
    """They stop a run; a higher one, or none, lets it go on."""
    seeds = "\n".join(json.dumps({"n": n}) for n in range(9))
    echo.run(f"%%dgf run echo --max-records 4 --max-seconds 90 --wait --as job\n{seeds}")
    job = echo["job"]
    assert (job.status, job.records_generated) == ("stopped", 4)
    assert job.row.options["max_seconds"] == 90.0
    ran = echo.run(f"%dgf resume {job.id} --max-cost 1")
    assert ran.error.startswith(f"ConfigError: job {job.id} has used 4 of max_records 4: nothing")
    resumed = echo.value(f"%dgf resume {job.id} --max-records none --wait")
    assert (resumed.status, resumed.records_generated) == ("completed", 9)


def test_failures(shell: Shell) -> None:
    """Causes with an example each; a job of no use stops early unless told otherwise."""
    shell.value('%%dgf pipeline third\n- type: Output\n  config: {template: "{{ 3 // n }}"}\n')
    seeds = "".join('{"n": 0}\n' for _ in range(60))
    ran = shell.run(f"%%dgf run third --concurrency 1 --wait --as job\n{seeds}")
    assert ran.raised is None
    assert (shell["job"].status, shell["job"].records_failed) == ("failed", 20)
    found = shell.value("%dgf failures 1 --limit 1")
    assert [(item.count, item.block, item.example.record_id) for item in found] == [
        (20, "output", 1)
    ]
    assert "%dgf retry 1 runs them again" in shell.run("found = %dgf failures 1\nfound").text
    shown = shell.run("%dgf resume 1 --no-stop-early --wait").text
    assert (shell["job"].status, shell["job"].records_failed) == ("failed", 60)
    assert "%dgf resume" not in shown


def test_estimate(echo: Shell) -> None:
    """From the cell's body or from --seeds; how many are run must be said."""
    found = echo.run(
        '%%dgf estimate echo --executions 2 --as found\n{"n": 1}\n{"n": 2}\n{"n": 3}\n'
    )
    assert (echo["found"].executions, echo["found"].total) == (2, 3)
    assert "Estimate from 2 of 3 executions" in found.text
    assert "--executions" in echo.error("%dgf estimate echo --seeds found")
    assert echo.error("%dgf estimate echo --executions 2").startswith(
        "ConfigError: no seeds: write %%dgf estimate echo with the seeds below it, or %dgf estimate"
    )


def test_preview(echo: Shell, tmp_path: Path) -> None:
    """A preview takes its seed from the line, the cell, a variable or the last job."""
    assert echo.error("%dgf preview echo") == (
        'SeedError: a preview needs a seed: %dgf preview echo --seed \'{"n": "..."}\''
    )
    assert echo.value("""%dgf preview echo --seed '{"n": 1}'""")[0].result["output"] == "1!"
    assert echo.value("%%dgf preview echo\nn: 2\n")[0].result["output"] == "2!"
    echo.value("one = {'n': 3}")
    assert echo.value("%dgf preview echo --seed one")[0].result["output"] == "3!"
    assert look(tmp_path / "datagenflow.db", "SELECT count(*) FROM records") == [(0,)]
    echo.value(RUN)
    assert echo.value("%dgf preview echo")[0].result["output"] == "a!"
    assert echo.error("%dgf preview echo --seed two") == (
        "SeedError: --seed two: expected a variable or a JSON object in quotes, such as "
        """'{"topic": "tides"}' (Expecting value: line 1 column 1 (char 0))"""
    )


def test_preview_of_a_template(shell: Shell) -> None:
    """A pipeline made from a template is tried on the template's own seed; dry asks nobody."""
    shell.value("%dgf new qa --template qa_generation")
    dry = shell.value("%dgf preview qa --dry --random-seed 3")
    assert (dry.is_dry, [len(trace) for trace in dry.traces]) == (True, [3])
    part = shell.value("%dgf preview qa --upto summary --model offline")
    assert (part.last_block, [len(trace) for trace in part.traces]) == ("summary", [1])
    assert "upto 'nope' names no block of pipeline 'qa'" in shell.error(
        "%dgf preview qa --upto nope"
    )


def test_what_was_deleted_in_the_meantime(echo: Shell) -> None:
    """A job that is gone still shows, as what it is."""
    echo.value(RUN)
    job: Any = echo["job"]
    echo.value("%dgf delete job 1 --yes")
    assert repr(job).startswith("Job(1: there is no job 1")
    with pytest.raises(DataGenFlowError):
        job.records()


def test_rerun(echo: Shell) -> None:
    """The saved pipeline as it is now runs over the job's seeds; what that means is said first."""
    ask = "%%dgf pipeline two\n" + "".join(
        f'- type: TextGenerator\n  id: {id_}\n  config: {{user_prompt: "{id_} {{{{ n }}}}"}}\n'
        for id_ in ("a", "b")
    )
    echo.value(ask)
    first = echo.value('%%dgf run two --wait\n{"n": 1}\n{"n": 2}\n')
    echo.value(ask.replace('"b ', '"and b '))
    ran = echo.run(f"job = %dgf rerun {first.id} --concurrency 2 --target-accepted none --wait")
    assert ran.text.startswith(
        f"Re-run of job {first.id} with 'two': reuses 2 answers, makes 2 calls"
    )
    job = echo.ip.user_ns["job"]
    assert (job.status, job.usage["calls"], job.usage["reused"]) == ("completed", 2, 2)
    assert job.row.pipeline_version == 2
    told = echo.run(f"%dgf rerun {first.id} --pipeline none").error
    assert told == "ConfigError: there is no stored pipeline 'none'; there are: 'echo', 'two'"


def test_report(shell: Shell, tmp_path: Path) -> None:
    """What a job's records are like, as the cell's display and as a file."""
    shell.value('%%dgf pipeline third\n- type: Output\n  config: {template: "{{ 3 // n }}"}\n')
    shell.run('%%dgf run third --concurrency 1 --wait\n[{"n": 1}, {"n": 2}, {"n": 0}]')
    found = shell.value("%dgf report 1 --html report.html --field n --sample 9")
    assert (found.records, [field.name for field in found.fields]) == (2, ["n"])
    assert Path("report.html").read_text(encoding="utf-8").startswith("<!doctype html>")
    ran = shell.run("%dgf report 1 --status failed --as report")
    assert shell["report"].counts == {"pending": 2, "failed": 1}
    assert shell.value('%dgf report 1 --where "n = 2"').records == 1
    assert "Dataset report of job 1 (third)" in ran.text


def test_report_of_many_records(shell: Shell) -> None:
    """What takes a while says how far it is, in the same place, and in the end how long it took."""
    shell.value("from datagenflow_nb.magics.commands.report import Reading")
    ran = shell.run("reading = Reading(0)\nreading.show(500, 2000)\nreading.end(2000)")
    assert re.fullmatch(
        r"Reading 500 of 2,000 records ...\n?Read 2,000 records in 0.\d s.", ran.text
    )
