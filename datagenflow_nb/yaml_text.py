"""YAML and JSON texts of pipelines: read strictly, written in one fixed form."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from .errors import ConfigError

if TYPE_CHECKING:
    import yaml

__all__ = ["RepeatedKey", "check_keys", "line_of", "read_text", "unique", "write_yaml"]

#: Line ends that YAML reads back as a line feed or a blank unless they are escaped.
_RARE_LINE_ENDS = frozenset("\x85\u2028\u2029")
_MERGE = "tag:yaml.org,2002:merge"


class RepeatedKey(Exception):
    """A key that a mapping has twice: one of the two values would be lost without a word."""

    def __init__(self, key: str, line: int | None = None) -> None:
        super().__init__(f"key {key!r} is there twice; each key of a mapping has one value")
        self.key = key
        self.line = line


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
            return json.loads(text.lstrip("\ufeff"), object_pairs_hook=unique)
        except RepeatedKey as error:
            raise _repeated(error, where) from None
        except (ValueError, RecursionError):
            pass  # YAML may have braces too, and says what is wrong with it
    return _read_yaml(text, where)


def unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """The object of these pairs, for ``object_pairs_hook`` of the JSON decoder.

    Raises
    ------
    RepeatedKey
        When a key is there twice.
    """
    found = dict(pairs)
    if len(found) < len(pairs):
        keys = [key for key, _ in pairs]
        raise RepeatedKey(next(key for key in keys if keys.count(key) > 1))
    return found


def check_keys(node: yaml.Node | None) -> None:
    """Look for keys that are there twice, before merges (``<<``) are worked in.

    Raises
    ------
    RepeatedKey
        With its line.
    """
    import yaml

    waiting, seen = [node], set()
    while waiting:
        item = waiting.pop()
        if not isinstance(item, yaml.CollectionNode) or id(item) in seen:
            continue
        seen.add(id(item))
        if not isinstance(item, yaml.MappingNode):
            waiting.extend(item.value)
            continue
        keys = set()
        for key, value in item.value:
            waiting.append(value)
            if isinstance(key, yaml.ScalarNode) and key.tag != _MERGE:
                if (key.tag, key.value) in keys:
                    raise RepeatedKey(key.value, key.start_mark.line + 1)
                keys.add((key.tag, key.value))


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
    except (yaml.YAMLError, RecursionError):
        return None  # JSON may have what YAML has not, and be deeper
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

    try:
        check_keys(yaml.compose(text, yaml.SafeLoader))
        return yaml.safe_load(text)
    except RepeatedKey as error:
        raise _repeated(error, where) from None
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = mark.line + 1 if mark is not None else None
        problem = getattr(error, "problem", None) or str(error)
        raise _not_yaml(where, line, problem) from error
    except ValueError as error:  # a date or a number that YAML knows and Python does not
        raise _not_yaml(where, None, str(error)) from error
    except RecursionError as error:
        raise _not_yaml(where, None, "nested too deeply") from error


def _repeated(error: RepeatedKey, where: str) -> ConfigError:
    place = f"{where} line {error.line}" if error.line is not None else where
    return ConfigError(f"{place}: {error}", {"key": error.key, "line": error.line})


def _not_yaml(where: str, line: int | None, problem: str) -> ConfigError:
    place = f"{where} line {line}" if line is not None else where
    return ConfigError(f"{place}: not valid YAML: {problem}", {"line": line})
