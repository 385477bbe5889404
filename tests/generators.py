"""What the tests of the generators share: contexts with models, a journal, a scripted server."""

from __future__ import annotations

import asyncio
import contextlib
import json
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from datagenflow_nb.blocks.base import BaseBlock
from datagenflow_nb.blocks.context import BlockContext
from datagenflow_nb.llm.catalog import Models
from datagenflow_nb.records import Call
from datagenflow_nb.settings import Settings


class Calls(list[Call]):
    """A journal that is a list."""

    has_answers = False

    def recall(self, model: str, request: dict[str, Any]) -> Call | None:
        """Nothing was asked before."""
        return None

    def next_number(self) -> int:
        return len(self)

    async def pause(self, seconds: float, model: str, reason: str) -> bool:
        """No job, nothing stops."""
        await asyncio.sleep(seconds)
        return True

    async def ready(self, call: Any) -> None:
        return None

    async def turn(
        self, call: Call, place: asyncio.Future[Any], told: Callable[[], str | None]
    ) -> bool:
        await place
        return True

    def add(self, call: Call) -> None:
        self.append(call)


def offline_context(block: BaseBlock, state: dict[str, Any], calls: Calls) -> BlockContext:
    """A context whose default model is the embedded offline one, whatever the environment says."""
    return _context(block, state, calls, Models(Settings(root=Path())))


@contextlib.contextmanager
def scripted_server(*answers: str) -> Iterator[tuple[str, list[dict[str, Any]]]]:
    """A chat server on loopback that gives these answers in turn: its URL, the bodies it got."""
    left = list(answers)
    bodies: list[dict[str, Any]] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            bodies.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            message = {"role": "assistant", "content": left.pop(0)}
            answer = {
                "id": "1", "object": "chat.completion", "created": 0, "model": "scripted",
                "choices": [{"index": 0, "message": message, "finish_reason": "stop"}],
                "usage": {"prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2},
            }  # fmt: skip
            payload = json.dumps(answer).encode()
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(payload)))
            self.end_headers()
            self.wfile.write(payload)

        def log_message(self, format: str, *args: Any) -> None:
            return None

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}/v1", bodies
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@contextlib.asynccontextmanager
async def server_context(block: BaseBlock, state: dict[str, Any], url: str, calls: Calls) -> Any:
    """A context whose default model ``scripted`` is at ``url``."""
    models = Models(Settings(root=Path(), llm_endpoint=url, llm_model="scripted"))
    try:
        yield _context(block, state, calls, models)
    finally:
        await models.close()


def _context(block: BaseBlock, state: dict[str, Any], calls: Calls, models: Models) -> BlockContext:
    return BlockContext(
        state, block_type=type(block).__name__, config=block.config, models=models, journal=calls
    )
