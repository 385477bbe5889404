"""Finding and reading templates."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ..errors import ConfigError, DataGenFlowError, suggest
from ..records import decode
from ..spec import PipelineSpec

__all__ = ["TemplateInfo", "list_templates", "read_template", "template_ids"]

_BUILTIN = Path(__file__).parent
_SUFFIXES = (".yaml", ".yml")
_SEED_SUFFIXES = (".seeds.json", ".seeds.jsonl", ".seeds.csv")


@dataclass(frozen=True, slots=True)
class TemplateInfo:
    """One template.

    Attributes
    ----------
    id : str
        The file's name without its suffix.
    name, description : str
        From the pipeline.
    text : str
        The pipeline's YAML as it is in the file.
    seeds : list of dict
        Example seeds as written: ``{"repetitions", "metadata"}`` or the metadata itself.
    source : str
        The file it was read from.
    error : str or None
        Why the template cannot be used; only in lists.
    """

    id: str
    name: str
    description: str = ""
    text: str = field(default="", repr=False)
    seeds: list[dict[str, Any]] = field(default_factory=list, repr=False)
    source: str = ""
    error: str | None = None


def template_ids(extra_folder: Path | None = None) -> list[str]:
    """Ids of all templates, sorted; those of ``extra_folder`` included."""
    return sorted({id for id, _ in _find(extra_folder)})


def read_template(id: str, extra_folder: Path | None = None) -> TemplateInfo:
    """The template called ``id``, its pipeline and seeds checked for their form.

    Parameters
    ----------
    extra_folder : Path, optional
        The user's own templates; may be missing.

    Raises
    ------
    ConfigError
        For an unknown id (with the nearest ones), an id two files define, or a file that cannot be
        read, saying where and why.
    """
    files = [path for known, path in _find(extra_folder) if known == id]
    if not files:
        known = template_ids(extra_folder)
        raise ConfigError(
            f"there is no template {id!r}; {suggest(id, known)}",
            {"template": id, "templates": known},
        )
    if len(files) > 1:
        raise _clash(id, files[0], files[1])
    return _read(id, files[0])


def list_templates(extra_folder: Path | None = None) -> list[TemplateInfo]:
    """Every template, built-in ones first; one that cannot be used carries its ``error``."""
    listed: list[TemplateInfo] = []
    first: dict[str, Path] = {}
    for id, path in _find(extra_folder):
        try:
            if id in first:
                raise _clash(id, first[id], path)
            first[id] = path
            listed.append(_read(id, path))
        except DataGenFlowError as error:
            listed.append(TemplateInfo(id, id, source=str(path), error=error.message))
    return listed


def _find(extra_folder: Path | None) -> Iterator[tuple[str, Path]]:
    for folder in (_BUILTIN, extra_folder):
        if folder is not None and folder.is_dir():
            for path in sorted(folder.iterdir()):
                if path.suffix in _SUFFIXES and path.is_file():
                    yield path.stem, path


def _clash(id: str, first: Path, second: Path) -> ConfigError:
    return ConfigError(
        f"two templates are called {id!r}: {first} and {second}; rename the file of yours",
        {"template": id, "sources": [str(first), str(second)]},
    )


def _read(id: str, path: Path) -> TemplateInfo:
    text = _read_text(path)
    spec = PipelineSpec.from_yaml(text, str(path))
    return TemplateInfo(id, spec.name, spec.description, text, _seeds_of(path, text), str(path))


def _read_text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path} cannot be read: {error}") from error


def _seeds_of(path: Path, text: str) -> list[dict[str, Any]]:
    """The seeds next to a template, else those inside it (``example_seed``, the original's way)."""
    files = [path.with_name(path.stem + suffix) for suffix in _SEED_SUFFIXES]
    found = [file for file in files if file.is_file()]
    if len(found) > 1:
        raise ConfigError(
            f"{path} has its seeds twice, in {found[0].name} and {found[1].name}; remove one"
        )
    if found:
        where, values = str(found[0]), _read_seeds(found[0])
    else:
        where, values = f"{path}, example_seed", _example_seed(text)
    for number, value in enumerate(values, 1):
        if not isinstance(value, dict) or not value:
            got = "empty" if value == {} else type(value).__name__
            raise ConfigError(
                f"{where}: seed {number} is {got}, expected an object such as "
                '{"metadata": {"topic": "tides"}}'
            )
    return values


def _read_seeds(path: Path) -> list[Any]:
    text = _read_text(path)
    if path.suffix == ".csv":
        return _read_csv(text, str(path))
    if path.suffix == ".json":
        value = _decode(text, str(path))
        return value if isinstance(value, list) else [value]
    lines = enumerate(text.splitlines(), 1)
    return [_decode(line, f"{path}:{number}") for number, line in lines if line.strip()]


def _read_csv(text: str, where: str) -> list[Any]:
    """One seed per row; a ``repetitions`` column holds counts, every other column text."""
    rows: list[dict[str, Any]] = []
    reader = csv.DictReader(text.splitlines(keepends=True), strict=True)
    try:
        for row in reader:
            if None in row or None in row.values():
                raise ConfigError(
                    f"{where}:{reader.line_num}: the row has more or fewer cells than the header"
                )
            repetitions = row.pop("repetitions", "1")
            if not repetitions.isdecimal():
                raise ConfigError(
                    f"{where}:{reader.line_num}: repetitions is {repetitions!r}, expected a whole "
                    "number"
                )
            rows.append({"repetitions": int(repetitions), "metadata": row})
    except csv.Error as error:
        raise ConfigError(f"{where}: not valid CSV: {error}") from error
    return rows


def _decode(text: str, where: str) -> Any:
    try:
        return decode(text)
    except ValueError as error:
        raise ConfigError(f"{where}: not valid JSON: {error}") from error


def _example_seed(text: str) -> list[Any]:
    import yaml

    value = yaml.safe_load(text).get("example_seed") or []
    return value if isinstance(value, list) else [value]
