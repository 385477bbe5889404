"""What a job's records are like: every figure, from records one can count by hand."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest
from displays.parsed import parse
from made_records import Result, fill_store, make_step
from running import ask, finish
from servers import OfflineServer

import datagenflow_nb as dgf
from datagenflow_nb.jobs import Job
from datagenflow_nb.query import RecordQuery
from datagenflow_nb.reports import DatasetReport, survey
from datagenflow_nb.reports.values import Bar, Coverage, FieldReport, Group, Spread

# Functions that become blocks are written as users write them.
# mypy: disable-error-code="no-untyped-def"

TIDE = "The tide is the pull of the moon on the sea"
#: What ``make`` gives for each seed: answer, score, tags.
ROWS: list[tuple[Any, Any, Any]] = [
    (TIDE, 0.5, ["a"]),
    (TIDE.upper(), 1, ["a", "b"]),
    ("Salt comes from the rocks", None, []),
    ("  ", 0.5, ["a"]),
    ("Waves come with the wind", "high", {"x": 1}),
    ("Sand is what is left of stones", 2, ["c"]),
]


@dgf.block(outputs=["answer", "tags", "score"])
def make(n, topic):
    """Give the row of that number."""
    if n >= len(ROWS):
        raise ValueError(f"there is no row {n}")
    answer, score, tags = ROWS[n]
    return {"tags": tags, "score": score, "answer": answer}


@pytest.fixture
def job(ws: dgf.Workspace) -> Job:
    """Six records, two failed ones, and one that the rule rejects."""
    seeds = [{"n": n, "topic": "<b>sea</b>" if n % 2 else "shore"} for n in range(8)]
    pipeline = dgf.Pipeline("rows", [make], accept_when="n != 5")
    return finish(dgf.run(pipeline, seeds, concurrency=1))


def test_fields(job: Job) -> None:
    """Fill, kinds, different values, numbers, lengths, keys, frequent values, duplicates."""
    found = job.report()
    assert (found.records, found.matching, found.sample) == (5, 5, None)
    assert (found.statuses, found.counts) == (
        ["pending", "accepted"], {"accepted": 5, "failed": 2, "rejected": 1},
    )  # fmt: skip
    assert [field.name for field in found.fields] == ["n", "topic", "tags", "score", "answer"]
    assert found.field("topic") == FieldReport(
        name="topic",
        source="seed",
        blocks=[],
        is_output=False,
        filled=5,
        empty=0,
        null=0,
        missing=0,
        edited=0,
        kinds={"text": 5},
        distinct=2,
        distinct_is_estimated=False,
        examples=[(1, "shore"), (2, "<b>sea</b>"), (3, "shore")],
        values=[("shore", 3), ("<b>sea</b>", 2)],
        characters=Spread(
            5, 5.0, 5.0, 5.0, 10.0, 10.0, 7.0, [Bar(5.0, 5.0, 3), Bar(10.0, 10.0, 2)], False
        ),
        words=Spread(5, 1.0, 1.0, 1.0, 3.0, 3.0, 1.8, [Bar(1.0, 1.0, 3), Bar(3.0, 3.0, 2)], False),
        diversity=found.field("topic").diversity,
        duplicates=found.field("topic").duplicates,
    )
    answer = found.field("answer")
    assert (answer.source, answer.blocks, answer.is_output) == ("block", ["make"], True)
    assert (answer.filled, answer.empty, answer.null, answer.missing) == (4, 1, 0, 0)
    assert (answer.distinct, answer.values) == (4, [])
    duplicates, diversity = answer.duplicates, answer.diversity
    assert duplicates is not None
    assert (duplicates.same, duplicates.same_groups, duplicates.near) == (1, 1, 0)
    assert duplicates.same_examples == [Group(2, [1, 2], [TIDE])]
    assert diversity is not None
    assert (diversity.words, diversity.pairs, diversity.distinct_1) == (32, 28, 0.5)
    score = found.field("score")
    assert (score.kinds, score.null, score.distinct) == ({"number": 3, "text": 1}, 1, 3)
    assert score.numbers == Spread(
        3, 0.5, 0.5, 0.5, 0.75, 1.0, 2 / 3, [Bar(0.5, 0.5, 2), Bar(1.0, 1.0, 1)], False
    )
    tags = found.field("tags")
    assert (tags.kinds, tags.empty, tags.keys) == ({"list": 3, "object": 1}, 1, [("x", 1)])
    assert tags.items is not None
    assert (tags.items.min, tags.items.max) == (1.0, 2.0)
    with pytest.raises(dgf.ValidationError, match="no field 'scores' in the report; did you mean"):
        found.field("scores")


def test_warnings(job: Job) -> None:
    """What is odd is said first, in plain words."""
    assert job.report().warnings == [
        "2 of 8 records failed (25 %): block 'make' (make) raised ValueError: there is no row …",
        "3 of 8 seeds have no record that is pending or accepted (38 %).",
        "Field 'tags' is empty in 20 % (1 empty).",
        "Field 'tags' holds values of several kinds: list in 3, object in 1.",
        "Field 'score' is empty in 20 % (1 null).",
        "Field 'score' holds values of several kinds: number in 3, text in 1.",
        "Field 'answer' is empty in 20 % (1 empty).",
        "1 of 4 outputs repeat an earlier one, but for case and white space (25 %).",
    ]


def test_the_rest(job: Job) -> None:
    """Causes, coverage, time by block; JSON without NaN that says all."""
    found = job.report()
    assert found.failures == [
        {
            "count": 2, "share": 1.0, "block": "make", "error": "ValueError",
            "message": "block 'make' (make) raised ValueError: there is no row …", "record_id": 7,
        }
    ]  # fmt: skip
    assert found.filtered == []
    assert found.coverage == Coverage(8, 3, [(1, 5), (1, 6), (1, 7)], [(1, 5)], 0, 0)
    (block,) = found.blocks
    assert (block["id"], block["runs"], block["calls"]) == ("make", 8, None)
    assert (found.models, found.usage["calls"]) == ([], 0)
    told = found.to_dict()
    assert told == json.loads(json.dumps(told, allow_nan=False))
    assert told["fields"][3]["numbers"]["bars"] == [
        {"low": 0.5, "high": 0.5, "count": 2}, {"low": 1.0, "high": 1.0, "count": 1},
    ]  # fmt: skip
    assert repr(found) == (
        "DatasetReport('Dataset report of job 1 (rows)', 5 records, 5 fields, 8 warnings)"
    )


def test_choices(job: Job) -> None:
    """Other statuses, some fields, a sample that is the same each time; what cannot be is said."""
    everything = job.report(["accepted", "rejected"])
    assert (everything.records, everything.coverage.without) == (6, 2)
    assert job.report("failed").field("n").filled == 2
    some = job.report(fields=["score", "n"])
    assert [field.name for field in some.fields] == ["n", "score"]
    assert [field.name for field in job.report(fields="n").fields] == ["n"]
    read: list[tuple[int, int]] = []
    sample = job.report(sample=2, progress=lambda done, total: read.append((done, total)))
    assert (sample.records, sample.matching, sample.sample) == (2, 5, 2)
    assert sample.fields == job.report(sample=2).fields
    assert read == [(0, 2)]
    assert sample.notes[1] == (
        "Read were 2 of 5 records, drawn at random (the same each time): fields and duplicates are "
        "about these alone."
    )
    assert job.report(sample=50).records == 5
    for options, message in (
        ({"status": "done"}, "record status 'done' is unknown"),
        ({"status": []}, "selects nothing to report on"),
        ({"sample": 0}, "sample is 0, expected a number of records, 1 or more"),
        ({"sample": True}, "sample is True"),
        ({"fields": []}, "expected names of fields"),
        ({"fields": 3}, "fields is 3, expected names of fields"),
        ({"fields": "scores"}, "no record that was read has a field 'scores'; did you mean"),
    ):
        with pytest.raises(dgf.ValidationError, match=message):
            job.report(**options)


def test_selections(job: Job) -> None:
    """The words that select records elsewhere do here, and seeds are counted by them, too."""
    found = job.report(where="topic = shore", search="salt OR tide")
    assert found.records == 0
    found = job.report(where=["topic = shore"], ids="1-3")
    assert (found.records, found.coverage.without, found.coverage.per_seed) == (2, 6, [(1, 2)])
    assert found.selected == '--where "topic = shore" --ids 1-3'
    assert found.notes[0] == (
        "Figures of fields are those of records that are pending or accepted and selected by "
        '--where "topic = shore" --ids 1-3.'
    )
    assert not any("seeds" in warning for warning in found.warnings)
    with pytest.raises(dgf.ConfigError, match="option 'were' is unknown"):
        job.report(were="x")  # type: ignore[call-arg] # what users mistype


def test_edits(ws: dgf.Workspace, job: Job) -> None:
    """Edited values count, as they are now, and how many there are."""
    ws.update_record(1, fields={"answer": "mine"}, status="pending")
    answer = job.report().field("answer")
    assert answer.duplicates is not None
    assert (answer.edited, answer.source, answer.duplicates.same) == (1, "block", 0)
    ws.update_record(2, fields={"topic": "other"})
    topic = job.report().field("topic")
    assert (topic.edited, topic.source) == (1, "seed")


def test_all_jobs(ws: dgf.Workspace, job: Job) -> None:
    """Over all jobs figures are added up; a job that there is not is an error."""
    again = finish(dgf.run(dgf.Pipeline("rows", [make]), [{"n": 0, "topic": "x"}], concurrency=1))
    found = ws.report()
    assert found.title == "Dataset report of all jobs"
    assert [(one["id"], one["status"]) for one in found.jobs] == [
        (1, "completed"), (2, "completed"),
    ]  # fmt: skip
    assert (found.records, found.counts["failed"], found.coverage.seeds) == (6, 2, 9)
    assert found.blocks[0]["runs"] == 9
    assert ws.report(again.id, "pending").records == 1
    with pytest.raises(dgf.JobError, match="there is no job 7"):
        ws.report(7)


def test_repetitions(ws: dgf.Workspace) -> None:
    """Repetitions that gave the same output again are counted."""

    @dgf.block(outputs=["drawn"])
    def draw(n, ctx):
        return {"drawn": f"always {n}" if n else f"a number {ctx.random.random()}"}

    seeds = [{"metadata": {"n": n}, "repetitions": 3 - n} for n in range(3)]
    found = finish(dgf.run(dgf.Pipeline("p", [draw]), seeds, concurrency=1)).report()
    assert found.coverage == Coverage(3, 0, [], [(1, 1), (2, 1), (3, 1)], 1, 5)
    assert "1 of 5 records of seeds that have several repeat the output of another one of their " \
        "seed." in found.warnings  # fmt: skip


def test_a_job_that_runs(ws: dgf.Workspace) -> None:
    """A report on a job that still runs says so, and is about what there is."""
    go, asked = asyncio.Event(), []

    @dgf.block(outputs=["m"])
    async def wait(n):
        if n:
            asked.append(n)
            await go.wait()
        return {"m": n}

    job = dgf.run(dgf.Pipeline("p", [wait]), [{"n": 0}, {"n": 1}], concurrency=1)
    while not (asked and job.records_generated):
        with pytest.raises(TimeoutError):
            job.wait(0.01)
    found = job.report()
    assert found.warnings[0] == (
        "Job 1 is running: 1 of 2 executions have ended; this is about the records there are so "
        "far."
    )
    assert found.records == 1
    job.cancel(now=True).wait(30)


def test_models(ws: dgf.Workspace, server: OfflineServer) -> None:
    """Calls, tokens, cost and seconds by block and by model; who made these is said."""
    pipeline = ask("Say: {{ n }}", {"type": "Output", "config": {"template": "{{ assistant }}!"}},
                   model="m")  # fmt: skip
    job = finish(dgf.run(pipeline, [{"n": "one"}, {"n": "two"}], concurrency=1))
    found = job.report()
    assert [(block["id"], block["runs"], block["calls"]) for block in found.blocks] == [
        ("text_generator", 2, 2), ("output", 2, None),
    ]  # fmt: skip
    (model,) = found.models
    usage = job.usage
    assert (model["name"], model["calls"], model["input_tokens"], model["output_tokens"]) == (
        "m", 2, usage["input_tokens"], usage["output_tokens"],
    )  # fmt: skip
    assert model["seconds"] > 0
    assert found.usage["cost"] == usage["cost"]
    assert [field.name for field in found.fields if field.is_output] == ["output"]
    offline = finish(dgf.run(ask("Say: {{ n }}", model="offline"), [{"n": 1}]))
    assert offline.report().warnings[0] == "Offline model: no language model made these."
    assert ws.report().warnings[0] == "Offline model: no language model made some of these."


def test_nothing_and_one(ws: dgf.Workspace, job: Job) -> None:
    """A job without records, with failed ones alone, with one record; a deleted job."""
    empty = finish(dgf.run(dgf.Pipeline("rows", [make]), [{"n": 0, "topic": ""}]))
    ws.delete_records(job_id=empty.id)
    found = empty.report()
    assert (found.records, found.fields, found.warnings, found.notes) == (0, [], [], [])
    assert "No record has one of these statuses: nothing to report on." in found.text()
    assert "nothing to report on" in parse(found._repr_html_()).text
    broken = dgf.run(dgf.Pipeline("rows", [make]), [{"n": 9, "topic": ""}]).wait()
    assert broken.report().warnings == [
        "1 of 1 record failed (100 %): block 'make' (make) raised ValueError: there is no row 9"
    ]
    one = finish(dgf.run(dgf.Pipeline("rows", [make]), [{"n": 0, "topic": "t"}])).report()
    assert one.field("answer").values == []
    assert one.warnings == []
    empty.delete()
    with pytest.raises(dgf.JobError, match="there is no job 2"):
        empty.report()


def test_html_file(job: Job, tmp_path: Path) -> None:
    """One file without script and without anything from elsewhere; a path that cannot be one."""
    path = job.report().to_html("report.html")
    assert path == tmp_path / "report.html"
    text = path.read_text(encoding="utf-8")
    assert text.startswith('<!doctype html>\n<html lang="en"><head><meta charset="utf-8">')
    assert "default-src 'none'; style-src 'unsafe-inline'" in text
    assert "<b>sea" not in text
    assert "&lt;b&gt;sea&lt;/b&gt;" in text
    forbidden = ("http:", "https:", "url(", "<script", "src=", "<link")
    assert [word for word in forbidden if word in text] == []
    assert list(tmp_path.glob(".export-*")) == []
    with pytest.raises(dgf.ConfigError, match="is a SQLite file"):
        job.report().to_html("store.db")
    with pytest.raises(dgf.ConfigError, match="does not exist"):
        job.report().to_html("nowhere/report.html")


def report_on(path: Path, rows: list[dict[str, Any]], **options: Any) -> list[FieldReport]:
    """The fields of records of one block that set these."""
    made = fill_store(path, [Result({}, [make_step(0, row)], output_field="a") for row in rows])
    query = RecordQuery(statuses=("pending",))
    found = survey(made.store, made.records, [made.job_id], query, **options)
    made.store.close()
    return found.fields


def test_odd_values(tmp_path: Path) -> None:
    """Long integers, huge numbers, halves of characters, 1 MB: counted, told, never an error."""
    rows: list[dict[str, Any]] = [
        {"a": 10**400, "b": 1e308, "c": "\ud800 half", "d": "x" * 1_000_000},
        {"a": -1, "b": -1e308, "c": "\x00\u202eevil", "d": "word " * 200_000},
        {"a": True, "b": 0, "c": "😀" * 3, "e\nf": {"k" * 5_000: 1}},
    ]
    found = {field.name: field for field in report_on(tmp_path / "s.db", rows)}
    assert found["a"].kinds == {"number": 2, "boolean": 1}
    assert found["a"].numbers is not None
    assert found["a"].numbers.count == 1  # the other one is beyond what a float holds
    assert found["b"].numbers is not None
    assert (found["b"].numbers.min, found["b"].numbers.max) == (-1e308, 1e308)
    assert found["c"].distinct == 3
    assert (found["d"].missing, found["d"].characters) == (
        1, Spread(2, 1e6, 1e6, 1e6, 1e6, 1e6, 1e6, [Bar(1e6, 1e6, 2)], False),
    )  # fmt: skip
    assert found["d"].words is not None
    assert found["d"].words.max == 200_000
    assert found["e\nf"].keys[0][1] == 1


def test_numbers_beside_texts(tmp_path: Path) -> None:
    """A number and the text that is written like it are two values, told apart."""
    values: list[Any] = [1, "1", 1.0, "1", "1", True, "true", "a", "a"]
    (field,) = report_on(tmp_path / "s.db", [{"value": value} for value in values])
    assert field.distinct == 5
    assert field.values == [('"1"', 3), ("1", 2), ("a", 2), ("true", 1), ('"true"', 1)]


def test_many_fields(tmp_path: Path) -> None:
    """However many fields there are, a bounded number is told of."""
    rows = [{"a": "x", **{f"f{at}": at for at in range(150 * row, 150 * row + 150)}}
            for row in range(3)]  # fmt: skip
    found = report_on(tmp_path / "s.db", rows)
    assert len(found) == 200
    assert found[0].name == "a"
    wide = report_on(tmp_path / "t.db", rows, fields=["f449", "a"])
    assert [field.name for field in wide] == ["a", "f449"]


def test_interrupt(job: Job) -> None:
    """Ctrl-C ends the reading; the job and the store are as they were."""

    def press(done: int, total: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        job.report(progress=press)
    assert isinstance(job.report(), DatasetReport)
