"""A pipeline as data: what its YAML or JSON says, read strictly and written back unchanged."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from .blocks.registry import snake_case
from .errors import ConfigError, suggest
from .records import NotPlain, encode, plain
from .yaml_text import read_text, write_yaml

__all__ = ["BlockSpec", "PipelineSpec"]

_BLOCK_KEYS = ("type", "id", "config", "when", "disabled", "description")
_PIPELINE_KEYS = ("name", "description", "blocks", "accept_when", "field_layout")
#: Keys the original's templates and exports carry beside the pipeline itself: taken and left out.
_IGNORED_KEYS = ("id", "example_seed", "created_at", "validation_config")
_ID = re.compile(r"[A-Za-z_][A-Za-z0-9_-]{0,99}")


@dataclass(frozen=True, slots=True)
class BlockSpec:
    """One entry of a pipeline: ``{type, id?, config?, when?, disabled?, description?}``.

    ``given`` holds the keys as they were written; ``id`` is the effective one.
    """

    type: str
    id: str
    config: dict[str, Any] = field(default_factory=dict)
    when: str | None = None
    disabled: bool = False
    description: str = ""
    given: tuple[str, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """The entry as it was written, in the same order of keys."""
        return {key: plain(getattr(self, key)) for key in self.given}


@dataclass(frozen=True, slots=True)
class PipelineSpec:
    """A pipeline: name, ordered blocks, rules. Immutable; edit by making another."""

    name: str
    blocks: tuple[BlockSpec, ...]
    description: str = ""
    accept_when: str | None = None
    field_layout: dict[str, Any] | None = None

    def to_dict(self) -> dict[str, Any]:
        """Plain data; ``from_dict(spec.to_dict()) == spec``."""
        data: dict[str, Any] = {"name": self.name}
        if self.description:
            data["description"] = self.description
        if self.accept_when is not None:
            data["accept_when"] = self.accept_when
        data["blocks"] = [block.to_dict() for block in self.blocks]
        if self.field_layout is not None:
            data["field_layout"] = plain(self.field_layout)
        return data

    def to_yaml(self) -> str:
        """YAML in one fixed form: the same pipeline always gives the same bytes."""
        return write_yaml(self.to_dict())

    def to_json(self) -> str:
        """The same as compact JSON."""
        return encode(self.to_dict())

    @classmethod
    def from_dict(cls, data: Any, where: str = "pipeline") -> PipelineSpec:
        """Check and read plain data.

        Raises
        ------
        ConfigError
            Saying where (``where``, block number), which key, what was expected.
        """
        if not isinstance(data, Mapping):
            raise ConfigError(
                f"{where}: a pipeline is a mapping with 'name' and 'blocks', got "
                f"{type(data).__name__}"
            )
        _check_keys(data, (*_PIPELINE_KEYS, *_IGNORED_KEYS), where)
        name = data.get("name")
        if not isinstance(name, str) or not name.strip():
            raise ConfigError(f"{where}: 'name' is {name!r}, expected a text")
        entries = data.get("blocks")
        if not isinstance(entries, list | tuple) or not entries:
            raise ConfigError(
                f"{where}: 'blocks' is {_short(entries)}, expected a list with at least one block "
                "such as {type: TextGenerator, config: {user_prompt: ...}}"
            )
        return cls(
            name=name,
            blocks=_read_blocks(entries, where),
            description=_text(data.get("description"), "description", where) or "",
            accept_when=_text(data.get("accept_when"), "accept_when", where),
            field_layout=_mapping(data.get("field_layout"), "field_layout", where),
        )

    @classmethod
    def from_yaml(cls, text: str, where: str = "pipeline") -> PipelineSpec:
        """Read YAML or JSON text.

        Raises
        ------
        ConfigError
            For text that is neither (with the line), a key given twice, and as ``from_dict``.
        """
        return cls.from_dict(read_text(text, where), where)


def _read_blocks(entries: list[Any] | tuple[Any, ...], where: str) -> tuple[BlockSpec, ...]:
    given = [entry.get("id") for entry in entries if isinstance(entry, Mapping)]
    taken = {id_ for id_ in given if isinstance(id_, str)}
    blocks: list[BlockSpec] = []
    used: set[str] = set()
    for number, entry in enumerate(entries, 1):
        place = f"{where}, block {number}"
        try:
            spec = _read_block(entry, place)
        except ConfigError as error:
            error.detail.setdefault("block_number", number)
            raise
        if not spec.id:
            base = snake_case(spec.type)
            name, count = base, 1
            while name in used or name in taken:
                count += 1
                name = f"{base}_{count}"
            spec = BlockSpec(
                spec.type, name, spec.config, spec.when, spec.disabled, spec.description, spec.given
            )
        if spec.id in used:
            raise ConfigError(f"{place}: id {spec.id!r} is used twice; ids are unique")
        used.add(spec.id)
        blocks.append(spec)
    return tuple(blocks)


def _read_block(entry: Any, place: str) -> BlockSpec:
    if not isinstance(entry, Mapping):
        raise ConfigError(
            f"{place}: {_short(entry)} is no mapping; expected {{type: ..., config: {{...}}}}"
        )
    _check_keys(entry, _BLOCK_KEYS, place)
    type_name = entry.get("type")
    if not isinstance(type_name, str) or not type_name:
        raise ConfigError(f"{place}: 'type' is {_short(type_name)}, expected a block type")
    id_ = entry.get("id")
    if id_ is not None and (not isinstance(id_, str) or not _ID.fullmatch(id_)):
        raise ConfigError(
            f"{place} ({type_name}): id {id_!r} is not allowed; use letters, digits, _ and -, "
            "beginning with a letter"
        )
    disabled = entry.get("disabled", False)
    if not isinstance(disabled, bool):
        raise ConfigError(
            f"{place} ({type_name}): 'disabled' is {disabled!r}, expected true or false"
        )
    where = f"{place} ({type_name})"
    when = entry.get("when")
    if isinstance(when, bool):
        when = str(when).lower()
    return BlockSpec(
        type=type_name,
        id=id_ or "",
        config=_mapping(entry.get("config"), "config", where) or {},
        when=_text(when, "when", where),
        disabled=disabled,
        description=_text(entry.get("description"), "description", where) or "",
        given=tuple(key for key in entry if entry[key] is not None),
    )


def _check_keys(data: Mapping[Any, Any], known: tuple[str, ...], where: str) -> None:
    for key in data:
        if key not in known:
            raise ConfigError(
                f"{where}: key {key!r} is unknown; {suggest(str(key), known)}",
                {"key": str(key), "known": list(known)},
            )


def _text(value: Any, key: str, where: str) -> str | None:
    if value is None or isinstance(value, str):
        return value
    raise ConfigError(f"{where}: {key!r} is {_short(value)}, expected a text")


def _mapping(value: Any, key: str, where: str) -> dict[str, Any] | None:
    if value is None:
        return None
    if not isinstance(value, Mapping):
        raise ConfigError(f"{where}: {key!r} is {_short(value)}, expected a mapping")
    try:
        return dict(plain(dict(value), key))
    except NotPlain as error:
        raise ConfigError(f"{where}: {error}") from error


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "..."
