"""A trace on its own: a widget that asks for what it shows when it is drawn."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from .bridge import Action, BridgedWidget

__all__ = ["TraceWidget"]


class TraceWidget(BridgedWidget):
    """The steps of one execution.

    What it shows is no state of the widget, which would be saved with the notebook.

    Parameters
    ----------
    document : callable
        Gives what is shown, as ``trace_document.document_of``.
    name : str
        What it is of, for ``repr``.
    """

    def __init__(self, document: Callable[[], dict[str, Any]], name: str) -> None:
        self._document = document
        self._name = name
        super().__init__("trace")

    def __repr__(self) -> str:
        return f"TraceWidget({self._name})"

    def actions(self) -> Mapping[str, Action]:
        return {"trace": lambda _: self._document()}
