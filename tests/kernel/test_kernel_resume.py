"""A kernel that is restarted while its job runs: ``%dgf resume`` finishes the job."""

from __future__ import annotations

from pathlib import Path

from holding import THREE_CALLS, answered, assert_whole, hear_out, stored_prompts
from kernel.kernels import Kernel
from servers import offline_server

import datagenflow_nb as dgf

SEEDS = 150
CONCURRENCY = 16
START = f"""
import datagenflow_nb as dgf
seeds = ({{"n": n}} for n in range({SEEDS}))
dgf.run({THREE_CALLS!r}, seeds, concurrency={CONCURRENCY})
"""


def test_restarts(tmp_path: Path) -> None:
    """Killed, then ended by its own means: what is stored is not asked again."""
    store = tmp_path / "datagenflow.db"

    def until_answered(kernel: Kernel, more: int) -> None:
        count = answered(store) + more
        kernel.until(lambda: answered(store) >= count)

    with offline_server(latency=0.1) as server:
        env = {"LLM_ENDPOINT": server.url, "LLM_MODEL": "small"}
        with Kernel.started(tmp_path, env) as kernel:
            assert kernel.run("%load_ext datagenflow_nb").error is None
            assert kernel.run(START).error is None
            until_answered(kernel, 100)
            kernel.restart()
            first = hear_out(server)
            kept = stored_prompts(store)
            assert len(set(first) - kept) <= CONCURRENCY

            assert kernel.run("%load_ext datagenflow_nb").error is None
            assert kernel.run("%dgf resume 1").error is None
            until_answered(kernel, 100)
            kernel.restart(now=False)
            second = hear_out(server)
            assert kept.isdisjoint(second)
            kept = stored_prompts(store)
            assert len(set(first + second) - kept) <= CONCURRENCY

            assert kernel.run("%load_ext datagenflow_nb").error is None
            cell = kernel.run("%dgf resume 1 --wait")
            assert cell.error is None
        third = hear_out(server)
        assert kept.isdisjoint(third)
        assert len(first + second + third) == 3 * SEEDS
    ws = dgf.workspace(store)
    assert_whole(ws, ws.job(1), SEEDS)
