"""Records side by side: two jobs over the same seeds, or the attempts of one job."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field

from ..displays.text import plural
from ..errors import ValidationError
from ..storage.pair_keys import RecordKey, keys_of_attempts, keys_of_job, seeds_of_job
from ..storage.store import Store

__all__ = ["Pairing", "pair_attempts", "pair_jobs"]

_NO_SEED = "the other job has no such seed"
_NO_RECORD = "the other job has no record of this seed, repetition and branch"
_ONE_ATTEMPT = "there was one attempt only"


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
    latest: dict[tuple[int, int, str], int] = {}
    earlier: dict[tuple[int, int, str], int] = {}
    for key in keys_of_attempts(store, job_id):
        place = _place(key, key.seed_index)
        if place in latest:
            earlier[place] = latest[place]
        latest[place] = key.id
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
