"""Blocks made of functions."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from ..errors import ConfigError
from .base import BaseBlock

__all__ = ["block"]

_TYPE_WORDS = {
    "str": "string", "int": "integer", "float": "number", "bool": "boolean", "list": "array",
    "dict": "object",
}  # fmt: skip


def block(
    function: Callable[..., Any] | None = None,
    /,
    *,
    outputs: list[str] | None = None,
    name: str = "",
    description: str = "",
    category: str = "general",
    fan_out: bool = False,
) -> Callable[[Callable[..., Any]], type[BaseBlock]]:
    """Turn a function into a block class of the function's name.

    Parameters without a default are inputs, those with one are configuration; one called ``ctx``
    gets the BlockContext. The function returns what ``execute`` may return and may be async. It
    stays reachable as ``function``.

    >>> @block(outputs=["words"])
    ... def count_words(text, minimum: int = 1):
    ...     return {"words": max(minimum, len(text.split()))}
    >>> count_words.inputs
    ['text']
    >>> count_words.function("two words")
    {'words': 2}

    Raises
    ------
    ConfigError
        When ``outputs`` is missing or no list, or a parameter cannot be filled (``*args``,
        ``**kwargs``).
    """
    if function is not None or not isinstance(outputs, list | tuple) or not outputs:
        raise ConfigError(
            "@block needs to know what the function adds: write @block(outputs=['field']), "
            "or outputs=['*'] when that is decided at run time"
        )
    declared = {
        "outputs": list(outputs),
        "description": description,
        "category": category,
        "fan_out": fan_out,
        "takes_only_known_config": True,
    }

    def decorate(target: Callable[..., Any]) -> type[BaseBlock]:
        signature = _Signature.read(target)
        methods = {
            "execute": _make_execute(target, signature),
            "get_schema": lambda self: {key: dict(e) for key, e in signature.schema.items()},
            "function": staticmethod(target),
        }
        identity = {
            "__doc__": target.__doc__,
            "__module__": target.__module__,
            "__qualname__": target.__qualname__,
            "name": name or target.__name__.replace("_", " "),
            "inputs": signature.inputs,
        }
        return type(target.__name__, (BaseBlock,), {**identity, **declared, **methods})

    return decorate


@dataclass(slots=True)
class _Signature:
    """What a function's parameters say about the block."""

    inputs: list[str] = field(default_factory=list)
    schema: dict[str, dict[str, Any]] = field(default_factory=dict)
    wants_context: bool = False

    @classmethod
    def read(cls, target: Callable[..., Any]) -> _Signature:
        found = cls()
        for parameter in inspect.signature(target).parameters.values():
            if parameter.kind in (
                parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD, parameter.POSITIONAL_ONLY,
            ):  # fmt: skip
                raise ConfigError(
                    f"@block: {target.__name__}() has the parameter {str(parameter)!r}; fields are "
                    "passed by name, so write one parameter per field"
                )
            if parameter.name == "ctx":
                found.wants_context = True
            elif parameter.default is parameter.empty:
                found.inputs.append(parameter.name)
            else:
                found.schema[parameter.name] = _describe(parameter)
        return found

    def arguments(self, data: dict[str, Any], config: dict[str, Any], ctx: Any) -> dict[str, Any]:
        """The keyword arguments of one call."""
        arguments = {name: data[name] for name in self.inputs} | config
        return arguments | {"ctx": ctx} if self.wants_context else arguments


def _describe(parameter: inspect.Parameter) -> dict[str, Any]:
    """The schema entry of a parameter with a default."""
    hint = parameter.annotation
    if hint is parameter.empty:
        hint = type(parameter.default)
    # Not evaluated: it may name what is imported for type checkers alone.
    text = hint if isinstance(hint, str) else getattr(hint, "__name__", "")
    return {"type": _TYPE_WORDS.get(text.partition("[")[0], "any"), "default": parameter.default}


def _make_execute(target: Callable[..., Any], signature: _Signature) -> Callable[..., Any]:
    if inspect.iscoroutinefunction(target):

        async def execute_async(self: BaseBlock, data: dict[str, Any], ctx: Any = None) -> Any:
            return await target(**signature.arguments(data, self.config, ctx))

        return execute_async

    def execute_in_thread(self: BaseBlock, data: dict[str, Any], ctx: Any = None) -> Any:
        return target(**signature.arguments(data, self.config, ctx))

    return execute_in_thread
