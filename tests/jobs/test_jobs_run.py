"""Starting a job: every kind of seeds, every option, and what is refused before it starts."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from running import ASK, ECHO, ask, finish, row_counts, wait_until
from servers import OfflineServer

import datagenflow_nb as dgf
from datagenflow_nb import runtime
from datagenflow_nb.jobs import Job

NUMBERS = [{"n": 1}, {"n": 2}, {"n": 3}]


def outputs(job: Job) -> list[Any]:
    """The records' outputs in order of their seeds."""
    frame = job.records().sort_values(["seed_index", "repetition"])
    return list(frame["output"])


def write(name: str, text: str) -> Path:
    """A file in the test's folder."""
    path = Path(name)
    path.write_text(text, encoding="utf-8")
    return path


def generate() -> Iterator[dict[str, Any]]:
    """Seeds made one by one."""
    yield from NUMBERS


@pytest.mark.parametrize(
    ("seeds", "expected"),
    [
        (NUMBERS, ["1!", "2!", "3!"]),
        ({"n": 1}, ["1!"]),
        ({"metadata": {"n": 5}, "repetitions": 2}, ["5!", "5!"]),
        ([{"n": 1, "repetitions": 3}], ["1!", "1!", "1!"]),
        (({"n": number} for number in (7, 8)), ["7!", "8!"]),
        (pd.DataFrame({"n": [4, 5], "repetitions": [2, 1]}), ["4!", "4!", "5!"]),
    ],
    ids=["list", "dict", "seed", "repetitions", "generator", "frame"],
)
def test_seeds_from_memory(ws: dgf.Workspace, seeds: Any, expected: list[str]) -> None:
    """A list, a dictionary, an iterable and a DataFrame give a record per execution."""
    job = finish(dgf.run(ECHO, seeds))
    assert outputs(job) == expected
    assert (job.total, job.executions_done) == (len(expected), len(expected))
    assert (job.records_generated, job.records_failed, job.records_filtered) == (
        len(expected), 0, 0,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("name", "text", "expected"),
    [
        ("s.json", '[{"n": 1}, {"n": 2}]', ["1!", "2!"]),
        ("s.jsonl", '{"n": 1}\n{"metadata": {"n": 2}, "repetitions": 2}\n', ["1!", "2!", "2!"]),
        ("s.yaml", "- n: 1\n- n: 2\n", ["1!", "2!"]),
        ("s.csv", "n,repetitions\n1,2\nx,1\n", ["1!", "1!", "x!"]),
    ],
)
def test_seeds_from_files(ws: dgf.Workspace, name: str, text: str, expected: list[str]) -> None:
    """Paths as text and as Path."""
    path = write(name, text)
    assert outputs(finish(dgf.run(ECHO, name))) == expected
    assert outputs(finish(dgf.run(ECHO, path.resolve()))) == expected


def test_seeds_from_parquet_documents_and_folders(ws: dgf.Workspace) -> None:
    """Parquet rows; .md and .txt files as one seed each, alone and in a folder."""
    pd.DataFrame({"n": ["a", "b"]}).to_parquet("s.parquet")
    assert outputs(finish(dgf.run(ECHO, "s.parquet"))) == ["a!", "b!"]
    pipeline = {
        "name": "read",
        "blocks": [
            {"type": "Output", "config": {"template": "{{ file_name }}: {{ file_content }}"}}
        ],
    }
    Path("notes").mkdir()
    write("notes/a.md", "# Tea")
    write("notes/b.txt", "Coffee")
    assert outputs(finish(dgf.run(pipeline, "notes/a.md"))) == ["a.md: # Tea"]
    assert outputs(finish(dgf.run(pipeline, "notes"))) == ["a.md: # Tea", "b.txt: Coffee"]


def test_seeds_of_another_job(ws: dgf.Workspace) -> None:
    """``"job:1"`` runs from the stored seeds, repetitions included."""
    finish(dgf.run(ECHO, [{"n": 1}, {"n": 2, "repetitions": 2}]))
    again = finish(dgf.run(ECHO, "job:1"))
    assert (again.id, again.total) == (2, 3)
    assert outputs(again) == ["1!", "2!", "2!"]


@pytest.mark.parametrize(
    ("seeds", "message"),
    [
        ("job:9", r"there is no job 9 in store.db; there are: 1$"),
        ("job:x", r"seeds 'job:x': expected the number of a job, such as 'job:3'"),
        ("job:²", r"seeds 'job:²': expected the number of a job, such as 'job:3'"),
    ],
)
def test_seeds_of_no_job(ws: dgf.Workspace, seeds: str, message: str) -> None:
    """A job that is not there, or no number: an error and no new job."""
    finish(dgf.run(ECHO, {"n": 1}))
    with pytest.raises(dgf.DataGenFlowError, match=message):
        dgf.run(ECHO, seeds)
    assert [job.id for job in ws.jobs()] == [1]


def test_pipeline_as_object_name_number_and_file(ws: dgf.Workspace) -> None:
    """Everything that names a pipeline; a saved one is noted with its version."""
    pipe = dgf.Pipeline.from_dict(ECHO)
    saved = ws.save_pipeline(pipe)
    Path("echo.yaml").write_text(pipe.to_yaml(), encoding="utf-8")
    for source in (pipe, "echo", saved.id, "echo.yaml", Path("echo.yaml"), pipe.to_yaml()):
        assert outputs(finish(dgf.run(source, {"n": 1}))) == ["1!"]
    versions = [(job.row.pipeline_id, job.row.pipeline_version) for job in ws.jobs()]
    assert versions == [(None, None), (1, 1), (1, 1), (None, None), (None, None), (None, None)]


def test_wait_true_returns_an_ended_job(ws: dgf.Workspace) -> None:
    """``wait=True`` gives the job when all is stored."""
    job = dgf.run(ECHO, NUMBERS, wait=True)
    assert job.row.status == "completed"
    assert repr(job) == "Job(1: 'echo' completed, 3 records)"


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"concurency": 3}, r"run option 'concurency' is unknown; did you mean 'concurrency'\?"),
        ({"concurrency": 0}, r"concurrency is 0, expected a whole number from 1 to 4096"),
        ({"concurrency": True}, r"concurrency is True, expected"),
        ({"concurrency": "8"}, r"concurrency is '8', expected"),
        ({"concurrency": 2.0}, r"concurrency is 2.0, expected"),
        ({"concurrency": 4097}, r"concurrency is 4097, expected"),
        ({"random_seed": -1}, r"random_seed is -1, expected a whole number from 0 to 2\*\*63-1"),
        ({"random_seed": "1"}, r"random_seed is '1', expected"),
        ({"random_seed": 2**63}, r"random_seed is 9223372036854775808, expected"),
        ({"model": 3}, r"model is 3, expected the name of a model"),
        ({"model": "typo"}, r"model 'typo' is not configured and LLM_ENDPOINT is not set"),
    ],
)
def test_options_are_checked_first(
    ws: dgf.Workspace, options: dict[str, Any], message: str
) -> None:
    """A wrong option is a ConfigError; nothing is stored."""
    with pytest.raises(dgf.ConfigError, match=f"^{message}"):
        dgf.run(ECHO, NUMBERS, **options)
    assert row_counts(ws) == {}


def test_options_are_kept(ws: dgf.Workspace) -> None:
    """What the job was told stands in its row."""
    job = finish(dgf.run(ECHO, NUMBERS, concurrency=2, random_seed=0))
    assert job.random_seed == 0
    options = dict(job.row.options)
    identity = options.pop("identity")
    assert (identity["models"], identity["default"], identity["code"]) == ({}, None, {})
    assert options == {
        "concurrency": 2, "model": None, "models": [], "stop_early": True,
    }  # fmt: skip


def test_offline_says_so(ws: dgf.Workspace) -> None:
    """Without any model configured the embedded one answers, and job and records say it."""
    job = finish(dgf.run(ASK, NUMBERS))
    assert repr(job) == "Job(1: 'ask' completed, 3 records, model offline)"
    assert job.row.options["models"] == ["offline"]
    assert list(job.records()["model"]) == ["offline"] * 3


def test_equal_prompts_are_calls_of_their_own(ws: dgf.Workspace, server: OfflineServer) -> None:
    """100 seeds with the very same prompt: 100 requests, 100 answers, 100 records."""
    job = finish(dgf.run(ask("Name one tea."), [{"n": 1}] * 100, model="m"))
    assert (server.log()["requests"], server.log()["distinct_prompts"]) == (100, 1)
    assert (job.usage["calls"], job.records_generated) == (100, 100)
    assert row_counts(ws) == {
        "jobs": 1, "seeds": 100, "executions": 100, "steps": 100, "calls": 100, "records": 100,
    }  # fmt: skip


def test_counts_and_usage_are_sums(ws: dgf.Workspace, server: OfflineServer) -> None:
    """The row's counts are those of the records, its usage the sum over the calls."""
    ws.add_model("priced", endpoint=server.url, model="offline", input_price=1.0, output_price=2.0)
    failing = {"type": "Output", "config": {"template": "{{ 10 // n }}"}}
    job = finish(
        dgf.run(ask("Say: {{ n }}", failing), [{"n": n % 5} for n in range(20)], model="priced")
    )
    assert ws.record_counts() == {"pending": 16, "failed": 4}
    assert (job.records_generated, job.records_failed, job.executions_done) == (16, 4, 20)
    calls = [call for record in job.records()["id"] for call in _calls(job, record)]
    names = ("input_tokens", "output_tokens", "calls", "cost")
    usage = {name: sum(call["usage"][name] for call in calls) for name in names}
    assert usage["cost"] > 0
    expected = {**usage, "cost": pytest.approx(usage["cost"])}
    assert job.usage == {
        **expected, "blocks": {"text_generator": expected}, "models": {"priced": expected},
    }  # fmt: skip
    assert job.usage["calls"] == 20


def _calls(job: Job, record_id: int) -> list[dict[str, Any]]:
    return [call for step in job.trace(record_id) for call in step["calls"]]


def test_embeddings_and_refusals_are_in_the_usage(ws: dgf.Workspace, server: OfflineServer) -> None:
    """An answer without text costs as well."""

    @dgf.block(outputs=["size"])
    async def embed(n, ctx):  # type: ignore[no-untyped-def]  # as users write them
        return {"size": len((await ctx.llm("m").embed([str(n)]))[0])}

    job = finish(dgf.run(dgf.Pipeline("embed", [embed]), NUMBERS))
    assert job.usage["calls"] == 3
    assert job.usage["input_tokens"] == 3


def test_missing_seed_field_is_told_before_any_request(
    ws: dgf.Workspace, server: OfflineServer
) -> None:
    """A field nobody provides: SeedError naming who needs it; no request, no row."""
    pipeline = ask(
        "{{ n }}", {"type": "Output", "config": {"template": "{{ topic }} {{ assistant }}"}}
    )
    with pytest.raises(
        dgf.SeedError,
        match=r"^seed 0: no field 'topic', which block 'output' \(Output\), config 'template'",
    ):
        dgf.run(pipeline, NUMBERS, model="m")
    assert server.log()["requests"] == 0
    assert row_counts(ws) == {}


@pytest.mark.parametrize(
    ("late", "told"),
    [
        (
            {"type": "TextGenerator", "id": "late"},
            "'user' or 'text', which block 'late' (TextGenerator), without config 'user_prompt' ",
        ),
        (
            {"type": "Validator", "id": "late"},
            "'text' or 'assistant', which block 'late' (Validator), inputs ",
        ),
    ],
)
def test_alternatives_nobody_provides_are_told_before_any_request(
    ws: dgf.Workspace, server: OfflineServer, late: dict[str, Any], told: str
) -> None:
    """An earlier block's calls are not made for records that would all fail."""

    @dgf.block(outputs=["idea"])
    async def think(n, ctx):  # type: ignore[no-untyped-def]  # as users write them
        return {"idea": (await ctx.llm("m").chat(f"{n}")).text}

    with pytest.raises(dgf.SeedError) as caught:
        dgf.run(dgf.Pipeline("p", [think, late]), NUMBERS, model="m")
    assert caught.value.message == f"seed 0: no field {told}needs; the seed has 'n'"
    assert server.log()["requests"] == 0
    assert row_counts(ws) == {}


def test_refused_starts_take_no_number(ws: dgf.Workspace) -> None:
    """After mistakes that the first seed shows the first job is job 1."""
    for seeds in ([], [{"m": 1}], ["tea"], "nowhere.jsonl", "job:7"):
        with pytest.raises(dgf.DataGenFlowError):
            dgf.run(ECHO, seeds)
    assert finish(dgf.run(ECHO, (seed for seed in [{"n": 1}, {"n": 2}]))).id == 1
    assert ws.job(1).total == 2


@pytest.mark.parametrize("line", [5_000, 10_500])
def test_bad_seed_far_down(ws: dgf.Workspace, line: int) -> None:
    """A bad line after thousands of good ones: SeedError with its number, nothing stays stored."""
    with Path("seeds.jsonl").open("w", encoding="utf-8") as file:
        for number in range(1, 11_001):
            file.write('{"n": oops}\n' if number == line else '{"n": 1}\n')
    with pytest.raises(dgf.SeedError, match=rf"^seeds.jsonl:{line}: "):
        dgf.run(ECHO, "seeds.jsonl")
    assert row_counts(ws) == {}


def test_generator_that_fails(ws: dgf.Workspace) -> None:
    """SeedError that says how far it came, with its own error as cause; nothing stays stored."""

    def broken() -> Iterator[dict[str, Any]]:
        yield {"n": 1}
        raise OSError("the disk is gone")

    with pytest.raises(dgf.SeedError, match=r"^seed 1: .* raised OSError: the disk is gone$"):
        dgf.run(ECHO, broken())
    assert row_counts(ws) == {}


@pytest.mark.parametrize("seeds", [[], iter(()), pd.DataFrame({"n": []})])
def test_no_seeds(ws: dgf.Workspace, seeds: Any) -> None:
    """A job needs at least one."""
    with pytest.raises(dgf.SeedError, match="at least one"):
        dgf.run(ECHO, seeds)
    assert row_counts(ws) == {}


def test_model_that_nobody_configured(ws: dgf.Workspace, server: OfflineServer) -> None:
    """ConfigError before anything, with the names there are."""
    with pytest.raises(
        dgf.ConfigError, match=r"model 'mm' is not configured and LLM_ENDPOINT is not set.*'m'"
    ):
        dgf.run(ask("{{ n }}", model="mm"), NUMBERS)
    assert row_counts(ws) == {}


def test_named_beside_unnamed_models(ws: dgf.Workspace, server: OfflineServer) -> None:
    """One block names a model, another would fall to the offline one: an error, unless chosen."""
    second = {"type": "TextGenerator", "config": {"user_prompt": "Shorter: {{ assistant }}"}}
    pipeline = ask("{{ n }}", second, model="m")
    with pytest.raises(dgf.ConfigError, match="a block names the model 'm', another names none"):
        dgf.run(pipeline, NUMBERS)
    assert row_counts(ws) == {}
    assert server.log()["requests"] == 0
    job = finish(dgf.run(pipeline, NUMBERS, model="m"))
    assert (server.log()["requests"], job.usage["calls"]) == (6, 6)


def test_unknown_block_type(ws: dgf.Workspace) -> None:
    """BlockNotFoundError with the nearest names; nothing is stored."""
    with pytest.raises(dgf.BlockNotFoundError, match="did you mean 'Output'"):
        dgf.run({"name": "x", "blocks": [{"type": "Outptu"}]}, NUMBERS)
    assert row_counts(ws) == {}


def test_random_values_follow_the_random_seed(ws: dgf.Workspace) -> None:
    """Equal in two jobs with one random_seed at any concurrency, and different without."""

    @dgf.block(outputs=["draw"])
    async def draw(n, ctx):  # type: ignore[no-untyped-def]  # as users write them
        return {"draw": ctx.random.random()}

    pipeline = dgf.Pipeline("draw", [draw])

    def draws(**options: Any) -> list[float]:
        frame = finish(dgf.run(pipeline, [{"n": 1, "repetitions": 2}] * 20, **options)).records()
        return list(frame.sort_values(["seed_index", "repetition"])["draw"])

    first = draws(random_seed=7, concurrency=1)
    assert draws(random_seed=7, concurrency=32) == first
    assert len(set(first)) == 40
    assert draws() != first
    assert draws() != draws()


def test_wait_with_timeout(ws: dgf.Workspace, server: OfflineServer) -> None:
    """TimeoutError when time is up; the job goes on and completes."""
    server.reset(latency=0.5)
    job = dgf.run(ask("{{ n }}"), NUMBERS, model="m")
    with pytest.raises(TimeoutError, match=r"^job 1 is still running after 0.1 s; it goes on$"):
        job.wait(0.1)
    with pytest.raises(TimeoutError):
        job.wait(0)
    assert finish(job).records_generated == 3


def test_wait_on_the_loop_thread(ws: dgf.Workspace) -> None:
    """An error instead of waiting for ever."""
    job = dgf.run(ECHO, NUMBERS)

    async def wait() -> None:
        job.wait()

    with pytest.raises(dgf.JobError, match="loop thread, where it would never return"):
        runtime.run(wait())
    finish(job)


def test_executions_are_taken_lazily(ws: dgf.Workspace) -> None:
    """A seed with a million repetitions starts at once and can be cancelled."""
    job = dgf.run(ECHO, {"n": 1, "repetitions": 1_000_000})
    wait_until(lambda: job.executions_done, "a first execution")
    finish(job.cancel(), "cancelled")
    assert job.total == 1_000_000
    assert job.executions_done == sum(ws.record_counts().values()) < 1_000_000


def test_long_strings_in_saved_pipelines(ws: dgf.Workspace) -> None:
    """What JSON can hold and YAML cannot survives being saved."""
    template = "\x7f\x85\ufeff\u2028 {{ n }} \\ 'yes' \U0001f600"
    pipeline = {"name": "odd", "blocks": [{"type": "Output", "config": {"template": template}}]}
    ws.save_pipeline(dgf.Pipeline.from_dict(pipeline))
    assert outputs(finish(dgf.run("odd", {"n": 1}))) == [template.replace("{{ n }}", "1")]
    assert json.loads(ws.job(1).row.definition) == pipeline


def test_missing_field_of_the_accept_rule(ws: dgf.Workspace, server: OfflineServer) -> None:
    """A rule over a field that nobody provides is told before any request, too."""
    with pytest.raises(dgf.SeedError, match=r"no field 'scroe'.*accept_when"):
        dgf.run({**ask("{{ n }}"), "accept_when": "scroe > 1"}, NUMBERS, model="m")
    assert server.log()["requests"] == 0
    assert row_counts(ws) == {}
