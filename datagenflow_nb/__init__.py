"""DataGenFlow for notebooks: seeds, pipelines of blocks, traced records, export.

>>> import datagenflow_nb as dgf
>>> pipe = dgf.Pipeline("demo", [{"type": "Output", "config": {"template": "Hi {{ name }}"}}])
>>> pipe.execute_sync({"name": "Ada"}).result["output"]
'Hi Ada'
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from .faces import set_door

if TYPE_CHECKING:
    from . import testing
    from .blocks.base import BaseBlock, Changes, Drop
    from .blocks.config import BlockConfig
    from .blocks.context import BlockContext
    from .blocks.function import block
    from .errors import (
        BlockExecutionError,
        BlockNotFoundError,
        ConfigError,
        ConflictError,
        DataGenFlowError,
        JobError,
        ModelError,
        SeedError,
        StoreError,
        TemplateError,
        ValidationError,
    )
    from .pipeline import Pipeline
    from .workspaces import Workspace, run, workspace

__version__ = "0.1.0"

__all__ = [
    "BaseBlock", "BlockConfig", "BlockContext", "BlockExecutionError", "BlockNotFoundError",
    "Changes", "ConfigError", "ConflictError", "DataGenFlowError", "Drop", "JobError", "ModelError",
    "Pipeline", "SeedError", "StoreError", "TemplateError", "ValidationError", "Workspace",
    "__version__", "block", "run", "testing", "workspace",
]  # fmt: skip

#: Where each public name lives; imported when first used, so that `import datagenflow_nb` is quick.
_HOMES = {
    "BaseBlock": ".blocks.base", "BlockConfig": ".blocks.config", "BlockContext": ".blocks.context",
    "Changes": ".blocks.base", "Drop": ".blocks.base", "Pipeline": ".pipeline",
    "Workspace": ".workspaces", "block": ".blocks.function", "run": ".workspaces",
    "workspace": ".workspaces",
}  # fmt: skip
set_door("editor", f"{__name__}.widgets.editor_open", "edit_pipeline")
set_door("named editor", f"{__name__}.widgets.editor_open", "edit_named")
set_door("review", f"{__name__}.widgets.review.opened", "review_records")
set_door("comparison", f"{__name__}.widgets.compare.opened", "compare_jobs")
set_door("review of a job", f"{__name__}.widgets.review.opened", "review_job")


def __getattr__(name: str) -> Any:
    if name == "testing":
        return importlib.import_module(".testing", __name__)
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(importlib.import_module(_HOMES.get(name, ".errors"), __name__), name)
    globals()[name] = value
    return value


def load_ipython_extension(shell: Any) -> None:  # %load_ext datagenflow_nb
    importlib.import_module(".magics", __name__).load(shell)


def unload_ipython_extension(shell: Any) -> None:  # %unload_ext datagenflow_nb
    importlib.import_module(".magics", __name__).unload(shell)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
