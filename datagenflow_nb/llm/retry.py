"""Tries and waits of one call: repeated only for what can succeed, and not for ever."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable
from time import perf_counter
from typing import Any

from ..errors import Stopped
from .base import EndpointError, ModelConfig

__all__ = ["MAX_RETRY_AFTER", "ask_with_tries", "wait_before"]

#: Longest wait a server may ask for, in seconds.
MAX_RETRY_AFTER = 60.0
_FIRST_WAIT = 0.5
_LONGEST_WAIT = 20.0
#: Tries for somebody who waits, at an endpoint where nobody is.
_AWAITED_TRIES = 2


def wait_before(number: int, error: EndpointError, chance: float) -> float:
    """Seconds to wait before try ``number`` (2, 3, ...).

    The server's ``Retry-After`` when it gave one (60 s at most), else exponential with full jitter
    on the upper half, so that many workers do not come back at the same moment.

    Parameters
    ----------
    chance : float
        A random number in [0, 1).
    """
    longest = min(_LONGEST_WAIT, _FIRST_WAIT * 2.0 ** min(number - 2, 30))
    wait = longest * (0.5 + chance / 2)
    if error.retry_after is not None:
        return min(MAX_RETRY_AFTER, error.retry_after) + 0.1 * wait
    return wait


async def wait(seconds: float, model: str, reason: str) -> bool:
    """Sleep; True: go on. What waits between tries when no job can be stopped meanwhile."""
    await asyncio.sleep(seconds)
    return True


async def ask_with_tries(
    ask: Callable[[], Awaitable[dict[str, Any]]],
    config: ModelConfig,
    tries: list[dict[str, Any]],
    pause: Callable[[float, str, str], Awaitable[bool]] = wait,
    *,
    is_awaited: bool = False,
) -> dict[str, Any]:
    """The answer of the first try that succeeds; every try is noted in ``tries``.

    Parameters
    ----------
    pause : callable
        Waits some seconds before the next try, given the model's name and what to tell people
        meanwhile; False, at once, when there shall be none.
    is_awaited : bool
        Somebody sits and waits: where nobody is at the endpoint, two tries have to do. A job has
        the patience to outlast a server's restart.

    Raises
    ------
    EndpointError
        The last try's error: at once when it cannot succeed (400, 401, 403, 404), else after
        ``config.max_tries`` tries or when the next one would start after ``config.max_wait`` s.
    Stopped
        When ``pause`` says that there shall be no other try.
    """
    started = perf_counter()
    while True:
        begun = perf_counter()
        try:
            # The client's own timeouts are per socket operation; a server that sends a byte now
            # and then would hold a worker for ever.
            async with asyncio.timeout(config.timeout):
                answer = await ask()
        except TimeoutError:
            error = EndpointError("timeout", f"no answer within {config.timeout:g} s")
        except EndpointError as failure:
            error = failure
        except asyncio.CancelledError:
            tries.append({"latency": perf_counter() - begun, "status": None, "error": "cancelled"})
            raise
        else:
            tries.append({"latency": perf_counter() - begun, "status": 200, "error": None})
            return answer
        tries.append(
            {"latency": perf_counter() - begun, "status": error.status, "error": error.message}
        )
        number = len(tries) + 1
        most = config.max_tries
        if is_awaited and error.is_absent:
            most = min(most, _AWAITED_TRIES)
        if not error.is_retryable or number > most:
            raise error
        seconds = wait_before(number, error, random.random())
        if perf_counter() - started + seconds > config.max_wait:
            raise error
        reason = f"waiting to try again ({number} of {most}): {error.message}"
        if not await pause(seconds, config.name, reason):
            raise Stopped(f"{error.message}; stopped before the next try")
