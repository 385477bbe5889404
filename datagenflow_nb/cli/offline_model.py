"""``dgf offline-model``: the embedded model over HTTP, with faults on demand."""

from __future__ import annotations

from typing import Any

import click

from .command import Command

__all__ = ["offline_model"]

_SHARE = click.FloatRange(0, 1)
_SECONDS = click.FloatRange(0)


@click.command(cls=Command, name="offline-model")
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option(
    "--port", type=click.IntRange(0, 65535), default=8000, show_default=True,
    help="Port; 0: a free one.",
)  # fmt: skip
@click.option("--latency", type=_SECONDS, default=0.0, help="Seconds before each answer.")
@click.option(
    "--latency-sigma", type=_SECONDS, default=0.0,
    help="Spread of the latency: standard deviation of its logarithm, the latency its median.",
)  # fmt: skip
@click.option("--rate-429", type=_SHARE, default=0.0, help="Share answered with 429.")
@click.option("--rate-500", type=_SHARE, default=0.0, help="Share answered with 500.")
@click.option("--rate-reset", type=_SHARE, default=0.0, help="Share with a connection reset.")
@click.option("--rate-hang", type=_SHARE, default=0.0, help="Share left without an answer.")
@click.option("--hang", type=_SECONDS, default=600.0, help="Seconds those hang.")
@click.option("--rate-invalid-json", type=_SHARE, default=0.0, help="Share of JSON cut off.")
@click.option(
    "--rate-truncated", type=_SHARE, default=0.0, help="Share cut off, finish_reason length."
)
@click.option("--retry-after", type=_SECONDS, help="Seconds in the Retry-After header of a 429.")
@click.option(
    "--unsupported-format", "unsupported_formats", multiple=True,
    type=click.Choice(["json_schema", "json_object", "text"]),
    help="A response_format answered with 400, as older servers do; may be repeated.",
)  # fmt: skip
@click.option(
    "--max-concurrent", type=click.IntRange(1), help="Requests at once beyond which there is a 429."
)
@click.option(
    "--capacity", type=click.IntRange(1), help="Requests worked on at once; the others wait."
)
@click.option(
    "--knee", type=click.IntRange(1),
    help="Requests at once beyond which each takes longer and less gets done in all.",
)  # fmt: skip
@click.option("--api-key", metavar="KEY", help="The only key accepted. Default: any, or none.")
@click.option(
    "--random-seed", "seed", type=int, default=0, help="Another number draws other faults."
)
def offline_model(host: str, port: int, **faults: Any) -> None:
    """Serve the embedded offline model over HTTP, OpenAI-compatible, until Ctrl-C.

    It is no language model: it picks sentences and keywords out of the prompt, always the same for
    the same request. Rates are shares of requests from 0 to 1, drawn the same way in every run.

    \b
    To use it from another terminal:
    LLM_ENDPOINT=http://127.0.0.1:8000/v1 LLM_MODEL=offline dgf run PIPELINE SEEDS
    """
    from ..llm.offline_server import Faults, serve

    faults["unsupported_formats"] = frozenset(faults["unsupported_formats"])
    serve(host, port, Faults(**faults))
