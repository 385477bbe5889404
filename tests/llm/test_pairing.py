"""Which key may go where: a file of the user's own."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from datagenflow_nb.errors import ConfigError
from datagenflow_nb.llm.pairing import is_paired, pair


@pytest.fixture(autouse=True)
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the pairs of this test are kept."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    return tmp_path / "datagenflow" / "paired_keys.json"


def test_only_what_was_paired(file: Path) -> None:
    """The endpoint and the variable, both exactly."""
    assert not is_paired("http://a/v1", "KEY")
    pair("http://a/v1", "KEY")
    assert is_paired("http://a/v1", "KEY")
    assert not is_paired("http://a/v1", "OTHER")
    assert not is_paired("http://a/v1/", "KEY")
    assert not is_paired("http://a", "KEY")
    assert json.loads(file.read_text()) == [["http://a/v1", "KEY"]]


def test_pairs_add_up(file: Path) -> None:
    """Once each, and nothing is left beside the file."""
    pair("http://a/v1", "KEY")
    pair("http://b/v1", "KEY")
    pair("http://a/v1", "KEY")
    assert json.loads(file.read_text()) == [["http://a/v1", "KEY"], ["http://b/v1", "KEY"]]
    assert [path.name for path in file.parent.iterdir()] == ["paired_keys.json"]


def test_file_is_the_users_alone(file: Path) -> None:
    """Nobody else may add a pair."""
    pair("http://a/v1", "KEY")
    assert file.stat().st_mode & 0o777 == 0o600
    assert file.parent.stat().st_mode & 0o077 == 0


def test_without_xdg_it_is_in_the_home_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In .config, as usual."""
    monkeypatch.delenv("XDG_CONFIG_HOME")
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    pair("http://a/v1", "KEY")
    assert (tmp_path / "home" / ".config" / "datagenflow" / "paired_keys.json").is_file()


@pytest.mark.parametrize("content", [b"{", b"[1, 2]", b'{"a": 1}', b"\xff\xfe", b"null"])
def test_damaged_file(file: Path, content: bytes) -> None:
    """Named, with the way out; no key is sent meanwhile."""
    file.parent.mkdir()
    file.write_bytes(content)
    with pytest.raises(ConfigError, match=r"paired_keys\.json is damaged .*add the models again"):
        is_paired("http://a/v1", "KEY")


def test_file_that_cannot_be_read(file: Path) -> None:
    """An error of ours."""
    file.mkdir(parents=True)
    with pytest.raises(ConfigError, match=r"paired_keys\.json cannot be read"):
        is_paired("http://a/v1", "KEY")
