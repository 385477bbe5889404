"""Tries and waits of one call: repeated only for what can succeed, and not for ever."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable
from time import perf_counter
from typing import Any

from ..errors import Stopped
from .base import EndpointError, ModelConfig
from .pace import LONGEST_PAUSE
from .turns import Turns

__all__ = ["ask_with_tries", "wait_before"]

_FIRST_WAIT = 0.5
_LONGEST_WAIT = 20.0
#: Tries at an endpoint where nobody is: for somebody who waits, and where nobody has ever been.
_AWAITED_TRIES = 2
_TRIES_IN_THE_DARK = 4


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
        return min(LONGEST_PAUSE, error.retry_after) + 0.1 * wait
    return wait


async def ask_with_tries(
    ask: Callable[[], Awaitable[dict[str, Any]]],
    config: ModelConfig,
    tries: list[dict[str, Any]],
    turns: Turns,
    *,
    is_awaited: bool = False,
) -> dict[str, Any]:
    """The answer of the first try that succeeds; every try is noted in ``tries``.

    Parameters
    ----------
    turns : Turns
        Says when each try may be made.
    is_awaited : bool
        Somebody sits and waits: where nobody is at the endpoint, two tries have to do. A job has
        the patience to outlast a server's restart, four tries where no server has ever answered.

    Raises
    ------
    EndpointError
        The last try's error: at once when it cannot succeed (400, 401, 403, 404), else after
        ``config.max_tries`` tries or when the next one would start after ``config.max_wait`` s.
        What is only a matter of too many calls at once counts for neither.
    Stopped
        When no other try may be made.
    """
    spent = 0.0  # seconds that count, which those spent in the queue do not
    number = 1
    await turns.first()
    while True:
        begun = perf_counter()
        error = await _try(ask, config, tries, turns)
        if not isinstance(error, EndpointError):
            return error
        if turns.failed(error):
            number += 1
        most = config.max_tries
        if error.is_absent and (is_awaited or not turns.has_answered):
            most = min(most, _AWAITED_TRIES if is_awaited else _TRIES_IN_THE_DARK)
        if not error.is_retryable or number > most:
            raise error
        reason = f"waiting to try again ({number} of {most}): {error.message}"
        try:
            if error.kind == "rate_limit" and turns.has_gate:
                await turns.again(error, reason)
            else:
                seconds = wait_before(number, error, random.random())
                spent += perf_counter() - begun + seconds
                if spent > config.max_wait:
                    raise error
                await turns.after(seconds, reason)
        except Stopped as stopped:
            raise Stopped(f"{error.message}; stopped before the next try") from stopped


async def _try(
    ask: Callable[[], Awaitable[dict[str, Any]]],
    config: ModelConfig,
    tries: list[dict[str, Any]],
    turns: Turns,
) -> dict[str, Any] | EndpointError:
    """One try, noted."""
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
        turns.dropped()
        raise
    except BaseException:
        turns.dropped()
        raise
    else:
        tries.append({"latency": perf_counter() - begun, "status": 200, "error": None})
        turns.answered(answer)
        return answer
    tries.append(
        {"latency": perf_counter() - begun, "status": error.status, "error": error.message}
    )
    return error
