"""Where one stands: the store, the model, what there is, what to do next."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from .html import el, page
from .text import printable

__all__ = ["Status"]


@dataclass(frozen=True, slots=True)
class Status:
    """Facts by name, and lines on what to do next: (what to type, why)."""

    facts: dict[str, str]
    steps: Sequence[tuple[str, str]]

    def text(self) -> str:
        """The same as plain text."""
        width = max(map(len, self.facts), default=0)
        lines = [f"{name:<{width}}  {value}" for name, value in self.facts.items()]
        room = max((len(step) for step, _ in self.steps), default=0)
        lines += ["", "Next:", *(f"  {step:<{room}}  {why}" for step, why in self.steps)]
        return printable("\n".join(lines))

    def _repr_html_(self) -> str:
        facts = [el("tr", el("th", name), el("td", value)) for name, value in self.facts.items()]
        steps = [el("tr", el("td", el("code", step)), el("td", why)) for step, why in self.steps]
        return page(
            el("div", "DataGenFlow", class_="dgf-head"),
            el("table", el("tbody", facts)),
            el("div", "Next", class_="dgf-head"),
            el("table", el("tbody", steps)),
        )

    def _repr_pretty_(self, printer: Any, cycle: bool) -> None:
        printer.text(self.text())
