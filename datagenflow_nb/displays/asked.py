"""Which models a job asks, and which of its blocks' code has changed, in words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

__all__ = ["PLACE_OF_EMBEDDED", "changed_told", "default_told", "models_told"]

#: Where the offline model is that needs no server.
PLACE_OF_EMBEDDED = "the embedded model"


def models_told(
    names: Sequence[str], *, is_unasked: bool, default: Sequence[str | None] | None = None
) -> str:
    """Which model answers, in words; the embedded one is never passed over in silence.

    Parameters
    ----------
    is_unasked : bool
        Nobody named the offline model: it answers because no LLM is configured.
    default : sequence, optional
        Name, endpoint and id of the model that a block's code may ask.
    """
    if default is not None:
        told = models_told([str(default[0])], is_unasked=is_unasked)
        code = f"default: {told}, if a block's code asks"
        return f"{models_told(names, is_unasked=False)}; {code}" if names else code
    if not names:
        return "none (no block asks one)"
    if list(names) == ["offline"] and is_unasked:
        return "offline (no LLM configured: the embedded offline model answers)"
    if "offline" in names:
        return f"{', '.join(names)} (offline: the embedded offline model, no LLM)"
    return ", ".join(names)


def default_told(options: Mapping[str, Any]) -> Sequence[str | None] | None:
    """Name, endpoint and id of the model that a block's code may ask, of a job's options."""
    default: Sequence[str | None] | None = (options.get("identity") or {}).get("default")
    return default


def changed_told(ids: Sequence[str]) -> str | None:
    """``the code of blocks 'a' and 'b' has changed since``."""
    if not ids:
        return None
    *most, last = map(repr, ids)
    names = f"blocks {', '.join(most)} and {last}" if most else f"block {last}"
    return f"the code of {names} has changed since"
