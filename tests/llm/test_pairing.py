"""Which key may go where: a file of the user's own."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from datagenflow_nb.errors import ConfigError
from datagenflow_nb.llm import pairing
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


def test_processes_lose_no_pair(file: Path) -> None:
    """Three that add ten each at once."""
    script = (
        "import sys\n"
        "from datagenflow_nb.llm.pairing import pair\n"
        "print(flush=True)\n"
        "input()\n"
        "for n in range(10): pair(f'http://{sys.argv[1]}/{n}', 'KEY')\n"
    )
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", script, name],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        )
        for name in "abc"
    ]  # fmt: skip
    for process in processes:
        assert process.stdout is not None
        process.stdout.readline()
    for process in processes:
        assert process.stdin is not None
        process.stdin.write("go\n")
        process.stdin.flush()
    for process in processes:
        process.communicate(timeout=60)
    assert [process.returncode for process in processes] == [0, 0, 0]
    assert len(json.loads(file.read_text())) == 30
    assert [path.name for path in file.parent.iterdir()] == ["paired_keys.json"]


def test_lock_left_behind(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody waits for ever; the message says what to delete."""
    monkeypatch.setattr(pairing, "PATIENCE", 0.0)
    file.parent.mkdir()
    lock = file.with_suffix(".lock")
    lock.touch()
    with pytest.raises(ConfigError, match=r"paired_keys\.lock .* delete that file"):
        pair("http://a/v1", "KEY")
    lock.unlink()
    pair("http://a/v1", "KEY")
    assert is_paired("http://a/v1", "KEY")
