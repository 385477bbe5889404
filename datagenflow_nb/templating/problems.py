"""What goes wrong inside a rendering, before ``failures`` turns it into a ``TemplateError``."""

from __future__ import annotations

from functools import partial
from typing import Any

from jinja2 import StrictUndefined
from jinja2.exceptions import SecurityError, TemplateRuntimeError, UndefinedError
from jinja2.utils import missing

__all__ = ["LimitError", "Missing", "RefusedError", "UnknownNameError"]


class LimitError(TemplateRuntimeError):
    """A rendering went over one of ``limits``."""


class RefusedError(TemplateRuntimeError):
    """Something the sandbox refuses."""


class UnknownNameError(UndefinedError):
    """A name that is not there was used.

    Parameters
    ----------
    obj : Any
        What was asked for it; ``missing`` for a top-level field.
    name : Any
        The name.
    unsafe : bool
        True when the name exists and the sandbox hides it.
    hint : str or None
        What Jinja2 knows about it beyond its name: a macro's parameter that was not given.
    message : str
        Jinja2's own words.
    """

    def __init__(self, obj: Any, name: Any, unsafe: bool, hint: str | None, message: str) -> None:
        super().__init__(message)
        self.hint = hint
        self.obj = obj
        self.name = name
        self.unsafe = unsafe

    @property
    def is_field(self) -> bool:
        """True for a top-level field, False for a part of a value."""
        return self.obj is missing


class Missing(StrictUndefined):
    """A value that is not there: only ``is defined`` and ``default`` may be asked of it."""

    __slots__ = ()

    def __init__(
        self,
        hint: str | None = None,
        obj: Any = missing,
        name: str | None = None,
        exc: type[TemplateRuntimeError] = UndefinedError,
    ) -> None:
        super().__init__(hint, obj, name, exc)
        if name is not None:
            unsafe = exc is SecurityError
            # Jinja2 only ever calls it with the message.
            self._undefined_exception = partial(UnknownNameError, obj, name, unsafe, hint)  # type: ignore[assignment]

    # Jinja2 would print `[missing]` as "[Undefined]".
    __repr__ = StrictUndefined._fail_with_undefined_error
