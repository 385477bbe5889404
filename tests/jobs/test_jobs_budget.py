"""The arithmetic of a budget, whatever calls take and in whatever order they come and go."""

from __future__ import annotations

from dataclasses import dataclass

from hypothesis import given
from hypothesis import strategies as st

from datagenflow_nb.jobs.budget import Answer, Budget


def no_guess() -> tuple[float, bool]:
    """For calls whose kind was answered before."""
    raise AssertionError("asked for a guess")


def test_what_answered_calls_took_is_expected_of_the_next() -> None:
    """Two answers of 30 and 50 make 40 the expectation; what is in flight counts as that."""
    budget = Budget(limit=200, used=0, most=8)
    assert budget.ask(1, "a", lambda: (10, True)) is Answer.GO
    budget.end(1, 30)
    assert budget.ask(2, "a", no_guess) is Answer.GO
    budget.end(2, 50)
    assert [budget.ask(key, "a", no_guess) for key in (3, 4, 5, 6)] == [
        Answer.GO,
        Answer.GO,
        Answer.GO,
        Answer.WAIT,
    ]
    assert (budget.used, budget.in_flight, budget.is_tight) == (80, 3, True)
    for key in (3, 4, 5):
        budget.end(key, 35)
    assert (budget.used, budget.in_flight, budget.is_tight) == (185, 0, False)
    assert budget.ask(6, "a", no_guess) is Answer.STOP
    assert budget.needed == 37


def test_first_of_a_kind_goes_ahead() -> None:
    """Nothing says how long its answer may be; one more goes with each that fails."""
    budget = Budget(limit=1_000, used=0, most=8)
    asked = [budget.ask(key, "a", lambda: (10, False)) for key in (1, 2)]
    assert asked == [Answer.GO, Answer.WAIT]
    assert budget.ask(3, "b", lambda: (10, False)) is Answer.GO
    budget.end(1, None)
    asked = [budget.ask(key, "a", lambda: (10, False)) for key in (4, 5, 6)]
    assert asked == [Answer.GO, Answer.GO, Answer.WAIT]
    budget.end(4, 20)
    assert [budget.ask(key, "a", no_guess) for key in (6, 7)] == [Answer.GO, Answer.GO]


def test_guess_that_is_too_high() -> None:
    """Such a call is made alone; then it is known what the next one takes."""
    budget = Budget(limit=100, used=0, most=8)
    assert [budget.ask(key, "a", lambda: (4_000, True)) for key in (1, 2)] == [
        Answer.GO,
        Answer.WAIT,
    ]
    assert budget.is_tight
    budget.end(1, 30)
    assert [budget.ask(key, "a", no_guess) for key in (2, 3, 4)] == [
        Answer.GO,
        Answer.GO,
        Answer.WAIT,
    ]
    budget.end(2, 30)
    budget.end(3, 30)
    assert budget.ask(4, "a", no_guess) is Answer.STOP
    assert budget.ask(5, "b", lambda: (4_000, True)) is Answer.GO


def test_calls_that_fail_give_back_what_was_set_aside() -> None:
    """All of them in flight at once."""
    budget = Budget(limit=100, used=0, most=4)
    assert [budget.ask(key, "a", lambda: (25, True)) for key in range(4)] == [Answer.GO] * 4
    for key in range(4):
        budget.end(key, None)
    assert (budget.used, budget.in_flight) == (0, 0)
    assert budget.ask(4, "a", lambda: (100, True)) is Answer.GO


def test_used_up_by_earlier_runners() -> None:
    """Nothing is left, not even for a call that takes nothing."""
    assert Budget(limit=5, used=5, most=1).ask(1, "a", lambda: (0, True)) is Answer.STOP


@dataclass(frozen=True)
class Planned:
    """A call that will be made: of which kind, what is guessed and what it takes (None: fails)."""

    kind: str
    guess: tuple[float, bool]
    amount: float | None


amounts = st.integers(0, 60) | st.floats(0, 60)
planned = st.builds(
    Planned,
    st.sampled_from("abc"),
    st.tuples(amounts, st.booleans()),
    st.none() | amounts,
)


@given(
    calls=st.lists(planned, max_size=60),
    limit=st.floats(1, 500),
    most=st.integers(1, 6),
    more=st.integers(1, 10),
    choices=st.randoms(use_true_random=False),
)
def test_any_order(calls: list[Planned], limit: float, most: int, more: int, choices) -> None:  # type: ignore[no-untyped-def] # hypothesis names no type
    """More calls want to go than may: never over by more than a call per worker, never stuck."""
    budget = Budget(limit, 0, most)
    waiting = list(enumerate(calls))
    wanting = [waiting.pop(0) for _ in range(min(more, len(waiting)))]
    flying: dict[int, Planned] = {}
    largest = [0.0] * most
    is_stopped = False
    while (wanting or flying) and not (is_stopped and not flying):
        refused = 0
        for key, call in choices.sample(wanting, len(wanting)):
            if is_stopped:
                break
            answer = budget.ask(key, call.kind, lambda call=call: call.guess)  # type: ignore[misc]
            if answer is Answer.GO:
                flying[key] = call
                wanting.remove((key, call))
            elif answer is Answer.STOP:
                assert not flying
                is_stopped = True
            else:
                refused += 1
        assert budget.in_flight == len(flying) <= most
        assert flying or is_stopped or not wanting, f"{refused} wait for nothing"
        if flying:
            key = choices.choice(list(flying))
            call = flying.pop(key)
            budget.end(key, call.amount)
            largest = sorted([*largest, call.amount or 0.0])[1:]
            if waiting:
                wanting.append(waiting.pop(0))
        assert budget.used <= limit + sum(largest)
    assert budget.in_flight == 0
    assert not budget.is_tight
