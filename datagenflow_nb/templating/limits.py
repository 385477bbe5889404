"""How large, long and deep one rendering may get.

Far above what prompts need, and low enough that a template somebody else wrote can neither stall a
run nor take the machine's memory. Going over one is a ``TemplateError``, raised before the memory
is taken.
"""

from __future__ import annotations

__all__ = [
    "MAX_ALLOCATED",
    "MAX_CACHED",
    "MAX_DEPTH",
    "MAX_FORMAT_WIDTH",
    "MAX_INDENT",
    "MAX_INT_BITS",
    "MAX_LENGTH",
    "MAX_NODES",
    "MAX_SCAN",
    "MAX_SECONDS",
    "MAX_SOURCE",
    "MAX_STRIP_CHARS",
    "MAX_TEXT",
    "MAX_TOKENS",
    "MAX_TURNS",
]

MAX_SOURCE = 1_000_000
"""Characters of a template's source."""

MAX_TOKENS = 20_000
"""Tokens of a template's source; a stretch of plain text counts as one."""

MAX_CACHED = 512
"""Compiled templates, and as many compiled expressions, kept for reuse."""

MAX_TEXT = 10_000_000
"""Characters of the rendered text and of any text made on the way."""

MAX_ALLOCATED = 256 * 2**20
"""Bytes of all texts and lists one rendering makes, the short-lived ones included."""

MAX_SECONDS = 2.0
"""Processor seconds of one rendering."""

MAX_TURNS = 1_000_000
"""Turns of all loops of one rendering, and items its filters go through."""

MAX_LENGTH = 100_000
"""Items of one ``range``, and of what ``batch`` and ``slice`` are asked to make."""

MAX_NODES = 2_000_000
"""Values in one list or dict, those nested in it included."""

MAX_DEPTH = 100
"""Levels of nested lists and dicts, and of macros and recursive loops calling themselves."""

MAX_INT_BITS = 10_000
"""Bits of an integer that a template computes (about 3,000 digits)."""

MAX_FORMAT_WIDTH = 10_000
"""Width and precision in ``%`` formats and ``str.format`` fields."""

MAX_INDENT = 16
"""Spaces per level of ``tojson(indent=...)``."""

MAX_STRIP_CHARS = 256
"""Characters in the set that ``strip`` and ``trim`` are given."""

MAX_SCAN = 20_000_000
"""Steps of the filters whose work grows faster than their text (``urlize``, ``wordwrap``, ...)."""
