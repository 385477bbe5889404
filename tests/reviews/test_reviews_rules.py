"""Deciding by a rule, and how often it decides as people do."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from reviews.looking import make_many, statuses
from running import ECHO, finish

import datagenflow_nb as dgf
from datagenflow_nb.reviews import Agreement, AutoReview, Unclear

RATED = {**ECHO, "accept_when": "n > 2"}


@pytest.fixture
def rated(ws: dgf.Workspace) -> int:
    """A job with a rule; its number. Its records 7 to 12 have n 0 to 5, those above 2 accepted."""
    return finish(dgf.run(RATED, [{"n": n} for n in range(6)], concurrency=1)).id


def test_a_trial_changes_nothing(ws: dgf.Workspace) -> None:
    """It says what would be done with what is pending."""
    assert ws.auto_review(1, "n >= 1 and topic == 'tea'") == AutoReview(
        "n >= 1 and topic == 'tea'", 3, 1, {}
    )
    assert ws.auto_review(1, "{{ metadata.n > 2 }}").text == (
        "{{ metadata.n > 2 }} would accept 1 and reject 3"
    )
    assert statuses(ws) == [*["pending"] * 4, "failed", "filtered"]
    assert len(ws.review_log()) == 0


def test_deciding_by_a_rule(ws: dgf.Workspace) -> None:
    """One action of the rule's own, over what is pending alone, which can be taken back."""
    session = ws.review_session(1, reviewer="ada")
    session.set_status(1, "accepted")
    result = session.auto_review("n > 1", dry=False)
    assert (result.accepted, result.rejected) == (2, 1)
    assert result.action is not None
    assert result.action.to_dict() == {
        "id": 2, "what": "2 accepted, 1 rejected, asked by ada", "count": 3, "skipped": {},
    }  # fmt: skip
    assert statuses(ws)[:4] == ["accepted", "rejected", "accepted", "accepted"]
    assert [ws.record(number).reviewer for number in (1, 2, 3)] == [
        "ada", "rule: n > 1", "rule: n > 1",
    ]  # fmt: skip
    assert list(ws.review_log(1)["reviewer"]) == ["ada", "rule: n > 1"]
    session.undo()
    assert statuses(ws)[:4] == ["accepted", "pending", "pending", "pending"]
    session.redo()
    session.set_status(2, "accepted")
    undone = ws.undo_action(2)
    assert (undone.count, undone.skipped) == (2, {"changed since by ada": 1})
    assert statuses(ws)[:4] == ["accepted", "accepted", "pending", "pending"]


def test_what_a_rule_cannot_say(ws: dgf.Workspace) -> None:
    """Counted by the reason, with the first record; those stay pending."""
    ws.update_record(3, fields={"n": "three"})
    result = ws.auto_review(1, "10 / n > 4", dry=False)
    assert (result.accepted, result.rejected) == (1, 1)
    assert list(result.unclear.values()) == [Unclear(1, 1), Unclear(1, 3)]
    assert [("zero" in why, "unsupported" in why) for why in result.unclear] == [
        (True, False), (False, True),
    ]  # fmt: skip
    assert statuses(ws)[:4] == ["pending", "accepted", "pending", "rejected"]
    nothing = ws.auto_review(1, "scroe > 1", dry=False)
    assert (nothing.accepted, nothing.rejected) == (0, 0)
    ((why, found),) = nothing.unclear.items()
    assert "'scroe'" in why
    assert found == Unclear(2, 1)
    assert nothing.action is not None
    assert nothing.action.id is None
    with pytest.raises(dgf.TemplateError, match="n >"):
        ws.auto_review(1, "n >")


def test_only_some_records(ws: dgf.Workspace, rated: int) -> None:
    """Those of a selection, those of a job; progress is told."""
    make_many(ws.store, 1_200)
    told: list[int] = []
    session = ws.review_session(reviewer="ada")
    result = session.auto_review("topic == 'tea'", ids=range(1, 1_300), progress=told.append)
    assert (result.accepted, result.rejected, told) == (1_204, 0, [500, 1_000])
    assert session.auto_review("n > 1", ids=[1, 2, 3, 5, 99_999]).to_dict() == {
        "rule": "n > 1", "accepted": 1, "rejected": 2, "unclear": [], "action": None,
    }  # fmt: skip
    other = ws.review_session(rated, reviewer="ada")
    assert other.auto_review("n > 1", ids=range(1, 13)).accepted == 0


def test_what_changed_meanwhile_is_left(ws: dgf.Workspace) -> None:
    """Somebody decides or edits while the rule is asked: that stands."""
    make_many(ws.store, 998)
    bob = ws.review_session(reviewer="bob")

    def meddle(count: int) -> None:
        if count == 500:
            bob.set_status([1, 2], "rejected")
            bob.edit(3, 1, {"text": "other"})

    result = ws.auto_review(rule="true", dry=False, progress=meddle)
    assert result.action is not None
    assert (result.accepted, result.action.count) == (1_002, 999)
    assert result.action.skipped == {"changed meanwhile": 3}
    assert statuses(ws)[:4] == ["rejected", "rejected", "pending", "accepted"]
    assert [ws.record(number).reviewer for number in (1, 2, 3)] == ["bob", "bob", None]


def test_what_jobs_said(ws: dgf.Workspace, rated: int) -> None:
    """Without a rule it is each record's own job's; one without has said nothing."""
    ws.update_records([8, 11], status="pending")
    result = ws.auto_review(dry=False)
    assert (result.rule, result.accepted, result.rejected) == ("accept_when", 1, 1)
    assert result.unclear == {"the record's job has no accept_when": Unclear(4, 1)}
    assert [(ws.record(number).status, ws.record(number).reviewer) for number in (8, 11)] == [
        ("rejected", "rule: accept_when"), ("accepted", "rule: accept_when"),
    ]  # fmt: skip


def test_agreement(ws: dgf.Workspace, rated: int) -> None:
    """Over what people decided alone; what the job's rule decided is not compared with itself."""
    assert ws.agreement(rated) == Agreement("accept_when", 0, 0, 0, 0)
    ada = ws.review_session(rated, reviewer="ada")
    ada.set_status([7, 8], "rejected")  # as the rule did
    ada.set_status([9, 10, 11], "accepted")
    ada.set_status(12, "rejected")
    found = ws.agreement(rated)
    assert found == Agreement("accept_when", 2, 2, 1, 1)
    assert found.percent == pytest.approx(66.667, abs=0.001)
    assert found.kappa == pytest.approx(1 / 3)
    assert found.text == (
        "accept_when agrees on 66.7 % of 6 records that people decided, kappa 0.33: both accept "
        "2, both reject 2, only the rule accepts 1, only people accept 1"
    )
    better = ws.agreement(rated, "1 < n < 5")
    assert (better.both_accept, better.both_reject, better.percent, better.kappa) == (3, 3, 100, 1)
    worse = ws.agreement(rule="12 // n > 3")
    assert (worse.count, [why.count for why in worse.unclear.values()]) == (5, [1])


def test_what_rules_decided_is_not_human(ws: dgf.Workspace) -> None:
    """A note of a person does not make it so."""
    ws.auto_review(1, "n > 1", dry=False)
    ws.review_session(1, "ada").note([1, 2], "hm")
    assert ws.agreement(1, "n > 1").count == 0
    ws.review_session(1, "ada").set_status(4, "accepted")
    assert ws.agreement(1, "n > 1") == Agreement("n > 1", 1, 0, 0, 0)


@pytest.mark.parametrize(
    ("counts", "kappa"),
    [((0, 0, 0, 0), None), ((5, 0, 0, 0), None), ((45, 15, 25, 15), 0.1304), ((0, 0, 3, 3), -1)],
)
def test_kappa(counts: tuple[int, int, int, int], kappa: float | None) -> None:
    """By hand; where everything is decided alike there is none."""
    found = Agreement("r", *counts).kappa
    assert found == kappa if kappa is None else found == pytest.approx(kappa, abs=1e-4)


@given(st.tuples(*[st.integers(0, 9)] * 4))
def test_kappa_is_symmetric(counts: tuple[int, int, int, int]) -> None:
    """Between -1 and 1, and the same with rule and people, or the two answers, exchanged."""
    both, none, rule, people = counts
    kappas = {
        Agreement("r", *case).kappa
        for case in (
            (both, none, rule, people),
            (both, none, people, rule),
            (none, both, rule, people),
        )
    }
    assert len(kappas) == 1
    (kappa,) = kappas
    assert kappa is None or -1 <= kappa <= 1
