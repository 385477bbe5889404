"""A record runs again from one of its blocks, beside the record that it was."""

from __future__ import annotations

import signal
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from jobs.test_jobs_retry import counts, current, fail_below, healthy
from jobs.test_jobs_retry import ws as fragile_ws  # noqa: F401 # a fixture
from running import finish, look, wait_until
from servers import OfflineServer

import datagenflow_nb as dgf
from datagenflow_nb.jobs import Job

#: Three blocks that ask; the last one's prompt has what the second said.
CHAIN: dict[str, Any] = {
    "name": "chain",
    "blocks": [
        {"type": "TextGenerator", "id": "draft",
         "config": {"user_prompt": "Draft {{ n }}", "model": "m"}},
        {"type": "Output", "id": "note", "config": {"template": "noted {{ assistant }}"}},
        {"type": "TextGenerator", "id": "judge",
         "config": {"user_prompt": "Judge {{ output }}", "model": "m"}},
        {"type": "TextGenerator", "id": "last",
         "config": {"user_prompt": "Last {{ n }}", "model": "m"}},
    ],
}  # fmt: skip


def prompts(server: OfflineServer, path: str, since: int) -> list[str]:
    """What was asked after the first ``since`` requests, as the journal has it."""
    assert server.log()["requests"] >= since
    return [
        row[0]
        for row in look(
            path,
            "SELECT json_extract(request, '$.messages[0].content') FROM calls WHERE reused = 0 "
            "ORDER BY created_at, rowid LIMIT -1 OFFSET ?",
            since,
        )
    ]


def test_only_what_follows_is_asked(ws: dgf.Workspace, server: OfflineServer) -> None:
    """Requests are exactly those of the blocks from there on; all else is as it was."""
    job = finish(dgf.run(CHAIN, [{"n": 0}, {"n": 1}, {"n": 2}], concurrency=1))
    before = {"requests": server.log()["requests"], **job.usage}
    assert before["requests"] == 9
    ws.update_record(2, status="rejected", note="dull")
    old = job.record(2)
    plan = job.plan_run_again(2, "judge")
    assert str(plan) == (
        "record 2 again from 'judge': 2 steps taken over, 2 calls made (judge 1, last 1)"
    )
    assert plan.to_dict() == {
        "record_id": 2, "from_block": "judge", "kept": 2, "calls": {"judge": 1, "last": 1},
        "made": 2, "is_exact": True, "replaced": 1, "is_shared": False, "answered": 0,
        "changed": [], "told": str(plan),
    }  # fmt: skip
    assert server.log()["requests"] == 9
    assert finish(job.run_again(2, "judge", wait=True)) == job
    log = server.log()
    assert log["requests"] == 11
    asked = prompts(server, "store.db", 9)
    assert [prompt.split()[0] for prompt in asked] == ["Judge", "Last"]
    assert asked[1] == "Last 1"
    assert job.usage["calls"] == 11
    assert job.usage["blocks"]["draft"]["calls"] == 3
    assert counts(job) == (3, 3, 0, 0)
    assert current(job) == [(0, "", 1, "pending"), (1, "", 2, "pending"), (2, "", 1, "pending")]

    new = job.record(4)
    assert (new.attempt, new.seed_index, new.state) == (2, 1, old.state)
    assert [call["reused"] for step in new.trace for call in step["calls"]] == [True, False, False]
    assert [step["calls"] and step["calls"][0]["answer"] for step in new.trace][:2] == [
        old.trace[0]["calls"][0]["answer"], [],
    ]  # fmt: skip
    kept = job.record(2)
    assert (kept.status, kept.note, kept.attempt) == ("rejected", "dull", 1)
    assert [step["calls"] for step in kept.trace] == [step["calls"] for step in old.trace]
    assert list(job.records()["id"]) == [1, 3, 4]
    assert healthy(ws)


def test_from_the_first_block(ws: dgf.Workspace, server: OfflineServer) -> None:
    """Everything is asked anew, and nothing is taken over."""
    job = finish(dgf.run(CHAIN, [{"n": 0}]))
    plan = job.plan_run_again(1, "draft")
    assert (plan.kept, plan.made) == (0, 3)
    finish(plan.start())
    assert server.log()["requests"] == 6
    assert not [c for step in job.record(2).trace for c in step["calls"] if c["reused"]]


@pytest.mark.usefixtures("fragile_ws")
def test_failed_records(server: OfflineServer) -> None:
    """A failed one may succeed; a new one that fails is stored as such, and the old comes back."""
    blocks = [*CHAIN["blocks"][:1], {"type": "Fragile"}, CHAIN["blocks"][3]]
    fail_below(1)
    job = finish(dgf.run({"name": "p", "blocks": blocks}, [{"n": 0}]))
    assert counts(job) == (1, 0, 1, 0)
    plan = job.plan_run_again(1, "fragile")
    assert str(plan) == "record 1 again from 'fragile': 1 step taken over, about 1 call made"
    fail_below(0)
    finish(plan.start())
    assert (counts(job), server.log()["requests"]) == ((1, 1, 0, 0), 2)
    fail_below(1)
    finish(job.run_again(2, "fragile"))
    assert (counts(job), current(job)) == ((1, 0, 1, 0), [(0, "", 3, "failed")])
    assert server.log()["requests"] == 2
    assert job.record(3).trace[1]["error"]["error"].endswith("ValueError: 0 is too small")
    ws = dgf.workspace()
    assert ws.make_current(2).status == "pending"
    assert (counts(job), current(job)) == ((1, 1, 0, 0), [(0, "", 2, "pending")])


@pytest.mark.usefixtures("fragile_ws")
def test_branches(server: OfflineServer) -> None:
    """Behind a fan-out one branch runs again; before it all do, and what is left over gives way."""
    blocks = [
        {"type": "Count"},
        {"type": "Fragile"},
        {"type": "TextGenerator", "id": "ask", "config": {"user_prompt": "{{ n }}", "model": "m"}},
    ]
    job = finish(dgf.run({"name": "p", "blocks": blocks}, [{"top": 3}, {"top": 1}], concurrency=1))
    assert server.log()["requests"] == 4
    (record,) = [
        int(row["id"]) for _, row in job.records().iterrows() if row["branch"] == "1"
    ]  # fmt: skip
    plan = job.plan_run_again(record, "ask")
    assert (plan.made, plan.replaced, plan.is_shared, plan.kept) == (1, 1, False, 2)
    finish(plan.start())
    assert server.log()["requests"] == 5
    assert current(job) == [
        (0, "0", 1, "pending"), (0, "1", 2, "pending"), (0, "2", 1, "pending"),
        (1, "0", 1, "pending"),
    ]  # fmt: skip
    Path("blocks/fragile.py").write_text(
        Path("blocks/fragile.py").read_text().replace("range(top)", "range(top - 1)")
    )
    plan = job.plan_run_again(record, "count")
    assert str(plan) == (
        "record 1 again from 'count': 0 steps taken over, about 3 calls made; it stands before the "
        "fan-out, so 3 records of this seed will give way to new ones; the code of block 'count' "
        "has changed since"
    ).replace("record 1", f"record {record}")
    finish(plan.start())
    assert server.log()["requests"] == 7
    assert current(job) == [
        (0, "0", 3, "pending"), (0, "1", 3, "pending"), (1, "0", 1, "pending"),
    ]  # fmt: skip
    assert counts(job) == (2, 3, 0, 0)


def test_two_splits_are_not_mixed(ws: dgf.Workspace) -> None:
    """A branch of a split that gave way runs again after that split has been brought back."""
    words = ["old0", "old1", "old2"]

    @dgf.block(outputs=["word"], fan_out=True)
    def split(n: int) -> list[dict[str, str]]:
        return [{"word": word} for word in words]

    post = {"type": "Output", "id": "post", "config": {"template": "{{ word }}"}}
    job = finish(dgf.run(dgf.Pipeline("f", [split, post]), [{"n": 1}]))
    words[:] = ["new0", "new1"]
    finish(job.run_again(3, "split"))
    assert list(job.records()["output"]) == ["new0", "new1"]
    for plan in (job.plan_run_again, job.run_again):
        with pytest.raises(dgf.JobError, match=(
            r"record 3 is of a split of its seed that gave way to another one, .* bring that split "
            r"back first \(ws.make_current\(3\), or"
        )):  # fmt: skip
            plan(3, "post")
    assert list(job.records()["output"]) == ["new0", "new1"]
    finish(job.run_again(5, "post"))
    finish(job.run_again(5, "post"))  # of the current split, though it has given way
    assert list(job.records()["output"]) == ["new0", "new1"]
    ws.make_current(3)
    finish(job.run_again(3, "post"))
    assert sorted(job.records()["output"]) == ["old0", "old1", "old2"]
    with pytest.raises(dgf.JobError, match="record 4 is of a split"):
        job.run_again(4, "post")
    assert healthy(ws)


def test_what_is_refused(ws: dgf.Workspace, server: OfflineServer) -> None:
    """Each with the way out; nothing is started and nothing asked."""
    job = finish(dgf.run(CHAIN, [{"n": 0}]))
    other = finish(dgf.run(CHAIN, [{"n": 0}]))
    asked = server.log()["requests"]
    with pytest.raises(dgf.ConfigError, match=r"has no block 'jugde'; did you mean 'judge'\?"):
        job.run_again(1, "jugde")
    with pytest.raises(dgf.JobError, match=r"record 2 belongs to job 2, not to 1"):
        job.run_again(2, "judge")
    with pytest.raises(dgf.ConfigError, match=r"random_seed cannot be changed"):
        job.run_again(1, "judge", random_seed=2)
    with pytest.raises(dgf.ConfigError, match=r"max_tokens_total 1: nothing was started"):
        job.run_again(1, "judge", max_tokens_total=1)
    assert (server.log()["requests"], counts(other)) == (asked, (1, 1, 0, 0))
    assert look("store.db", "SELECT count(*) FROM executions") == [(2,)]
    server.reset(latency=5)
    running = dgf.run(CHAIN, [{"n": 0}])
    ws.update_record(1, status="accepted")
    with pytest.raises(dgf.JobError, match=r"job 3 is running, .* has it"):
        running.run_again(1, "judge")
    running.cancel(now=True)
    running.wait()


@pytest.mark.usefixtures("fragile_ws")
def test_a_record_that_never_came_there(server: OfflineServer) -> None:
    """It can run again from where it ended, not from beyond."""
    fail_below(1)
    blocks = [{"type": "Fragile"}, CHAIN["blocks"][3]]
    job = finish(dgf.run({"name": "p", "blocks": blocks}, [{"n": 0}]))
    with pytest.raises(dgf.ConfigError, match=(
        r"record 1 never came to block 'last', it ended with 'fragile'; run it again from there or "
        r"from a block before"
    )):  # fmt: skip
        job.run_again(1, "last")
    assert server.log()["requests"] == 0


def test_bounds_that_count_records(ws: dgf.Workspace, server: OfflineServer) -> None:
    """A job that has all the records it wanted can replace one: that adds none."""
    limited = finish(dgf.run(CHAIN, [{"n": n} for n in range(4)], max_records=1, concurrency=1),
                     "stopped")  # fmt: skip
    finish(limited.run_again(1, "last"), "stopped")
    assert counts(limited) == (1, 1, 0, 0)
    rule = {**CHAIN, "accept_when": "true"}
    target = finish(dgf.run(rule, [{"n": 0}], target_accepted=2, concurrency=1))
    finish(target.run_again(int(target.records()["id"][0]), "last"))
    assert (counts(target), target.records_accepted) == ((2, 2, 0, 0), 2)
    assert [row["status"] for _, row in target.records().iterrows()] == ["accepted", "accepted"]
    assert healthy(ws)


@pytest.mark.usefixtures("fragile_ws")
def test_a_target_that_is_missed_afterwards(server: OfflineServer) -> None:
    """The job says why it has fewer accepted records than it was to reach."""
    fail_below(0)
    blocks = [{"type": "Fragile"}, CHAIN["blocks"][3]]
    pipe = {"name": "p", "accept_when": "true", "blocks": blocks}
    job = finish(dgf.run(pipe, [{"n": 0}, {"n": 1}], target_accepted=2, concurrency=1))
    fail_below(1)
    finish(job.run_again(1, "fragile"))
    assert (counts(job), job.records_accepted) == ((2, 1, 1, 0), 1)
    assert job.row.error is not None
    assert job.row.error["error"] == (
        "1 of 2 accepted records are left: the rule had accepted a record that ran again and came "
        "out otherwise. ws.make_current() brings it back, %dgf records 1 shows what took its place"
    )
    fail_below(0)
    finish(job.run_again(3, "fragile"))
    assert (job.records_accepted, job.row.error) == (2, None)


def test_current_again(ws: dgf.Workspace, server: OfflineServer) -> None:
    """Any attempt can be the current one; counts follow, and decisions stay with their records."""
    job = finish(dgf.run({**CHAIN, "accept_when": "n == 0"}, [{"n": 0}, {"n": 1}]))
    ws.update_record(1, status="rejected")
    finish(job.run_again(1, "last"))
    finish(job.run_again(3, "last"))
    attempts = job.record(1).attempts()
    assert [(one.record_id, one.attempt, one.status, one.is_current, one.why) for one in attempts] \
        == [(1, 1, "rejected", False, "first"), (3, 2, "accepted", False, "again from last"),
            (4, 3, "accepted", True, "again from last")]  # fmt: skip
    assert repr(job.record(4).attempts()) == repr(attempts)
    assert "again from last" in attempts.text()
    assert ws.make_current(1).status == "rejected"
    assert list(job.records()["id"]) == [1, 2]
    assert list(job.records()["status"]) == ["rejected", "rejected"]
    assert (counts(job), job.records_accepted) == ((2, 2, 0, 0), 1)
    ws.make_current(1)
    ws.make_current(4)
    assert list(job.records()["id"]) == [2, 4]
    assert list(ws.review_log()["what"])[-2:] == ["made current: 1", "made current: 4"]
    latest = int(ws.review_log()["id"].iloc[-1])
    undone = ws.undo_action(latest)
    assert (undone.what, undone.count) == ("undone: record 1 is the current one again", 2)
    assert (list(job.records()["id"]), job.records_accepted) == ([1, 2], 1)
    assert ws.undo_action(latest).skipped == {"another record is the current one since": 2}
    ws.make_current(4)
    with pytest.raises(dgf.StoreError, match="there is no record 99; nothing was changed"):
        ws.make_current(99)
    with pytest.raises(dgf.ValidationError, match="record id 'x' is no whole number"):
        ws.make_current("x")  # type: ignore[arg-type] # as a user may
    server.reset(latency=5)
    running = dgf.run(CHAIN, [{"n": 0}])
    running_again = job.run_again(2, "last")
    with pytest.raises(dgf.JobError, match=r"which of its records are current cannot be changed"):
        ws.make_current(3)
    for one in (running, running_again):
        one.cancel(now=True)
        one.wait()
    assert ws.make_current(3).id == 3
    assert healthy(ws)


#: How many answers a second attempt has been given.
ANSWERED = (
    "SELECT count(*) FROM calls c JOIN executions e ON e.id = c.execution_id "
    "WHERE e.attempt = 2 AND c.reused = 0"
)
SCRIPT = """
import datagenflow_nb as dgf
ws = dgf.workspace("store.db")
ws.job(1).run_again(1, "judge", wait=True)
"""


def test_killed_in_the_middle(
    ws: dgf.Workspace,
    server: OfflineServer,
    start_script: Callable[..., subprocess.Popen[str]],
) -> None:
    """The old record is untouched until the new one is there; resuming finishes it once."""
    job = finish(dgf.run(CHAIN, [{"n": 0}, {"n": 1}]))
    server.reset(latency=0.3)
    process = start_script(SCRIPT)
    wait_until(lambda: look("store.db", ANSWERED) == [(1,)], "its first answer", process)
    process.send_signal(signal.SIGKILL)
    process.wait(30)
    assert job.status == "interrupted"
    assert current(job) == [(0, "", 1, "pending"), (1, "", 1, "pending")]
    with pytest.raises(dgf.JobError, match=r"attempt that has not ended; finish it first: job.res"):
        job.run_again(1, "judge")
    with pytest.raises(dgf.JobError, match="job 1 has no failed records to retry"):
        job.retry_failed()
    assert job.status == "interrupted"
    server.reset(latency=0)
    finish(job.resume())
    assert server.log()["requests"] == 1  # of the last block: the other was answered
    assert (counts(job), job.status) == ((2, 2, 0, 0), "completed")
    assert current(job) == [(0, "", 2, "pending"), (1, "", 1, "pending")]
    assert healthy(ws)


@pytest.mark.usefixtures("fragile_ws")
def test_a_retry_leaves_what_was_killed(
    server: OfflineServer, start_script: Callable[..., subprocess.Popen[str]]
) -> None:
    """It runs what failed; the attempt from a block on waits for ``resume``."""
    blocks = [{"type": "Fragile", "id": "draft"}, *CHAIN["blocks"][1:]]
    blocks[1] = {"type": "Output", "id": "note", "config": {"template": "noted {{ n }}"}}
    fail_below(1)
    job = finish(dgf.run({"name": "p", "blocks": blocks}, [{"n": 0}, {"n": 1}], concurrency=1))
    server.reset(latency=0.3)
    process = start_script(SCRIPT.replace("run_again(1", "run_again(2"))
    wait_until(lambda: look("store.db", ANSWERED) == [(1,)], "its first answer", process)
    process.send_signal(signal.SIGKILL)
    process.wait(30)
    server.reset(latency=0)
    fail_below(0)
    job.retry_failed(wait=True)
    assert server.log()["requests"] == 2  # both of the record that had failed
    assert current(job) == [(0, "", 2, "pending"), (1, "", 1, "pending")]
    assert job.status == "interrupted"
    finish(job.resume())
    assert server.log()["requests"] == 3
    assert current(job) == [(0, "", 2, "pending"), (1, "", 2, "pending")]


@pytest.mark.parametrize("bound", [{"target_accepted": 2}, {"max_records": 1}])
def test_killed_in_a_job_that_has_its_records(
    ws: dgf.Workspace,
    server: OfflineServer,
    start_script: Callable[..., subprocess.Popen[str]],
    bound: dict[str, Any],
) -> None:
    """Resuming finishes the attempt and begins nothing else; it is no surplus."""
    rule = {**CHAIN, "accept_when": "true"}
    job = dgf.run(rule, [{"n": 0}, {"n": 1}, {"n": 2}], concurrency=1, **bound).wait()
    had = counts(job)
    server.reset(latency=0.3)
    process = start_script(SCRIPT)
    wait_until(lambda: look("store.db", ANSWERED) == [(1,)], "its first answer", process)
    process.send_signal(signal.SIGKILL)
    process.wait(30)
    server.reset(latency=0)
    job.resume(wait=True)
    assert server.log()["requests"] == 1
    assert counts(job) == had
    assert current(job)[0] == (0, "", 2, "accepted")
    assert job.status == ("completed" if "target_accepted" in bound else "interrupted")
    assert healthy(ws)


def test_detached(ws: dgf.Workspace, server: OfflineServer) -> None:
    """In a process of its own, too."""
    job: Job = finish(dgf.run(CHAIN, [{"n": 0}]))
    finish(job.run_again(1, "last", detach=True))
    assert current(job) == [(0, "", 2, "pending")]
    assert server.log()["requests"] == 4


def test_stopped_in_the_middle(ws: dgf.Workspace, server: OfflineServer) -> None:
    """The job is what it was; the same run goes on with what was paid, another one begins anew."""
    job = finish(dgf.run(CHAIN, [{"n": 0}, {"n": 1}]))
    server.reset(latency=0.3)
    job.run_again(1, "judge")
    wait_until(lambda: look("store.db", ANSWERED) == [(1,)], "its first answer")
    job.cancel(now=True)
    finish(job.wait())
    assert counts(job) == (2, 2, 0, 0)
    assert current(job) == [(0, "", 1, "pending"), (1, "", 1, "pending")]
    assert job.row.error is not None
    assert job.row.error["error"] == (
        "running a record again was stopped. The record is as it was; run again from the same "
        "block, it goes on with the answers that are there"
    )
    with pytest.raises(dgf.JobError, match="job 1 is completed, there is nothing to resume"):
        job.resume()
    with pytest.raises(dgf.JobError, match="job 1 has no failed records to retry"):
        job.retry_failed()
    assert ws.make_current(1).id == 1
    server.reset(latency=0)
    plan = job.plan_run_again(1, "judge")
    assert str(plan) == (
        "record 1 again from 'judge': 2 steps taken over, 1 call made; it goes on where it was "
        "stopped, with 1 answer that is there"
    )
    finish(job.run_again(2, "last"))  # another one meanwhile
    finish(plan.start())
    assert server.log()["requests"] == 2  # one of each
    assert (counts(job), job.row.error) == ((2, 2, 0, 0), None)
    assert current(job) == [(0, "", 2, "pending"), (1, "", 2, "pending")]

    server.reset(latency=0.3)
    job.run_again(1, "judge")
    wait_until(lambda: server.log()["requests"] == 1, "its first call")
    job.cancel(now=True)
    finish(job.wait())
    assert str(job.plan_run_again(1, "draft")) == (
        "record 1 again from 'draft': 0 steps taken over, about 3 calls made (draft 1, judge 1, "
        "last 1)"
    )
    server.reset(latency=0)
    finish(job.run_again(1, "draft"))
    assert (counts(job), server.log()["requests"]) == ((2, 2, 0, 0), 3)
    assert [one.attempt for one in job.record(1).attempts()] == [1, 2, 4]
    assert healthy(ws)
