"""The contract of a block: what it needs, what it adds, how it is configured, what it does."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

from ..errors import ConfigError
from .schema import check_config

__all__ = ["BaseBlock", "Changes", "Drop", "block"]

CATEGORIES = ("generators", "validators", "metrics", "seeders", "transforms", "general")


@dataclass(frozen=True, slots=True)
class Drop:
    """Returned by ``execute``: the branch ends here, as a record with status ``filtered``.

    Parameters
    ----------
    reason : str
        Why, shown with the record.
    """

    reason: str

    def __post_init__(self) -> None:
        if not isinstance(self.reason, str) or not self.reason.strip():
            raise ConfigError(f"Drop needs a reason people can read, got {self.reason!r}")


@dataclass(frozen=True, slots=True)
class Changes:
    """Returned by ``execute``: fields to set and fields to take out of the state.

    Parameters
    ----------
    set : dict
        Like the dictionary a block returns.
    remove : list of str
        Names of fields that are in the state now.
    """

    set: Mapping[str, Any] = field(default_factory=dict)
    remove: list[str] | tuple[str, ...] = ()


class BaseBlock:
    """A unit of work. Subclass it, declare ``inputs`` and ``outputs``, write ``execute``.

    Class attributes
    ----------------
    name, description, category : str
        For people; ``category`` is one of generators, validators, metrics, seeders, transforms,
        general.
    inputs : list of str
        Fields the block reads: ``"a"`` required, ``"a?"`` optional, ``"a|b"`` one of them,
        ``["*"]`` any. Checked before ``execute``.
    outputs : list of str
        Fields the block may set; ``["*"]``: decided at run time. Checked after ``execute``.
    fan_out : bool
        ``execute`` returns a list of dictionaries, each going on as a branch of its own.
    Config : subclass of BlockConfig, optional
        Typed configuration, instead of ``get_schema``.

    Parameters
    ----------
    config : dict, optional
        The configuration; keyword arguments are the same thing.

    Raises
    ------
    ConfigError
        For unknown or ill-typed configuration, when the block describes its configuration.
    """

    name: ClassVar[str] = ""
    description: ClassVar[str] = ""
    category: ClassVar[str] = "general"
    inputs: ClassVar[list[str]] = []
    outputs: ClassVar[list[str]] = []
    fan_out: ClassVar[bool] = False
    #: Other type names this block answers to in a pipeline.
    aliases: ClassVar[list[str]] = []
    #: Config keys whose value is the name of a field the block reads.
    field_references: ClassVar[list[str]] = []
    Config: ClassVar[Any] = None
    #: An empty schema means "no configuration" instead of "any"; blocks made of functions say so.
    takes_only_known_config: ClassVar[bool] = False

    #: The checked configuration: a BlockConfig when the class has one, else a dict.
    config: Any

    def __init__(self, config: Mapping[str, Any] | None = None, **options: Any) -> None:
        kind = type(self).__name__
        if config is not None and not isinstance(config, Mapping):
            raise ConfigError(
                f"{kind}: config is {config!r} ({type(config).__name__}), expected a dictionary "
                "such as {'my_param': 'x'}",
                {"block_type": kind},
            )
        given = {**(config or {}), **options}
        #: The configuration as it was given, without defaults: what goes into YAML.
        self.given_config: dict[str, Any] = given
        if self.Config is not None:
            self.config = self.Config.parse(kind, given)
        else:
            schema = self.get_schema()
            is_open = not schema and not self.takes_only_known_config
            self.config = dict(given) if is_open else check_config(kind, schema, given)

    def __repr__(self) -> str:
        options = ", ".join(f"{key}={value!r}" for key, value in self.given_config.items())
        return f"{type(self).__name__}({options})"

    def get_schema(self) -> dict[str, Any]:
        """The configuration for forms: ``{key: {"type", "default", "description", "enum"}}``.

        An empty dictionary (the default) means that any configuration is taken.
        """
        return self.Config.schema_for_forms() if self.Config is not None else {}

    async def execute(self, data: dict[str, Any]) -> Any:
        """Do the work. May be sync; may take a second parameter ``ctx`` (a BlockContext).

        Parameters
        ----------
        data : dict
            The state: the seed's metadata and every earlier block's outputs. A copy.

        Returns
        -------
        dict, list of dict (with ``fan_out``), Drop or Changes
        """
        raise NotImplementedError(f"{type(self).__name__} has no execute method")

    def output_fields(self) -> list[str]:
        """The fields this configured block may set; ``["*"]`` when only running it tells."""
        return list(self.outputs)

    @classmethod
    def describe(cls) -> dict[str, Any]:
        """Everything a list or a form needs to know, as JSON."""
        probe = object.__new__(cls)  # get_schema is an instance method and may not need config
        probe.given_config, probe.config = {}, {}
        return {
            "type": cls.__name__,
            "name": cls.name or cls.__name__,
            "description": cls.description
            or inspect.cleandoc(cls.__doc__ or "").partition("\n")[0],
            "category": cls.category,
            "inputs": list(cls.inputs),
            "outputs": list(cls.outputs),
            "fan_out": cls.fan_out,
            "config": probe.get_schema(),
        }


def block(
    function: Callable[..., Any] | None = None,
    /,
    *,
    outputs: list[str] | None = None,
    name: str = "",
    description: str = "",
    category: str = "general",
    fan_out: bool = False,
) -> Any:
    """Turn a function into a block class of the function's name.

    Parameters without a default are inputs, those with one are configuration; one called ``ctx``
    gets the BlockContext. The function returns what ``execute`` may return and may be async.

    >>> @block(outputs=["words"])
    ... def count_words(text, minimum: int = 1):
    ...     return {"words": max(minimum, len(text.split()))}
    >>> count_words.inputs
    ['text']

    Raises
    ------
    ConfigError
        When ``outputs`` is missing or a parameter cannot be filled (``*args``, ``**kwargs``).
    """
    if function is not None or not outputs:
        raise ConfigError(
            "@block needs to know what the function adds: write @block(outputs=['field']), "
            "or outputs=['*'] when that is decided at run time"
        )
    declared = list(outputs)

    def decorate(target: Callable[..., Any]) -> type[BaseBlock]:
        inputs, schema, wants_ctx = _read_signature(target)

        def select(data: dict[str, Any], config: dict[str, Any], ctx: Any) -> dict[str, Any]:
            arguments = {name: data[name] for name in inputs} | config
            return arguments | {"ctx": ctx} if wants_ctx else arguments

        execute: Callable[..., Any]
        if inspect.iscoroutinefunction(target):

            async def execute_async(self: BaseBlock, data: dict[str, Any], ctx: Any = None) -> Any:
                return await target(**select(data, self.config, ctx))

            execute = execute_async
        else:

            def execute_in_thread(self: BaseBlock, data: dict[str, Any], ctx: Any = None) -> Any:
                return target(**select(data, self.config, ctx))

            execute = execute_in_thread

        def get_schema(self: BaseBlock) -> dict[str, Any]:
            return {key: dict(entry) for key, entry in schema.items()}

        return type(
            target.__name__,
            (BaseBlock,),
            {
                "__doc__": target.__doc__,
                "__module__": target.__module__,
                "__qualname__": target.__qualname__,
                "name": name or target.__name__.replace("_", " "),
                "description": description,
                "category": category,
                "inputs": inputs,
                "outputs": declared,
                "fan_out": fan_out,
                "takes_only_known_config": True,
                "function": staticmethod(target),
                "get_schema": get_schema,
                "execute": execute,
            },
        )

    return decorate


def _read_signature(target: Callable[..., Any]) -> tuple[list[str], dict[str, Any], bool]:
    """Input names, configuration schema, and whether the function takes the context."""
    inputs: list[str] = []
    schema: dict[str, Any] = {}
    words = {str: "string", int: "integer", float: "number", bool: "boolean",
             list: "array", dict: "object"}  # fmt: skip
    parameters = inspect.signature(target, eval_str=True).parameters
    for parameter in parameters.values():
        if parameter.kind in (
            parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD, parameter.POSITIONAL_ONLY,
        ):  # fmt: skip
            raise ConfigError(
                f"@block: {target.__name__}() has the parameter {str(parameter)!r}; fields are "
                "passed by name, so write one parameter per field"
            )
        if parameter.name == "ctx":
            continue
        if parameter.default is parameter.empty:
            inputs.append(parameter.name)
            continue
        hint = parameter.annotation
        origin = getattr(hint, "__origin__", hint)
        word = words.get(origin) or (
            words.get(type(parameter.default)) if hint is parameter.empty else None
        )
        schema[parameter.name] = {"type": word or "any", "default": parameter.default}
    return inputs, schema, "ctx" in parameters
