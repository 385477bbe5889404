"""The package keeps its shape: who may import whom, who wraps which library, how long things get.

The tables below are the rules; docs/architecture.md tells the reasons. A new module belongs into
``ROWS`` (or ``BLOCKS_ROW``), a new third-party import into ``THIRD_PARTY``.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from structure import (
    broad_excepts,
    direction_faults,
    imports_of,
    modules,
    places,
    prints,
    size_faults,
    third_party_faults,
)

import datagenflow_nb

PACKAGE = Path(datagenflow_nb.__file__).parent

# A module imports from the rows above and, within a chain of its own row ("|" parts chains), from
# what stands left of "<". Names side by side, and chains, never import each other.
ROWS = [
    "faces | displays < errors < records whole columns < redaction conditions < query",
    "settings | templating | runtime | llm | storage",
    "blocks",
    "yaml_text < spec < templates < engine < check"
    " < services results < preview debugging trial_calls trial_keys < trial < pipeline",
    "seeds frames export < reports < jobs reviews",
    "workspaces < testing",
    "widgets < magics | server | cli < __main__",
]

# The same inside blocks/.
BLOCKS_ROW = [
    "schema < config < context < base < function < registry < folder < discovery writing"
    " | schema < config < context < base < builtin custom"
    " | base < fields fingerprint"
]

# Third party: the modules that may import it ("*": any). `import datagenflow_nb` stays fast, and
# each library replaceable, because so few do. An import for type checkers alone counts too, but
# for the libraries in TYPES_ANYWHERE.
THIRD_PARTY = {
    "IPython": "magics widgets",
    "aiohttp": "llm",
    "anywidget": "widgets",
    "click": "cli",
    "dotenv": "settings",
    "httpx2": "llm.openai*",  # comes with openai, whose transport it is
    "ipywidgets": "widgets.bridge",
    "jinja2": "templating",
    "jsonschema": "llm.json_schema",
    "markupsafe": "templating",  # comes with jinja2
    "nest_asyncio2": "debugging",
    "numpy": "reports",  # comes with pandas
    "openai": "llm.openai*",
    "pandas": "frames",
    "psutil": "storage jobs",
    "pyarrow": "seeds export frames",
    "pydantic": "*",
    "pydantic_core": "*",
    "referencing": "llm",  # comes with jsonschema
    "regex": "blocks.builtin llm.timed_patterns",
    "sqlite3": "storage",
    "sqlite_utils": "storage",
    "tornado": "server",
    "traitlets": "widgets",  # comes with anywidget
    "yaml": "seeds templates yaml_text",
}
TYPES_ANYWHERE = {"pandas"}  # annotations of methods that hand a DataFrame out

# "module:function" of every place that catches everything (and does not raise it again), and why.
BROAD_EXCEPT = {
    "blocks.base:BaseBlock._read_schema": "a user's get_schema; raised again as ConfigError",
    "blocks.discovery:_add_entry_points": "code of other packages; listed with its error",
    "blocks.discovery:_add_package": "a file put into the package; listed with its error",
    "blocks.folder:BlockFolder._load": "the user's files; listed with their errors",
    "displays.text:told": "a foreign object's own str; its type's name then",
    "engine.program:_construct": "a user's constructor; raised again as ConfigError",
    "engine.step:_as_ours": "the message of a foreign exception, which may fail to be made",
    "engine.step:execute_block": "the step edge: whatever a block raises is that record's error",
    "engine.threads:_call": "a future cannot carry every exception; the step edge raises it",
    "jobs.aside:uninterrupted.work": "a future cannot carry every exception; the caller raises it",
    "jobs.lines:BranchLog.log": "foreign log messages, which may fail to be formatted; stored so",
    "jobs.runner:Runner._run": "the job edge: one record never ends a job; logged and stored",
    "redaction:_LogFilter.filter": "foreign log messages; logging itself says what is wrong",
    "seeds.reader:_given": "a user's generator of seeds; raised again as SeedError",
    "widgets.bridge:BridgedWidget._reply": "a request of the browser; answered with the error",
    "widgets.monitor_watch:_look": "a thread's edge: it shows other jobs, too; logged",
    "storage.writer:Writer._try": "the writer thread's edge: a failure of the batch's jobs",
}


def python(script: str) -> str:
    """What a fresh interpreter prints when it runs ``script``."""
    run = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=60)
    assert run.returncode == 0, run.stderr
    return run.stdout.strip()


def test_imports_go_one_way() -> None:
    """No module imports from below, from beside or from the right; each has a place."""
    assert direction_faults(PACKAGE, ROWS, BLOCKS_ROW) == []


def test_each_library_is_wrapped_once() -> None:
    """A third-party library is imported only by the modules that wrap it."""
    assert third_party_faults(PACKAGE, THIRD_PARTY, TYPES_ANYWHERE) == []


def test_values_need_pydantic_at_most() -> None:
    """Errors and records, which everything imports, import the standard library and pydantic."""
    found = modules(PACKAGE)
    libraries = {
        item.target.split(".")[0]
        for name in ("errors", "records")
        for item in imports_of(found[name], PACKAGE.name, set())
        if not item.is_ours
    }
    assert libraries - sys.stdlib_module_names <= {"pydantic", "pydantic_core"}


def test_sizes() -> None:
    """No module, __init__ or function is longer than a reader can hold."""
    assert size_faults(PACKAGE) == []


def test_nothing_is_swallowed() -> None:
    """Everything is caught only in the listed places, and the list has no dead entry."""
    assert broad_excepts(PACKAGE) == set(BROAD_EXCEPT)


def test_only_the_command_line_prints() -> None:
    """The package returns and logs; printing is the command line's."""
    assert prints(PACKAGE) == []


def test_import_is_light() -> None:
    """A fresh `import datagenflow_nb` loads none of the heavy libraries."""
    heavy = [
        "IPython",
        "aiohttp",
        "jinja2",
        "jsonschema",
        "numpy",
        "openai",
        "pandas",
        "pyarrow",
        "pydantic",
        "regex",
        "sqlite_utils",
        "yaml",
    ]
    assert (
        python(f"import sys, datagenflow_nb; print(set({heavy!r}) & set(sys.modules))") == "set()"
    )


PUBLIC = [
    "BaseBlock",
    "BlockConfig",
    "BlockContext",
    "BlockExecutionError",
    "BlockNotFoundError",
    "Changes",
    "ConfigError",
    "ConflictError",
    "DataGenFlowError",
    "Drop",
    "JobError",
    "ModelError",
    "Pipeline",
    "SeedError",
    "StoreError",
    "TemplateError",
    "ValidationError",
    "Workspace",
    "__version__",
    "block",
    "run",
    "testing",
    "workspace",
]


def test_public_names() -> None:
    """The package exports these names, each of them there, and completion shows them."""
    assert datagenflow_nb.__all__ == PUBLIC
    assert [name for name in PUBLIC if not hasattr(datagenflow_nb, name)] == []
    assert set(PUBLIC) <= set(dir(datagenflow_nb))


def test_public_functions_are_not_shadowed() -> None:
    """Importing the module of the same name first leaves ``dgf.workspace`` a function."""
    script = (
        "import importlib, datagenflow_nb as dgf\n"
        "for name in ('workspaces', 'pipeline', 'jobs', 'testing'):\n"
        "    importlib.import_module(f'datagenflow_nb.{name}')\n"
        "names = ('Pipeline', 'block', 'run', 'workspace')\n"
        "print([name for name in names if not callable(getattr(dgf, name))])"
    )
    assert python(script) == "[]"


# Samples that break one rule each: what the checker must find, or it proves nothing.
BAD = {
    "against the rows": ({"errors.py": "from .jobs import run"}, "errors may not import jobs"),
    "beside": ({"llm/x.py": "from ..storage import y"}, "llm may not import storage"),
    "in a function": (
        {"records.py": "def f():\n    from . import pipeline"},
        "records may not import pipeline",
    ),
    "for types": (
        {"spec.py": "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from .jobs import J"},
        "spec may not import jobs",
    ),
    "absolute": ({"seeds.py": "import sample.export"}, "seeds may not import export"),
    "by import_module": (
        {"engine.py": "import importlib\nimportlib.import_module('sample.jobs')"},
        "engine may not import jobs",
    ),
    "the facade": ({"cli/run.py": "from .. import Pipeline"}, "imports it all"),
    "right to left": (
        {"blocks/base.py": "from .registry import r"},
        "blocks.base may not import blocks.registry",
    ),
    "builtin and discovery": (
        {"blocks/builtin/a.py": "from ..discovery import d"},
        "blocks.builtin may not import blocks.discovery",
    ),
    "the blocks facade": (
        {"blocks/custom/a.py": "from .. import base_block"},
        "inside blocks/, import the module",
    ),
    "unknown": ({"helpers.py": ""}, "put 'helpers' into ROWS"),
    "unknown block module": ({"blocks/helpers.py": ""}, "put 'helpers' into BLOCKS_ROW"),
}


def sample(tmp_path: Path, files: dict[str, str]) -> Path:
    """A package called ``sample`` with every module of the tables, empty but for ``files``."""
    folders = ("", "blocks", "blocks/builtin", "cli", "llm", "storage", "templates", "widgets")
    inits = [f"{folder}/__init__.py".lstrip("/") for folder in folders]
    plain = [f"{name}.py" for name in places(ROWS) if name not in folders]
    inner = [f"blocks/{name}.py" for name in ("base", "registry", "discovery")]
    package = tmp_path / "sample"
    for name, source in (dict.fromkeys([*inits, *plain, *inner], "") | files).items():
        path = package / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(source, encoding="utf-8")
    return package


@pytest.mark.parametrize("case", BAD)
def test_checker_finds_a_bad_import(tmp_path: Path, case: str) -> None:
    """Each kind of import against the directions is found and explained."""
    files, message = BAD[case]
    faults = direction_faults(sample(tmp_path, files), ROWS, BLOCKS_ROW)
    assert len(faults) == 1
    assert message in faults[0]


def test_checker_passes_good_imports(tmp_path: Path) -> None:
    """Imports from above and from the left are no faults."""
    package = sample(
        tmp_path,
        {
            "records.py": "from .errors import DataGenFlowError",
            "blocks/builtin/a.py": "from ...llm import x\nfrom ..base import BaseBlock",
            "blocks/discovery.py": "from . import registry\nfrom .base import BaseBlock",
            "pipeline.py": "from .spec import s\nfrom .engine import e",
            "jobs.py": "def f():\n    from .storage.store import s\n    from . import seeds",
            "cli/run.py": "from .. import __version__\nfrom ..workspaces import w\nfrom . import y",
        },
    )
    assert direction_faults(package, ROWS, BLOCKS_ROW) == []


def test_checker_finds_misplaced_libraries(tmp_path: Path) -> None:
    """A library outside its module, and one nobody listed, are found; type-only pandas is not."""
    package = sample(
        tmp_path,
        {
            "engine.py": "def f():\n    import pandas as pd",
            "llm/http.py": "from openai import AsyncOpenAI",
            "llm/openai_errors.py": "import openai",
            "jobs.py": "import requests\nif TYPE_CHECKING:\n    import pandas as pd",
            "spec.py": "import sqlite3.dbapi2\nimport json",
        },
    )
    assert third_party_faults(package, THIRD_PARTY, TYPES_ANYWHERE) == [
        "engine:2: pandas belongs to frames alone",
        "jobs:1: requests is not in THIRD_PARTY",
        "llm.http:1: openai belongs to llm.openai* alone",
        "spec:1: sqlite3 belongs to storage alone",
    ]


def test_checker_finds_length(tmp_path: Path) -> None:
    """Long modules, __init__ files and functions are found; docstrings do not count."""
    body = "    x = 1\n"
    package = sample(
        tmp_path,
        {
            "llm/__init__.py": "x = 1\n" * 81,
            "llm/long.py": "x = 1\n" * 401,
            "llm/fits.py": "x = 1\n" * 400,
            "llm/calls.py": f"def f():\n{body * 60}",
            "llm/told.py": f'def f():\n    """Tell.\n{body * 30}    """\n{body * 59}',
        },
    )
    assert size_faults(package) == [
        "llm: 81 lines, at most 80",
        "llm.calls:1: f: 61 lines, at most 60",
        "llm.long: 401 lines, at most 400",
    ]


def test_checker_finds_swallowing_and_printing(tmp_path: Path) -> None:
    """Each way to catch everything is found by the function around it, and so is print."""
    package = sample(
        tmp_path,
        {
            "llm/a.py": "try:\n    x\nexcept:\n    y",
            "llm/b.py": "class C:\n    def f(self):\n"
            "        try:\n            x\n        except (OSError, Exception) as e:\n            y",
            "llm/c.py": "def g():\n    with contextlib.suppress(BaseException):\n        print(1)",
            "llm/d.py": "try:\n    x\nexcept ValueError:\n    y",
            "llm/e.py": "try:\n    x\nexcept BaseException:\n    y\n    raise",
            "cli/e.py": "print(2)",
        },
    )
    assert broad_excepts(package) == {"llm.a:", "llm.b:C.f", "llm.c:g"}
    assert prints(package) == ["llm.c:3"]
