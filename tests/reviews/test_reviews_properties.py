"""Undo and redo, whatever two sessions do in whatever order."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from reviews.looking import held
from storage.filling import new_job, put_all, simple_rows

import datagenflow_nb as dgf
from datagenflow_nb.reviews import ReviewSession
from datagenflow_nb.storage.actions import Action

RECORDS = range(1, 7)
IDS = st.sets(st.sampled_from(RECORDS), min_size=2)
#: What one session does: its name, and what it takes.
DEEDS = st.one_of(
    st.tuples(st.just("status"), IDS, st.sampled_from(["pending", "accepted", "rejected"])),
    st.tuples(st.just("note"), IDS, st.sampled_from(["", "a", "b"])),
    st.tuples(st.just("tag"), IDS, st.sampled_from(["+x", "-x", "+y"])),
    st.tuples(st.just("edit"), IDS, st.sampled_from(["text 0", "better"])),
    st.tuples(st.sampled_from(["undo", "redo"]), st.just(set()), st.just("")),
)


def do(ws: dgf.Workspace, session: ReviewSession, deed: tuple[str, set[int], str]) -> Action | None:
    """Have the session do it."""
    kind, ids, value = deed
    if kind == "status":
        return session.set_status(ids, value)
    if kind == "note":
        return session.note(ids, value)
    if kind == "tag":
        return session.tag(ids, **{"add" if value[0] == "+" else "remove": [value[1:]]})
    if kind == "edit":
        record = ws.record(min(ids))
        return session.edit(record.id, record.version, {"text": value})
    return session.undo() if kind == "undo" else session.redo()


def filled(folder: str) -> dgf.Workspace:
    """A workspace with the records: five pending ones and a failed one."""
    ws = dgf.workspace(Path(folder) / "store.db")
    job = new_job(ws.store, *({"n": index} for index in range(6)))
    groups = [simple_rows(job, index, "failed" if index == 5 else "pending") for index in range(6)]
    put_all(ws.store, job, *groups)
    return ws


def versions(ws: dgf.Workspace) -> dict[int, int]:
    """Of all records."""
    return {row[0]: row[1] for row in ws.store.rows("SELECT id, version FROM records")}


@settings(max_examples=25, deadline=None)
@given(st.lists(st.tuples(st.booleans(), DEEDS), max_size=14))
def test_undoing_it_all(deeds: list[tuple[bool, tuple[str, set[int], str]]]) -> None:
    """Records that the other has not touched are as they were at first."""
    with tempfile.TemporaryDirectory() as folder:
        ws = filled(folder)
        ada, bob = ws.review_session(reviewer="ada"), ws.review_session(reviewer="bob")
        at_first = held(ws)
        touched: set[int] = set()
        for is_ada, deed in deeds:
            before = versions(ws)
            do(ws, ada if is_ada else bob, deed)
            if not is_ada:
                touched |= {
                    number for number, version in versions(ws).items() if version > before[number]
                }
        undo_all(ada)
        assert untouched(held(ws), touched) == untouched(at_first, touched)
        ws.close()


@settings(max_examples=25, deadline=None)
@given(st.lists(DEEDS, max_size=14))
def test_redoing_it_all(deeds: list[tuple[str, set[int], str]]) -> None:
    """All undone and redone is what it was; each step back shows what was there before it."""
    with tempfile.TemporaryDirectory() as folder:
        ws = filled(folder)
        session = ws.review_session(reviewer="ada")
        states = [held(ws)]
        for deed in deeds:
            if deed[0] in ("undo", "redo"):
                continue
            action = do(ws, session, deed)
            if action is not None and action.id is not None:
                states.append(held(ws))
        for state in reversed(states[:-1]):
            action = session.undo()
            assert action is not None
            assert action.skipped == {}
            assert held(ws) == state
        assert session.undo() is None
        for state in states[1:]:
            action = session.redo()
            assert action is not None
            assert action.skipped == {}
            assert held(ws) == state
        assert session.redo() is None
        ws.close()


@settings(max_examples=20, deadline=None)
@given(st.lists(st.tuples(st.booleans(), DEEDS), max_size=12), st.lists(st.booleans(), max_size=30))
def test_undoing_in_turns(
    deeds: list[tuple[bool, tuple[str, set[int], str]]], turns: list[bool]
) -> None:
    """Whoever undoes first: by undoing what is left again and again, all is as it was at first."""
    with tempfile.TemporaryDirectory() as folder:
        ws = filled(folder)
        sessions = [ws.review_session(reviewer=name) for name in ("ada", "bob")]
        at_first = held(ws)
        for is_ada, deed in deeds:
            do(ws, sessions[not is_ada], deed)
        for turn in turns:
            sessions[turn].undo()
        numbers = list(ws.review_log()["id"])
        for _ in numbers:
            for number in reversed(numbers):
                ws.undo_action(int(number))
        assert held(ws) == at_first
        ws.close()


def undo_all(session: ReviewSession) -> None:
    """Take back what the session has done."""
    while session.undo() is not None:
        pass


def untouched(found: dict[int, dict[str, Any]], touched: set[int]) -> dict[int, dict[str, Any]]:
    """What the other records hold."""
    return {number: record for number, record in found.items() if number not in touched}
