"""What a job that re-runs another one takes over from it."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass

from ..records import Call
from .attempts import ENDED
from .journal import call_from_row
from .store import Store

__all__ = ["Figures", "ReuseTable"]

#: What was answered with a text; vectors and the like are not kept.
_ANSWERED = "c.answer IS NOT NULL AND json_extract(c.tries, '$[#-1].error') IS NULL"
_ENDED = ",".join(f"'{status}'" for status in ENDED)


@dataclass(frozen=True, slots=True)
class Figures:
    """What a job has done, its attempts taken together.

    Attributes
    ----------
    ended : int
        Executions.
    answers : dict of str to dict of (str, str) to int
        By block id, and by the model's name and id: answers that can be taken over.
    runs, passes : dict of str to int
        By block id: how often it ran, and how often a branch came to it, skipped or not.
    """

    ended: int
    answers: dict[str, dict[tuple[str, str], int]]
    runs: dict[str, int]
    passes: dict[str, int]


class ReuseTable:
    """Reading what a job has been answered."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def answers(self, job_id: int, seed_index: int, repetition: int) -> list[tuple[str, str, Call]]:
        """(branch, hash of the request, call) of what an execution was answered, latest first.

        What a further attempt shares with the one before, each once.
        """
        found: list[tuple[str, str, Call]] = []
        shared: set[tuple[str, str, int]] = set()
        for row in self._store.rows(
            f"SELECT c.* FROM executions e JOIN calls c ON c.execution_id = e.id "
            f"WHERE e.job_id = ? AND e.seed_index = ? AND e.repetition = ? AND {_ANSWERED} "
            "ORDER BY e.attempt DESC, c.branch, c.block_id, c.number",
            [job_id, seed_index, repetition],
        ):
            place = row["branch"], row["block_id"], row["number"]
            if place in shared:
                continue
            if row["reused"]:
                shared.add(place)
            found.append((row["branch"], row["request_hash"], call_from_row(row)))
        return found

    def id_asked(self, job_id: int, name: str) -> str | None:
        """The id that the job's latest call to the model of that name had; None without one."""
        row = self._store.row(
            "SELECT json_extract(c.request, '$.model') FROM executions e "
            "JOIN calls c ON c.execution_id = e.id WHERE e.job_id = ? AND c.model = ? "
            "ORDER BY e.id DESC LIMIT 1",
            [job_id, name],
        )
        return None if row is None else row[0]

    def figures(self, job_id: int) -> Figures:
        """What the job has done."""
        ((ended,),) = self._store.rows(
            "SELECT count(*) FROM (SELECT DISTINCT seed_index, repetition FROM executions "
            f"WHERE job_id = ? AND status IN ({_ENDED}))",
            [job_id],
        )
        answers: dict[str, dict[tuple[str, str], int]] = defaultdict(dict)
        for block_id, name, id_, count in self._store.rows(
            "SELECT block_id, model, id, count(*) FROM (SELECT DISTINCT e.seed_index, "
            "e.repetition, c.branch, c.block_id, c.number, c.model, "
            "json_extract(c.request, '$.model') AS id FROM executions e "
            f"JOIN calls c ON c.execution_id = e.id WHERE e.job_id = ? AND {_ANSWERED}) "
            "GROUP BY block_id, model, id",
            [job_id],
        ):
            answers[block_id][name, id_] = count
        runs, passes = {}, {}
        for block_id, ran, passed in self._store.rows(
            "SELECT block_id, sum(NOT skipped), count(*) FROM (SELECT s.block_id, "
            "min(s.skipped) AS skipped FROM executions e JOIN steps s ON s.execution_id = e.id "
            "WHERE e.job_id = ? GROUP BY e.seed_index, e.repetition, s.branch, s.block_id) "
            "GROUP BY block_id",
            [job_id],
        ):
            runs[block_id], passes[block_id] = ran, passed
        return Figures(ended, dict(answers), runs, passes)
