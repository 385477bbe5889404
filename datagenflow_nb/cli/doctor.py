"""``dgf doctor``: what there is, which settings hold, what does not add up."""

from __future__ import annotations

import os
import platform
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from .. import __version__
from ..displays.text import shown_path
from ..errors import ConfigError, DataGenFlowError
from .command import FAILED, Command, db_option, json_option, load_settings, start_log
from .output import emit, emit_json

if TYPE_CHECKING:
    from ..settings import Settings
    from ..workspaces import Workspace

__all__ = ["doctor"]

_PACKAGE = "datagenflow-nb"
#: Packages of the extras, and what each is for.
_OPTIONAL = {
    "pyarrow": "Parquet files",
    "jupyterlab": "notebooks",
    "ipykernel": "notebooks",
    "ipywidgets": "buttons of running jobs in notebooks",
}


@click.command(cls=Command)
@db_option
@json_option
@click.pass_context
def doctor(ctx: click.Context, db: Path | None, as_json: bool) -> None:
    """Examine the store, settings, models, blocks and packages.

    Ends with status 1 when something does not add up. Looking creates nothing.
    """
    report = _examine(db)
    if as_json:
        emit_json(report)
    else:
        emit(_text(report))
    ctx.exit(FAILED if report["problems"] else 0)


def _examine(db: Path | None) -> dict[str, Any]:
    problems: list[str] = []
    report: dict[str, Any] = {"ok": False, "problems": problems}
    report["versions"] = _versions(problems)
    try:
        settings = load_settings(db)
    except ConfigError as error:
        start_log(debug=False)
        problems.append(f"settings: {error.message}")
        return report
    report["settings"] = _settings(settings, db)
    report["store"], models = _store(settings, db, problems)
    report["models"] = models
    report["blocks"] = _blocks(settings, problems)
    report["ok"] = not problems
    return report


def _versions(problems: list[str]) -> dict[str, str | None]:
    from importlib import metadata

    versions: dict[str, str | None] = {
        "python": f"{platform.python_version()} ({sys.executable})",
        "system": platform.platform(),
        _PACKAGE: __version__,
    }
    try:
        required = metadata.requires(_PACKAGE) or []
    except metadata.PackageNotFoundError:
        problems.append(f"packages: {_PACKAGE} runs from a folder and is not installed")
        required = []
    names = {
        found[0]
        for line in required
        if "extra ==" not in line and (found := re.match(r"[A-Za-z0-9._-]+", line))
    }
    for name in [*sorted(names), *_OPTIONAL]:
        try:
            versions[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            versions[name] = None
            if name not in _OPTIONAL:
                problems.append(f"packages: {name} is not installed; install {_PACKAGE} again")
    return versions


def _settings(settings: Settings, db: Path | None) -> dict[str, dict[str, Any]]:
    """Each setting with its value and where it came from; the key only as set or not."""
    root = settings.root
    values: dict[str, tuple[Any, Any]] = {
        "LLM_ENDPOINT": (settings.llm_endpoint, None),
        "LLM_MODEL": (settings.llm_model, None),
        "LLM_API_KEY": ("set" if settings.llm_api_key else None, None),
        "DATABASE_PATH": (str(settings.database_path), str(root / "datagenflow.db")),
        "BLOCKS_PATH": (str(settings.blocks_path), str(root / "blocks")),
        "TEMPLATES_PATH": (str(settings.templates_path), str(root / "templates")),
        "DEBUG": (settings.debug, False),
    }
    described = {"project root": {"value": str(root), "source": "found"}}
    for name, (value, default) in values.items():
        if name == "DATABASE_PATH" and db is not None:
            source = "--db"
        elif os.environ.get(name):
            source = "environment"
        else:
            source = "default" if value == default else ".env"
        described[name] = {"value": value, "source": source}
    return described


def _store(
    settings: Settings, db: Path | None, problems: list[str]
) -> tuple[dict[str, Any], dict[str, Any]]:
    """The store, and the models that are configured in it."""
    path = settings.database_path
    store: dict[str, Any] = {"path": str(path), "exists": path.exists()}
    if not store["exists"]:
        if db is not None:
            problems.append(f"store: there is no file {path}")
        return store, _models_without_store(settings, problems)
    from ..workspaces import Workspace

    workspace: Workspace | None = None
    try:
        workspace = Workspace(settings)
        store |= _contents(workspace)
        for finding in workspace.examine():
            store["findings"][finding.what] = finding.count
            if finding.count:
                detail = f" ({finding.detail})" if finding.detail else ""
                problems.append(f"store: {finding.count} {finding.what}{detail}")
        return store, _models(workspace, problems)
    except DataGenFlowError as error:
        store["error"] = error.message
        problems.append(f"store: {error.message}")
        return store, _models_without_store(settings, problems)
    finally:
        if workspace is not None:
            workspace.close()


def _contents(workspace: Workspace) -> dict[str, Any]:
    path = workspace.store.path
    beside = [path.with_name(path.name + suffix) for suffix in ("-wal", "-shm")]
    return {
        "bytes": path.stat().st_size + sum(p.stat().st_size for p in beside if p.exists()),
        **workspace.store.describe(),
        "pipelines": len(workspace.pipelines()),
        "jobs": len(workspace.jobs()),
        "records": sum(workspace.record_counts().values()),
        "findings": {},
    }


def _models(workspace: Workspace, problems: list[str]) -> dict[str, Any]:
    """What answers by default, and whether each configured model can be used on this machine.

    One that cannot (its key is somebody else's) is a note, not a problem.
    """
    configured = []
    for model in workspace.configured_models():
        entry = {"name": model.name, "model": model.model, "endpoint": model.endpoint,
                 "key_env": model.key_env, "error": None}  # fmt: skip
        try:
            workspace.models.resolve(model.name)
        except ConfigError as error:
            entry["error"] = error.message
        configured.append(entry)
    return {"default": _default_model(workspace.models, problems), "configured": configured}


def _models_without_store(settings: Settings, problems: list[str]) -> dict[str, Any]:
    from ..llm.catalog import Models

    return {"default": _default_model(Models(settings), problems), "configured": []}


def _default_model(models: Any, problems: list[str]) -> dict[str, Any]:
    try:
        found = models.resolve(None)
    except ConfigError as error:
        problems.append(f"models: {error.message}")
        return {"error": error.message}
    return {"name": found.name, "endpoint": found.endpoint, "error": None}


def _blocks(settings: Settings, problems: list[str]) -> dict[str, Any]:
    from ..blocks.discovery import build_registry

    registry = build_registry(settings.blocks_path)
    broken = [{"source": item.source, "error": item.error} for item in registry.unavailable()]
    problems.extend(f"blocks: {item['source']}: {item['error']}" for item in broken)
    return {"available": len(registry.types()), "unavailable": broken}


def _text(report: dict[str, Any]) -> str:
    lines = ["Versions"]
    for name, version in report["versions"].items():
        purpose = f"not installed (for {_OPTIONAL[name]})" if name in _OPTIONAL else "missing"
        lines.append(f"  {name:15} {version or purpose}")
    if "settings" in report:
        lines.append("Settings")
        for name, entry in report["settings"].items():
            value = "not set" if entry["value"] is None else entry["value"]
            lines.append(f"  {name:15} {value}  ({entry['source']})")
        lines += [*_store_text(report["store"]), *_models_text(report["models"])]
        blocks = report["blocks"]
        lines += ["Blocks", f"  {blocks['available']} types"]
        if blocks["unavailable"]:
            lines.append(f"  {len(blocks['unavailable'])} not available, see below")
    if report["problems"]:
        lines += ["Does not add up", *(f"  {problem}" for problem in report["problems"])]
    else:
        lines.append("Everything adds up.")
    return "\n".join(lines)


def _store_text(store: dict[str, Any]) -> list[str]:
    path = shown_path(Path(store["path"]))
    if not store["exists"]:
        return ["Store", f"  no store yet at {path}; `dgf run` creates it"]
    if "findings" not in store:
        return ["Store", f"  {path}: cannot be used, see below"]
    lines = [
        "Store",
        f"  {path}, {store['bytes'] / 1e6:.1f} MB, SQLite {store['sqlite']}, "
        f"journal {store['journal_mode']}",
        f"  {store['pipelines']} pipelines, {store['jobs']} jobs, {store['records']} records; "
        f"schema {', '.join(store['migrations'])}",
    ]
    return lines + [f"  {count:>6} {what}" for what, count in store["findings"].items()]


def _models_text(models: dict[str, Any]) -> list[str]:
    default = models["default"]
    if default["error"] is not None:
        lines = ["Models", "  default: none can answer, see below"]
    elif default["endpoint"] is None:
        lines = ["Models", "  default: offline (no LLM configured: the embedded model answers)"]
    else:
        lines = ["Models", f"  default: {default['name']} at {default['endpoint']}"]
    for model in models["configured"]:
        state = f"; not usable here: {model['error']}" if model["error"] else ""
        lines.append(f"  {model['name']}: {model['model']} at {model['endpoint']}{state}")
    return lines
