"""The calls of a trial: answered ones are not made again, and none is made once it is stopped."""

from __future__ import annotations

import asyncio
from collections import OrderedDict, defaultdict, deque
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from . import runtime
from .engine import Branch
from .errors import Stopped
from .records import Call, encode

__all__ = ["TrialAnswers", "TrialSink", "TrialStop"]

#: Blocks, on one seed each, whose answers are kept.
_KEPT = 500


class TrialStop:
    """Ends one trial, from any thread.

    Parameters
    ----------
    is_wanted : callable
        Whether the step of that key still is; asked before each block and each call.

    Attributes
    ----------
    reason : str or None
        Why it ended early.
    """

    def __init__(self, is_wanted: Callable[[str], bool] = lambda key: True) -> None:
        self.reason: str | None = None
        self._is_wanted = is_wanted
        self._stopping = asyncio.Event()
        self._task: asyncio.Task[Any] | None = None
        self._is_asked = False
        self._is_cancelled = False

    def stop(self) -> None:
        """Make no further call; those in flight come in. Asked again, they are given up."""
        act = self._cancel if self._is_asked else self._stopping.set
        self._is_asked = True
        self.reason = self.reason or "stopped"
        runtime.loop().call_soon_threadsafe(act)

    def _cancel(self) -> None:
        if self._task is not None and not self._is_cancelled:
            self._is_cancelled = True
            self._task.cancel()

    def begin(self) -> None:
        """The task that runs is the trial."""
        self._task = asyncio.current_task()

    def end(self) -> None:
        """It is over."""
        self._task = None

    def take_cancel(self) -> bool:
        """Whether a cancellation was this one's doing; it is over then."""
        if self._is_cancelled and self._task is not None:
            self._task.uncancel()
        return self._is_cancelled

    def goes_on(self, key: str) -> bool:
        """Whether what belongs to the step of that key may begin."""
        if self.reason is None and not self._is_wanted(key):
            self.reason = "the pipeline or the seed was changed meanwhile"
            self._stopping.set()
        return self.reason is None

    async def wait(self) -> None:
        """Returns when it is stopped."""
        await self._stopping.wait()


class TrialAnswers:
    """What blocks were answered, by seed, block, model and request."""

    def __init__(self) -> None:
        self._of: OrderedDict[tuple[str, str], dict[str, list[Call]]] = OrderedDict()

    def kept(self, seed: str, block_id: str) -> dict[str, list[Call]]:
        """Those of a block, as they are now, in the order they came."""
        return {who: list(calls) for who, calls in self._of.get((seed, block_id), {}).items()}

    def add(self, seed: str, who: str, call: Call) -> None:
        """Keep an answer."""
        group = self._of.setdefault((seed, call.block_id), {})
        self._of.move_to_end((seed, call.block_id))
        group.setdefault(who, []).append(call)
        while len(self._of) > _KEPT:
            self._of.popitem(last=False)

    def forget(self, seed: str, who: str, call: Call) -> None:
        """An answer that was of no use: it is asked for again."""
        calls = self._of.get((seed, call.block_id), {}).get(who, [])
        calls[:] = [kept for kept in calls if kept.answer != call.answer]


class TrialSink:
    """The engine's ``Sink`` for one step of a trial."""

    def __init__(
        self,
        answers: TrialAnswers,
        stop: TrialStop,
        identity: Callable[[str], Any],
        seed: str,
        key: str,
    ) -> None:
        self._answers = answers
        self._stop = stop
        self._identity = identity
        self._seed = seed
        self._key = key

    def answers(self, branch: Branch, block_id: str) -> _Recalled:
        """What the block was answered in earlier trials."""
        return _Recalled(self._answers.kept(self._seed, block_id), self._who)

    def call(self, branch: Branch, call: Call) -> None:
        """Keep an answer that can be used; what was not sent, in a dry trial, is none."""
        if call.usage.calls and call.answer is not None and call.error is None:
            self._answers.add(self._seed, self._who(call.model, call.request), call)

    def forget(self, call: Call) -> None:
        """The model is to be asked again, for that answer failed its block."""
        self._answers.forget(self._seed, self._who(call.model, call.request), call)

    async def ready(self, branch: Branch, call: Call) -> None:
        """Returns at once; ``Stopped`` when no call shall be made."""
        if not self._stop.goes_on(self._key):
            raise Stopped

    def give_up(self, call: Call) -> None:
        """Nothing was counted."""

    async def pause(self, branch: Branch, seconds: float, model: str, reason: str) -> bool:
        """Wait before another try; False, at once, when the trial is stopped."""
        try:
            async with asyncio.timeout(seconds):
                await self._stop.wait()
        except TimeoutError:
            return self._stop.goes_on(self._key)
        return False

    async def turn(
        self, branch: Branch, place: asyncio.Future[Any], told: Callable[[], str | None]
    ) -> bool:
        """Wait for a call's turn at its model's gate; ``Stopped`` when the trial is."""
        stopping = asyncio.ensure_future(self._stop.wait())
        try:
            await asyncio.wait((place, stopping), return_when=asyncio.FIRST_COMPLETED)
        finally:
            stopping.cancel()
        if not self._stop.goes_on(self._key):
            raise Stopped
        return True

    def _who(self, model: str, request: dict[str, Any]) -> str:
        return encode([self._identity(model), model, request])


class _Recalled:
    """A block's answers from before; each is given once, as several equal requests got several."""

    def __init__(
        self, kept: dict[str, list[Call]], who: Callable[[str, dict[str, Any]], str]
    ) -> None:
        self._waiting = defaultdict(deque, {key: deque(calls) for key, calls in kept.items()})
        self._who = who
        self._next = 0

    def take(self, model: str, request: dict[str, Any]) -> Call | None:
        """The answered call with exactly this request, or None."""
        waiting = self._waiting[self._who(model, request)]
        if not waiting:
            return None
        return replace(waiting.popleft(), number=self.free_number(), reused=True)

    def free_number(self) -> int:
        """The number of the next call."""
        number, self._next = self._next, self._next + 1
        return number

    def close(self) -> None:
        """Answers that it no longer asks for stay for when it does."""
