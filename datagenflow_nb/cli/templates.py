"""``dgf templates``: ready-made pipelines, and one of them as text to start from."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from .command import Command, json_option, load_settings
from .output import emit, emit_json, is_terminal, output_width

if TYPE_CHECKING:
    from ..templates import TemplateInfo

__all__ = ["templates"]


@click.command(cls=Command)
@click.argument("template_id", metavar="[ID]", required=False)
@click.option("--seeds", is_flag=True, help="Print the example seeds of template ID as JSON.")
@json_option
def templates(template_id: str | None, seeds: bool, as_json: bool) -> None:
    """List the templates, or print the pipeline of template ID as YAML.

    \b
    dgf templates qa_generation > pipeline.yaml
    dgf templates qa_generation --seeds > seeds.json
    dgf run pipeline.yaml seeds.json --out out.jsonl
    """
    if template_id is None and seeds:
        raise click.UsageError("--seeds prints the seeds of one template; name it")
    settings = load_settings()
    from ..templates import list_templates, read_template
    from ..workspaces.catalog import template_listing

    if template_id is not None:
        _show_one(read_template(template_id, settings.templates_path), seeds, as_json)
        return
    if as_json:
        found = list_templates(settings.templates_path)
        emit_json([{**_described(info), "error": info.error} for info in found])
    else:
        emit(template_listing(settings.templates_path).text(output_width()))


def _show_one(info: TemplateInfo, seeds: bool, as_json: bool) -> None:
    if seeds:
        emit_json(info.seeds)
    elif as_json:
        emit_json({**_described(info), "yaml": info.text, "seeds": info.seeds})
    else:
        end = "" if info.text.endswith("\n") else "\n"
        emit(info.text, end=end, raw=not is_terminal())  # into a file: as it is


def _described(info: TemplateInfo) -> dict[str, Any]:
    return {
        "id": info.id,
        "name": info.name,
        "description": info.description,
        "seeds": len(info.seeds),
        "source": info.source,
    }
