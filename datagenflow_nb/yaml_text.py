"""YAML and JSON texts of pipelines: read strictly, written in one fixed form."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from .errors import ConfigError

if TYPE_CHECKING:
    import yaml

__all__ = ["line_of", "read_text", "write_yaml"]

#: Line ends that YAML reads back as a line feed or a blank unless they are escaped.
_RARE_LINE_ENDS = frozenset("\x85\u2028\u2029")


def read_text(text: str, where: str) -> Any:
    """The value of a JSON or YAML text.

    Raises
    ------
    ConfigError
        For text that is neither, with its line, and for a key a mapping has twice.
    """
    if text.lstrip("\ufeff \t\r\n").startswith(("{", "[")):
        # JSON by its own rules: tabs, 1e3 and the two halves of an emoji are not the same in YAML.
        try:
            return json.loads(
                text.lstrip("\ufeff"), object_pairs_hook=lambda pairs: _unique(pairs, where)
            )
        except (ValueError, RecursionError):
            pass  # YAML may have braces too, and says what is wrong with it
    return _read_yaml(text, where)


def write_yaml(data: Any) -> str:
    """YAML of plain data; the same data always gives the same bytes."""
    import yaml

    class Dumper(yaml.SafeDumper):
        """Multi-line texts as literal blocks, lists indented: prompts stay readable."""

        def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:
            super().increase_indent(flow, False)

    def represent(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
        style = "|" if "\n" in text else None
        if not _RARE_LINE_ENDS.isdisjoint(text):
            style = '"'
        return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)

    Dumper.add_representer(str, represent)
    return yaml.dump(data, Dumper=Dumper, sort_keys=False, allow_unicode=True, width=100)


def line_of(text: str, path: Sequence[Any], *, exact: bool = False) -> int | None:
    """The line, from 1, of what stands at ``path`` in a YAML or JSON text that ``read_text`` reads.

    Parameters
    ----------
    path : sequence of str and int
        Keys of mappings and places in lists, from the outside in.
    exact : bool
        None when nothing stands there, instead of the line of the last part that is there.
    """
    import yaml

    try:
        node = yaml.compose(text, yaml.SafeLoader)
    except yaml.YAMLError:
        return None  # JSON may have what YAML has not
    line = None
    for part in path:
        found = _child(node, part)
        if found is None:
            return None if exact else line
        line, node = found
    return line


def _child(node: Any, part: Any) -> tuple[int, Any] | None:
    """The line and the node of one entry."""
    import yaml

    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            if key.value == part:
                return key.start_mark.line + 1, value
    if isinstance(node, yaml.SequenceNode) and isinstance(part, int) and part < len(node.value):
        return node.value[part].start_mark.line + 1, node.value[part]
    return None


def _read_yaml(text: str, where: str) -> Any:
    import yaml

    class Loader(yaml.SafeLoader):
        """Refuses a key that is there twice: one of the two would be lost without a word."""

        def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
            seen = set()
            for key, _ in node.value:
                if isinstance(key, yaml.ScalarNode) and key.tag != "tag:yaml.org,2002:merge":
                    if key.value in seen:
                        raise _repeated(key.value, where, key.start_mark.line + 1)
                    seen.add(key.value)
            return super().construct_mapping(node, deep)

    try:
        return yaml.load(text, Loader)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = mark.line + 1 if mark is not None else None
        problem = getattr(error, "problem", None) or str(error)
        raise _not_yaml(where, line, problem) from error
    except ValueError as error:  # a date or a number that YAML knows and Python does not
        raise _not_yaml(where, None, str(error)) from error
    except RecursionError as error:
        raise _not_yaml(where, None, "nested too deeply") from error


def _unique(pairs: list[tuple[str, Any]], where: str) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        keys = [key for key, _ in pairs]
        raise _repeated(next(key for key in keys if keys.count(key) > 1), where, None)
    return found


def _repeated(key: str, where: str, line: int | None) -> ConfigError:
    place = f"{where} line {line}" if line is not None else where
    return ConfigError(
        f"{place}: key {key!r} is there twice; each key of a mapping has one value",
        {"key": key, "line": line},
    )


def _not_yaml(where: str, line: int | None, problem: str) -> ConfigError:
    place = f"{where} line {line}" if line is not None else where
    return ConfigError(f"{place}: not valid YAML: {problem}", {"line": line})
