"""Which fields a template needs, read off its syntax tree.

A field counts as required only when every rendering uses it; whatever hangs on a condition, a loop
or a call counts as optional. So a missing required field is an error that can be told before
anything runs, and an optional one never raises a false alarm.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from jinja2 import nodes

__all__ = ["Fields", "find_fields"]

_METADATA = "metadata"
_DICT_ATTRIBUTES = frozenset(dir(dict))
_TOLERANT_FILTERS = frozenset({"default", "d"})
_TOLERANT_TESTS = frozenset({"defined", "undefined"})


@dataclass(frozen=True)
class Fields:
    """The fields of a template.

    Attributes
    ----------
    required : frozenset of str
        Top-level names every rendering uses.
    optional : frozenset of str
        Top-level names only some renderings use.
    metadata_fields : frozenset of str
        Names ``X`` that every rendering uses as ``metadata.X`` or ``metadata['X']``.
    """

    required: frozenset[str]
    optional: frozenset[str]
    metadata_fields: frozenset[str]


def find_fields(body: Iterable[nodes.Node], known: Iterable[str]) -> Fields:
    """The fields these nodes use.

    Parameters
    ----------
    body : iterable of jinja2.nodes.Node
        Statements or expressions, in order.
    known : iterable of str
        Names every template has (the global functions).
    """
    finder = _Finder(_Scope(set(known)))
    for node in body:
        finder.walk(node, True)
    return Fields(
        frozenset(finder.required),
        frozenset(finder.optional - finder.required),
        frozenset(finder.metadata_fields),
    )


@dataclass
class _Scope:
    """Names that are no fields here, and names that may be none."""

    bound: set[str] = field(default_factory=set)
    maybe: set[str] = field(default_factory=set)

    def inner(self, names: Iterable[str] = ()) -> _Scope:
        return _Scope(self.bound | set(names), set(self.maybe))


class _Finder:
    def __init__(self, scope: _Scope) -> None:
        self.required: set[str] = set()
        self.optional: set[str] = set()
        self.metadata_fields: set[str] = set()
        self._scope = scope

    def walk(self, node: nodes.Node, certain: bool) -> None:
        """Note the fields of one node; ``certain`` when every rendering gets there."""
        handler = getattr(self, f"_{type(node).__name__.lower()}", None)
        if handler is not None:
            handler(node, certain)
        else:
            self._each(node.iter_child_nodes(), certain)

    def _each(self, found: Iterable[nodes.Node], certain: bool) -> None:
        for node in found:
            self.walk(node, certain)

    def _passed(self, found: Iterable[nodes.Node | None], certain: bool) -> None:
        """Values handed on: a missing one is an error only where it is used."""
        for node in found:
            if node is not None:
                value = node.value if isinstance(node, nodes.Keyword | nodes.Pair) else node
                self._tolerated(value, certain)

    def _within(self, names: Iterable[str], found: Iterable[nodes.Node], certain: bool) -> None:
        """Nodes that see other names, and whose own do not get out."""
        outer, self._scope = self._scope, self._scope.inner(names)
        self._each(found, certain)
        self._scope = outer

    # -- names

    def _name(self, node: nodes.Name, certain: bool) -> None:
        if node.ctx == "load":
            self._use(node.name, certain)
        else:
            self._scope.bound.add(node.name)
            self._scope.maybe.discard(node.name)

    def _nsref(self, node: nodes.NSRef, certain: bool) -> None:
        self._use(node.name, certain)

    def _use(self, name: str, certain: bool) -> None:
        if name not in self._scope.bound:
            certain = certain and name not in self._scope.maybe
            (self.required if certain else self.optional).add(name)

    def _getattr(self, node: nodes.Getattr, certain: bool) -> None:
        if self._is_metadata(node.node) and node.attr not in _DICT_ATTRIBUTES:
            if certain:
                self.metadata_fields.add(node.attr)
        else:
            self.walk(node.node, certain)

    def _getitem(self, node: nodes.Getitem, certain: bool) -> None:
        key = node.arg.value if isinstance(node.arg, nodes.Const) else None
        if self._is_metadata(node.node) and isinstance(key, str):
            if certain:
                self.metadata_fields.add(key)
            return
        self.walk(node.node, certain)
        if isinstance(node.arg, nodes.Slice):
            self._passed(node.arg.iter_child_nodes(), certain)
        else:
            self._passed([node.arg], certain)

    def _is_metadata(self, node: nodes.Node) -> bool:
        names = self._scope.bound | self._scope.maybe
        return isinstance(node, nodes.Name) and node.name == _METADATA and _METADATA not in names

    def _tolerated(self, node: nodes.Node, certain: bool) -> None:
        """A value that may be missing; what it is a part of may not."""
        if isinstance(node, nodes.Getattr | nodes.Getitem):
            self.walk(node.node, certain)
            if isinstance(node, nodes.Getitem):
                self._passed([node.arg], certain)
        else:
            self.walk(node, certain and not isinstance(node, nodes.Name))

    # -- expressions

    def _and(self, node: nodes.BinExpr, certain: bool) -> None:
        self.walk(node.left, certain)
        self.walk(node.right, False)

    _or = _and

    def _condexpr(self, node: nodes.CondExpr, certain: bool) -> None:
        self.walk(node.test, certain)
        self.walk(node.expr1, False)
        if node.expr2 is not None:
            self.walk(node.expr2, False)

    def _compare(self, node: nodes.Compare, certain: bool) -> None:
        # `x in []` asks nothing of x; what follows a false comparison is not looked at.
        first = node.ops[0]
        if first.op in ("in", "notin"):
            self._passed([node.expr], certain)
        else:
            self.walk(node.expr, certain)
        self.walk(first.expr, certain)
        self._each([operand.expr for operand in node.ops[1:]], False)

    def _mod(self, node: nodes.Mod, certain: bool) -> None:
        self.walk(node.left, certain)
        if isinstance(node.right, nodes.Tuple):
            self._each(node.right.items, certain)
        else:
            self.walk(node.right, certain)

    def _list(self, node: Any, certain: bool) -> None:
        self._passed(node.items, certain)

    _tuple = _list

    def _dict(self, node: nodes.Dict, certain: bool) -> None:
        for pair in node.items:
            self.walk(pair.key, certain)
        self._passed(node.items, certain)

    def _filter(self, node: nodes.Filter, certain: bool) -> None:
        if node.node is not None:
            if node.name in _TOLERANT_FILTERS:
                self._tolerated(node.node, certain)
            else:
                self.walk(node.node, certain)
        self._arguments(node, certain)

    def _test(self, node: nodes.Test, certain: bool) -> None:
        if node.name in _TOLERANT_TESTS:
            self._tolerated(node.node, certain)
        else:
            self.walk(node.node, certain)
        self._arguments(node, certain)

    def _call(self, node: nodes.Call, certain: bool) -> None:
        self.walk(node.node, certain)
        self._arguments(node, certain)

    def _arguments(self, node: Any, certain: bool) -> None:
        self._passed([*node.args, *node.kwargs, node.dyn_args, node.dyn_kwargs], certain)

    # -- statements

    def _assign(self, node: nodes.Assign, certain: bool) -> None:
        self._passed([node.node], certain)
        self.walk(node.target, certain)

    def _assignblock(self, node: nodes.AssignBlock, certain: bool) -> None:
        self._within((), node.body, certain)
        if node.filter is not None:
            self.walk(node.filter, certain)
        self.walk(node.target, certain)

    def _filterblock(self, node: nodes.FilterBlock, certain: bool) -> None:
        self._within((), [*node.body, node.filter], certain)

    def _with(self, node: nodes.With, certain: bool) -> None:
        self._passed(node.values, certain)
        self._within(_names(node.targets), node.body, certain)

    def _for(self, node: nodes.For, certain: bool) -> None:
        self.walk(node.iter, certain)
        names = {*_names([node.target]), "loop"}
        body = [node.test, *node.body] if node.test is not None else node.body
        self._within(names, body, False)
        self._within((), node.else_, False)

    def _if(self, node: nodes.If, certain: bool) -> None:
        self.walk(node.test, certain)
        outer = self._scope
        set_somewhere: set[str] = set()
        for branch in (node.body, node.elif_, node.else_):
            self._scope = outer.inner()
            self._each(branch, False)
            set_somewhere |= (self._scope.bound - outer.bound) | self._scope.maybe
        self._scope = outer
        outer.maybe |= set_somewhere

    def _macro(self, node: nodes.Macro, certain: bool) -> None:
        self._scope.bound.add(node.name)
        self._function(node)

    def _callblock(self, node: nodes.CallBlock, certain: bool) -> None:
        self.walk(node.call, certain)
        self._function(node)

    def _function(self, node: nodes.Macro | nodes.CallBlock) -> None:
        names = {*_names(node.args), "caller", "kwargs", "varargs"}
        self._within(names, [*node.defaults, *node.body], False)


def _names(targets: Iterable[nodes.Node]) -> Iterator[str]:
    """The names that assignment targets bind."""
    for target in targets:
        for node in (target, *target.find_all(nodes.Name)):
            if isinstance(node, nodes.Name):
                yield node.name
