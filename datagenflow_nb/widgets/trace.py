"""A trace on its own: a widget that asks for what it shows when it is drawn."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import traitlets

from .bridge import Action, BridgedWidget
from .trace_acts import TraceActs

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
    acts : TraceActs, optional
        Of a stored record: what else can be asked for.
    record_id : int, optional
        That record's.

    Attributes
    ----------
    record_id : int or None
    """

    record_id = traitlets.Int(None, allow_none=True).tag(sync=True)

    def __init__(
        self,
        document: Callable[[], dict[str, Any]],
        name: str,
        acts: TraceActs | None = None,
        record_id: int | None = None,
    ) -> None:
        self._document = document
        self._name = name
        self._acts = acts
        super().__init__("trace", record_id=record_id)

    def __repr__(self) -> str:
        return f"TraceWidget({self._name})"

    def actions(self) -> Mapping[str, Action]:
        if self._acts is not None:
            return self._acts.actions()
        return {"trace": lambda _: self._document()}
