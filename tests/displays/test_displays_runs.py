"""Jobs, pipelines and traces as HTML and as text, to the letter."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

import pytest
from displays.parsed import bare, parse

from datagenflow_nb.displays.job import job_html, progress_text
from datagenflow_nb.displays.pace import Pace, Speed
from datagenflow_nb.displays.pipeline import pipeline_html
from datagenflow_nb.displays.trace import preview_html, trace_html, trace_text


@dataclass(frozen=True)
class Facts:
    """What the store knows of a job."""

    id: int = 3
    pipeline_name: str = "qa"
    status: str = "running"
    total: int | None = 200
    executions_done: int = 50
    records_generated: int = 50
    records_failed: int = 0
    records_filtered: int = 0
    records_accepted: int = 0
    usage: dict[str, Any] = field(default_factory=dict)
    options: dict[str, Any] = field(default_factory=dict)
    error: dict[str, Any] | None = None
    accept_when: str | None = None


USED = {"calls": 2, "input_tokens": 12_345, "output_tokens": 90, "cost": 0.01234}


@pytest.mark.parametrize(
    ("job", "pace", "line"),
    [
        (Facts(total=None, executions_done=0, records_generated=0), Pace(), "job 3: 0/0 (0 %)"),
        (Facts(), Pace(), "job 3: 50/200 (25 %)"),
        (Facts(), Pace(12.5), "job 3: 50/200 (25 %), 12.5/s, ETA 12 s"),
        (Facts(records_generated=80), Pace(10, 20),
         "job 3: 50/200 (25 %), 80 records, 20.0 records/s, ETA 15 s"),
        (Facts(records_accepted=10, options={"target_accepted": 40}), Pace(10),
         "job 3: 10/40 (25 %) accepted, 50 executions, 10.0/s, ETA 15 s"),
        (Facts(options={"target_accepted": 40}), Pace(10),
         "job 3: 0/40 (0 %) accepted, 50 executions, 10.0/s"),
        (Facts(records_generated=30, records_failed=15, records_filtered=5, usage=USED), Pace(10),
         "job 3: 50/200 (25 %), 10.0/s, ETA 15 s, 15 failed, 5 filtered, "
         "tokens 12.3k in, 90 out, cost 0.0123"),
        (Facts(status="completed", executions_done=200, records_generated=200,
               usage={**USED, "cost": None}), Pace(elapsed=3.21),
         "job 3: 200/200 (100 %), in 3.2 s, tokens 12.3k in, 90 out, cost unknown"),
        (Facts(usage={**USED, "cost": 0.0, "reused": 40}), Pace(),
         "job 3: 50/200 (25 %), tokens 12.3k in, 90 out, 40 answers reused"),
    ],
)  # fmt: skip
def test_progress_text(job: Facts, pace: Pace, line: str) -> None:
    """One line says how far a job is, how fast, and what it cost."""
    assert progress_text(job, pace) == line


def test_models_that_code_may_ask() -> None:
    """While a job runs its display names the default model; what has changed it says always."""
    options = {"identity": {"default": ["cheap", None, "cheap"]}, "changed": ["a", "b"]}
    changed = "Resumed: the code of blocks &#x27;a&#x27; and &#x27;b&#x27; has changed since"
    for status in ("running", "completed"):
        html = job_html(Facts(status=status, options=options), Pace()).replace("&#39;", "&#x27;")
        told = "default model cheap, if a block&#x27;s code asks"
        assert (told in html, changed in html) == (status == "running", True)


def test_job_html() -> None:
    """A running job shows its bar, its blocks and its last error."""
    job = Facts(records_generated=30, records_failed=20, options={"models": ["a", "<b>"]})
    html = job_html(job, Pace(blocks=[("ask", 2)]), last_error="no <answer>", notes=["look"])
    assert html.partition("</style>")[2] == (
        '<div class="dgf dgf-job"><div class="dgf-head">Job 3 <span class="dgf-soft">qa</span> '
        '<span class="dgf-tag">running</span></div>'
        '<div class="dgf-bar" role="progressbar" aria-valuemin="0" aria-valuemax="100" '
        'aria-valuenow="25" aria-label="job 3"><span style="width:15.0%"></span>'
        '<span style="width:10.0%" class="dgf-bar-bad"></span></div>'
        "<div>50/200 (25 %) · 20 failed · model a, &lt;b&gt;</div>"
        '<div class="dgf-soft">Now in: ask (2)</div>'
        '<div class="dgf-bad" dir="auto">Last error: no &lt;answer&gt;</div>'
        '<div class="dgf-soft">look</div></div>'
    )


def test_waiting() -> None:
    """What the calls of a job wait for is told on one line, as text and escaped as HTML."""
    told = "waiting to try again (2 of 8): 502 <html>\nno"
    assert progress_text(Facts(), Pace(12.5), told) == (
        "job 3: 50/200 (25 %), waiting to try again (2 of 8): 502 <html> no, 12.5/s, ETA 12 s"
    )
    assert (
        '<div class="dgf-bad" dir="auto">Waiting to try again (2 of 8): 502 &lt;html&gt; no</div>'
    ) in job_html(Facts(), Pace(), waiting=told)
    long = "waiting to try again (2 of 8): " + 500 * "x"
    paused = Facts(status="paused")
    assert "%), paused, waiting to store: " in progress_text(paused, Pace(), "waiting to store: x")
    assert len(progress_text(Facts(), Pace(), long)) == 222


def test_ended_job_html() -> None:
    """A job that has ended shows why records failed, the most frequent causes first."""
    job = Facts(status="completed", executions_done=200, records_generated=191, records_failed=9)
    causes = [("bad <json>", 4), ("b", 3), ("c", 1), ("d", 1)]
    shown = parse(job_html(job, Pace(elapsed=60), causes=causes))
    assert shown.text == (
        "Job 3 qa completed200/200 (100 %) · in 1:00 min · 9 failed"
        "Failed4 xbad <json>3 xb1 xcand 1 other cause"
    )


@pytest.mark.parametrize(
    ("status", "failed", "tag"),
    [
        ("completed", 0, "dgf-tag dgf-good"),
        ("completed", 1, "dgf-tag dgf-bad"),
        ("interrupted", 0, "dgf-tag dgf-bad"),
        ("cancelled", 0, "dgf-tag"),
    ],
)
def test_job_colours(status: str, failed: int, tag: str) -> None:
    """What went well is green, what did not is red."""
    html = job_html(Facts(status=status, records_failed=failed), Pace(elapsed=1))
    assert f'<span class="{tag}">{status}</span>' in html


def test_failed_job_html() -> None:
    """A job that failed as a whole says why."""
    html = job_html(Facts(status="failed", error={"error": "disk <full>"}), Pace(elapsed=1))
    assert '<div class="dgf-bad">disk &lt;full&gt;</div>' in html


@dataclass
class Line:
    """A line of a job's log."""

    message: str
    level: str = "print"
    block_id: str | None = "ask"


def test_log_in_job_html() -> None:
    """The last lines are folded away as text, each cut; without lines only their number is told."""
    lines = [Line(f"line {n}") for n in range(12)]
    lines += [Line("<script>\x1b[31m"), Line("w" * 400, "warning", None)]
    html = job_html(Facts(), Pace(), log=(2_000, lines))
    folded = html[html.index("<details>") :]
    assert folded == (
        '<details><summary class="dgf-soft">2,000 lines in its log: %dgf log 3</summary>'
        '<pre dir="auto">'
        + "".join(f"ask  line {n}\n" for n in range(4, 12))
        + "ask  &lt;script&gt;\\u001b[31m\n-  [warning] "
        + "w" * 287
        + "... 113 more characters</pre></details></div>"
    )
    assert "1 line in its log: %dgf log 3</div></div>" in job_html(Facts(), Pace(), log=(1, ()))
    assert "its log" not in job_html(Facts(), Pace())


def test_speed() -> None:
    """The rate is that of the last ten seconds; at first there is none."""
    speed = Speed()
    assert [speed.at(0, 0), speed.at(0, 0), speed.at(2, 10), speed.at(4, 40)] == [0, 0, 5, 10]
    assert speed.at(13, 40) == 30 / 11
    assert speed.at(30, 40) == 0


BLOCK: dict[str, Any] = {
    "number": 1, "id": "ask", "type": "TextGenerator", "reads": ["topic"], "adds": ["text"],
    "when": None, "disabled": False, "fan_out": False, "problems": [],
}  # fmt: skip


def test_pipeline_html() -> None:
    """A pipeline is its blocks in order, each between what it reads and what it adds."""
    html = pipeline_html("qa", [BLOCK], seed_fields=["topic"])
    assert bare(html) == (
        '<div class="dgf"><div class="dgf-head">qa <span class="dgf-soft">1 block</span></div>'
        '<table class="dgf-flow"><thead><tr><th>reads</th><th>block</th><th>adds</th></tr></thead>'
        "<tbody><tr><td></td>"
        '<td><div class="dgf-box"><b class="dgf-soft">seeds</b></div></td>'
        '<td><span class="dgf-tag">topic</span></td></tr>'
        '<tr><td></td><td class="dgf-down">↓</td><td></td></tr>'
        '<tr><td><span class="dgf-tag">topic</span></td>'
        '<td><div class="dgf-box"><b>1 TextGenerator</b><div class="dgf-soft">ask</div></div></td>'
        '<td><span class="dgf-tag">text</span></td></tr></tbody></table></div>'
    )


def test_pipeline_html_tells_all() -> None:
    """Rules, disabled blocks, fan-out and problems stand beside the blocks they are about."""
    block = {**BLOCK, "when": "a < b", "disabled": True, "fan_out": True, "problems": ["no <x>"]}
    html = pipeline_html(
        "qa", [block], seed_fields=[], description="asks", accept_when="score > 1", problem="bad"
    )
    assert parse(html).text == (
        "qa 1 blockasksreadsblockaddsseeds↓topic1 TextGeneratoraskwhen a < bdisabled"
        "fans out: a branch per itemno <x>text↓accept when score > 1bad"
    )


CALL: dict[str, Any] = {
    "number": 0, "model": "m", "request": {"messages": [{"role": "user", "content": "Hi <b>"}]},
    "answer": "ok & so", "error": None, "tries": [{}],
    "usage": {"input_tokens": 5, "output_tokens": 2},
}  # fmt: skip
STEP: dict[str, Any] = {
    "step": 0, "block_id": "ask", "block_type": "TextGenerator", "branch": "", "input": {"n": 1},
    "output": {"text": "ok & so"}, "accumulated_state": {}, "execution_time": 0.00123,
    "error": None, "calls": [CALL], "skipped": False,
}  # fmt: skip
FAILED = {
    **STEP, "step": 1, "block_id": "Check", "block_type": "Check", "branch": "0", "output": {},
    "error": {"error": "too <short>"},
    "calls": [{**CALL, "answer": None, "error": "timed out", "tries": [{}, {}]}],
}  # fmt: skip
SKIPPED = {**STEP, "calls": [], "output": {}, "skipped": True}


def test_trace_text() -> None:
    """A trace is a line per step, its fields and its calls below."""
    assert trace_text([STEP, FAILED, SKIPPED], title="Trace", seed={"n": 1, "s": ""}) == (
        'Trace\n  seed\n    n = 1\n    s = ""\n'
        "  step 0: TextGenerator (ask), 1.2 ms\n"
        "    text = ok & so\n"
        "    call 0 to m: 5 tokens in, 2 out\n"
        "      user: Hi <b>\n"
        "      answer: ok & so\n"
        "  step 1: Check, 1.2 ms\n"
        "    error: too <short>\n"
        "    call 0 to m: 5 tokens in, 2 out, 2 tries\n"
        "      user: Hi <b>\n"
        "      error: timed out\n"
        "  step 0: TextGenerator (ask), skipped"
    )


def test_trace_html() -> None:
    """The same as HTML; what a block was given is folded."""
    shown = parse(trace_html([STEP, FAILED, SKIPPED], about="model m", seed={"n": 1}))
    assert shown.text == (
        "Trace, 3 steps model mSeedn1"
        "1 TextGenerator (ask) 1.2 mstextok & soCall 1 to m: 5 tokens in, 2 out"
        "userHi <b>answerok & soInput: 1 fieldn1"
        "2 Check  1.2 ms, branch 0 failedtoo <short>Call 1 to m: 5 tokens in, 2 out, 2 tries"
        "userHi <b>errortimed outInput: 1 fieldn1"
        "1 TextGenerator (ask) skippedInput: 1 fieldn1"
    )
    assert trace_html([STEP]).count("<details open") == 1
    assert "<details open" not in trace_html([SKIPPED])


def test_preview_html() -> None:
    """A preview shows the calls unfolded, and what became of each branch."""
    html = preview_html("Preview", [("Branch 0", [STEP])], about="dry", seed={}, problem="no <x>")
    assert parse(html).text.startswith("Preview drySeedno <x>1 TextGenerator")
    assert html.count("<details open") == 2
    two = preview_html("P", [("Branch 0", [STEP]), ("Branch 1", [STEP])], about="", seed={})
    assert parse(two).text.count("Branch ") == 2


def test_many_of_everything() -> None:
    """Of hundreds of steps, calls and branches the first are shown, and how many follow."""
    step = {**SKIPPED, "calls": [CALL] * 30}
    text = parse(trace_html([step] * 150)).text
    assert text.count("... and 10 more calls") == 100
    assert text.endswith("... and 50 more steps")
    branches = [(f"Branch {number}", [STEP]) for number in range(25)]
    assert parse(preview_html("P", branches, about="", seed={})).text.endswith(
        "... and 5 more branches"
    )


def test_numbers_of_a_job_with_no_total() -> None:
    """A job whose seeds are not counted yet has an empty bar."""
    html = job_html(replace(Facts(), total=None), Pace())
    assert '<span style="width:0.0%"></span>' in html
