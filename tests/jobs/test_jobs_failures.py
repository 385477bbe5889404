"""Why records failed, by cause, with an example of each."""

from __future__ import annotations

from typing import Any

import pytest
from displays.parsed import parse
from running import ask, finish, look
from servers import OfflineServer

import datagenflow_nb as dgf
from datagenflow_nb.jobs import Job

# Functions that become blocks are written as users write them.
# mypy: disable-error-code="no-untyped-def"


@dgf.block(outputs=["checked"])
async def check(n, text):
    """Fail in several ways."""
    if n % 10 == 1:
        raise ValueError(f"{n} ends with one, as {text!r}")
    if n % 10 == 2:
        raise KeyError("nothing")
    if n == 3:
        raise dgf.ValidationError("not valid <b>at all</b>")
    return {"checked": n}


@pytest.fixture
def job(ws: dgf.Workspace) -> Job:
    """40 records: 4 failed of one cause, 4 of another, one of a third, one of the rule."""
    pipeline = dgf.Pipeline("p", [check], accept_when="n != 4 or missing")
    seeds = [{"n": n, "text": f"<i>text {n}</i>" * 20} for n in range(40)]
    return finish(dgf.run(pipeline, seeds, concurrency=1))


def test_causes(job: Job) -> None:
    """Block, type of error, what the messages have in common, count, share; the first record."""
    found = job.failures()
    assert [(item.count, item.share, item.block, item.error) for item in found] == [
        (4, 0.4, "check", "ValueError"),
        (4, 0.4, "check", "KeyError"),
        (1, 0.1, "check", "ValidationError"),
        (1, 0.1, None, None),
    ]
    assert found[0].message == "block 'check' (check) raised ValueError: … ends with one, as …"
    assert found[1].message == "block 'check' (check) raised KeyError: 'nothing'"
    assert found[2].message == "not valid <b>at all</b>"
    assert found[3].message.startswith("accept_when: ")
    example = found[0].example
    assert (example.record_id, example.seed_index, example.repetition, example.branch) == (
        2, 1, 0, "",
    )  # fmt: skip
    text = "<i>text 1</i>" * 20
    assert example.message == (
        f"block 'check' (check) raised ValueError: 1 ends with one, as {text!r}"
    )
    assert example.seed == {"n": "1", "text": f"{text[:57]}..."}
    assert (example.step, example.calls, example.tries) == (0, 0, 0)
    assert found[3].example.step is None
    assert job.reasons() == [(item.message, item.count) for item in found]


def test_as_text_and_html(job: Job) -> None:
    """Each cause with its example, and what to do; data is text, whatever it holds."""
    found = job.failures()
    lines = found.text(100).splitlines()
    assert lines[:4] == [
        "Failures of job 1: 10 records",
        "",
        "4 records (40 %), block 'check', ValueError",
        "    block 'check' (check) raised ValueError: … ends with one, as …",
    ]
    assert lines[4].startswith("    for example record 2, seed 1, step 0: block 'check' (check)")
    assert "    for example record 3, seed 2, step 0" in lines
    assert "    for example record 5, seed 4" in lines
    assert lines[-1] == (
        "job.record(2).trace tells what happened, %dgf traces 1 shows the steps of all; "
        "%dgf retry 1 runs them again."
    )
    assert max(map(len, lines[:-1])) <= 100
    html = found._repr_html_()
    assert "<b>" not in html
    assert "<i>" not in html
    shown = parse(html).text
    assert "not valid <b>at all</b>" in shown
    assert "record 2, seed 1, step 0" in shown
    assert "%dgf retry 1" in shown


def test_limit(job: Job) -> None:
    """The most frequent causes; how many more there are is told."""
    found = job.failures(limit=2)
    assert len(found) == 2
    assert "... and 2 records of 2 other causes" in found.text()
    for wrong in (0, -1, True, "2"):
        with pytest.raises(dgf.ValidationError, match=r"^limit is .*, expected a number of causes"):
            job.failures(limit=wrong)  # type: ignore[arg-type]


def test_no_failures(ws: dgf.Workspace) -> None:
    """Then it says so."""
    job = finish(dgf.run({"name": "p", "blocks": [{"type": "Output", "config": {
        "template": "x"}}]}, [{}]))  # fmt: skip
    assert job.failures() == []
    assert job.failures().text() == "No record of job 1 has failed."
    job.delete()
    with pytest.raises(dgf.JobError, match="there is no job 1"):
        job.failures()


def test_failing_models(ws: dgf.Workspace, server: OfflineServer) -> None:
    """The kind of failure, and all tries of the step's calls; models are causes of their own."""
    server.reset(rate_500=1.0)
    ws.add_model("m", endpoint=server.url, model="offline", max_tries=2)
    ws.add_model("k", endpoint=server.url, model="offline", max_tries=1)
    second = {"type": "TextGenerator", "id": "again", "when": "n > 1",
              "config": {"user_prompt": "x", "model": "k"}}  # fmt: skip
    first = ask("{{ n }}", second, model="m")
    first["blocks"][0]["when"] = "n <= 1"
    job = finish(dgf.run(first, [{"n": n} for n in range(5)], concurrency=1))
    found = job.failures()
    assert [(item.count, item.block, item.error) for item in found] == [
        (3, "again", "ModelError (server)"),
        (2, "text_generator", "ModelError (server)"),
    ]
    assert found[1].message.startswith(f"model 'm' (offline) at {server.url}: 500 The server")
    assert [(item.example.calls, item.example.tries) for item in found] == [(1, 1), (1, 2)]
    assert "seed 0, step 0, 2 tries" in found.text()


def test_branches_and_retries(ws: dgf.Workspace) -> None:
    """Of a fan-out each branch has its own cause; what was retried counts once."""

    @dgf.block(outputs=["n"], fan_out=True)
    async def count(top):
        return [{"n": n} for n in range(top)]

    fails: dict[int, Any] = {0: ValueError("bad"), 2: TypeError("worse")}

    @dgf.block(outputs=["m"])
    async def some(n):
        if n in fails:
            raise fails[n]
        return {"m": n}

    job = finish(dgf.run(dgf.Pipeline("p", [count, some]), {"top": 4}))
    found = {item.error: item for item in job.failures()}
    assert {error: item.example.branch for error, item in found.items()} == {
        "ValueError": "0", "TypeError": "2",
    }  # fmt: skip
    del fails[0]
    finish(job.retry_failed())
    assert [(item.count, item.error) for item in job.failures()] == [(1, "TypeError")]


def test_stores_of_before(ws: dgf.Workspace, job: Job) -> None:
    """Where the type of an error was not stored, it is not told."""
    with ws.store.write() as connection:
        connection.execute("UPDATE steps SET error = json_remove(error, '$.type')")
    assert [(item.count, item.error) for item in job.failures()] == [
        (4, None), (4, None), (1, None), (1, None),
    ]  # fmt: skip
    assert look("store.db", "SELECT count(*) FROM steps WHERE error IS NOT NULL") == [(9,)]
