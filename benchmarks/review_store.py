"""A store with any number of records to review, written by SQL in a fraction of a job's time."""

from __future__ import annotations

import json
import random
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from datagenflow_nb.storage.jobs import EXECUTION_SHIFT, JobTable
from datagenflow_nb.storage.lease import new_token
from datagenflow_nb.storage.store import Store

__all__ = ["fill", "text"]

_AT = "2026-11-23T10:00:00.000Z"
_REPETITIONS = 10
_LINE = (
    "light water energy cell carbon oxygen leaf root system process reader method tide moon rock "
    "sand wave salt bridge steel load span radio signal noise prime number proof bank rate loan "
    "risk market price cost labour child school teacher book page letter voice sound music string"
)
_WORDS = _LINE.split()
_SUBJECTS = ("tides", "volcanoes", "interest rates", "antibodies", "radio", "bridges", "primes")
_LEVELS = ("child", "student", "expert")
_DEFINITION = {
    "name": "review",
    "blocks": [{"type": "TextGenerator"}, {"type": "Validator"}, {"type": "Output"}],
}


def text(dice: random.Random) -> str:
    """Some forty words, one of a hundred thousand among them."""
    words = [*dice.choices(_WORDS, k=40), f"w{dice.randrange(100_000):05d}"]
    return " ".join(words)


def fill(path: Path, count: int) -> int:
    """Make a completed job of three steps with ``count`` pending records; its number."""
    store = Store(path)
    jobs = JobTable(store)
    token = new_token()
    job_id = jobs.create(
        pipeline_name="review",
        definition=json.dumps(_DEFINITION),
        options={},
        random_seed=1,
        token=token,
    )
    dice = random.Random(1)
    with store.write() as connection:
        connection.executemany(
            "INSERT INTO seeds (job_id, seed_index, repetitions, metadata) VALUES (?, ?, ?, ?)",
            (
                (job_id, number, _REPETITIONS, json.dumps({
                    "topic": f"T{number:06d} {_SUBJECTS[number % 7]}", "level": _LEVELS[number % 3],
                }))
                for number in range(-(-count // _REPETITIONS))
            ),
        )  # fmt: skip
    for start in range(0, count, 50_000):
        numbers = range(start, min(start + 50_000, count))
        with store.write() as connection:
            connection.executemany(
                "INSERT INTO executions (id, job_id, seed_index, repetition, attempt, status, "
                "trace_id, started_at, finished_at) VALUES (?, ?, ?, ?, 1, 'completed', ?, ?, ?)",
                (
                    ((job_id << EXECUTION_SHIFT) + n + 1, job_id, n // _REPETITIONS,
                     n % _REPETITIONS, f"trace-{n}", _AT, _AT)
                    for n in numbers
                ),
            )  # fmt: skip
            connection.executemany(
                "INSERT INTO steps (execution_id, branch, step, block_id, block_type, changes, "
                "execution_time) VALUES (?, '', ?, ?, ?, ?, 0.5)",
                (row for n in numbers for row in _steps((job_id << EXECUTION_SHIFT) + n + 1, dice)),
            )
            connection.executemany(
                "INSERT INTO records (job_id, execution_id, seed_index, repetition, branch, "
                "status, output_field, model, created_at, updated_at) "
                "VALUES (?, ?, ?, ?, '', 'pending', 'output', 'offline', ?, ?)",
                (
                    (job_id, (job_id << EXECUTION_SHIFT) + n + 1, n // _REPETITIONS,
                     n % _REPETITIONS, _AT, _AT)
                    for n in numbers
                ),
            )  # fmt: skip
    with store.write() as connection:
        connection.execute(
            "UPDATE jobs SET total = ?, executions_done = ?, records_generated = ? WHERE id = ?",
            [count, count, count, job_id],
        )
    jobs.finish(job_id, token, "completed")
    store.close()
    return job_id


def _steps(execution: int, dice: random.Random) -> Iterator[tuple[Any, ...]]:
    written = text(dice)
    score = round(dice.random(), 6)
    for number, (block_id, block_type, changes) in enumerate(
        (
            ("write", "TextGenerator", {"assistant": written}),
            ("check", "Validator", {"valid": score > 0.2, "score": score}),
            ("output", "Output", {"output": f"{written[:60]}."}),
        )
    ):
        yield execution, number, block_id, block_type, json.dumps(changes)


if __name__ == "__main__":
    fill(Path(sys.argv[1]), int(sys.argv[2]))
