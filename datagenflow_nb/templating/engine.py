"""A text becomes a renderer: parsed, checked, compiled; then run under a budget of its own."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from jinja2 import nodes

from .calls import GLOBALS
from .environment import RESULT, RenderContext, environment, native
from .failures import COMPILE_ERRORS, RENDER_ERRORS, compile_failure, render_failure
from .fields import Fields, find_fields
from .limits import MAX_TEXT
from .problems import LimitError

__all__ = ["Renderer", "build_rule", "build_template"]


class Renderer:
    """A compiled text.

    Parameters
    ----------
    source : str
        The text.
    compiled : jinja2.Template
        What became of it.
    fields : Fields
        What it needs.
    """

    __slots__ = ("_compiled", "_root", "_source", "fields")

    def __init__(self, source: str, compiled: Any, fields: Fields) -> None:
        self.fields = fields
        self._source = source
        self._compiled = compiled
        self._root = compiled.root_render_func

    def render(self, context: Mapping[str, Any]) -> str:
        """The text of a template."""
        parts: list[str] = []
        size = 0
        try:
            for part in self._root(RenderContext(environment, context)):
                size += len(part)
                if size > MAX_TEXT:
                    raise LimitError(f"more than {MAX_TEXT:,} characters of output")
                parts.append(part)
        except RENDER_ERRORS as error:
            raise render_failure(error, self._compiled, self._source, context) from error
        return "".join(parts)

    def evaluate(self, context: Mapping[str, Any]) -> Any:
        """The value of a rule."""
        variables = RenderContext(environment, context)
        try:
            for _ in self._root(variables):
                pass
            return native(variables.vars[RESULT], variables.budget)
        except RENDER_ERRORS as error:
            raise render_failure(
                error, self._compiled, self._source, context, is_rule=True
            ) from error


def build_template(source: str) -> Renderer:
    """The renderer of a template; ``TemplateError`` when there is none."""
    try:
        body = environment.parse_template(source).body
        fields = find_fields(body, GLOBALS)
        return Renderer(source, environment.build(body), fields)
    except COMPILE_ERRORS as error:
        raise compile_failure(error, source, "template") from error


def build_rule(source: str) -> Renderer:
    """The renderer of an expression; ``TemplateError`` when there is none."""
    try:
        expression = environment.parse_rule(source)
        fields = find_fields([nodes.Output([expression])], GLOBALS)
        target = nodes.Name(RESULT, "store", lineno=1)
        compiled = environment.build([nodes.Assign(target, expression, lineno=1)])
        return Renderer(source, compiled, fields)
    except COMPILE_ERRORS as error:
        raise compile_failure(error, source, "expression") from error
