"""The one Jinja2 environment of prompt templates and rules, and the code it generates."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from types import BuiltinMethodType
from typing import Any

from jinja2 import TemplateSyntaxError, Undefined, nodes
from jinja2.compiler import CodeGenerator, Frame
from jinja2.exceptions import TemplateAssertionError
from jinja2.lexer import Token, TokenStream
from jinja2.nodes import EvalContext
from jinja2.parser import Parser
from jinja2.runtime import Context
from jinja2.sandbox import ImmutableSandboxedEnvironment
from jinja2.utils import missing
from markupsafe import Markup

from ..errors import suggest
from .budget import Budget
from .calls import GLOBALS, call
from .filters import LOOP_FILTER, guarded_filters, guarded_tests
from .formats import BoundFormat
from .limits import MAX_SOURCE, MAX_TOKENS
from .operators import OPERATORS
from .problems import Missing

__all__ = ["RESULT", "RenderContext", "SafeEnvironment", "environment", "native"]

RESULT = "0"
"""The variable, which no template can write, that holds an expression's value."""

_DICT_ATTRIBUTES = frozenset(dir(dict))
_INHERITANCE = "a prompt template is one text: there is nothing to {} from"
_REFUSED: dict[type[nodes.Node], str] = {
    nodes.Include: "'include': " + _INHERITANCE.format("include"),
    nodes.Import: "'import': " + _INHERITANCE.format("import"),
    nodes.FromImport: "'import': " + _INHERITANCE.format("import"),
    nodes.Extends: "'extends': a prompt template is one text: there is nothing to extend",
    nodes.Block: "'block': templates do not inherit from each other here; write its body plainly",
    nodes.ScopedEvalContextModifier: "'autoescape': texts are never escaped here; use |escape",
}


class RenderContext(Context):
    """The variables of one rendering and its budget; the caller's mapping is read, not copied."""

    def __init__(
        self, env: SafeEnvironment, fields: Mapping[str, Any], *unused: Any, **ignored: Any
    ) -> None:
        # Not the base's: it copies the fields and all global functions, which takes longer than
        # rendering a prompt. What it would set and nothing here reads is left out.
        self.environment = env
        self.parent = fields  # type: ignore[assignment]  # only read, so any mapping will do
        self.vars = {}
        self.exported_vars = set()
        self.eval_ctx = env.eval_ctx
        self.name = None
        self.blocks = {}
        self.budget = Budget()

    def resolve_or_missing(self, key: str) -> Any:
        """A variable, a field or a global function, the first there is."""
        if key in self.parent and key not in self.vars:
            return self.parent[key]
        if key in self.vars:
            return self.vars[key]
        return GLOBALS.get(key, missing)


class _Generator(CodeGenerator):
    """Sends everything that makes texts, lists or comparisons through the budget.

    The names it uses cannot clash: Jinja2 prefixes every name of a template.
    """

    def write_commons(self) -> None:
        super().write_commons()
        self.writeline("budget = context.budget")
        self.writeline("text = budget.text")
        self.writeline("concat = budget.concat")

    def _output_child_pre(self, node: nodes.Expr, frame: Frame, finalize: Any) -> None:
        self.write("text(")

    def visit_Concat(self, node: nodes.Concat, frame: Frame) -> None:  # noqa: N802  # Jinja2's name
        self.write("budget.join((")
        for part in node.nodes:
            self.visit(part, frame)
            self.write(", ")
        self.write("))")

    def visit_Compare(self, node: nodes.Compare, frame: Frame) -> None:  # noqa: N802  # Jinja2's name
        self.write("(budget.tick() or ")
        super().visit_Compare(node, frame)
        self.write(")")

    def visit_Getitem(self, node: nodes.Getitem, frame: Frame) -> None:  # noqa: N802  # Jinja2's name
        is_slice = isinstance(node.arg, nodes.Slice)
        self.write("budget.charge(" if is_slice else "")
        super().visit_Getitem(node, frame)
        self.write(")" if is_slice else "")

    def visit_Tuple(self, node: nodes.Tuple, frame: Frame) -> None:  # noqa: N802  # Jinja2's name
        if node.ctx == "load":
            self._write_checked(node, frame, super().visit_Tuple)
        else:
            super().visit_Tuple(node, frame)

    def visit_List(self, node: nodes.List, frame: Frame) -> None:  # noqa: N802  # Jinja2's name
        self._write_checked(node, frame, super().visit_List)

    def visit_Dict(self, node: nodes.Dict, frame: Frame) -> None:  # noqa: N802  # Jinja2's name
        self._write_checked(node, frame, super().visit_Dict)

    def _write_checked(self, node: nodes.Expr, frame: Frame, visit: Any) -> None:
        # A literal of constants is no larger than the source.
        nested = any(
            isinstance(part, nodes.Expr) and not isinstance(part, nodes.Literal)
            for part in node.find_all(nodes.Node)
        )
        self.write("budget.built(" if nested else "")
        visit(node, frame)
        self.write(")" if nested else "")


class SafeEnvironment(ImmutableSandboxedEnvironment):
    """Sandboxed, strict, bounded; without a loader, without autoescape."""

    code_generator_class = _Generator
    context_class = RenderContext
    intercepted_binops = frozenset(OPERATORS)

    def __init__(self) -> None:
        super().__init__(
            autoescape=False, keep_trailing_newline=True, undefined=Missing, cache_size=0
        )
        self.globals.clear()
        self.globals.update(GLOBALS)
        self.filters.update(guarded_filters())
        self.tests.update(guarded_tests())
        self.eval_ctx = EvalContext(self)

    def parse_template(self, source: str) -> nodes.Template:
        """The syntax tree of a template, refused or unknown constructs reported."""
        if len(source) > MAX_SOURCE:
            raise TemplateSyntaxError(
                f"a template of {len(source):,} characters; at most {MAX_SOURCE:,} are allowed", 1
            )
        tree = self._parse(source, None, None)
        self._check(tree)
        return tree

    def parse_rule(self, source: str) -> nodes.Expr:
        """The syntax tree of one expression, written with or without ``{{ }}``."""
        stripped = source.strip()
        if not stripped:
            raise TemplateSyntaxError("the expression is empty", 1)
        if stripped.startswith("{{"):
            return self._only_expression(self.parse_template(source.strip()))
        if len(source) > MAX_SOURCE:
            raise TemplateSyntaxError(f"more than {MAX_SOURCE:,} characters", 1)
        parser = Parser(self, source, state="variable")
        expression = parser.parse_expression()
        if not parser.stream.eos:
            line = parser.stream.current.lineno
            raise TemplateSyntaxError("this is not one expression: there is text after it", line)
        tree = nodes.Template([nodes.Output([expression], lineno=1)], lineno=1)
        self._check(tree)
        return expression

    def _only_expression(self, tree: nodes.Template) -> nodes.Expr:
        parts = [part for node in tree.body for part in getattr(node, "nodes", [node])]
        if len(parts) == 1 and isinstance(parts[0], nodes.Expr):
            return parts[0]
        line = tree.body[0].lineno if tree.body else 1
        raise TemplateSyntaxError("one expression is expected, without text or tags around", line)

    def build(self, body: Sequence[nodes.Node]) -> Any:
        """The compiled ``jinja2.Template`` of these nodes."""
        tree = nodes.Template(list(body), lineno=1)
        for loop in tree.find_all(nodes.For):
            loop.iter = nodes.Filter(loop.iter, LOOP_FILTER, [], [], None, None, lineno=loop.lineno)
        tree.set_environment(self)
        return self.from_string(tree)

    def _check(self, tree: nodes.Template) -> None:
        for node in tree.find_all(nodes.Node):
            if type(node) in _REFUSED:
                raise TemplateSyntaxError(_REFUSED[type(node)], node.lineno)
            if isinstance(node, nodes.Name) and node.name == "self":
                raise TemplateSyntaxError("'self' means nothing here; rename it", node.lineno)
            if isinstance(node, nodes.Filter) and node.name not in self.filters:
                raise _unknown("filter", node.name, self.filters, node.lineno)
            if isinstance(node, nodes.Test) and node.name not in self.tests:
                raise _unknown("test", node.name, self.tests, node.lineno)

    def _tokenize(
        self, source: str, name: str | None, filename: str | None = None, state: str | None = None
    ) -> TokenStream:
        stream = super()._tokenize(source, name, filename, state)
        return TokenStream(_limited(stream), name, filename)

    def getattr(self, obj: Any, attribute: str) -> Any:
        """``obj.attribute``; for a dict whose own attribute it is not, its key."""
        if isinstance(obj, dict) and attribute not in _DICT_ATTRIBUTES:
            if attribute in obj:
                return obj[attribute]
            if type(obj) is dict or not hasattr(obj, attribute):
                return Missing(obj=obj, name=attribute)
        return super().getattr(obj, attribute)

    def getitem(self, obj: Any, argument: Any) -> Any:
        """``obj[argument]``; of a dict only its keys, and never a ``defaultdict``'s factory."""
        if isinstance(obj, dict):
            return obj[argument] if argument in obj else Missing(obj=obj, name=argument)
        return super().getitem(obj, argument)

    def wrap_str_format(self, value: Any) -> Any:
        """``str.format`` as one that asks the budget."""
        if isinstance(value, BuiltinMethodType) or hasattr(value, "__func__"):
            owner = getattr(value, "__self__", None)
            if isinstance(owner, str) and value.__name__ in ("format", "format_map"):
                return BoundFormat(self, owner, value.__name__ == "format_map")
        return None

    def call_binop(self, context: Any, operator: str, left: Any, right: Any) -> Any:
        """An arithmetic operator of ``OPERATORS``."""
        context.budget.tick()
        return OPERATORS[operator](context.budget, left, right)

    def call(__self, __context: Any, __obj: Any, *args: Any, **kwargs: Any) -> Any:  # noqa: N805  # Jinja2's names: they must not clash with keywords
        """``__obj(*args, **kwargs)``."""
        kwargs.pop("_loop_vars", None)
        kwargs.pop("_block_vars", None)
        return call(__context.budget, __obj, args, kwargs)


def _unknown(kind: str, name: str, known: Mapping[str, Any], line: int) -> TemplateAssertionError:
    names = [word for word in known if re.fullmatch(r"[a-z]+", word)]
    return TemplateAssertionError(f"there is no {kind} {name!r}; {suggest(name, names)}", line)


def _limited(stream: TokenStream) -> Iterator[Token]:
    for count, token in enumerate(stream):
        if count > MAX_TOKENS:
            raise TemplateSyntaxError(f"more than {MAX_TOKENS:,} tokens", token.lineno)
        yield token


environment = SafeEnvironment()


def native(value: Any, budget: Budget) -> Any:
    """An expression's value without Jinja2's own types, or an error if a part of it is missing."""
    if isinstance(value, Missing):
        value._fail_with_undefined_error()
    if isinstance(value, Undefined):
        # `a if b`, b being false: nothing is missing.
        return None
    if isinstance(value, Markup):
        return str(value)
    if isinstance(value, Iterator):
        value = list(budget.loop(value))
    if isinstance(value, list | tuple | dict):
        _fail_if_missing(value, budget)
    return value


def _fail_if_missing(value: Any, budget: Budget) -> None:
    budget.weigh(value)
    for item in value.values() if isinstance(value, dict) else value:
        if isinstance(item, Missing):
            item._fail_with_undefined_error()
        if isinstance(item, list | tuple | dict):
            _fail_if_missing(item, budget)
