"""The contract of a block: what it needs, what it adds, how it is configured, what it does."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, Self

from ..errors import ConfigError, DataGenFlowError, ValidationError
from .schema import check_config

__all__ = ["BaseBlock", "Changes", "Drop"]

_NAME_LISTS = ("inputs", "outputs", "aliases", "field_references")


@dataclass(frozen=True, slots=True)
class Drop:
    """Returned by ``execute``: the branch ends here, as a record with status ``filtered``.

    Parameters
    ----------
    reason : str
        Why, shown with the record.

    Raises
    ------
    ValidationError
        When the reason is empty or no text.
    """

    reason: str

    def __post_init__(self) -> None:
        if not isinstance(self.reason, str) or not self.reason.strip():
            raise ValidationError(f"Drop needs a reason people can read, got {self.reason!r}")


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
        For unknown or ill-typed configuration, when the block describes its configuration; at the
        class statement, for declarations that are no lists and for two such descriptions.
    """

    name: ClassVar[str] = ""
    description: ClassVar[str] = ""
    category: ClassVar[str] = "general"
    inputs: ClassVar[list[str]] = []
    outputs: ClassVar[list[str]] = []
    fan_out: ClassVar[bool] = False
    #: True: ``execute`` promises not to change ``data``, and gets the state without a copy. Not
    #: inherited by a class with an ``execute`` of its own.
    reads_only: ClassVar[bool] = False
    #: Other type names this block answers to in a pipeline.
    aliases: ClassVar[list[str]] = []
    #: Config keys whose value is the name of a field the block reads.
    field_references: ClassVar[list[str]] = []
    Config: ClassVar[Any] = None
    #: An empty schema means "no configuration" instead of "any"; blocks made of functions say so.
    takes_only_known_config: ClassVar[bool] = False

    #: What messages call the place that asks for the inputs.
    _inputs_where = "inputs"
    #: The checked configuration: a BlockConfig when the class has one, else a dict.
    config: Any
    #: The configuration as it was given, without defaults: what goes into YAML.
    given_config: dict[str, Any]

    #: What help() and editors show; Python would take it from ``__new__``.
    __signature__: ClassVar[inspect.Signature]

    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__(**options)
        if "execute" in vars(cls) and "reads_only" not in vars(cls):
            cls.reads_only = False  # the promise was made for the execute it stands beside
        cls.__signature__ = _constructor_signature(cls)
        for name in _NAME_LISTS:
            value = getattr(cls, name)
            if not isinstance(value, list | tuple) or not all(isinstance(n, str) for n in value):
                raise ConfigError(
                    f"{cls.__name__}: {name} is {value!r}, expected a list of names such as "
                    '["text"]',
                    {"block_type": cls.__name__},
                )
        if cls.Config is None:
            return
        if not callable(getattr(cls.Config, "parse", None)):
            raise ConfigError(
                f"{cls.__name__}: Config is {cls.Config!r}, expected class Config(BlockConfig)",
                {"block_type": cls.__name__},
            )
        if cls.get_schema is not BaseBlock.get_schema:
            raise ConfigError(
                f"{cls.__name__}: has both a Config and get_schema(); keep one description of the "
                "configuration",
                {"block_type": cls.__name__},
            )

    def __new__(cls, *args: Any, **options: Any) -> Self:
        # A constructor of one's own need not call ours: what every block has is set here.
        made = super().__new__(cls)
        made.config = {}
        made.given_config = {}
        if cls.__init__ is not BaseBlock.__init__:
            made.given_config = _given_arguments(cls, args, options)
        return made

    def __init__(self, config: Mapping[str, Any] | None = None, **options: Any) -> None:
        kind = type(self).__name__
        if config is not None and not isinstance(config, Mapping):
            raise ConfigError(
                f"{kind}: config is {config!r} ({type(config).__name__}), expected a dictionary "
                "such as {'my_param': 'x'}",
                {"block_type": kind},
            )
        given = {**(config or {}), **options}
        self.given_config = given or self.given_config
        if self.Config is not None:
            self.config = self.Config.parse(kind, given)
        else:
            schema = self._read_schema()
            is_open = not schema and not self.takes_only_known_config
            self.config = dict(given) if is_open else check_config(kind, schema, given)
        self.prepare()

    def __repr__(self) -> str:
        options = ", ".join(f"{key}={value!r}" for key, value in self.given_config.items())
        return f"{type(self).__name__}({options})"

    def prepare(self) -> None:
        """Called once the configuration is checked.

        The place to raise ConfigError for values that do not fit together, and to compile what
        every execution needs.
        """

    def get_schema(self) -> dict[str, Any]:
        """The configuration for forms: ``{key: {"type", "default", "description", "enum"}}``.

        An empty dictionary (the default) means that any configuration is taken.
        """
        return self.Config.schema_for_forms() if self.Config is not None else {}

    def execute(self, *args: Any, **kwargs: Any) -> Any:
        """Do the work: ``execute(self, data)`` or ``execute(self, data, ctx)``, sync or ``async``.

        Parameters
        ----------
        data : dict
            The state: the seed's metadata and every earlier block's outputs. A copy.
        ctx : BlockContext
            For a block that declares it: models, templates, random numbers, the log.

        Returns
        -------
        dict, list of dict (with ``fan_out``), Drop or Changes
        """
        raise NotImplementedError(f"{type(self).__name__} has no execute method")

    def input_fields(self) -> list[str]:
        """What this configured block reads, in the notation of ``inputs``."""
        return list(self.inputs)

    def output_fields(self) -> list[str]:
        """The fields this configured block may set; ``["*"]`` when only running it tells."""
        return list(self.outputs)

    @classmethod
    def describe(cls) -> dict[str, Any]:
        """Everything a list or a form needs to know, as JSON.

        ``error`` is what is wrong with ``get_schema``, else None.
        """
        probe = cls.__new__(cls)  # get_schema is an instance method and may not need config
        schema, problem = {}, None
        try:
            schema = probe._read_schema()
        except DataGenFlowError as error:
            problem = error.message
        return {
            "type": cls.__name__,
            "name": cls.name or cls.__name__,
            "description": cls.description
            or inspect.cleandoc(cls.__doc__ or "").partition("\n")[0],
            "category": cls.category,
            "inputs": list(cls.inputs),
            "outputs": list(cls.outputs),
            "fan_out": cls.fan_out,
            "config": schema,
            "error": problem,
        }

    def _read_schema(self) -> dict[str, Any]:
        kind = type(self).__name__
        try:
            schema: Any = self.get_schema()
        except DataGenFlowError:
            raise
        except Exception as error:
            raise ConfigError(
                f"{kind}: get_schema() raised {type(error).__name__}: {error}",
                {"block_type": kind},
            ) from error
        if not isinstance(schema, Mapping):
            raise ConfigError(
                f"{kind}: get_schema() returned {schema!r:.80} ({type(schema).__name__}), expected "
                'a dictionary such as {"my_param": {"type": "string", "default": "x"}}',
                {"block_type": kind},
            )
        return dict(schema)


def _constructor_signature(kind: type[BaseBlock]) -> inspect.Signature:
    signature = inspect.signature(kind.__init__)
    return signature.replace(parameters=list(signature.parameters.values())[1:])


def _given_arguments(
    kind: type[BaseBlock], args: tuple[Any, ...], options: dict[str, Any]
) -> dict[str, Any]:
    """What a constructor of one's own was called with, by name."""
    signature = inspect.signature(kind.__init__)
    try:
        bound = signature.bind(None, *args, **options).arguments
    except TypeError:
        return {}  # the call that follows raises it, with Python's own message
    given: dict[str, Any] = {}
    for name, value in list(bound.items())[1:]:
        collects = signature.parameters[name].kind is inspect.Parameter.VAR_KEYWORD
        if collects or (name == "config" and isinstance(value, Mapping)):
            given.update(value)
        elif name != "config" or value is not None:
            given[name] = value
    return given


BaseBlock.__signature__ = _constructor_signature(BaseBlock)
