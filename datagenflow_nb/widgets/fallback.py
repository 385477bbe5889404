"""Two displays in one: a living widget, and the HTML that a saved notebook keeps.

Widgets live as long as their kernel. The HTML is what stays in the saved notebook and what
frontends without widgets show; styles hide the one where the other is.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from IPython.display import DisplayHandle

__all__ = ["LIVE", "show", "static_html", "view_bundle"]

#: The class of a living widget's outermost element.
LIVE = "dgf-live"

#: The HTML is hidden behind living widgets, dead widgets behind the HTML.
_STYLE = (
    "<style>"
    ".jp-OutputArea-child:has(.dgf-live) + .jp-OutputArea-child:has(.dgf-static),"
    ".jp-OutputArea-child:not(:has(.dgf-live)):has(+ .jp-OutputArea-child .dgf-static)"
    "{display:none}</style>"
)


def static_html(html: str) -> str:
    """``html`` as what stands for the widget displayed right before it."""
    return f"{_STYLE}<div class='dgf-static'>{html}</div>"


def view_bundle(widget: Any) -> dict[str, Any]:
    """The MIME bundle that shows a widget.

    Where widgets cannot be shown the HTML that follows is; an object's address helps nobody.
    """
    bundle = widget._repr_mimebundle_()
    data: dict[str, Any] = bundle[0] if isinstance(bundle, tuple) else bundle
    return {**data, "text/plain": ""}


def show(bundle: dict[str, Any], **options: Any) -> DisplayHandle | None:
    """Display a MIME bundle in the running cell."""
    from IPython.display import display

    handle: DisplayHandle | None = display(bundle, raw=True, **options)
    return handle
