"""The public names as users type-check them; ``mypy --strict tests/typing_api.py`` finds nothing.

Never run: it only has to be right.
"""

from __future__ import annotations

from typing import Any, assert_type

import pandas as pd

import datagenflow_nb as dgf
from datagenflow_nb.displays.listing import Listing
from datagenflow_nb.jobs import Job
from datagenflow_nb.pipeline import Result
from datagenflow_nb.reviews import ReviewSession
from datagenflow_nb.storage.actions import Action
from datagenflow_nb.storage.records import Record


class Shout(dgf.BaseBlock):
    """A block with typed configuration."""

    inputs = ["text"]
    outputs = ["loud"]

    class Config(dgf.BlockConfig):
        """How loud."""

        marks: int = 1

    async def execute(
        self, data: dict[str, Any], ctx: dgf.BlockContext
    ) -> dict[str, Any] | dgf.Drop:
        said = await ctx.llm("m").chat([{"role": "user", "content": ctx.render("{{ text }}")}])
        if ctx.random.random() < 0.5:
            return dgf.Drop("too quiet")
        return {"loud": said.text + "!" * self.config.marks}


class Rename(dgf.BaseBlock):
    """A sync block that takes a field away."""

    def execute(self, data: dict[str, Any]) -> dgf.Changes:
        return dgf.Changes(set={"new": data["old"]}, remove=["old"])


@dgf.block(outputs=["half"])
def halve(number: float, by: float = 2) -> dict[str, float]:
    """A function as a block."""
    return {"half": number / by}


async def pipelines() -> None:
    """Make, check, try."""
    pipe = dgf.Pipeline("p", [Shout(marks=2), Rename, halve], accept_when="loud")
    assert_type(pipe.to_yaml(), str)
    assert_type([str(problem) for problem in pipe.validate(fields=["text"])], list[str])
    assert_type(await pipe.execute({"text": "a"}), Result)
    assert_type(pipe.execute_sync({"text": "a"}, random_seed=1).result, dict[str, Any])
    assert_type(await pipe.execute_all({"text": "a"}), list[Result])


def jobs() -> None:
    """Run, wait, look, decide, take away."""
    ws = dgf.workspace("store.db")
    assert_type(ws, dgf.Workspace)
    job = dgf.run("p", [{"text": "a"}], concurrency=8, model="m", random_seed=3, wait=False)
    assert_type(job, Job)
    assert_type(job.wait(timeout=1.5), Job)
    assert_type(job.cancel(now=True), Job)
    assert_type(job.pause(), Job)
    assert_type((job.id, job.status, job.total, job.records_generated), tuple[int, str, int, int])
    assert_type(job.usage, dict[str, Any])
    assert_type(job.error, dict[str, Any] | None)
    assert_type(job.records(status=["pending"], flat=False), pd.DataFrame)
    assert_type(job.traces(), pd.DataFrame)
    assert_type(job.export("out.csv", status="accepted", defuse_formulas=True).records, int)
    assert_type(ws.jobs(), Listing[Job])
    assert_type(ws.job(1), Job)
    assert_type(ws.update_record(1, status="accepted", fields={"a": 1}, note="n"), Record)
    assert_type(ws.update_records(job.records(), status="rejected"), int)
    assert_type(ws.update_records([1, 2], note="seen"), int)
    assert_type(ws.update_records(job.records()["id"], note="seen"), int)
    session = ws.review_session(1, reviewer="ada")
    assert_type(session, ReviewSession)
    assert_type(session.set_status([1, 2], "accepted"), Action)
    assert_type(session.undo(), Action | None)
    assert_type(ws.undo_action(1).skipped, dict[str, int])
    assert_type(ws.review_log(1), pd.DataFrame)
    assert_type(ws.pairs(1, 2).pairs, list[tuple[int, int]])
    assert_type(ws.choose(1, 2, "left", note="shorter"), Action)
    assert_type(ws.export_pairs("pairs.jsonl", 1, 2).left_out, dict[str, int])
    assert_type(ws.auto_review(1, "n > 2").accepted, int)
    assert_type(ws.agreement(1).kappa, float | None)
    assert_type(ws.layout("p"), dict[str, Any])
    assert_type(ws.delete_records(job_id=1, status="failed"), int)
    assert_type(ws.export("all.jsonl", job_id=1).records, int)
    with dgf.testing.temporary_workspace() as other:
        assert_type(other, dgf.Workspace)


def errors() -> None:
    """One tree."""
    try:
        jobs()
    except (dgf.SeedError, dgf.ConfigError) as error:
        assert_type(error.message, str)
        assert_type(error.to_dict(), dict[str, Any])
    except dgf.DataGenFlowError as error:
        assert_type(error.detail, dict[str, Any])
