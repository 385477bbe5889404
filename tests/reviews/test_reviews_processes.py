"""Two kernels over one store: no decision is lost, and none of a kernel that is killed."""

from __future__ import annotations

import random
import signal
from pathlib import Path

import pytest
from reviews.looking import make_many, statuses
from storage.filling import child, hear, tell

import datagenflow_nb as dgf

#: Decides on records as it is told: ``accepted 3 4``, ``undo``, ``redo``; says what became of it.
KERNEL = """
import sys
import datagenflow_nb as dgf
session = dgf.workspace(sys.argv[1]).review_session(reviewer=sys.argv[2])
print("ready", flush=True)
for line in sys.stdin:
    word, *ids = line.split()
    if word in ("undo", "redo"):
        action = getattr(session, word)()
        print(action and (action.count, sum(action.skipped.values())), flush=True)
    else:
        print(session.set_status([int(number) for number in ids], word).count, flush=True)
"""

#: Decides on each of the first records one by one.
RACER = """
import sys
import datagenflow_nb as dgf
session = dgf.workspace(sys.argv[1]).review_session(reviewer=sys.argv[2])
print("ready", flush=True)
sys.stdin.readline()
for number in map(int, sys.argv[4:]):
    session.set_status(number, sys.argv[3])
print("done", flush=True)
"""


def test_two_kernels_at_once(ws: dgf.Workspace) -> None:
    """Every decision is in the log, and a record is what the last one on it made it."""
    make_many(ws.store, 60)
    numbers = list(range(7, 67))
    orders = [random.Random(seed).sample(numbers, 60) for seed in (1, 2)]
    with (
        child(RACER, ws.store.path, "ada", "accepted", *map(str, orders[0])) as ada,
        child(RACER, ws.store.path, "bob", "rejected", *map(str, orders[1])) as bob,
    ):
        assert (hear(ada), hear(bob)) == ("ready", "ready")
        tell(ada, "go")
        tell(bob, "go")
        assert (hear(ada), hear(bob)) == ("done", "done")
    log = ws.review_log(2)
    assert log["reviewer"].value_counts().to_dict() == {"ada": 60, "bob": 60}
    rows = ws.store.rows("SELECT id, reviewer, before FROM review_actions ORDER BY id")
    last = {
        record_id: row["reviewer"]
        for row in rows
        for record_id in numbers
        if f"[[{record_id},{record_id}]]" in row["before"]
    }
    found = {number: ws.record(number) for number in numbers}
    assert {number: record.reviewer for number, record in found.items()} == last
    assert {number: record.status for number, record in found.items()} == {
        number: "accepted" if reviewer == "ada" else "rejected" for number, reviewer in last.items()
    }
    assert {record.version for record in found.values()} == {3}


def test_undo_in_two_kernels(ws: dgf.Workspace) -> None:
    """Neither takes back what the other decided after it, also of the same name."""
    with child(KERNEL, ws.store.path, "ada") as one, child(KERNEL, ws.store.path, "ada") as two:
        assert (hear(one), hear(two)) == ("ready", "ready")
        for kernel, line, said in (
            (one, "accepted 1 2 3", "3"),
            (two, "rejected 2", "1"),
            (one, "undo", "(2, 1)"),
            (two, "accepted 3 4", "2"),
            (one, "redo", "(1, 2)"),
            (two, "undo", "(2, 0)"),
            (two, "undo", "(1, 0)"),
            (two, "undo", "None"),
            (one, "undo", "(2, 1)"),
        ):
            tell(kernel, line)
            assert hear(kernel) == said, line
    assert statuses(ws)[:4] == ["pending"] * 4


@pytest.mark.parametrize("many", [1, 3])
def test_a_killed_kernel(ws: dgf.Workspace, tmp_path: Path, many: int) -> None:
    """What it said it has decided is there."""
    with child(KERNEL, ws.store.path, "ada") as kernel:
        assert hear(kernel) == "ready"
        tell(kernel, "accepted " + " ".join(map(str, range(1, many + 1))))
        assert hear(kernel) == str(many)
        kernel.send_signal(signal.SIGKILL)
        kernel.wait(timeout=30)
    again = dgf.workspace(ws.store.path)
    assert statuses(again)[:4] == ["accepted"] * many + ["pending"] * (4 - many)
    assert list(again.review_log()["count"]) == [many]
    assert again.undo_action(1).count == many
