"""Records side by side: two jobs over the same seeds, or the attempts of one job."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace

from ..displays.text import plural
from ..errors import ValidationError
from ..storage.choices import Choice
from ..storage.pair_keys import RecordKey, keys_of_attempts, keys_of_job, seeds_of_job
from ..storage.store import Store

__all__ = ["Pairing", "as_they_stand", "pair_attempts", "pair_jobs"]

_NO_SEED = "the other job has no such seed"
_NO_RECORD = "the other job has no record of this seed, repetition and branch"
_ONE_ATTEMPT = "there was one attempt only"
_REPLACED = "with a record that is not current"
_APART = "not side by side"


@dataclass(frozen=True, slots=True)
class Pairing:
    """Which records of two sides belong together.

    Attributes
    ----------
    left_job, right_job : int
        The same for the attempts of one job.
    pairs : list of (int, int)
        Record ids, left and right, in order of the left side's seeds, repetitions and branches.
    left_only, right_only : dict of str to list of int
        Why -> ids of the records without a partner.
    by : str
        What makes two records a pair, in words.
    """

    left_job: int
    right_job: int
    pairs: list[tuple[int, int]]
    left_only: dict[str, list[int]]
    right_only: dict[str, list[int]]
    by: str

    @property
    def text(self) -> str:
        """What there is, in words."""
        parts = [f"{plural(len(self.pairs), 'pair')} ({self.by})"]
        for job_id, alone in (
            (self.left_job, self.left_only),
            (self.right_job, self.right_only),
        ):
            parts += [
                f"{plural(len(ids), 'record')} of job {job_id} alone: {why}"
                for why, ids in alone.items()
            ]
        return "; ".join(parts)

    def __repr__(self) -> str:
        return f"<Pairing of jobs {self.left_job} and {self.right_job}: {self.text}>"


@dataclass(slots=True)
class _Side:
    """The records of one side by what they are paired by."""

    by_key: dict[tuple[int, int, str], int] = field(default_factory=dict)
    no_seed: list[int] = field(default_factory=list)

    def alone(self, others: _Side) -> dict[str, list[int]]:
        """Records without a partner, by the reason."""
        lost = sorted(number for key, number in self.by_key.items() if key not in others.by_key)
        found = {_NO_SEED: sorted(self.no_seed), _NO_RECORD: lost}
        return {why: ids for why, ids in found.items() if ids}


def pair_jobs(store: Store, left_job: int, right_job: int) -> Pairing:
    """The current records of two jobs with the same seed, repetition and branch.

    Jobs of one root have the same seeds. Of others a seed is the same when its fields are equal;
    the second of two equal seeds goes with the second one there.

    Raises
    ------
    ValidationError
        When the jobs have no seed in common.
    """
    left_root, left_seeds = seeds_of_job(store, left_job)
    right_root, right_seeds = seeds_of_job(store, right_job)
    if left_root == right_root:
        partner, by = None, "of the same seeds"
    else:
        partner, by = _equal_seeds(left_seeds, right_seeds), "of equal seeds"
        if not partner:
            raise ValidationError(
                f"jobs {left_job} and {right_job} have no seed in common: there is nothing to "
                "compare",
                {"left_job": left_job, "right_job": right_job},
            )
    left, right = _Side(), _Side()
    for key in keys_of_job(store, left_job):
        left.by_key[_place(key, key.seed_index)] = key.id
    for key in keys_of_job(store, right_job):
        seed = key.seed_index if partner is None else partner.get(key.seed_index)
        if seed is None:
            right.no_seed.append(key.id)
        else:
            right.by_key[_place(key, seed)] = key.id
    if partner is not None:
        known = set(partner.values())
        strangers = [place for place in left.by_key if place[0] not in known]
        left.no_seed = [left.by_key.pop(place) for place in strangers]
    return Pairing(
        left_job, right_job, _pairs(left.by_key, right.by_key), left.alone(right),
        right.alone(left), by,
    )  # fmt: skip


def pair_attempts(store: Store, job_id: int) -> Pairing:
    """The latest record of each seed, repetition and branch, with the one of the attempt before.

    The earlier one is on the left.

    Raises
    ------
    ValidationError
        When the job has one attempt only of everything.
    """
    earlier, latest = _attempts(store, job_id)
    if not earlier:
        raise ValidationError(
            f"job {job_id} has one attempt only of each record: there is nothing to compare",
            {"job_id": job_id},
        )
    alone = sorted(number for place, number in latest.items() if place not in earlier)
    return Pairing(
        job_id, job_id, _pairs(earlier, latest), {}, {_ONE_ATTEMPT: alone} if alone else {},
        "of the latest attempt and the one before",
    )  # fmt: skip


def as_they_stand(
    store: Store, choices: Sequence[Choice], left_job: int, right_job: int
) -> list[Choice]:
    """The choices, each with the reason if it counts no more.

    A choice counts while its records stand side by side: another attempt of a record would else be
    chosen in one pair and rejected in the next. Of one job the current records of two repetitions
    or branches may be chosen between as well.
    """
    if not choices:
        return []
    current = {key.id for job_id in (left_job, right_job) for key in keys_of_job(store, job_id)}
    if left_job == right_job:
        earlier, latest = _attempts(store, left_job)
        pairs = _pairs(earlier, latest)
    else:
        pairs = pair_jobs(store, left_job, right_job).pairs
    sides = {frozenset(pair) for pair in pairs}

    def why(choice: Choice) -> str | None:
        both = frozenset((choice.left, choice.right))
        if both in sides or (left_job == right_job and both <= current):
            return None
        return _APART if both <= current else _REPLACED

    return [replace(choice, left_out=why(choice)) for choice in choices]


def _attempts(
    store: Store, job_id: int
) -> tuple[dict[tuple[int, int, str], int], dict[tuple[int, int, str], int]]:
    """By place the record of the attempt before the latest one, and of the latest one."""
    latest: dict[tuple[int, int, str], int] = {}
    earlier: dict[tuple[int, int, str], int] = {}
    for key in keys_of_attempts(store, job_id):
        place = _place(key, key.seed_index)
        if place in latest:
            earlier[place] = latest[place]
        latest[place] = key.id
    return earlier, latest


def _equal_seeds(
    left: Iterable[tuple[int, bytes]], right: Iterable[tuple[int, bytes]]
) -> dict[int, int]:
    """The right side's seed index -> the left one's of an equal seed."""
    places: dict[bytes, list[int]] = defaultdict(list)
    for index, digest in left:
        places[digest].append(index)
    for found in places.values():
        found.reverse()
    return {index: places[digest].pop() for index, digest in right if places.get(digest)}


def _place(key: RecordKey, seed_index: int) -> tuple[int, int, str]:
    return seed_index, key.repetition, key.branch


def _pairs(
    left: dict[tuple[int, int, str], int], right: dict[tuple[int, int, str], int]
) -> list[tuple[int, int]]:
    both = [place for place in left if place in right]
    both.sort(key=lambda place: (place[0], place[1], _path(place[2])))
    return [(left[place], right[place]) for place in both]


def _path(branch: str) -> tuple[int, ...]:
    return tuple(int(part) for part in branch.split(".")) if branch else ()
