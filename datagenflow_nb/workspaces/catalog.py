"""What a workspace has to work with: blocks, templates, saved pipelines."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from ..blocks.base import BaseBlock
from ..blocks.registry import Registry
from ..blocks.writing import write_block_file
from ..displays.block import BlockCard
from ..displays.listing import Listing
from ..jobs import JobRoom
from ..pipeline import Pipeline
from ..records import decode
from ..seeds import read_seeds
from ..settings import Settings
from ..spec import PipelineSpec
from ..storage.drafts import DraftTable
from ..storage.library import PipelineTable, StoredPipeline
from ..templates import TemplateInfo, list_templates, read_template
from .checked_text import read_checked

__all__ = ["CatalogFace", "block_listing", "template_listing"]


class CatalogFace:
    """The part of a workspace that authors work with."""

    registry: Registry
    settings: Settings
    drafts: DraftTable
    _pipelines: PipelineTable
    _jobs: JobRoom

    def blocks(self, kinds: Iterable[type[BaseBlock]] | None = None) -> Listing[dict[str, Any]]:
        """Descriptions of the block types there are, or of ``kinds``.

        What cannot be loaded is noted below, with the reason.
        """
        self.registry.refresh()
        return block_listing(self.registry, kinds)

    def block(self, type_name: str) -> BlockCard:
        """The description of one type.

        Raises
        ------
        BlockNotFoundError
            With the nearest names.
        """
        self.registry.refresh()
        name = self.registry.get(type_name).__name__  # an alias is one of its names
        (found,) = [item for item in self.registry.describe() if item["type"] == name]
        return BlockCard(found)

    def save_blocks(self, source: str, *, replace: bool = False) -> list[type[BaseBlock]]:
        """Write Python that defines blocks into the project's ``blocks/`` and load it.

        Raises
        ------
        ConfigError
            When it defines no block, does not load on its own, has a name that another place
            defines, or would replace a file that was edited since it was written (``replace`` does
            so all the same, and moves blocks here from files that hold nothing else). Nothing is
            written then.
        """
        path = write_block_file(self.settings.blocks_path, source, self.registry, replace=replace)
        self.registry.refresh()
        return self.registry.defined_by(str(path))

    def templates(self) -> Listing[TemplateInfo]:
        """The ready-made pipelines, built-in and the project's own."""
        return template_listing(self.settings.templates_path)

    def pipelines(self) -> Listing[StoredPipeline]:
        """All saved pipelines by name."""
        return Listing(
            self._pipelines.list(),
            ("Name", "Version", "Blocks", "Saved"),
            _pipeline_cells,
            title="Pipelines",
            empty="No pipelines yet: %dgf new NAME --template T, or %%dgf pipeline NAME.",
        )

    def saved_pipeline(self, name_or_id: str | int) -> StoredPipeline:
        """One saved pipeline.

        Raises
        ------
        ConfigError
            When there is none of that name, with the nearest ones.
        """
        return self._pipelines.get(name_or_id)

    def pipeline_versions(self, name_or_id: str | int) -> Sequence[tuple[int, str, str]]:
        """(version, saved at, definition as JSON) of every saved version, oldest first.

        Raises
        ------
        ConfigError
            When there is none of that name.
        """
        return self._pipelines.versions(self._pipelines.get(name_or_id).name)

    def save_pipeline(self, pipeline: Pipeline) -> StoredPipeline:
        """Save it under its name: a new version when it changed."""
        return self._pipelines.save(pipeline.name, pipeline.to_json())

    def save_text(self, name: str, text: str) -> Pipeline:
        """Check the YAML (or JSON) of a pipeline and save it under ``name``.

        Raises
        ------
        ConfigError
            For whatever is wrong with it, each at its line; nothing is saved then.
        """
        pipeline = self._with_services(read_checked(name, text, self.registry))
        self.save_pipeline(pipeline)
        return pipeline

    def template_pipeline(self, template_id: str) -> Pipeline:
        """The pipeline of a template.

        Raises
        ------
        ConfigError
            For an unknown template.
        """
        info = read_template(template_id, self.settings.templates_path)
        spec = PipelineSpec.from_yaml(info.text, f"template {template_id!r}")
        return self._with_services(spec)

    def new_pipeline(self, name: str, template_id: str) -> Pipeline:
        """Save the template's pipeline under ``name``.

        Raises
        ------
        ConfigError
            For an unknown template.
        """
        data = self.template_pipeline(template_id).to_dict()
        pipeline = self._with_services(PipelineSpec.from_dict({**data, "name": name}))
        self.save_pipeline(pipeline)
        return pipeline

    def delete_pipeline(self, name_or_id: str | int) -> None:
        """Delete a saved pipeline; its jobs and records stay.

        Raises
        ------
        ConfigError
            When there is none of that name.
        """
        self._pipelines.delete(name_or_id)

    def example_seed(self, pipeline: Pipeline) -> dict[str, Any] | None:
        """A seed to try it on: of its last job, else of the template it was made from."""
        for row in reversed(self._jobs.table.list()):
            if row.pipeline_name == pipeline.name and row.total:
                for page in self._jobs.table.seed_pages(row):
                    return page[0][2]
        for info in self.templates():
            spec = PipelineSpec.from_yaml(info.text, f"template {info.id!r}")
            if spec.blocks == pipeline.spec.blocks:
                return next(read_seeds(info.seeds)).metadata
        return None

    def _with_services(self, spec: PipelineSpec) -> Pipeline:
        raise NotImplementedError


def block_listing(
    registry: Registry, kinds: Iterable[type[BaseBlock]] | None = None
) -> Listing[dict[str, Any]]:
    """The types of ``registry`` (or ``kinds`` of it), with what cannot be loaded below."""
    found = registry.describe()
    notes: list[str] = []
    if kinds is not None:
        wanted = {kind.__name__ for kind in kinds}
        found = [item for item in found if item["type"] in wanted]
    elif broken := registry.unavailable():
        notes = ["", "Not available:", *(f"  {item.source}: {item.error}" for item in broken)]
    return Listing(
        found,
        ("Type", "Category", "Inputs", "Outputs", "Description"),
        lambda item: (
            item["type"], item["category"], ", ".join(item["inputs"]) or "-",
            ", ".join(item["outputs"]) or "-", item["description"],
        ),
        title="Blocks",
        notes=notes,
    )  # fmt: skip


def template_listing(folder: Path | None) -> Listing[TemplateInfo]:
    """The templates there are, with those that cannot be read below."""
    found = list_templates(folder)
    broken = [info for info in found if info.error is not None]
    notes = ["", "Not available:", *(f"  {info.source}: {info.error}" for info in broken)]
    return Listing(
        [info for info in found if info.error is None],
        ("ID", "Seeds", "Description"),
        lambda info: (info.id, len(info.seeds), info.description or info.name),
        title="Templates",
        notes=notes if broken else (),
    )


def _pipeline_cells(saved: StoredPipeline) -> tuple[Any, ...]:
    blocks = " -> ".join(str(block.get("type")) for block in decode(saved.definition)["blocks"])
    return saved.name, saved.version, blocks, saved.updated_at[:16].replace("T", " ")
