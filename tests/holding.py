"""A job of three calls per seed, and what the server's log and the file say about it together."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

from running import look, wait_until
from servers import OfflineServer

import datagenflow_nb as dgf
from datagenflow_nb.jobs import Job

__all__ = [
    "THREE_CALLS", "answered", "assert_whole", "hear_out", "prompts_of", "stored_prompts",
    "write_seeds",
]  # fmt: skip

_WORDS = ("First", "Then", "Last")
THREE_CALLS: dict[str, Any] = {
    "name": "three calls",
    "blocks": [
        {"type": "TextGenerator", "id": word[0], "config": {"user_prompt": f"{word} {{{{ n }}}}"}}
        for word in _WORDS
    ],
}


def write_seeds(count: int) -> Path:
    """The seeds as a file."""
    path = Path("seeds.csv")
    path.write_text("n\n" + "\n".join(map(str, range(count))))
    return path


def answered(path: Path | str = "store.db") -> int:
    """Calls with an answer in the file."""
    return int(look(path, "SELECT count(*) FROM calls WHERE answer IS NOT NULL")[0][0])


def stored_prompts(path: Path | str = "store.db") -> set[str]:
    """The prompts of the calls with an answer in the file."""
    rows = look(
        path, "SELECT request ->> '$.messages[#-1].content' FROM calls WHERE answer IS NOT NULL"
    )
    return {prompt for (prompt,) in rows}


def hear_out(server: OfflineServer) -> Counter[str]:
    """How often each prompt was asked since the log was cleared, which it is after that.

    Waits for the requests that are still on the server, also those whose client is gone.
    """
    wait_until(lambda: not server.log()["in_flight"], "the end of all requests")
    heard = Counter(entry["prompt"] for entry in server.log()["entries"])
    server.reset()
    return heard


def prompts_of(job: Job) -> list[list[str]]:
    """The prompts in each record's trace, in order."""
    return [
        [call["request"]["messages"][-1]["content"] for step in job.trace(int(record))
         for call in step["calls"]]
        for record in job.records()["id"]
    ]  # fmt: skip


def assert_whole(ws: dgf.Workspace, job: Job, count: int) -> None:
    """One record for each of the seeds, three calls in the trace of each, each once, no finding."""
    path = ws.store.path
    assert job.status == "completed", job.error
    frame = job.records()
    assert sorted(frame["seed_index"]) == list(range(count))
    assert set(frame["status"]) == {"pending"}
    assert prompts_of(job) == [[f"{word} {n}" for word in _WORDS] for n in frame["n"]]
    assert job.executions_done == job.records_generated == count
    assert job.records_failed == job.records_filtered == 0
    assert (job.usage["calls"], answered(path)) == (3 * count, 3 * count)
    tokens = look(path, "SELECT sum(input_tokens), sum(output_tokens) FROM calls")[0]
    assert (job.usage["input_tokens"], job.usage["output_tokens"]) == tokens
    assert not [finding for finding in ws.examine() if finding.count]
