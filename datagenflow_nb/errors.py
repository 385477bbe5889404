"""Every error a user can meet.

    DataGenFlowError              500  base of all
    ├── BlockNotFoundError        404  a block type nobody registered
    ├── ConfigError               400  a block, pipeline, model or setting is configured wrongly
    ├── ValidationError           422  a block got or gave data that breaks its own declaration
    ├── TemplateError             422  a prompt template or rule that cannot be rendered
    ├── SeedError                 422  a seed or a seed file that cannot be used
    ├── BlockExecutionError       500  foreign code inside a block failed
    ├── ModelError                502  an LLM endpoint failed or gave no usable answer
    ├── StoreError                500  the SQLite file cannot be used
    ├── JobError                  409  a job cannot do what was asked of it
    └── ConflictError             409  somebody else has changed a record meanwhile

Each has a one-line message for people and a ``detail`` dictionary for programs; ``to_dict()`` is
the body the HTTP API and ``--json`` answer with.

``Stopped`` is no error: it ends a branch whose job is being stopped, and no user meets it.
"""

from __future__ import annotations

import difflib
import os
import re
import traceback
from collections.abc import Iterable
from typing import Any

__all__ = [
    "BlockExecutionError",
    "BlockNotFoundError",
    "ConfigError",
    "ConflictError",
    "DataGenFlowError",
    "JobError",
    "ModelError",
    "SeedError",
    "Stopped",
    "StoreError",
    "TemplateError",
    "ValidationError",
    "suggest",
]


#: Places of the user's own code that a short display of an error tells.
_PLACES = 2
#: Where IPython and its kernel say that a cell's code lies.
_CELL = re.compile(r"<ipython-input|ipykernel_\d+[/\\]")


class DataGenFlowError(Exception):
    """Base of every error of this package.

    Parameters
    ----------
    message : str
        What failed, on which value, what was expected and what to do.
    detail : dict, optional
        The same facts for programs; JSON-serialisable.

    Attributes
    ----------
    trace : list of dict or None
        The steps that ran before the error, when it came out of a pipeline.
    """

    status_code = 500

    def __init__(self, message: str, detail: dict[str, Any] | None = None) -> None:
        # Blocks are written by everybody: an exception as the message is its text.
        super().__init__(str(message))
        self.message = str(message)
        self.detail: dict[str, Any] = dict(detail or {})
        self.trace: list[dict[str, Any]] | None = None

    def to_dict(self) -> dict[str, Any]:
        """``{"error": message, "detail": {...}}``, the shape all faces of it answer with."""
        return {"error": self.message, "detail": self.detail}

    def _render_traceback_(self) -> list[str]:
        """What IPython shows instead of a traceback: the message says what to do."""
        from .displays.error import error_lines

        return error_lines(type(self).__name__, self.message, self._places())

    def _repr_html_(self) -> str:
        from .displays.error import error_html

        return error_html(type(self).__name__, self.message, self.detail, self._places())

    def _places(self) -> list[str]:
        """Where in the user's own code the cause was raised, the innermost place last."""
        if self.__cause__ is None or isinstance(self.__cause__, DataGenFlowError):
            return []
        frames = traceback.extract_tb(self.__cause__.__traceback__)
        return [
            f"{_file_name(frame.filename)} line {frame.lineno}, in {frame.name}: {frame.line or ''}"
            for frame in [frame for frame in frames if _is_users(frame.filename)][-_PLACES:]
        ]


def _file_name(path: str) -> str:
    """The file's name; a cell's code lies in a file that no user has seen."""
    # It may be no path at all.
    return "cell" if _CELL.search(path) else os.path.basename(path)  # noqa: PTH119


def _is_users(path: str) -> bool:
    """Whether code is the user's own: in a cell, or in a file that was not installed."""
    folders = tuple(os.path.join(os.path.dirname(at), "") for at in (__file__, os.__file__))  # noqa: PTH118, PTH120 - as above
    is_installed = path.startswith(folders) or "site-packages" in path or "dist-packages" in path
    return bool(_CELL.search(path)) or (os.path.isabs(path) and not is_installed)  # noqa: PTH117


class BlockNotFoundError(DataGenFlowError):
    """No block of that type is registered; ``detail``: ``block_type``, ``available_blocks``."""

    status_code = 404


class ConfigError(DataGenFlowError):
    """A configuration value is unknown, ill-typed or missing; found before anything runs."""

    status_code = 400


class ValidationError(DataGenFlowError):
    """A block's input or output does not match what the block declares."""

    status_code = 422


class TemplateError(DataGenFlowError):
    """A prompt template or rule that does not parse, names an unknown field or is too costly."""

    status_code = 422


class SeedError(DataGenFlowError):
    """A seed that cannot be used; ``detail`` says where it stands (file, line or row, key)."""

    status_code = 422


class BlockExecutionError(DataGenFlowError):
    """A block raised; ``detail``: ``block_type``, ``step``, ``error``, ``input``.

    ``__cause__`` is the original exception.
    """

    status_code = 500


class ModelError(DataGenFlowError):
    """An LLM call failed for good; ``detail``: ``model``, ``endpoint``, ``status``, ``tries``."""

    status_code = 502


class StoreError(DataGenFlowError):
    """The SQLite file is missing, broken, too new, in an unusable place, or full."""

    status_code = 500


class JobError(DataGenFlowError):
    """A job that does not exist or cannot do what was asked in its present status."""

    status_code = 409


class ConflictError(DataGenFlowError):
    """A record was changed by somebody else since it was read, and was not overwritten.

    ``detail``: ``record_id``, ``version`` (now), ``yours`` and ``theirs`` (field: value),
    ``reviewer``.
    """

    status_code = 409


class Stopped(BaseException):
    """The job is being stopped and no further call shall be made: the branch ends here.

    Not an ``Exception``, so that a block which catches what a model may raise does not catch it.
    """


def suggest(name: str, choices: Iterable[str]) -> str:
    """The half sentence that ends a message about an unknown name.

    The nearest choices when any is near, else all of them.

    >>> suggest("TextGenerater", ["TextGenerator", "Output"])
    "did you mean 'TextGenerator'?"
    >>> suggest("zzz", ["b", "a"])
    "there are: 'a', 'b'"
    """
    known = sorted(set(choices))
    by_lower = {choice.lower(): choice for choice in known}
    near = [by_lower[match] for match in difflib.get_close_matches(name.lower(), by_lower, n=3)]
    if near:
        return f"did you mean {' or '.join(repr(match) for match in near)}?"
    if not known:
        return "there are none"
    return f"there are: {', '.join(repr(choice) for choice in known)}"
