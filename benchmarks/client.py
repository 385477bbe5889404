"""What one measurement runs, in a process of its own; prints one line of JSON.

``python -m benchmarks.client bare|w1|asks|chunks|w2|import|first FOLDER COUNT CONCURRENCY URL``
"""

from __future__ import annotations

import asyncio
import json
import os
import resource
import sqlite3
import sys
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from . import workload

_BEGUN = time.perf_counter()


def _cpu() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def _bare(folder: Path, count: int, concurrency: int, url: str) -> dict[str, Any]:
    """The two calls of W1 by hand: openai's client with aiohttp, templates, a JSONL file."""
    from jinja2.sandbox import SandboxedEnvironment
    from openai import AsyncOpenAI, DefaultAioHttpClient

    environment = SandboxedEnvironment()
    first = environment.from_string(workload.PROMPT_TEXT)
    second = environment.from_string(workload.PROMPT_ITEM)
    wanted: Any = {
        "type": "json_schema",
        "json_schema": {"name": "answer", "schema": workload.SCHEMA, "strict": True},
    }

    async def one(client: AsyncOpenAI, number: int, out: Any) -> None:
        fields = workload.seed(number)
        text = await client.chat.completions.create(
            model="mock", messages=[{"role": "user", "content": first.render(fields)}]
        )
        fields["assistant"] = text.choices[0].message.content or ""
        item = await client.chat.completions.create(
            model="mock",
            messages=[{"role": "user", "content": second.render(fields)}],
            response_format=wanted,
        )
        found = json.loads(item.choices[0].message.content or "")
        assert found["question"] and found["answer"]
        out.write(json.dumps({**fields, "item": found}) + "\n")

    async def main() -> float:
        numbers = iter(range(count))
        http = DefaultAioHttpClient()
        async with AsyncOpenAI(
            base_url=url, api_key="x", max_retries=0, http_client=http
        ) as client:
            with (folder / "bare.jsonl").open("w") as out:

                async def worker() -> None:
                    for number in numbers:
                        await one(client, number, out)

                await asyncio.gather(*(worker() for _ in range(concurrency)))
                return time.perf_counter() - _BEGUN

    return {"records": count, "run_s": asyncio.run(main())}


def _ours(
    pipeline: Callable[[], dict[str, Any]],
) -> Callable[[Path, int, int, str], dict[str, Any]]:
    def measure(folder: Path, count: int, concurrency: int, url: str) -> dict[str, Any]:
        os.chdir(folder)
        if url:
            os.environ |= {"LLM_ENDPOINT": url, "LLM_MODEL": "mock"}
        import datagenflow_nb as dgf

        ready = dgf.workspace(folder / "bench.db")
        job = ready.run(pipeline(), folder / "seeds.jsonl", concurrency=concurrency, wait=True)
        run_s = time.perf_counter() - _BEGUN
        records = job.records_generated
        ready.close()
        return {"records": records, "run_s": run_s}

    return measure


def _asks(folder: Path, count: int, concurrency: int, url: str) -> dict[str, Any]:
    """Seconds of a job that asks the offline server once for each seed."""
    os.chdir(folder)
    os.environ |= {"LLM_ENDPOINT": url, "LLM_MODEL": "offline"}
    import datagenflow_nb as dgf

    ready = dgf.workspace(folder / "bench.db")
    begun = time.perf_counter()
    job = ready.run(
        workload.ask_pipeline(), folder / "seeds.jsonl", concurrency=concurrency, wait=True
    )
    return {"records": job.records_generated, "run_s": time.perf_counter() - begun}


def _import(folder: Path, count: int, concurrency: int, url: str) -> dict[str, Any]:
    begun = _cpu()
    import datagenflow_nb  # noqa: F401 - importing it is what is measured

    return {"records": 0, "run_s": _cpu() - begun}


def _first(folder: Path, count: int, concurrency: int, url: str) -> dict[str, Any]:
    """Seconds from the start of the process to the first record another process can read."""
    os.chdir(folder)
    os.environ |= {"LLM_ENDPOINT": url, "LLM_MODEL": "mock"}
    import datagenflow_nb as dgf

    ready = dgf.workspace(folder / "bench.db")
    job = ready.run(workload.text_pipeline(), folder / "seeds.jsonl", concurrency=concurrency)
    reader = sqlite3.connect(folder / "bench.db")
    while not reader.execute("SELECT 1 FROM records LIMIT 1").fetchone():
        time.sleep(0.005)
    first = time.perf_counter() - _BEGUN
    job.wait()
    return {"records": job.records_generated, "run_s": first}


_KINDS: dict[str, Callable[[Path, int, int, str], dict[str, Any]]] = {
    "bare": _bare,
    "w1": _ours(workload.text_pipeline),
    "asks": _asks,
    "chunks": _ours(workload.chunks_pipeline),
    "w2": _ours(workload.templates_pipeline),
    "import": _import,
    "first": _first,
}


def main(arguments: Iterable[str]) -> None:
    """Run one measurement."""
    kind, folder, count, concurrency, url = arguments
    found = _KINDS[kind](Path(folder), int(count), int(concurrency), url)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps({**found, "cpu_s": _cpu(), "peak_mb": peak}))


if __name__ == "__main__":
    main(sys.argv[1:])
