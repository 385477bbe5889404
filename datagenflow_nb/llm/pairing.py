"""Which key may go to which endpoint: decided on this machine, by its user.

A store or a pipeline file travels; what it says about endpoints must not decide where the keys of
whoever opens it are sent. So ``add_model`` notes the pair (endpoint, environment variable) in a
file of the user's own, and a key is sent only where its pair is noted.
"""

from __future__ import annotations

import contextlib
import json
import os
import time
from collections.abc import Iterable, Iterator
from pathlib import Path

from ..errors import ConfigError

__all__ = ["PATIENCE", "is_paired", "pair", "paired_variables"]

#: Seconds ``pair`` waits for another process that is adding a pair.
PATIENCE = 10.0


def _file() -> Path:
    base = os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config"
    return Path(base) / "datagenflow" / "paired_keys.json"


def _read() -> list[list[str]]:
    try:
        pairs = json.loads(_file().read_text(encoding="utf-8"))
        return [[str(endpoint), str(variable)] for endpoint, variable in pairs]
    except FileNotFoundError:
        return []
    except OSError as error:
        raise ConfigError(f"{_file()} cannot be read: {error}; check its rights") from error
    except (ValueError, TypeError) as error:
        raise ConfigError(
            f"{_file()} is damaged ({error}); delete it and add the models again"
        ) from error


def pair(endpoint: str, variable: str) -> None:
    """Allow the key in the environment variable ``variable`` to be sent to ``endpoint``."""
    if is_paired(endpoint, variable):
        return
    file = _file()
    file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    with _alone(file.with_suffix(".lock")):
        pairs = _read()  # again: another process may have added some
        draft = file.with_suffix(f".{os.getpid()}.tmp")
        draft.write_text(json.dumps([*pairs, [endpoint, variable]], indent=1), encoding="utf-8")
        draft.chmod(0o600)
        draft.replace(file)


@contextlib.contextmanager
def _alone(lock: Path) -> Iterator[None]:
    """While nobody else is: ``lock`` exists as long as somebody is at it."""
    ends = time.monotonic() + PATIENCE
    while True:
        try:
            os.close(os.open(lock, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
        except FileExistsError as error:
            if time.monotonic() > ends:
                raise ConfigError(
                    f"{lock} says that another process is adding a model, for more than "
                    f"{PATIENCE:g} s; if there is none, delete that file and add the model again"
                ) from error
            time.sleep(0.01)
        except OSError as error:
            raise ConfigError(f"{lock} cannot be made: {error}; check its rights") from error
        else:
            break
    try:
        yield
    finally:
        lock.unlink(missing_ok=True)


def paired_variables(wanted: Iterable[tuple[str | None, str | None]]) -> set[str]:
    """The variables of those ``wanted`` pairs that the user made on this machine."""
    pairs = {(endpoint, variable) for endpoint, variable in wanted if endpoint and variable}
    if not pairs:
        return set()
    return {variable for endpoint, variable in _read() if (endpoint, variable) in pairs}


def is_paired(endpoint: str, variable: str) -> bool:
    """True when the user paired them on this machine."""
    return [endpoint, variable] in _read()
