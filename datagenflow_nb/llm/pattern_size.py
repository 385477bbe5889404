"""How large a regular expression becomes: ``a{1000000000}`` is as many states, made at once."""

from __future__ import annotations

import re

__all__ = ["MAX_SIZE", "check_size"]

#: Characters and groups of a pattern, with their least repetitions multiplied out.
MAX_SIZE = 100_000

_TOKEN = re.compile(
    r"""(?P<escape>\\.)
    | (?P<set>\[\^?\]?(?:\\.|\[:\^?\w+:\]|[^\]\\])*\])
    | (?P<open>\()
    | (?P<close>\))
    | (?P<repeat>\{(?P<least>\d+)(?:,\d*)?\})
    | (?P<other>.)""",
    re.VERBOSE | re.DOTALL,
)


def check_size(pattern: str) -> None:
    """Make sure that compiling ``pattern`` does not exhaust the memory.

    What is counted is an upper bound that takes no notice of what groups mean.

    Raises
    ------
    ValueError
        When its repetitions come to more than ``MAX_SIZE`` in total.
    """
    groups = [0]  # the sizes of those that are open, outermost first
    total = last = 0  # last: of what a quantifier here would repeat
    for token in _TOKEN.finditer(pattern):
        kind = token.lastgroup
        if kind == "open":
            groups.append(0)
            continue
        if kind == "close" and len(groups) > 1:
            inner = groups.pop()
            last = max(1, inner)
            more = last - inner  # the rest of it is counted in the total already
            groups[-1] += inner
        elif kind == "repeat":
            digits = token["least"].lstrip("0") or "1"
            # Such a number is too large in any case, and slow to read.
            count = int(digits) if len(digits) <= 12 else MAX_SIZE + 1
            more = last * (count - 1)
            last *= count
        else:
            last = more = 1
        groups[-1] += more
        total += more
        if total > MAX_SIZE:
            raise ValueError(
                f"its repetitions come to more than {MAX_SIZE:,} characters in total, at position "
                f"{token.start()}; {{0,n}} and {{1,n}} cost nothing, and a text's length is "
                "checked without a pattern"
            )
