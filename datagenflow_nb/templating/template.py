"""Compiled prompt templates and rules, as the rest of the package holds them.

Jinja2 is imported when the first of them is compiled.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from ..errors import TemplateError
from .limits import MAX_CACHED

if TYPE_CHECKING:
    from .engine import Renderer

__all__ = ["Expression", "Template", "compile_expression", "compile_template"]


class _Compiled:
    """What a template and an expression share.

    Attributes
    ----------
    source : str
        The text as it was given.
    required : frozenset of str
        Fields every rendering needs.
    optional : frozenset of str
        Fields only some renderings use: in branches, loop bodies, after ``and``, with a default.
    metadata_fields : frozenset of str
        Names ``X`` every rendering needs as ``metadata.X`` or ``metadata['X']``.
    """

    __slots__ = ("_renderer", "metadata_fields", "optional", "required", "source")

    def __init__(self, source: str, renderer: Renderer) -> None:
        self.source = source
        self.required = renderer.fields.required
        self.optional = renderer.fields.optional
        self.metadata_fields = renderer.fields.metadata_fields
        self._renderer = renderer

    def __repr__(self) -> str:
        shown = self.source if len(self.source) <= 60 else self.source[:57] + "..."
        return f"{type(self).__name__}({shown!r})"


class Template(_Compiled):
    """A prompt template; made by ``compile_template``. May be rendered by many threads at once."""

    __slots__ = ()

    def render(self, context: Mapping[str, Any]) -> str:
        """The text, with ``context`` put in.

        Parameters
        ----------
        context : mapping of str to Any
            The fields. It is only read, and what its values hold is never rendered again.

        Raises
        ------
        TemplateError
            A field is unknown, an operation fails, the sandbox refuses or a limit is passed.
            ``detail``: ``field`` (the unknown one), ``fields`` (those there are), ``line``,
            ``template``; ``keys`` when the unknown field is a part of a dict.
        """
        return self._renderer.render(context)


class Expression(_Compiled):
    """A rule; made by ``compile_expression``. May be evaluated by many threads at once."""

    __slots__ = ()

    def evaluate(self, context: Mapping[str, Any]) -> Any:
        """The value, of its own type: true or false is as Python takes it.

        What a filter would yield item by item comes as a list. The value may share parts with
        ``context``.

        Parameters
        ----------
        context : mapping of str to Any
            The fields.

        Raises
        ------
        TemplateError
            As ``Template.render``; also when the value itself, or a part of it, is missing.
        """
        return self._renderer.evaluate(context)


def compile_template(source: str) -> Template:
    """A prompt template, ready to render. The same text is compiled once.

    Parameters
    ----------
    source : str
        Jinja2 text: ``"Write about {{ topic }}."``.

    Raises
    ------
    TemplateError
        It does not parse, names an unknown filter, or includes or imports another template.
        ``detail``: ``line``, ``source_line``, ``template``.

    Examples
    --------
    >>> compile_template("Write about {{ topic }}.").render({"topic": "tea"})
    'Write about tea.'
    """
    _check_text(source, "template")
    return _template(source)


def compile_expression(source: str) -> Expression:
    """A Jinja2 expression, ready to evaluate. The same text is compiled once.

    Parameters
    ----------
    source : str
        The expression, with or without ``{{ }}`` around it: ``"valid and score > 0.7"``.

    Raises
    ------
    TemplateError
        It is empty, does not parse, or is more than one expression.

    Examples
    --------
    >>> compile_expression("score > 0.7").evaluate({"score": 0.9})
    True
    """
    _check_text(source, "expression")
    return _expression(source)


def _check_text(source: Any, what: str) -> None:
    if not isinstance(source, str):
        raise TemplateError(
            f"a {what} is a text, not {type(source).__name__}: {source!r:.100}",
            {"field": None, "fields": [], "line": None, "template": repr(source)[:200]},
        )


@lru_cache(maxsize=MAX_CACHED)
def _template(source: str) -> Template:
    from .engine import build_template

    return Template(source, build_template(source))


@lru_cache(maxsize=MAX_CACHED)
def _expression(source: str) -> Expression:
    from .engine import build_rule

    return Expression(source, build_rule(source))
