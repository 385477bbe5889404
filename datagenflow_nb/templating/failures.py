"""Any failure of a template, told as one ``TemplateError``."""

from __future__ import annotations

import decimal
from collections.abc import Mapping
from types import TracebackType
from typing import Any

import jinja2
from jinja2 import nodes
from jinja2.sandbox import modifies_known_mutable

from ..errors import TemplateError, suggest
from .environment import environment
from .problems import LimitError, RefusedError, UnknownNameError

__all__ = ["COMPILE_ERRORS", "RENDER_ERRORS", "compile_failure", "render_failure"]

COMPILE_ERRORS = (
    jinja2.TemplateError,
    MemoryError,  # Python's own parser, on expressions nested too deeply
    OverflowError,
    RecursionError,
    SyntaxError,
    ValueError,
)
"""What compiling can raise, Python's own complaints about the generated code included."""

RENDER_ERRORS = (
    jinja2.TemplateError,
    ArithmeticError,
    AssertionError,
    AttributeError,
    LookupError,
    MemoryError,
    NameError,
    RuntimeError,
    StopIteration,
    TypeError,
    ValueError,
    decimal.DecimalException,
)
"""What a template can raise by what it does with its values."""

_SHOWN = 200
_LINE_SHOWN = 100


def compile_failure(error: BaseException, source: str, what: str) -> TemplateError:
    """Why a template or expression does not compile.

    Parameters
    ----------
    error : BaseException
        One of ``COMPILE_ERRORS``.
    source : str
        The text that was to be compiled.
    what : {'template', 'expression'}
        How the message calls it.
    """
    if isinstance(error, jinja2.TemplateSyntaxError):
        line, reason = error.lineno, error.message or "syntax error"
    else:
        # Python's parser runs out of memory, by its own account, on deep nesting.
        deep = isinstance(error, MemoryError)
        line, reason = None, "it is nested too deeply" if deep else _plain_reason(error)
    message = f"this {what} does not parse: {reason.rstrip('.')}"
    detail: dict[str, Any] = {"field": None, "fields": [], "line": line}
    if line is not None:
        text = _line(source, line)
        message += f" (line {line}: {text!r})"
        detail["source_line"] = text
    return TemplateError(message, {**detail, "template": source[:_SHOWN]})


def render_failure(
    error: BaseException,
    template: jinja2.Template,
    source: str,
    context: Mapping[str, Any],
    *,
    is_rule: bool = False,
) -> TemplateError:
    """Why a template or expression does not render.

    Parameters
    ----------
    error : BaseException
        One of ``RENDER_ERRORS``.
    template : jinja2.Template
        The compiled template, which knows the lines.
    source : str
        Its text.
    context : mapping
        The fields it was given.
    is_rule : bool
        True for an expression.
    """
    line = _failed_line(error.__traceback__, template)
    fields = sorted(key for key in context if isinstance(key, str))
    detail: dict[str, Any] = {"field": None, "fields": fields, "line": line}
    if isinstance(error, UnknownNameError):
        message = _unknown_name(error, source, is_rule, detail)
    else:
        message = _plain_reason(error)
    if line is not None and "\n" in source.strip():
        message += f" (line {line}: {_line(source, line)!r})"
    return TemplateError(message, {**detail, "template": source[:_SHOWN]})


def _unknown_name(
    error: UnknownNameError, source: str, is_rule: bool, detail: dict[str, Any]
) -> str:
    name, line, fields = error.name, detail["line"], detail["fields"]
    if error.is_field:
        if error.hint is not None:
            return error.hint
        detail["field"] = name
        if name in fields:
            # A name the template sets anywhere in a block is the template's in all of it.
            return f"{name!r} is used before the template sets it; call it other than the field"
        return f"unknown field {name!r}; {suggest(name, fields)}"
    path = _path(name, source, line, is_rule)
    if error.unsafe:
        if modifies_known_mutable(error.obj, name):
            return f"{path!r} would change a value; templates can only read"
        return f"access to {path!r} is not allowed in a template"
    detail["field"] = path
    owner = error.obj
    if isinstance(owner, Mapping):
        detail["keys"] = sorted(str(key) for key in owner)
        return f"unknown field {path!r}; {suggest(str(name), detail['keys'])}"
    if isinstance(owner, list | tuple) and isinstance(name, int):
        return f"unknown field {path!r}: the list has {len(owner)} items"
    kind = "None" if owner is None else f"a {type(owner).__name__}"
    return f"unknown field {path!r}: {kind} has no {name!r}"


def _plain_reason(error: BaseException) -> str:
    text = " ".join(str(error).split())
    if isinstance(error, LimitError):
        return f"over a limit of templates: {text}"
    if isinstance(error, RefusedError):
        return f"not allowed in a template: {text}"
    if isinstance(error, RecursionError | SyntaxError):
        return "it is nested too deeply, or calls itself without end"
    if isinstance(error, jinja2.TemplateError):
        return text
    # "_replace() missing an argument": the check before the filter, not the filter, found out.
    text = text.removeprefix("_")
    return f"{type(error).__name__}: {text}" if text else type(error).__name__


def _line(source: str, number: int) -> str:
    lines = source.splitlines()
    text = lines[number - 1].strip() if 0 < number <= len(lines) else ""
    return text if len(text) <= _LINE_SHOWN else text[: _LINE_SHOWN - 3] + "..."


def _failed_line(traceback: TracebackType | None, template: jinja2.Template) -> int | None:
    """The template's line that was being rendered, in the innermost macro."""
    line: int | None = None
    while traceback is not None:
        if traceback.tb_frame.f_globals.get("__jinja_template__") is template:
            line = template.get_corresponding_lineno(traceback.tb_lineno)
        traceback = traceback.tb_next
    return line


def _path(name: Any, source: str, line: int | None, is_rule: bool) -> str:
    """How the template writes the access to ``name``: ``item.question``; else the name alone."""
    tree = environment.parse_rule(source) if is_rule else environment.parse_template(source)
    found = [
        (node.lineno, path)
        for node in (tree, *tree.find_all(nodes.Node))
        if _key(node) == name and (path := _dotted(node)) is not None
    ]
    here = {path for at, path in found if at == line} or {path for _, path in found}
    return here.pop() if len(here) == 1 else str(name)


def _key(node: nodes.Node) -> Any:
    if isinstance(node, nodes.Getattr):
        return node.attr
    if isinstance(node, nodes.Getitem) and isinstance(node.arg, nodes.Const):
        return node.arg.value
    return None


def _dotted(node: nodes.Node) -> str | None:
    if isinstance(node, nodes.Name):
        return node.name
    key = _key(node)
    if key is None or not isinstance(node, nodes.Getattr | nodes.Getitem):
        return None
    base = _dotted(node.node)
    if base is None:
        return None
    return f"{base}.{key}" if isinstance(key, str) else f"{base}[{key!r}]"
