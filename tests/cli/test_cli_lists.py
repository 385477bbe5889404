"""``dgf jobs``, ``blocks``, ``templates`` and ``export``."""

from __future__ import annotations

import json
from typing import Any

import pytest
from command_line import DIVIDE

BROKEN_BLOCK = "from lib.blocks.base import BaseBlock\n\nclass Old(BaseBlock):\n    name = 'Old'\n"
OWN_BLOCK = '''from datagenflow_nb import BaseBlock

class Shout(BaseBlock):
    """Upper case"""

    inputs = ["text"]
    outputs = ["loud"]

    def get_schema(self):
        return {"mark": {"type": "string", "default": "!", "description": "What ends it"}}

    async def execute(self, data):
        return {"loud": data["text"].upper() + self.config["mark"]}
'''


@pytest.fixture
def two_jobs(dgf: Any, echo: tuple[str, str]) -> None:
    """A job of three good records, and one with a failed record and a good one."""
    dgf("run", *echo)
    dgf("run", dgf.write("d.yaml", DIVIDE), dgf.write("d.json", [{"n": 0}, {"n": 5}]), status=3)


def test_jobs(dgf: Any, two_jobs: None) -> None:
    """All jobs with their counts, as a table and as JSON."""
    head, first, second = dgf("jobs").stdout.splitlines()
    assert head.split() == [
        "ID", "Status", "Done", "Total", "Records", "Failed", "Filtered", "Tokens", "Cost",
        "Started", "Model", "Pipeline",
    ]  # fmt: skip
    assert first.split()[:7] == ["1", "completed", "3", "3", "3", "0", "0"]
    assert second.split()[:7] == ["2", "completed", "2", "2", "1", "1", "0"]
    listed = dgf.json("jobs")
    assert [(job["id"], job["pipeline"], job["records_failed"]) for job in listed] == [
        (1, "Echo", 0),
        (2, "Divide", 1),
    ]


def test_jobs_without_a_store(dgf: Any) -> None:
    """No store is no error and none is made; a file named by --db must be there."""
    assert dgf("jobs").stdout.startswith("No store yet at datagenflow.db")
    assert dgf.json("jobs") == []
    assert dgf("jobs", "--db", "x.db", status=1).stderr.startswith("Error: there is no store at x")
    assert dgf.json("jobs", "--db", "x.db", status=1)["detail"] == {
        "path": str(dgf.folder / "x.db")
    }
    assert [path.name for path in dgf.folder.iterdir()] == ["pyproject.toml"]


def test_blocks(dgf: Any) -> None:
    """Built-in and own blocks with what they read and set; JSON has their configuration."""
    (dgf.folder / "blocks").mkdir()
    dgf.write("blocks/shout.py", OWN_BLOCK)
    text = dgf("blocks").stdout
    rows = {line.split()[0]: line.split()[1:] for line in text.splitlines()}
    assert rows["Shout"] == ["general", "text", "loud", "Upper", "case"]
    assert {"TextGenerator", "StructuredGenerator", "Validator", "Output"} <= set(rows)
    listed = dgf.json("blocks")
    (shout,) = [block for block in listed["blocks"] if block["type"] == "Shout"]
    assert shout["config"]["mark"]["default"] == "!"
    assert shout["source"] == str(dgf.folder / "blocks" / "shout.py")
    assert listed["unavailable"] == []


def test_unavailable_blocks(dgf: Any) -> None:
    """A file that cannot be loaded is listed with its error; that is no failure of the list."""
    (dgf.folder / "blocks").mkdir()
    dgf.write("blocks/old.py", BROKEN_BLOCK)
    told = dgf("blocks").stdout.partition("\nNot available:\n")[2]
    assert told.startswith(f"  {dgf.folder / 'blocks' / 'old.py'}: line 1: ModuleNotFoundError")
    assert "change 'from lib.blocks.base import BaseBlock'" in told
    assert dgf.json("blocks")["unavailable"][0]["types"] == ["Old"]


def test_one_block(dgf: Any) -> None:
    """One block with its configuration, also by an alias; a wrong name gets the nearest."""
    said = dgf("blocks", "OutputBlock").stdout
    assert said.startswith("Output (general): ")
    assert "\ntemplate " in said
    assert dgf.json("blocks", "Output")["type"] == "Output"
    wrong = dgf("blocks", "TextGenerater", status=1)
    assert "did you mean 'TextGenerator'" in wrong.stderr
    detail = dgf.json("blocks", "TextGenerater", status=1)["detail"]
    assert "TextGenerator" in detail["available_blocks"]


def test_templates(dgf: Any) -> None:
    """All templates, one that cannot be read below them with its reason."""
    (dgf.folder / "templates").mkdir()
    dgf.write("templates/bad.yaml", "name: Bad\n")
    text = dgf("templates").stdout
    assert {"json_generation", "qa_generation", "text_classification"} <= {
        line.split()[0] for line in text.splitlines() if line
    }
    assert "bad.yaml: " in text.partition("\nNot available:\n")[2]
    listed = {entry["id"]: entry for entry in dgf.json("templates")}
    assert listed["qa_generation"]["seeds"] == 6
    assert listed["bad"]["error"]


def test_template_as_files_runs(dgf: Any) -> None:
    """What ``dgf templates ID`` prints is a pipeline, with --seeds its seeds."""
    dgf.write("p.yaml", dgf("templates", "text_classification").stdout)
    dgf.write("s.json", dgf("templates", "text_classification", "--seeds").stdout)
    assert "8 of 8 executions" in dgf("run", "p.yaml", "s.json").stdout
    assert dgf.json("templates", "qa_generation")["yaml"].startswith("name: QA Generation\n")
    assert "did you mean 'qa_generation'" in dgf("templates", "qa_generator", status=1).stderr


def test_export(dgf: Any, two_jobs: None) -> None:
    """The good records of a job, unless statuses say otherwise."""
    run = dgf("export", "2", "out.jsonl")
    assert run.stdout == "Exported 1 record of job 2 to out.jsonl\n"
    (line,) = (dgf.folder / "out.jsonl").read_text().splitlines()
    assert json.loads(line)["accumulated_state"]["output"] == "2"
    both = dgf.json("export", "2", "both.csv", "--status", "failed", "--status", "pending")
    assert (both["records"], both["format"]) == (2, "csv")
    flat = dgf.json("export", "1", "flat.txt", "--format", "jsonl", "--flat")
    assert flat["records"] == 3
    first = json.loads((dgf.folder / "flat.txt").read_text().splitlines()[0])
    assert first["name"] in ("Ada", "Grace", "Zoë")


def test_export_for_spreadsheets(dgf: Any) -> None:
    """``--defuse-formulas`` keeps a spreadsheet from running what a record says."""
    pipeline = "name: P\nblocks:\n  - {type: Output, config: {template: '={{ n }}+1'}}\n"
    dgf("run", dgf.write("p.yaml", pipeline), dgf.write("s.json", [{"n": 1}]))
    dgf("export", "1", "out.csv", "--defuse-formulas")
    assert "'=1+1" in (dgf.folder / "out.csv").read_text()


def test_export_of_nothing(dgf: Any, two_jobs: None) -> None:
    """An export without records says which there are."""
    run = dgf("export", "1", "out.jsonl", "--status", "rejected")
    assert run.stdout == "Exported 0 records of job 1 to out.jsonl\n"
    told = "Job 1 has 3 pending, none rejected: --status chooses; the file is empty.\n"
    assert run.stderr == told


def test_export_errors(dgf: Any, two_jobs: None) -> None:
    """An unknown job, an unknown format and a missing store are told."""
    assert "there is no job 9" in dgf("export", "9", "out.jsonl", status=1).stderr
    assert "cannot tell the export format" in dgf("export", "1", "out.xls", status=1).stderr
    assert "there is no store" in dgf("export", "1", "a.csv", "--db", "x.db", status=1).stderr
