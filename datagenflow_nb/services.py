"""What pipelines run with when nobody says: the current blocks and models."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from . import runtime
from .blocks.registry import Registry

if TYPE_CHECKING:
    from .llm.catalog import Models

__all__ = ["Services", "current_services", "use_services"]


@dataclass(frozen=True, slots=True)
class Services:
    """What a pipeline needs to run: the blocks there are and the models."""

    registry: Registry
    models: Models


_current: list[Services] = []


def use_services(services: Services) -> None:
    """Make ``services`` what pipelines without their own use; the current workspace calls this."""
    _current[:] = [services]


def current_services() -> Services:
    """The current workspace's services, else ones from the settings alone."""
    if not _current:
        from .blocks.discovery import build_registry
        from .llm.catalog import Models
        from .settings import Settings

        settings = Settings.load()
        models = Models(settings, hand_over=runtime.hand_over)
        use_services(Services(build_registry(settings.blocks_path), models))
    return _current[0]
