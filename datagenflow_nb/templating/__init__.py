"""Prompt templates and rules: Jinja2, sandboxed, strict and bounded.

template     what callers hold: ``compile_template``, ``compile_expression`` (imports no Jinja2)
engine       parse, check, compile, run
limits       how large, long and deep a rendering may get
environment  the Jinja2 environment, its code generator and its context
fields       which fields a template needs, from its syntax tree
failures     any failure -> one ``TemplateError``
budget, operators, formats, calls, filters, checks    what the environment does under those limits
"""

from __future__ import annotations

from .template import Expression, Template, compile_expression, compile_template

__all__ = ["Expression", "Template", "compile_expression", "compile_template"]
