"""Blocks by type name: aliases, clashes, what is not there."""

from __future__ import annotations

from typing import Any

import pytest

from datagenflow_nb.blocks.base import BaseBlock
from datagenflow_nb.blocks.registry import Registry, Unavailable
from datagenflow_nb.errors import BlockNotFoundError, ConfigError


def make(name: str, **attributes: Any) -> type[BaseBlock]:
    """A block class of that name."""

    async def execute(self: BaseBlock, data: dict[str, Any]) -> dict[str, Any]:
        return {}

    return type(name, (BaseBlock,), {"execute": execute, **attributes})


@pytest.fixture
def registry() -> Registry:
    """Two blocks, one with an alias, and a file that did not load."""
    made = Registry()
    made.add(make("Writer", aliases=["WriterBlock"]), "a.py")
    made.add(make("Reader"), "b.py")
    made.mark_unavailable("c.py", "line 1: ImportError: no", ("Broken",))
    return made


def test_get(registry: Registry) -> None:
    """A class is found by its name and by its aliases; lists show names only."""
    assert registry.get("WriterBlock") is registry.get("Writer")
    assert registry.types() == ["Reader", "Writer"]
    assert "WriterBlock" in registry
    assert "Nothing" not in registry
    assert [(b["type"], b["source"]) for b in registry.describe()] == [
        ("Reader", "b.py"), ("Writer", "a.py"),
    ]  # fmt: skip


def test_unknown_type(registry: Registry) -> None:
    """The nearest name, the files that did not load, and all names in the detail."""
    with pytest.raises(BlockNotFoundError) as caught:
        registry.get("Writter")
    assert caught.value.message == (
        "block type 'Writter' is not registered; did you mean 'Writer'? (not loaded: c.py)"
    )
    assert caught.value.detail == {
        "block_type": "Writter", "available_blocks": ["Reader", "Writer"],
    }  # fmt: skip
    assert caught.value.status_code == 404


def test_unavailable_type(registry: Registry) -> None:
    """A type of a file that did not load is answered with that file's error."""
    with pytest.raises(BlockNotFoundError, match=r"c\.py defines it but cannot be loaded: line 1"):
        registry.get("Broken")
    assert registry.unavailable() == [Unavailable("c.py", "line 1: ImportError: no", ("Broken",))]


def test_duplicate_type(registry: Registry) -> None:
    """Two places for one name are an error that names both; other names stay usable."""
    registry.add(make("Writer"), "d.py")
    with pytest.raises(ConfigError) as caught:
        registry.get("Writer")
    assert caught.value.message == (
        "2 blocks are called 'Writer': one in a.py, one in d.py; rename one of them"
    )
    assert caught.value.detail == {"block_type": "Writer", "sources": ["a.py", "d.py"]}
    assert registry.types() == ["Reader"]
    assert [item.types for item in registry.unavailable()] == [("Broken",), ("Writer",)]


@pytest.mark.parametrize(("gone", "left"), [("a.py", "d.py"), ("d.py", "a.py")])
def test_a_clash_ends_with_either_file(registry: Registry, gone: str, left: str) -> None:
    """When one of two files goes, the other's block is the one, whichever came first."""
    registry.add(make("Writer"), "d.py")
    registry.discard(gone)
    registry.get("Writer")
    assert {b["source"] for b in registry.describe() if b["type"] == "Writer"} == {left}


def test_clash_of_an_alias(registry: Registry) -> None:
    """An alias is a name like any other, also within one file."""
    registry.add(make("Other", aliases=["Reader"]), "b.py")
    with pytest.raises(ConfigError, match=r"one in b\.py \(Reader\), one in b\.py \(Other\)"):
        registry.get("Reader")


def test_same_class_twice(registry: Registry) -> None:
    """A class two sources offer is no clash with itself."""
    registry.add(registry.get("Reader"), "entry point x")
    assert registry.get("Reader").__name__ == "Reader"


def test_discard_forgets_everything(registry: Registry) -> None:
    """Nothing of a source is left, its failure included."""
    for source in ("a.py", "b.py", "c.py"):
        registry.discard(source)
    assert registry.types() == []
    assert registry.unavailable() == []
    with pytest.raises(BlockNotFoundError, match="there are none"):
        registry.get("Writer")


def test_wrong_get_schema_does_not_hide_the_others(registry: Registry) -> None:
    """The list shows every block, the broken one with its error."""
    registry.add(make("Wrong", get_schema=lambda self: 1 / 0), "e.py")
    errors = {item["type"]: item["error"] for item in registry.describe()}
    assert errors == {
        "Reader": None,
        "Writer": None,
        "Wrong": "Wrong: get_schema() raised ZeroDivisionError: division by zero",
    }


def test_refresh_calls_every_source() -> None:
    """A source is called when added and at every refresh."""
    registry, seen = Registry(), []
    registry.watch(lambda given: seen.append(given is registry))
    registry.refresh()
    assert seen == [True, True]
