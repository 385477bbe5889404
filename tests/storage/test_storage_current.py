"""Which records are current when another attempt is chosen, as a rule over plain values."""

from __future__ import annotations

from dataclasses import replace

import pytest

from datagenflow_nb.storage.current import Attempt, changes_for

#: Three branches; the last one failed, and was retried.
SPLIT = [(1, 1, "0", None), (2, 1, "1", None), (3, 1, "2", None), (4, 2, "2", None)]
#: Again from before the fan-out, which gave two branches.
ANEW = [*SPLIT, (5, 3, "0", ""), (6, 3, "1", "")]


def attempts(rows: list[tuple[int, int, str, str | None]], current: set[int]) -> list[Attempt]:
    """Records with these numbers, attempts, branches, and branches they ran again from."""
    return [
        Attempt(record_id, attempt, branch, "pending", None, record_id in current, None, None, "",
                None if scope is None else "b", scope)
        for record_id, attempt, branch, scope in rows
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("rows", "current", "wanted", "becomes"),
    [
        ([(1, 1, "", None), (2, 2, "", "")], {2}, 1, {1}),
        ([(1, 1, "", None), (2, 2, "", ""), (3, 3, "", "")], {3}, 1, {1}),
        ([(1, 1, "", None), (2, 2, "", ""), (3, 3, "", "")], {1}, 3, {3}),
        ([(1, 1, "", None), (2, 2, "", ""), (3, 3, "", "")], {3}, 2, {2}),
        # One of three branches.
        ([*SPLIT, (5, 3, "1", "1")], {1, 5, 4}, 2, {1, 2, 4}),
        ([*SPLIT, (5, 3, "1", "1")], {1, 2, 4}, 5, {1, 5, 4}),
        # A retry, back and forth.
        (SPLIT, {1, 2, 4}, 3, {1, 2, 3}),
        (SPLIT, {1, 2, 3}, 4, {1, 2, 4}),
        # All branches of what was split otherwise.
        (ANEW, {5, 6}, 1, {1, 2, 4}),
        (ANEW, {5, 6}, 4, {1, 2, 4}),
        (ANEW, {5, 6}, 3, {1, 2, 3}),
        (ANEW, {1, 2, 4}, 6, {5, 6}),
        # It failed before it could split.
        ([*SPLIT, (5, 3, "", "")], {5}, 2, {1, 2, 4}),
        ([*SPLIT, (5, 3, "", "")], {1, 2, 4}, 5, {5}),
        # A branch that failed, and its retry, which split.
        ([(1, 1, "3", None), (2, 2, "3.0", None), (3, 2, "3.1", None)], {2, 3}, 1, {1}),
        ([(1, 1, "3", None), (2, 2, "3.0", None), (3, 2, "3.1", None)], {1}, 2, {2, 3}),
        # One branch made anew, then all of them.
        ([*SPLIT, (5, 3, "1", "1"), (6, 4, "0", "")], {6}, 5, {1, 5, 4}),
        ([*SPLIT, (5, 3, "1", "1"), (6, 4, "0", "")], {6}, 1, {1, 5, 4}),
        ([*SPLIT, (5, 3, "1", "1"), (6, 4, "0", "")], {6}, 2, {1, 2, 4}),
    ],
)
def test_what_becomes_current(
    rows: list[tuple[int, int, str, str | None]], current: set[int], wanted: int, becomes: set[int]
) -> None:
    """Never two ways to split the same thing side by side, and never a place without a record."""
    all_ = attempts(rows, current)
    on, off = changes_for(next(one for one in all_ if one.record_id == wanted), all_)
    assert (current | set(on)) - set(off) == becomes
    assert current.isdisjoint(on)
    assert current.issuperset(off)


@pytest.mark.parametrize(("wanted", "becomes"), [(2, {1, 2, 4}), (7, {5, 7}), (6, {5, 6})])
def test_what_goes_on_from_another_split(wanted: int, becomes: set[int]) -> None:
    """It goes with that one, though it is newer than what is wanted."""
    all_ = attempts([*ANEW, (7, 4, "1", "1"), (8, 5, "1", "1")], {5, 8})
    all_ = [replace(one, origin=3) if one.attempt > 3 else one for one in all_]
    on, off = changes_for(next(one for one in all_ if one.record_id == wanted), all_)
    assert ({5, 8} | set(on)) - set(off) == becomes
