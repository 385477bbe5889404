"""Tokens and money by block and by model, and what displays say of them."""

from __future__ import annotations

import json
from typing import Any

import pytest
from displays.parsed import parse
from running import ask, finish, look
from servers import OfflineServer

import datagenflow_nb as dgf
from datagenflow_nb.jobs.usage import JobUsage, usage_told
from datagenflow_nb.records import Call, Usage

TWO_MODELS: dict[str, Any] = {
    "name": "two",
    "blocks": [
        {
            "type": "TextGenerator",
            "id": id_,
            "config": {"user_prompt": f"{id_} {{{{ n }}}}", "model": model},
        }
        for id_, model in (("one", "m"), ("two", "p"), ("three", "p"))
    ],
}  # fmt: skip


def sums(where: str) -> dict[str, Any]:
    """The figures of the calls in the file."""
    (row,) = look(
        "store.db",
        "SELECT sum(input_tokens), sum(output_tokens), count(*), "
        f"CASE WHEN count(cost) = count(*) THEN sum(cost) END FROM calls WHERE {where}",
    )
    cost = None if row[3] is None else pytest.approx(row[3])
    return {"input_tokens": row[0], "output_tokens": row[1], "calls": row[2], "cost": cost}


def test_by_block_and_by_model(ws: dgf.Workspace, server: OfflineServer) -> None:
    """Each sum is that of its calls; a cost is known only where every price is."""
    ws.add_model("p", endpoint=server.url, model="offline", input_price=3.0, output_price=9.0)
    job = finish(dgf.run(TWO_MODELS, [{"n": n} for n in range(5)]))
    assert job.usage == {
        **sums("1"),
        "blocks": {name: sums(f"block_id = '{name}'") for name in ("one", "two", "three")},
        "models": {name: sums(f"model = '{name}'") for name in ("m", "p")},
        "known_cost": sums("model = 'p'")["cost"], "unpriced_calls": 5,
    }  # fmt: skip
    assert (job.usage["cost"], job.usage["models"]["m"]["cost"]) == (None, None)
    assert job.usage["models"]["p"]["cost"] > 0
    html = job._repr_html_()
    used = job.usage["models"]["m"]
    tokens = f"tokens {used['input_tokens']} in, {used['output_tokens']} out"
    assert f"model m5 calls, {tokens}, cost unknownmodel p10 calls" in parse(html).text
    assert parse(html).text.count("block ") == 3
    (line,) = ws.jobs().text().splitlines()[1:]
    assert f"  {job.usage['input_tokens']} in, " in line
    assert " out  unknown  " in line


def test_one_block_and_one_model(ws: dgf.Workspace) -> None:
    """There is nothing to tell apart, and the offline model costs nothing."""
    job = finish(dgf.run(ask("Say {{ n }}"), {"n": 1}, random_seed=1))
    assert "<th>block" not in job._repr_html_()
    told = ["2", "in,", str(job.usage["output_tokens"]), "out", "0"]
    assert ws.jobs().text().splitlines()[1].split()[7:12] == told


def test_job_without_calls(ws: dgf.Workspace) -> None:
    """It has used nothing, and no price is known of nothing."""
    job = finish(dgf.run({"name": "p", "blocks": [{"type": "Output"}]}, {"assistant": "x"}))
    assert job.usage == {
        "input_tokens": 0, "output_tokens": 0, "calls": 0, "cost": None, "blocks": {}, "models": {},
    }  # fmt: skip
    assert "  -       -     " in ws.jobs().text()


def test_job_from_before() -> None:
    """What was counted without its block is not told by block, also when the job goes on."""
    before = {"input_tokens": 5, "output_tokens": 7, "calls": 2, "cost": None}
    assert usage_told(before) == before
    usage = JobUsage(before)
    usage.add(Call("b", 0, "m", {}, usage=Usage(1, 1, 1)))
    assert json.loads(usage.snapshot()()) == {
        "input_tokens": 6, "output_tokens": 8, "calls": 3, "cost": None, "known_cost": 0.0,
        "unpriced_calls": 3,
    }  # fmt: skip


def test_rows_of_calls_are_the_usage(ws: dgf.Workspace, server: OfflineServer) -> None:
    """The retry of a fan-out shares calls with the first attempt: they are marked, not counted."""
    fails = {"now": True}

    @dgf.block(outputs=["n"], fan_out=True)
    def count(top):  # type: ignore[no-untyped-def]  # as users write them
        return [{"n": n} for n in range(top)]

    @dgf.block(outputs=["copy"])
    def fragile(n):  # type: ignore[no-untyped-def]  # as users write them
        if fails["now"] and n == 2:
            raise ValueError("no")
        return {"copy": n}

    title = {"type": "TextGenerator", "id": "title", "config": {"user_prompt": "Title {{ top }}"}}
    job = finish(dgf.run(dgf.Pipeline("p", [title, count, fragile]), {"top": 4}, model="m"))
    fails["now"] = False
    finish(job.retry_failed())
    assert job.records_generated == 4
    assert look("store.db", "SELECT reused, count(*) FROM calls GROUP BY reused") == [
        (0, 1), (1, 1),
    ]  # fmt: skip
    assert job.usage["calls"] == server.log()["requests"] == 1
    assert {name: job.usage[name] for name in ("input_tokens", "output_tokens", "calls", "cost")} \
        == sums("reused = 0")  # fmt: skip
    frame = job.traces().set_index("block_id").loc["title"].reset_index(drop=True)
    tokens = job.usage["input_tokens"]
    assert sorted(frame["input_tokens"]) == [0, tokens, tokens, tokens]
    record = job.record(int(job.records()["id"].iloc[-1]))
    assert [call["reused"] for call in record.trace[0]["calls"]] == [True]
    assert " out, reused\n" in record.text()
