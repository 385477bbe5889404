"""The same records by the same words, in Python, in a notebook and on the command line."""

from __future__ import annotations

import json
import re
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any, ClassVar

import pytest
from magics.shells import Shell
from running import finish

import datagenflow_nb as dgf
from datagenflow_nb.jobs.selecting import Chosen, query_of
from datagenflow_nb.query import FieldFilter, RecordQuery, Sort, parse_ids
from datagenflow_nb.storage import reading

#: Runs command lines, one after the other.
COMMANDS = """
import json, sys
from datagenflow_nb.cli import dgf
for words in json.loads(sys.argv[1]):
    dgf.main(words, standalone_mode=False)
"""
TEXTS = ["green tea", "black tea", "coffee", "hot water", "tea and water", "milk"]


@pytest.fixture
def job(isolated: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dgf.jobs.Job:
    """Six records, of which some are decided on, edited and tagged."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "pyproject.toml").touch()
    ws = dgf.workspace("datagenflow.db")
    pipe = dgf.Pipeline("drinks", [{"type": "Output", "config": {"template": "{{ text }}!"}}])
    seeds = [{"text": text, "score": number / 10} for number, text in enumerate(TEXTS)]
    made = finish(dgf.run(pipe, seeds, concurrency=1))
    session = ws.review_session(made.id, reviewer="ada")
    session.set_status([1, 2], "accepted")
    session.set_status(3, "rejected")
    session.tag([1, 5], add=["good"])
    session.edit(6, version=1, fields={"score": 9})
    return made


SELECTIONS: list[tuple[dict[str, Any], list[str], list[int]]] = [
    ({}, [], [1, 2, 4, 5, 6]),
    ({"status": "rejected"}, ["--status", "rejected"], [3]),
    ({"search": "tea"}, ["--search", "tea"], [1, 2, 5]),
    ({"search": '"hot water"'}, ["--search", '"hot water"'], [4]),
    ({"where": "score >= 0.3"}, ["--where", "score >= 0.3"], [4, 5, 6]),
    (
        {"where": ["score >= 0.1", "output contains tea"], "sort": "-score"},
        ["--where", "score >= 0.1", "--where", "output contains tea", "--sort=-score"],
        [5, 2],
    ),
    ({"tags": ["good"]}, ["--tags", "good"], [1, 5]),
    ({"reviewer": "ada"}, ["--reviewer", "ada"], [1, 2]),
    ({"ids": "2-4,6"}, ["--ids", "2-4,6"], [2, 4, 6]),
    ({"ids": [6, 1]}, ["--ids", "6,1"], [1, 6]),
    ({"edited": True}, ["--edited"], [6]),
    ({"edited": False, "sort": ["text"]}, ["--no-edited", "--sort", "text"], [2, 1, 4, 5]),
    ({"all_attempts": True, "sort": "-id"}, ["--all-attempts", "--sort=-id"], [6, 5, 4, 2, 1]),
]


def ids_in(path: Path) -> list[int]:
    """The records of a file of JSON Lines."""
    return [json.loads(line)["id"] for line in path.read_text().splitlines()]


def test_everywhere_the_same(job: dgf.jobs.Job, tmp_path: Path) -> None:
    """Each selection, as a DataFrame and as files from each face, and as a query says it."""
    ws = dgf.workspace()
    with Shell.started() as shell:
        for selection, words, expected in SELECTIONS:
            status = {} if "status" in selection else {"status": ["pending", "accepted"]}
            frames = [job.records(**status, **selection), ws.records(1, **status, **selection)]
            assert [frame["id"].tolist() for frame in frames] == [expected] * 2, selection
            job.export("job.jsonl", **selection)
            ws.export("ws.jsonl", **selection)
            shell.value(f"%dgf export 1 magic.jsonl {shlex.join(words)}")
            found = [ids_in(tmp_path / f"{name}.jsonl") for name in ("job", "ws", "magic")]
            assert found == [expected] * 3, selection
            usual = "" if status == {} else "--status pending --status accepted"
            frame = shell.value(f"%dgf records 1 {usual} {shlex.join(words)}")
            assert frame["id"].tolist() == expected, selection
            rest = {name: value for name, value in selection.items() if name != "status"}
            query = query_of(1, selection.get("status", ["pending", "accepted"]), rest)
            shell.value(f"%dgf export 1 again.jsonl {shlex.join(query.options())}")
            assert ids_in(tmp_path / "again.jsonl") == expected
    said = [["export", "1", f"cli{n}.jsonl", *words] for n, (_, words, _) in enumerate(SELECTIONS)]
    subprocess.run([sys.executable, "-c", COMMANDS, json.dumps(said)], cwd=tmp_path, check=True)
    for number, (_, words, expected) in enumerate(SELECTIONS):
        assert ids_in(tmp_path / f"cli{number}.jsonl") == expected, words


@pytest.mark.parametrize(
    ("selection", "change"),
    [
        ({"status": "accepted"}, lambda session: session.set_status(2, "rejected")),
        ({"tags": "good"}, lambda session: session.tag(5, remove=["good"])),
        ({"where": "score < 1"}, lambda session: session.edit(5, 2, {"score": 4})),
        ({"edited": False}, lambda session: session.edit(5, 2, {"score": 4})),
    ],
)  # fmt: skip
def test_changed_while_they_are_read(
    job: dgf.jobs.Job, monkeypatch: pytest.MonkeyPatch, selection: dict[str, Any], change: Any
) -> None:
    """A record that does not match any more when it is read is left out, and counted."""
    monkeypatch.setattr(reading, "PAGE", 1)
    ws = dgf.workspace()
    status = selection.get("status")
    rest = {name: value for name, value in selection.items() if name != "status"}
    chosen = Chosen(ws.store, query_of(1, status, rest))
    ids, records = list(job.records(**selection)["id"]), chosen()
    found = [next(records).id]
    change(ws.review_session(1, reviewer="bob"))
    found += [record.id for record in records]
    missing = 2 if status else 5
    assert found == [key for key in ids if key != missing]
    assert chosen.left_out == 1
    assert missing not in set(job.records(**selection)["id"])


def test_changed_while_they_are_reported_on(
    job: dgf.jobs.Job, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A report counts what matched when it was read."""
    monkeypatch.setattr(reading, "PAGE", 1)
    session = dgf.workspace().review_session(1, reviewer="bob")

    def reject(read: int, total: int) -> None:
        if read == 0:
            session.set_status([2], "rejected")

    report = job.report("accepted", progress=reject)
    assert (report.records, report.matching) == (1, 1)


def test_a_page_of_a_selection(job: dgf.jobs.Job) -> None:
    """Limit and offset count what is selected, in its order."""
    frame = dgf.workspace().records(search="tea", sort="-score", limit=1, offset=1)
    assert frame["output"].tolist() == ["black tea!"]


def test_words_as_a_query() -> None:
    """One text or several, written or as values."""
    query = query_of(3, ["accepted"], {
        "search": "tea", "where": ["a = 1", FieldFilter("b", "is empty")], "tags": "x",
        "ids": "1,7-9", "sort": ["-a", Sort("b")], "edited": False, "all_attempts": True,
    })  # fmt: skip
    assert query == RecordQuery(
        job_ids=(3,), statuses=("accepted",), search="tea", tags=("x",), is_edited=False,
        where=(FieldFilter("a", "=", 1), FieldFilter("b", "is empty")), ids=parse_ids("1,7-9"),
        current_only=False, sort=(Sort("a", is_descending=True), Sort("b")),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("selection", "message"),
    [
        ({"were": "a = 1"}, "option 'were' is unknown; did you mean 'where'?"),
        ({"where": "score"}, "condition 'score' is not understood"),
        ({"where": 3}, "where is 3, expected a text or a list of them"),
        ({"ids": 3}, "ids are 3, expected a list or a text such as '1,5,7-20'"),
        ({"ids": "a"}, "'a' in the ids 'a' is no record id"),
        ({"sort": [3]}, "sort holds 3, expected texts"),
        ({"ids": [10**30]}, "is larger than any there can be"),
        ({"all_attempts": "no"}, "all_attempts is 'no', expected True or False"),
        ({"sort": "metadata"}, "'metadata' holds all fields of a record"),
        (
            {"where": "scroe > 0"},
            "no field 'scroe' in the records of job 1; did you mean 'score'? fields: ",
        ),
        ({"sort": "-scroe"}, "no field 'scroe' in the records of job 1; did you mean 'score'?"),
        (
            {"where": "note is empty"},
            "no field 'note' in the records of job 1; did you mean 'record.note'",
        ),
        (
            {"where": "status = acepted"},
            "record status 'acepted' is unknown; did you mean 'accepted'?",
        ),
        ({"where": "score >= abc"}, "'score' holds numbers, which are not >= the text 'abc'"),
        ({"search": "!"}, "search '!' has no word"),
        ({"edited": "yes"}, "edited is 'yes', expected True or False"),
    ],
)
def test_words_that_say_nothing(job: dgf.jobs.Job, selection: dict[str, Any], message: str) -> None:
    """They are told, and a file that is there stays as it is."""
    with pytest.raises(dgf.DataGenFlowError, match=re.escape(message)):
        job.records(**selection)
    Path("out.jsonl").write_text("before")
    with pytest.raises(dgf.DataGenFlowError):
        job.export("out.jsonl", **selection)
    assert Path("out.jsonl").read_text() == "before"


def test_a_wrong_word_on_every_face(job: dgf.jobs.Job, tmp_path: Path) -> None:
    """A field that is nowhere selects neither nothing nor everything, wherever it is said."""
    ws = dgf.workspace()
    wrong = "scroe != 1"
    told = "no field 'scroe' in the records of"
    for ask in (job.records, ws.records, job.report, ws.report):
        with pytest.raises(dgf.ValidationError, match=told):
            ask(where=wrong)
    review = job.review()
    with pytest.raises(dgf.ValidationError, match=told):
        review.answer("query", {"query": {"where": [{"field": "scroe", "op": "=", "value": 1}]}})
    (tmp_path / "out.jsonl").write_text("before")
    run = subprocess.run(
        [sys.executable, "-m", "datagenflow_nb", "export", "1", "out.jsonl", "--where", wrong],
        cwd=tmp_path, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert run.returncode == 1
    assert told in run.stderr
    assert (tmp_path / "out.jsonl").read_text() == "before"


def test_an_export_of_nothing_tells_the_words(job: dgf.jobs.Job) -> None:
    """The file is empty, and what selected none is said."""
    result = job.export("out.jsonl", where="score > 100", status="pending")
    assert result.none == (
        "Job 1 has 2 accepted, 3 pending, 1 rejected, but none that is pending and selected by "
        '--where "score > 100"; the file is empty.'
    )
    assert job.export("out.jsonl", ids=[1]).none == ""


def test_a_field_has_its_name_of_frames(isolated: None, tmp_path: Path) -> None:
    """A field named like something of a record is selected by as its column is called."""

    class Judge(dgf.BaseBlock):
        """Sets fields that a record has, too."""

        outputs: ClassVar[list[str]] = ["verdict", "note", "version", "output"]

        def execute(self, data: dict[str, Any]) -> dict[str, Any]:
            good = "good" if data["n"] % 2 else "bad"
            return {"verdict": good, "note": "n", "version": 2, "output": data["n"]}

    job = finish(dgf.run(dgf.Pipeline("judge", [Judge()]), [{"n": n} for n in range(4)]))
    frame = job.records(where="verdict = good", sort="-n")
    assert frame["n"].tolist() == [3, 1]
    assert set(frame["verdict"]) == {"good"}
    assert len(job.records(where=["field.version = 2", "version = 1", "note = n"])) == 4
    session = dgf.workspace().review_session(job.id, reviewer="ada")
    session.note([1], "look")
    assert job.records(where="record.note = look")["id"].tolist() == [1]
    (field,) = [name for name in frame.columns if "version" in name and name != "version"]
    assert job.records(sort=f"-{field}").shape[0] == 4


def test_fields_of_a_job_without_records(job: dgf.jobs.Job) -> None:
    """What its blocks and seeds may give is known."""
    dgf.workspace().delete_records(job_id=job.id)
    assert len(job.records(where=["text = tea", "field.output is empty"])) == 0
    with pytest.raises(dgf.ValidationError, match="no field 'txt' in the records of job 1"):
        job.records(where="txt = tea")


def test_options_that_are_none(job: dgf.jobs.Job) -> None:
    """The nearest ones are told, those that select among them."""
    with pytest.raises(dgf.ConfigError, match="'wher' is unknown; did you mean 'where'"):
        job.export("out.jsonl", wher="score > 1")
    with pytest.raises(dgf.ConfigError, match="'field' is unknown; did you mean 'fields'"):
        job.report(field="score")
    assert "No record is selected by these words" in job.report(where="score > 100").text()
    with pytest.raises(dgf.ValidationError, match="which selects nothing to report on"):
        job.report(status=[])
    with Shell.started() as shell:
        told = shell.error("%dgf records 1 --sort -score")
    assert "--sort needs a value; one that begins with '-' is written --sort=-VALUE" in told
