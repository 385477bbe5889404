"""Settings: arguments > environment > the project root's ``.env`` > defaults.

The project root is the nearest directory at or above the working directory that holds
``datagenflow.db``, ``pyproject.toml``, ``environment.yml`` or ``.git``; else the working directory.
Store, ``.env``, ``blocks/`` and ``templates/`` are looked for there and only there.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from .errors import ConfigError, suggest

__all__ = ["ROOT_MARKERS", "Settings", "find_root"]

ROOT_MARKERS = ("datagenflow.db", "pyproject.toml", "environment.yml", ".git")

_VARIABLES = {
    "llm_endpoint": "LLM_ENDPOINT",
    "llm_api_key": "LLM_API_KEY",
    "llm_model": "LLM_MODEL",
    "database_path": "DATABASE_PATH",
    "blocks_path": "BLOCKS_PATH",
    "templates_path": "TEMPLATES_PATH",
    "debug": "DEBUG",
}
_TRUE = {"1", "true", "yes", "on"}
_FALSE = {"0", "false", "no", "off"}


def find_root(start: Path | None = None) -> Path:
    """The project root for ``start`` (default: the working directory)."""
    here = (start or Path.cwd()).resolve()
    for folder in (here, *here.parents):
        if any((folder / marker).exists() for marker in ROOT_MARKERS):
            return folder
    return here


@dataclass(frozen=True, slots=True)
class Settings:
    """What the workspace was told; build it with ``Settings.load``.

    Attributes
    ----------
    root : Path
        The project root.
    llm_endpoint, llm_model, llm_api_key : str or None
        The default model; the key stays out of ``repr``.
    key_is_paired : bool
        Endpoint and key were set in the same place. A key out of the environment is not sent to an
        endpoint that a ``.env`` file alone names: that file may be somebody else's.
    database_path, blocks_path, templates_path : Path
        Absolute.
    debug : bool
        Log every block's timing, input and output.
    """

    root: Path
    llm_endpoint: str | None = None
    llm_model: str | None = None
    llm_api_key: str | None = field(default=None, repr=False)
    key_is_paired: bool = True
    database_path: Path = Path("datagenflow.db")
    blocks_path: Path = Path("blocks")
    templates_path: Path = Path("templates")
    debug: bool = False

    @classmethod
    def load(cls, root: str | Path | None = None, **arguments: Any) -> Settings:
        """Read the settings.

        Parameters
        ----------
        root : path, optional
            The project root instead of the one found from the working directory.
        **arguments
            Any attribute; an argument that is not None wins over environment and ``.env``.

        Raises
        ------
        ConfigError
            For an unknown argument, a ``DEBUG`` that is no boolean, an endpoint that is no URL, a
        ``.env`` file that cannot be read.
        """
        unknown = sorted(set(arguments) - set(_VARIABLES))
        if unknown:
            raise ConfigError(
                f"setting {unknown[0]!r} is unknown; {suggest(unknown[0], _VARIABLES)}"
            )
        folder = Path(root).resolve() if root is not None else find_root()
        values, sources = _gather(folder, arguments)
        endpoint = values.get("llm_endpoint")
        key_source, endpoint_source = sources.get("llm_api_key"), sources.get("llm_endpoint")
        return cls(
            root=folder,
            llm_endpoint=cls.check_endpoint(endpoint, "LLM_ENDPOINT") if endpoint else None,
            llm_model=values.get("llm_model"),
            llm_api_key=values.get("llm_api_key"),
            key_is_paired=key_source is None or key_source == endpoint_source,
            database_path=_path(folder, values.get("database_path"), "datagenflow.db"),
            blocks_path=_path(folder, values.get("blocks_path"), "blocks"),
            templates_path=_path(folder, values.get("templates_path"), "templates"),
            debug=_boolean(values.get("debug")),
        )

    @staticmethod
    def check_endpoint(url: str, what: str) -> str:
        """The base URL of an API; a full ``.../chat/completions`` address is taken too.

        Raises
        ------
        ConfigError
            When it is no http(s) URL, or holds a password, a query string or a fragment; ``what``
            starts the message.
        """
        for mark, part in (("?", "query string"), ("#", "fragment")):
            if mark in str(url):
                raise ConfigError(
                    f"{what} has a {part} ({mark!r} and what follows), which would be stored and "
                    "shown, and be in the way of the paths that are added to it; leave it out, and "
                    "put a key into an environment variable"
                )
        base = str(url).strip().rstrip("/").removesuffix("/chat/completions").rstrip("/")
        try:
            parts = urlsplit(base)
            is_address = parts.scheme in ("http", "https") and bool(parts.hostname)
            is_address = is_address and parts.port != 0
        except ValueError:  # a port that is no number, a bracket left open
            is_address = False
        if not is_address:
            raise ConfigError(
                f"{what} is {url!r}, expected the URL of an OpenAI-compatible API such as "
                "https://api.openai.com/v1 or http://127.0.0.1:11434/v1"
            )
        if "@" in parts.netloc:
            raise ConfigError(
                f"{what} holds a user name or a password, which would be stored and shown with it; "
                "put the key into an environment variable"
            )
        return base

    @property
    def names_a_model(self) -> bool:
        """True when any ``LLM_*`` setting is set; the offline model then never answers unasked."""
        return any((self.llm_endpoint, self.llm_model, self.llm_api_key))


def _gather(root: Path, arguments: dict[str, Any]) -> tuple[dict[str, Any], dict[str, str]]:
    """Values by setting, and which layer each came from; an empty variable is an unset one."""
    from_file = _env_file(root / ".env")
    layers: tuple[tuple[str, dict[str, Any]], ...] = (
        ("argument", arguments),
        ("environment", {name: os.environ.get(var) for name, var in _VARIABLES.items()}),
        (".env", {name: from_file.get(var) for name, var in _VARIABLES.items()}),
    )
    values: dict[str, Any] = {}
    sources: dict[str, str] = {}
    for layer, found in layers:
        for name, raw in found.items():
            value = raw.strip() if isinstance(raw, str) else raw
            if name not in values and value not in (None, ""):
                values[name], sources[name] = value, layer
    return values, sources


def _env_file(path: Path) -> dict[str, str | None]:
    from dotenv import dotenv_values

    if not path.is_file():
        return {}
    try:
        # utf-8-sig: some editors put a byte order mark in front of the first name.
        return dotenv_values(path, interpolate=False, encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path} cannot be read: {error}; save it as UTF-8 text") from error


def _path(root: Path, value: str | Path | None, default: str) -> Path:
    return (root / Path(value or default).expanduser()).resolve()


def _boolean(value: Any) -> bool:
    if value is None or isinstance(value, bool):
        return bool(value)
    word = str(value).lower()
    if word in _TRUE or word in _FALSE:
        return word in _TRUE
    raise ConfigError(f"DEBUG is {value!r}, expected true or false")
