"""Between a widget in the browser and Python: synced traits for state, numbered requests for acts.

A request is answered once, with a value or with an error. It is worked on in a thread beside the
one that runs cells: a model may take a minute to answer.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any, ClassVar

import anywidget
import ipywidgets
import traitlets

from ..errors import ConfigError, DataGenFlowError, suggest
from .bundle import LOADER, Bundle
from .free_route import FreeRoute
from .numbers import odd_numbers

__all__ = ["Action", "BridgedWidget"]

_log = logging.getLogger("datagenflow_nb")

#: What a request asks for by name: it gets the request's values and gives a JSON value.
Action = Callable[[dict[str, Any]], Any]

#: Threads that requests of all widgets are worked on in, but for those that last.
_threads = ThreadPoolExecutor(8, thread_name_prefix="datagenflow-widget")


class BridgedWidget(FreeRoute, anywidget.AnyWidget):
    """A widget of the shared bundle.

    Attributes
    ----------
    view : str
        Which of the bundle's widgets it is.
    lasting : frozenset of str
        Actions that may take as long as a model does: each request has a thread of its own, so that
        others never wait for one.
    lock : threading.RLock
        Held while traits are changed: requests come in several threads.
    """

    lasting: ClassVar[frozenset[str]] = frozenset()
    _esm = LOADER
    bundle = traitlets.Instance(ipywidgets.Widget).tag(sync=True, **ipywidgets.widget_serialization)
    view = traitlets.Unicode().tag(sync=True)

    def __init__(self, view: str, **traits: Any) -> None:
        self.lock = threading.RLock()
        super().__init__(bundle=Bundle.get(), view=view, **traits)
        self.on_msg(self._receive)

    def actions(self) -> Mapping[str, Action]:
        """What the browser may ask for, by name."""
        raise NotImplementedError(type(self).__name__)

    def answer(self, action: str, values: dict[str, Any]) -> Any:
        """Do what a request asks for.

        Raises
        ------
        ConfigError
            For an action there is not.
        DataGenFlowError
            As the action does.
        """
        actions = self.actions()
        if action not in actions:
            raise ConfigError(f"action {action!r} is unknown; {suggest(action, actions)}")
        return actions[action](values)

    def _receive(self, _: Any, message: Any, buffers: Any) -> None:
        if not isinstance(message, dict) or message.get("kind") != "request":
            return
        if message.get("action") in self.lasting:
            threading.Thread(
                target=self._reply, args=(message,), name="datagenflow-widget-lasting", daemon=True
            ).start()
        else:
            _threads.submit(self._reply, message)

    def _reply(self, message: dict[str, Any]) -> None:
        reply = {"kind": "reply", "view": message.get("view"), "id": message.get("id")}
        try:
            values = message.get("values")
            asked = values if isinstance(values, dict) else {}
            reply["result"] = result = self.answer(str(message.get("action")), asked)
            if (odd := odd_numbers(result)) is not None:
                reply["numbers"] = odd
        except DataGenFlowError as error:
            reply["error"] = error.to_dict()
        except Exception as error:  # noqa: BLE001 # the thread's edge: the widget shows it
            _log.error("widget action %r failed", message.get("action"), exc_info=error)
            reply["error"] = {"error": f"{type(error).__name__}: {error}", "detail": {}}
        self.send(reply)
