"""Settings: who wins, what a .env file may hold, where the project root is."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from datagenflow_nb.errors import ConfigError
from datagenflow_nb.settings import Settings, find_root

VARIABLES = (
    "LLM_ENDPOINT", "LLM_API_KEY", "LLM_MODEL", "DATABASE_PATH", "BLOCKS_PATH", "TEMPLATES_PATH",
    "DEBUG",
)  # fmt: skip


@pytest.fixture(autouse=True)
def _clean_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """No setting of this machine reaches a test."""
    for name in VARIABLES:
        monkeypatch.delenv(name, raising=False)


def test_defaults(tmp_path: Path) -> None:
    """Nothing set: paths at the root, no model, no debugging."""
    settings = Settings.load(tmp_path)
    assert settings == Settings(
        root=tmp_path,
        database_path=tmp_path / "datagenflow.db",
        blocks_path=tmp_path / "blocks",
        templates_path=tmp_path / "templates",
    )
    assert not settings.names_a_model


def test_argument_beats_environment_beats_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The layers in their order, each for its own settings."""
    (tmp_path / ".env").write_text(
        "LLM_MODEL=from-file\nLLM_ENDPOINT=http://file/v1\nBLOCKS_PATH=file_blocks\n"
    )
    monkeypatch.setenv("LLM_MODEL", "from-environment")
    monkeypatch.setenv("LLM_ENDPOINT", "http://environment/v1")
    settings = Settings.load(tmp_path, llm_model="from-argument")
    assert settings.llm_model == "from-argument"
    assert settings.llm_endpoint == "http://environment/v1"
    assert settings.blocks_path == tmp_path / "file_blocks"
    assert settings.names_a_model


def test_none_argument_and_empty_variable_are_unset(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """They let the next layer speak."""
    (tmp_path / ".env").write_text("LLM_MODEL=from-file\nLLM_API_KEY=\n")
    monkeypatch.setenv("LLM_MODEL", "")
    monkeypatch.setenv("LLM_ENDPOINT", "  ")
    settings = Settings.load(tmp_path, llm_model=None)
    assert settings.llm_model == "from-file"
    assert settings.llm_endpoint is None
    assert settings.llm_api_key is None


def test_false_argument_beats_the_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """False is a value, not an absence."""
    monkeypatch.setenv("DEBUG", "true")
    assert Settings.load(tmp_path).debug is True
    assert Settings.load(tmp_path, debug=False).debug is False


@pytest.mark.parametrize(
    ("line", "model"),
    [
        ("LLM_MODEL=plain", "plain"),
        ("export LLM_MODEL=exported", "exported"),
        ("LLM_MODEL='single quoted # not a comment'", "single quoted # not a comment"),
        ('LLM_MODEL="double quoted"', "double quoted"),
        ("LLM_MODEL=a$HOME${HOME}b", "a$HOME${HOME}b"),
        ("LLM_MODEL=value # a comment", "value"),
        ("\ufeffLLM_MODEL=after-a-byte-order-mark", "after-a-byte-order-mark"),
        ("LLM_MODEL=windows\r", "windows"),
        ("# LLM_MODEL=no\nLLM_MODEL=yes", "yes"),
    ],
)
def test_env_file_lines(tmp_path: Path, line: str, model: str) -> None:
    """What people and editors write; nothing is interpolated, a key may hold a dollar sign."""
    (tmp_path / ".env").write_text(line + "\n", encoding="utf-8", newline="")
    assert Settings.load(tmp_path).llm_model == model


def test_env_file_that_is_no_text(tmp_path: Path) -> None:
    """An error that names the file."""
    (tmp_path / ".env").write_bytes(b"LLM_MODEL=\xff\xfe\x00")
    with pytest.raises(ConfigError, match=r"\.env cannot be read.*UTF-8"):
        Settings.load(tmp_path)


def test_env_directory_is_no_env_file(tmp_path: Path) -> None:
    """A virtual environment called .env is common."""
    (tmp_path / ".env").mkdir()
    assert Settings.load(tmp_path).llm_model is None


def test_env_file_does_not_reach_the_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another program's variables stay what they are."""
    (tmp_path / ".env").write_text("LLM_MODEL=from-file\n")
    Settings.load(tmp_path)
    (tmp_path / ".env").unlink()
    assert Settings.load(tmp_path).llm_model is None


@pytest.mark.parametrize("marker", ["datagenflow.db", "pyproject.toml", "environment.yml", ".git"])
def test_root_is_the_nearest_marked_folder(tmp_path: Path, marker: str) -> None:
    """Above the working directory; the nearest one counts."""
    inner = tmp_path / "project" / "notebooks" / "deep"
    inner.mkdir(parents=True)
    (tmp_path / ".git").mkdir()
    (tmp_path / "project" / marker).mkdir()
    assert find_root(inner) == tmp_path / "project"
    assert find_root(tmp_path) == tmp_path


def test_root_is_the_working_directory_without_markers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A file called blocks or .env alone marks nothing."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / ".env").write_text("")
    found = find_root()
    assert found == tmp_path or tmp_path.is_relative_to(found)
    assert Settings.load().root == found


def test_relative_paths_start_at_the_root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Not at the working directory, so that kernel, CLI and server agree."""
    (tmp_path / "pyproject.toml").touch()
    (tmp_path / "sub").mkdir()
    monkeypatch.chdir(tmp_path / "sub")
    monkeypatch.setenv("DATABASE_PATH", "data/x.db")
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("TEMPLATES_PATH", "~/templates")
    settings = Settings.load(blocks_path=tmp_path / "elsewhere")
    assert settings.root == tmp_path
    assert settings.database_path == tmp_path / "data" / "x.db"
    assert settings.templates_path == tmp_path / "home" / "templates"
    assert settings.blocks_path == tmp_path / "elsewhere"


@pytest.mark.parametrize(
    ("word", "value"),
    [
        ("1", True), ("true", True), ("TRUE", True), ("Yes", True), ("on", True), (" true ", True),
        ("0", False), ("false", False), ("No", False), ("OFF", False), ("", False),
        (True, True), (False, False), (1, True),
    ],
)  # fmt: skip
def test_debug_words(tmp_path: Path, word: Any, value: bool) -> None:
    """What people write for yes and no."""
    assert Settings.load(tmp_path, debug=word).debug is value


def test_debug_that_is_no_boolean(tmp_path: Path) -> None:
    """Not guessed."""
    with pytest.raises(ConfigError, match="DEBUG is 'maybe', expected true or false"):
        Settings.load(tmp_path, debug="maybe")


@pytest.mark.parametrize(
    ("given", "endpoint"),
    [
        ("http://127.0.0.1:8000/v1", "http://127.0.0.1:8000/v1"),
        ("http://127.0.0.1:8000/v1/", "http://127.0.0.1:8000/v1"),
        (" https://api.openai.com/v1/chat/completions ", "https://api.openai.com/v1"),
        ("https://api.openai.com/v1/chat/completions/", "https://api.openai.com/v1"),
        ("http://[::1]:8000/v1", "http://[::1]:8000/v1"),
    ],
)
def test_endpoint_is_the_base_url(tmp_path: Path, given: str, endpoint: str) -> None:
    """Full addresses of the chat route are taken too."""
    assert Settings.load(tmp_path, llm_endpoint=given).llm_endpoint == endpoint


@pytest.mark.parametrize(
    "url",
    ["api.openai.com/v1", "ftp://host/v1", "http://", "http://host:port/v1", "http://[::1/v1",
     "http://host:99999/v1", "sk-not-a-url"],
)  # fmt: skip
def test_endpoint_that_is_no_url(tmp_path: Path, url: str) -> None:
    """Told when the settings are read, with an example."""
    with pytest.raises(ConfigError, match=r"LLM_ENDPOINT is .*, expected the URL of an OpenAI"):
        Settings.load(tmp_path, llm_endpoint=url)


def test_endpoint_with_a_password(tmp_path: Path) -> None:
    """Endpoints are stored and shown; a password in one would be too. It is not repeated."""
    with pytest.raises(ConfigError, match="LLM_ENDPOINT holds a user name or a password") as caught:
        Settings.load(tmp_path, llm_endpoint="http://me:s3cret@host/v1")
    assert "s3cret" not in str(caught.value)


@pytest.mark.parametrize(
    ("url", "part"),
    [
        ("https://host/v1?key=s3cret", "query string ('?' and what follows)"),
        ("host/v1/chat/completions?key=s3cret", "query string ('?' and what follows)"),
        ("https://host/v1#s3cret", "fragment ('#' and what follows)"),
    ],
)
def test_endpoint_with_more_than_an_address(tmp_path: Path, url: str, part: str) -> None:
    """It may hold a key, and breaks the paths that follow. It is not repeated."""
    with pytest.raises(ConfigError) as caught:
        Settings.load(tmp_path, llm_endpoint=url)
    assert caught.value.message.startswith(f"LLM_ENDPOINT has a {part}, which would be stored")
    assert "s3cret" not in str(caught.value)


def test_unknown_argument(tmp_path: Path) -> None:
    """The nearest setting is named."""
    with pytest.raises(ConfigError, match="'llm_modell' is unknown; did you mean 'llm_model'"):
        Settings.load(tmp_path, llm_modell="x")


def test_key_is_not_in_the_repr(tmp_path: Path) -> None:
    """Settings are printed in notebooks and logs."""
    settings = Settings.load(tmp_path, llm_api_key="sk-secret-123456")
    assert settings.llm_api_key == "sk-secret-123456"
    assert "sk-secret" not in repr(settings)


@pytest.mark.parametrize(
    ("endpoint_in", "key_in", "paired"),
    [
        ("environment", "environment", True),
        ("file", "file", True),
        ("argument", "argument", True),
        ("file", "environment", False),
        ("environment", "file", False),
        ("file", None, True),
    ],
)
def test_key_and_endpoint_from_one_place(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    endpoint_in: str,
    key_in: str | None,
    paired: bool,
) -> None:
    """A file of somebody else's cannot send this user's key to an address of its own."""
    arguments: dict[str, Any] = {}
    lines = []
    for variable, value, place in (
        ("LLM_ENDPOINT", "http://host/v1", endpoint_in),
        ("LLM_API_KEY", "sk-1", key_in),
    ):
        if place == "environment":
            monkeypatch.setenv(variable, value)
        elif place == "file":
            lines.append(f"{variable}={value}")
        elif place == "argument":
            arguments[variable.lower()] = value
    (tmp_path / ".env").write_text("\n".join(lines) + "\n")
    assert Settings.load(tmp_path, **arguments).key_is_paired is paired


@pytest.mark.parametrize("name", ["llm_endpoint", "llm_model", "llm_api_key"])
def test_any_llm_setting_names_a_model(tmp_path: Path, name: str) -> None:
    """One of them is enough for the offline model to keep silent."""
    value = "http://host/v1" if name == "llm_endpoint" else "x"
    assert Settings.load(tmp_path, **{name: value}).names_a_model
    assert not Settings.load(tmp_path, debug=True).names_a_model
