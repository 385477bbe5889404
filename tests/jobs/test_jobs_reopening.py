"""Which answers a block finds again, and which numbers its calls get."""

from __future__ import annotations

import logging
from typing import Any

import pytest

from datagenflow_nb.engine import Execution
from datagenflow_nb.jobs.reopening import PastAnswers, open_branches, past_answers
from datagenflow_nb.records import Call, Step, Usage, encode
from datagenflow_nb.storage.journal import request_hash
from datagenflow_nb.storage.resume import Past

EXECUTION = Execution({"n": 1}, "trace", random_seed=7, key=5)


def request(prompt: str) -> dict[str, Any]:
    """What a model is asked."""
    return {"messages": [{"role": "user", "content": prompt}]}


def call(number: int, prompt: str, status: int | None = 200) -> tuple[str, str, Call]:
    """A stored call of the block ``b`` before any fan-out, answered with status 200."""
    is_answered = status == 200
    tries = [{"latency": 0.1, "status": status, "error": None if is_answered else "no"}]
    made = Call(
        "b", number, "m", request(prompt), answer=f"to {prompt}" if is_answered else None,
        usage=Usage(1, 1, int(is_answered)), tries=tries, error=None if is_answered else "no",
    )  # fmt: skip
    return "", request_hash(encode(made.request)), made


def past(*calls: tuple[str, str, Call], **steps: list[Step]) -> Past:
    """What an execution has."""
    return Past(steps, list(calls), {}, set())


def answers_of(found: Past) -> dict[tuple[str, str], PastAnswers]:
    """What the execution was answered, in its own job."""

    def take_over(branch: str, answer: Call) -> None:
        raise AssertionError(f"{answer} is taken over on branch {branch!r}")

    return past_answers(found, take_over)


def test_each_answer_once() -> None:
    """Equal requests get the answers in order, then none; others get none at all."""
    answers = answers_of(past(call(0, "x"), call(1, "x"), call(2, "y")))["", "b"]
    taken = [answers.take("m", request(prompt)) for prompt in "xyxxz"]
    assert [found and found.number for found in taken] == [0, 2, 1, None, None]
    assert answers.free_number() == 3


def test_answers_belong_to_their_model() -> None:
    """Two servers may have a model of one id: what one answered is not the other's answer."""
    branch, digest, other = call(1, "x")
    other.model, other.answer = "big", "big's"
    answers = answers_of(past((branch, digest, other)))["", "b"]
    assert answers.take("m", request("x")) is None
    found = answers.take("big", request("x"))
    assert found is not None
    assert found.answer == "big's"


def test_unanswered_calls_are_made_again() -> None:
    """A dropped call's number is given again; a block without any answer remembers nothing."""
    assert answers_of(past(call(0, "x", None), call(1, "y", 500))) == {}
    answers = answers_of(past(call(0, "x", None), call(1, "y")))["", "b"]
    assert answers.take("m", request("x")) is None
    assert answers.free_number() == 0


def test_refused_calls_keep_their_numbers() -> None:
    """What a server did not understand stays in the trace before what was asked instead."""
    answers = answers_of(past(call(0, "x", 400), call(1, "y")))["", "b"]
    found = answers.take("m", request("y"))
    assert found is not None
    assert found.number == 1
    assert answers.free_number() == 2


def test_another_request(caplog: pytest.LogCaptureFixture) -> None:
    """It takes no stored answer's number; what nobody has asked for again is told at the end."""
    answers = answers_of(past(call(0, "x"), call(1, "y"), call(2, "z")))["", "b"]
    with caplog.at_level(logging.WARNING, "datagenflow_nb"):
        assert answers.take("m", request("new")) is None
        assert answers.free_number() == 3
        late = answers.take("m", request("x"))
        assert late is not None
        assert (late.number, answers.free_number()) == (0, 4)
        assert caplog.messages == []
        answers.close()
    assert caplog.messages == [
        "block 'b' asks something else than before the job was resumed; answers that it had and "
        "did not ask for again: 2 (paid, so they stay in the trace)"
    ]


def test_another_order(caplog: pytest.LogCaptureFixture) -> None:
    """Calls made at once come in any order: nothing is told when all are asked for again."""
    answers = answers_of(past(call(0, "x"), call(1, "y")))["", "b"]
    assert answers.free_number() == 2
    taken = [answers.take("m", request(prompt)) for prompt in "yx"]
    answers.close()
    assert [found and found.number for found in taken] == [1, 0]
    assert caplog.messages == []


def test_branches_that_are_missing() -> None:
    """Leaves of the stored steps without a record go on after their last step, in list order."""
    steps = {
        "": [Step(0, "a", "A", set={"a": 1})],
        **{str(n): [Step(1, "split", "S", str(n), set={"item": n})] for n in (10, 2, 0)},
        "2.0": [Step(2, "again", "S", "2.0", set={"part": 0})],
    }
    found = Past(steps, [], {"0": ("pending", None)}, set())
    opened = [branch for branch, _ in open_branches(EXECUTION, found)]
    assert [(branch.path, branch.index, branch.state) for branch in opened] == [
        ("2.0", 3, {"n": 1, "a": 1, "item": 2, "part": 0}),
        ("10", 2, {"n": 1, "a": 1, "item": 10}),
    ]
    assert [step.block_id for step in opened[0].inherited] == ["a", "split", "again"]


def test_nothing_stored_yet() -> None:
    """An execution of which only calls are stored begins at its first block."""
    ((branch, outcome),) = open_branches(EXECUTION, past(call(0, "x")))
    assert (branch.path, branch.index, branch.state, outcome) == ("", 0, {"n": 1}, None)


def test_branch_whose_last_step_failed() -> None:
    """A branch that could not be stored beside its siblings ends as it would have."""
    error = {"error": "too large", "detail": {"step": 0}}
    found = Past({"0": [Step(0, "split", "S", "0", error=error)]}, [], {}, set())
    ((branch, outcome),) = open_branches(EXECUTION, found)
    assert branch.path == "0"
    assert outcome is not None
    assert (outcome.status, outcome.reason) == ("failed", "too large")
