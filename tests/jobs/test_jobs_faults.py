"""Servers that fail: nothing is lost, nothing doubled, and the trace tells every try."""

from __future__ import annotations

import json
from collections import Counter
from typing import Any

import pytest
from running import ASK, ask, finish
from servers import OfflineServer

import datagenflow_nb as dgf
from datagenflow_nb.jobs import Job

SCHEMA = {
    "type": "object",
    "properties": {"question": {"type": "string"}, "score": {"type": "integer"}},
    "required": ["question", "score"],
    "additionalProperties": False,
}
STRUCTURED = {
    "type": "StructuredGenerator",
    "config": {"json_schema": SCHEMA, "prompt": "Ask about number {{ n }}"},
}


def calls_of(job: Job) -> dict[int, list[dict[str, Any]]]:
    """All calls by record."""
    return {
        record: [call for step in job.trace(record) for call in step["calls"]]
        for record in job.records()["id"]
    }


def is_json(text: str) -> bool:
    """Whether the text is JSON."""
    try:
        json.loads(text)
    except ValueError:
        return False
    return True


def keys_of(job: Job) -> Counter[tuple[int, int]]:
    """How often each (seed_index, repetition) has a record."""
    frame = job.records()
    return Counter(zip(frame["seed_index"], frame["repetition"], strict=True))


def test_retries_lose_and_double_nothing(ws: dgf.Workspace, server: OfflineServer) -> None:
    """300 executions of two calls against every fault at once: 300 complete records."""
    server.reset(
        rate_429=0.1, rate_500=0.05, rate_reset=0.05, rate_hang=0.01, hang=600,
        rate_invalid_json=0.05, retry_after=0.05,
    )  # fmt: skip
    ws.add_model("m", endpoint=server.url, model="offline", max_tries=8, timeout=2)
    config = {**STRUCTURED["config"], "corrections": 5}  # type: ignore[dict-item] # a dictionary
    pipeline = ask("Say: {{ n }}", {"type": "StructuredGenerator", "config": config})
    seeds = [{"n": number, "repetitions": 2} for number in range(150)]
    job = finish(dgf.run(pipeline, seeds, model="m", concurrency=32))

    assert ws.record_counts() == {"pending": 300}
    assert keys_of(job) == Counter((seed, again) for seed in range(150) for again in range(2))
    by_record = calls_of(job)
    calls = [call for found in by_record.values() for call in found]
    log = server.log()
    heard = log["by_outcome"]
    assert heard["invalid_json"] > 5
    assert len(calls) == job.usage["calls"] == heard["ok"] + heard["invalid_json"]
    assert len(calls) == 600 + heard["invalid_json"]  # each spoilt answer was corrected
    tries = [one for call in calls for one in call["tries"]]
    assert len(tries) == log["requests"]
    failed = Counter(one["status"] for one in tries if one["error"] is not None)
    assert failed[429] == heard["429"] > 30
    assert failed[500] == heard["500"] > 10
    late = [one for one in tries if one["error"] and "no answer within 2 s" in one["error"]]
    assert len(late) == heard["hang"] > 2
    assert failed[None] - len(late) == heard["reset"] > 10
    assert all(call["tries"][-1]["error"] is None for call in calls)
    assert all(found[-1]["answer"] for found in by_record.values())


def test_invalid_json_is_corrected_or_told(ws: dgf.Workspace, server: OfflineServer) -> None:
    """5 % of answers that are no JSON: corrected by a second call, or failed with every answer."""
    server.reset(rate_invalid_json=0.05)
    pipeline = {"name": "structured", "blocks": [STRUCTURED]}
    seeds = [{"n": number} for number in range(300)]
    job = finish(dgf.run(pipeline, seeds, model="m"))
    kinds = Counter[str]()
    for record_id, calls in calls_of(job).items():
        record = ws.record(record_id)
        if record.status == "pending":
            kinds["corrected" if len(calls) == 2 else "right"] += 1
            assert record.state["generated"] == json.loads(calls[-1]["answer"])
        else:
            kinds["failed"] += 1
            assert record.reason is not None
            assert "did not give the JSON asked for, 2 answer(s): the answer is not JSON" in (
                record.reason
            )
        for wrong in calls[:-1] if record.status == "pending" else calls:
            assert not is_json(wrong["answer"])
        assert (
            len(calls) == 1 or calls[0]["answer"] in calls[1]["request"]["messages"][1]["content"]
        )
    assert kinds["right"] + kinds["corrected"] + kinds["failed"] == 300
    assert kinds["corrected"] >= 5
    spoilt = server.log()["by_outcome"]["invalid_json"]
    assert spoilt == kinds["corrected"] + 2 * kinds["failed"]
    assert server.log()["requests"] == 300 + kinds["corrected"] + kinds["failed"]


def test_wrong_answers_in_a_row(ws: dgf.Workspace, server: OfflineServer) -> None:
    """Nothing but invalid JSON: failed records that hold both answers, and what they cost."""
    server.reset(rate_invalid_json=1.0)
    pipeline = {"name": "structured", "blocks": [STRUCTURED]}
    job = finish(dgf.run(pipeline, [{"n": 1}, {"n": 2}], model="m"))
    assert ws.record_counts() == {"failed": 2}
    assert [len(calls) for calls in calls_of(job).values()] == [2, 2]
    assert job.usage["calls"] == 4
    assert job.usage["output_tokens"] > 0


@pytest.mark.parametrize(
    ("faults", "reason", "tries"),
    [
        ({"rate_500": 1.0}, r"500 The server had an error .* \(after 2 tries\); the server", 2),
        ({"rate_reset": 1.0}, r"\(after 2 tries\); check that the server runs", 2),
        ({"rate_hang": 1.0, "hang": 30}, r"no answer within 0.2 s \(after 2 tries\); check", 2),
        ({"rate_truncated": 1.0}, r"the answer was cut off at \d+ tokens", 1),
        ({"api_key": "k-1234567890"}, r"401 Incorrect API key provided \(after 1 try\)", 1),
    ],
)
def test_calls_that_fail_for_good(
    ws: dgf.Workspace, server: OfflineServer, faults: dict[str, Any], reason: str, tries: int
) -> None:
    """Failed records with the reason and every try; a job that a key is missing for has failed."""
    server.reset(**faults)
    timeout = 0.2 if "rate_hang" in faults else 30
    ws.add_model("m", endpoint=server.url, model="offline", max_tries=2, timeout=timeout)
    job = dgf.run(ASK, [{"n": 1}, {"n": 2}, {"n": 3}], model="m")
    finish(job, "failed" if "api_key" in faults else "completed")
    server.reset(api_key=None)
    frame = job.records()
    assert list(frame["status"]) == ["failed"] * 3
    assert frame["reason"].str.contains(reason, regex=True).all(), frame["reason"].iloc[0]
    assert [len(calls[0]["tries"]) for calls in calls_of(job).values()] == [tries] * 3
    trace = job.trace(int(frame["id"].iloc[0]))
    assert trace[0]["error"]["error"] == frame["reason"].iloc[0]
