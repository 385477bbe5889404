"""Which seeds have records, and whether these differ."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

from ..records import encode
from ..storage.overall import SeedCounts
from ..storage.records import Record
from .digests import Digests, digest_of
from .duplicates import plain
from .values import Coverage

__all__ = ["EXAMPLES", "Outputs", "coverage_of"]

#: Seeds without records that are named.
EXAMPLES = 5


class Outputs:
    """Takes the records' outputs: which a seed has more than once."""

    def __init__(self) -> None:
        self._count = 0
        self._digests = Digests()

    def add(self, record: Record) -> None:
        """Take a record; null is no output."""
        if record.output is None:
            return
        output = record.output
        text = plain(output) if isinstance(output, str) else encode(output)
        self._count += 1
        self._digests.add(digest_of(f"{record.job_id} {record.seed_index} {text}"), record.id)

    def repeated(self) -> int:
        """Records with the very output of another one of their seed."""
        return max(0, self._count - self._digests.distinct())


def coverage_of(seeds: Mapping[int, SeedCounts], outputs: Outputs) -> Coverage:
    """How the seeds of these jobs are covered.

    Parameters
    ----------
    seeds : mapping
        By job.
    """
    per_seed: Counter[int] = Counter()
    for counts in seeds.values():
        per_seed.update(counts.with_records)
    total = sum(counts.seeds for counts in seeds.values())
    without = [(job_id, index) for job_id, counts in seeds.items() for index in counts.without]
    return Coverage(
        seeds=total,
        without=total - per_seed.total(),
        without_examples=without[:EXAMPLES],
        per_seed=sorted(per_seed.items()),
        repeated=outputs.repeated(),
        of_several=sum(count * number for count, number in per_seed.items() if count > 1),
    )
