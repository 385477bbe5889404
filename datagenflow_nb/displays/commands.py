"""What to type: names on the line of a command."""

from __future__ import annotations

import re

__all__ = ["quoted", "to_type"]

#: What means itself wherever it stands; a "#" begins a comment, a "?" at the end asks for help.
_PLAIN = re.compile(r"[\w%+=:,./~@-]+")


def quoted(name: str) -> str:
    """``name`` as one word of a line: in double quotes where it needs any.

    Single quotes are what messages put around names.
    """
    if _PLAIN.fullmatch(name):
        return name
    inner = name.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{inner}"'


def to_type(command: str, name: str, options: str = "") -> str:
    """The line ``command name options``; what would be taken for an option stands last."""
    words = [options, "--", quoted(name)] if name.startswith("-") else [quoted(name), options]
    return " ".join([command, *filter(None, words)])
