"""Ready-made pipelines with example seeds: the package's own, and those in a folder of the user's.

A template is ``<id>.yaml``; its example seeds stand next to it in ``<id>.seeds.json``, ``.jsonl``
or ``.csv``.
"""

from __future__ import annotations

from .reader import TemplateInfo, list_templates, read_template, template_ids

__all__ = ["TemplateInfo", "list_templates", "read_template", "template_ids"]
