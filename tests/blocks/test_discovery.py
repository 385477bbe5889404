"""Where blocks come from, and what happens when their files change or fail."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

import datagenflow_nb.blocks.custom
from datagenflow_nb.blocks.base import BaseBlock
from datagenflow_nb.blocks.discovery import build_registry
from datagenflow_nb.blocks.folder import BlockFolder
from datagenflow_nb.blocks.registry import Registry
from datagenflow_nb.errors import BlockNotFoundError, ConfigError

BLOCK = """\
from datagenflow_nb import BaseBlock
{imports}
class {name}(BaseBlock):
    outputs = ["x"]

    async def execute(self, data):
        return {{"x": {value}}}
"""


def write(path: Path, name: str, value: str = "1", imports: str = "") -> Path:
    """A file with one block, which sets x to ``value``."""
    path.parent.mkdir(exist_ok=True)
    path.write_text(BLOCK.format(name=name, value=value, imports=imports), encoding="utf-8")
    return path


def loaded(folder: Path) -> Registry:
    """A registry of that folder alone."""
    registry = Registry()
    registry.watch(BlockFolder(folder))
    return registry


def errors(registry: Registry) -> dict[str, str]:
    """File name -> why it is not available."""
    return {Path(item.source).name: item.error for item in registry.unavailable()}


async def run(registry: Registry, name: str = "Mine") -> object:
    """What the block of that name sets x to."""
    registry.refresh()
    block: BaseBlock = registry.get(name)()
    return (await block.execute({}))["x"]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A blocks/ folder."""
    made = tmp_path / "blocks"
    made.mkdir()
    return made


# -- the five sources


def test_builtin_blocks_and_aliases() -> None:
    """The package's own blocks are there under the original's names too."""
    registry = build_registry()
    known = {
        "TextGenerator", "StructuredGenerator", "Validator", "JSONValidator", "Output",
        "FieldMapper", "TextChunker",
    }  # fmt: skip
    assert known <= set(registry.types())
    for alias, name in {
        "ValidatorBlock": "Validator", "JSONValidatorBlock": "JSONValidator",
        "OutputBlock": "Output", "LLMBlock": "TextGenerator",
    }.items():  # fmt: skip
        assert registry.get(alias).__name__ == name
    assert registry.unavailable() == []


def test_package_custom(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Files put into the package's custom/ are found; a broken one is listed."""
    extra = tmp_path / "custom"
    write(extra / "mine_custom.py", "MineCustom")
    (extra / "broken_custom.py").write_text("class Gone:\n    x = 1 / 0\n", encoding="utf-8")
    paths = [*datagenflow_nb.blocks.custom.__path__, str(extra)]
    monkeypatch.setattr(datagenflow_nb.blocks.custom, "__path__", paths)
    registry = build_registry()
    monkeypatch.delitem(sys.modules, "datagenflow_nb.blocks.custom.mine_custom")
    assert registry.get("MineCustom").__module__ == "datagenflow_nb.blocks.custom.mine_custom"
    (broken,) = registry.unavailable()
    assert broken.source == "datagenflow_nb.blocks.custom.broken_custom"
    assert broken.error == "line 2: ZeroDivisionError: division by zero"
    assert broken.types == ("Gone",)


def test_folder(folder: Path) -> None:
    """Every file of the folder, but for helpers, hidden files and folders below."""
    path = write(folder / "mine.py", "Mine")
    write(folder / "_helper.py", "Helper")
    write(folder / ".hidden.py", "Hidden")
    write(folder / "below" / "deep.py", "Deep")
    (folder / ".#mine.py").symlink_to("somebody@somewhere.1:2")  # an editor's lock
    (folder / "dir.py").mkdir()
    (folder / "notes.txt").write_text("class Notes: ...", encoding="utf-8")
    registry = loaded(folder)
    assert registry.types() == ["Mine"]
    assert registry.describe()[0]["source"] == str(path)
    assert registry.unavailable() == []
    assert list(folder.glob("__pycache__")) == []


def test_no_folder(tmp_path: Path) -> None:
    """A folder that is not there yet is simply empty, and found when it comes."""
    registry = loaded(tmp_path / "later")
    assert registry.types() == []
    write(tmp_path / "later" / "mine.py", "Mine")
    registry.refresh()
    assert registry.types() == ["Mine"]


def test_entry_points(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Classes and modules of installed packages; what does not load is listed by name."""
    site = tmp_path / "site"
    write(site / "plug_one.py", "PlugOne")
    package = site / "plug_pack"
    write(package / "inner.py", "PlugInner")
    (package / "__init__.py").write_text("from .inner import PlugInner\n", encoding="utf-8")
    (site / "plug_bad.py").write_text("raise SystemExit(3)\n", encoding="utf-8")
    (site / "plug_none.py").write_text("value = 3\n", encoding="utf-8")
    info = site / "plug-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: plug\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(
        "[datagenflow_nb.blocks]\none = plug_one:PlugOne\npack = plug_pack\nbad = plug_bad\n"
        "none = plug_none\nvalue = plug_none:value\n"
    )
    monkeypatch.syspath_prepend(str(site))
    registry = build_registry()
    assert registry.get("PlugOne").__name__ == "PlugOne"
    assert registry.get("PlugInner").__module__ == "plug_pack.inner"
    assert {item.source: item.error for item in registry.unavailable()} == {
        "entry point bad (plug_bad)": "SystemExit: 3",
        "entry point none (plug_none)": "the module plug_none defines no block",
        "entry point value (plug_none:value)": (
            "3 is neither a block class with an execute method nor a module"
        ),
    }


CELLS = """
import datagenflow_nb as dgf
from datagenflow_nb.blocks.discovery import build_registry

registry = build_registry()

class Mine(dgf.BaseBlock):
    outputs = ["x"]
    aliases = ["MineToo"]
    async def execute(self, data):
        return {"x": 1}

_1 = Mine  # what the notebook's history keeps
pipe = dgf.Pipeline("p", [{"type": "Mine"}])
print(pipe.execute_sync({}).result["x"], registry.get("MineToo") is Mine)

class Mine(Mine):
    async def execute(self, data):
        return {"x": 2}

_2 = _1
print(pipe.execute_sync({}).result["x"], registry.get("Mine") is Mine)

@dgf.block(outputs=["y"])
def make_y():
    return {"y": 3}

print(dgf.Pipeline("p", [{"type": "make_y"}]).execute_sync({}).result["y"])

class Output(dgf.BaseBlock):
    def execute(self, data):
        return {}

try:
    registry.get("Output")
except dgf.ConfigError as error:
    print(error)
print([b["type"] for b in registry.describe() if b["source"] == "a cell of this notebook"])
print([item.types for item in registry.unavailable()])
del Output, Mine
print("Mine" in registry, registry.get("Output").__module__)
"""


def test_cells(tmp_path: Path) -> None:
    """Classes of the notebook itself: the newest counts, deleted ones are gone, clashes named."""
    done = subprocess.run(
        [sys.executable, "-c", CELLS], capture_output=True, text=True, timeout=60, cwd=tmp_path
    )
    assert done.stderr == ""
    assert done.stdout.splitlines() == [
        "1 True",
        "2 True",
        "3",
        "2 blocks are called 'Output': one in datagenflow_nb.blocks.builtin.output, one in a cell "
        "of this notebook; rename one of them or, in the notebook, run: del Output",
        "['Mine', 'make_y']",
        "[('Output',)]",
        "False datagenflow_nb.blocks.builtin.output",
    ]


# -- files that fail


def test_failing_file(folder: Path) -> None:
    """A file that cannot be imported is listed with error and line; the others load."""
    write(folder / "good.py", "Good")
    (folder / "wrong.py").write_text("import os\n\nclass Wrong:\n    x = 1 / 0\n", encoding="utf-8")
    (folder / "syntax.py").write_text("class Typo:\n    def f(:\n        pass\n", encoding="utf-8")
    (folder / "exits.py").write_text("import sys\nsys.exit('bye')\n", encoding="utf-8")
    (folder / "nul.py").write_bytes(b"x = 1\0\n")
    write(folder / "a.dot.py", "Dotted")
    registry = loaded(folder)
    assert registry.types() == ["Good"]
    found = errors(registry)
    assert found.pop("nul.py").endswith("source code string cannot contain null bytes")
    assert found == {
        "wrong.py": "line 4: ZeroDivisionError: division by zero",
        "syntax.py": "line 2: SyntaxError: invalid syntax",
        "exits.py": "line 2: SystemExit: bye",
        "a.dot.py": "Python cannot import a file with a dot in its name; rename a.dot.py",
    }
    for name in ("Wrong", "Typo", "Dotted"):
        with pytest.raises(BlockNotFoundError, match="defines it but cannot be loaded: "):
            registry.get(name)


@pytest.mark.parametrize(
    ("line", "advice"),
    [
        (
            "from lib.blocks.base import BaseBlock",
            "change 'from lib.blocks.base import BaseBlock' to "
            "'from datagenflow_nb import BaseBlock'",
        ),
        (
            "from lib.errors import ValidationError",
            "change 'from lib.errors import ValidationError' to "
            "'from datagenflow_nb import ValidationError'",
        ),
        (
            "import lib.storage",
            "'import lib.storage' has to go; what there is to import is in datagenflow_nb",
        ),
    ],
)
def test_file_of_the_original(folder: Path, line: str, advice: str) -> None:
    """A file written for the original is listed with the line to change."""
    (folder / "old.py").write_text(f"from typing import Any\n{line}\n", encoding="utf-8")
    assert errors(loaded(folder)) == {
        "old.py": "line 2: ModuleNotFoundError: No module named 'lib'; this file was written for "
        f"the original: {advice}"
    }


def test_duplicate_type_names_both_files(folder: Path) -> None:
    """Two files with one type: both are named, and taking one away ends it."""
    first, second = write(folder / "a.py", "Mine"), write(folder / "b.py", "Mine")
    registry = loaded(folder)
    with pytest.raises(ConfigError) as caught:
        registry.get("Mine")
    assert caught.value.message == (
        f"2 blocks are called 'Mine': one in {first}, one in {second}; rename one of them"
    )
    first.unlink()
    registry.refresh()
    assert registry.describe()[0]["source"] == str(second)


@pytest.mark.parametrize("name", ["mine.py", "_helper.py", "."])
def test_writable_by_everybody(folder: Path, name: str) -> None:
    """What anybody could have written is not run, helpers and the folder included, until mended."""
    write(folder / "_helper.py", "Helper")
    write(folder / "mine.py", "Mine", imports="from . import _helper")
    mode = (folder / name).stat().st_mode & 0o777
    (folder / name).chmod(mode | 0o002)
    registry = loaded(folder)
    assert registry.types() == []
    place = folder if name == "." else folder / name
    assert errors(registry)["mine.py"].endswith(
        f"{place} can be written by everybody; run: chmod o-w {place}"
    )
    (folder / name).chmod(mode)
    registry.refresh()
    assert registry.types() == ["Mine"]


def test_file_of_another_user(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file that belongs to somebody else is not run."""
    path = write(folder / "mine.py", "Mine")
    if os.geteuid() == 0:
        os.chown(path, 12345, 12345)
    else:  # only root can give a file away
        monkeypatch.setattr(os, "geteuid", lambda: 12345)
    assert errors(loaded(folder))["mine.py"] == (
        f"{path} belongs to another user (uid {path.stat().st_uid}); block files run with your "
        "rights, so only your own are loaded: copy it"
    )


# -- files that change


@pytest.mark.asyncio
async def test_changed_new_and_deleted_files(folder: Path) -> None:
    """The next refresh sees every change, of the same size and in the same second too."""
    path = write(folder / "mine.py", "Mine", "1")
    registry = loaded(folder)
    for value in ("2", "3", "4"):
        stamp = path.stat().st_mtime_ns
        write(path, "Mine", value)
        os.utime(path, ns=(stamp, stamp + 1_000_000))
        assert await run(registry) == int(value)
    write(folder / "more.py", "More", "5")
    assert await run(registry, "More") == 5
    path.unlink()
    registry.refresh()
    assert registry.types() == ["More"]


@pytest.mark.asyncio
async def test_replaced_file_with_the_same_time(folder: Path) -> None:
    """A file put in place of another counts as changed, whatever its time says."""
    path = write(folder / "mine.py", "Mine", "1")
    registry = loaded(folder)
    info = path.stat()
    other = write(folder / "new.txt", "Mine", "2")
    os.utime(other, ns=(info.st_atime_ns, info.st_mtime_ns))
    other.replace(path)
    assert await run(registry) == 2


@pytest.mark.asyncio
async def test_changed_helper(folder: Path) -> None:
    """Files that import a helper, or a helper's helper, are loaded again with it."""
    (folder / "_low.py").write_text("VALUE = 1\n", encoding="utf-8")
    (folder / "_high.py").write_text("from ._low import VALUE\n", encoding="utf-8")
    write(folder / "mine.py", "Mine", "VALUE", "from ._high import VALUE")
    write(folder / "alone.py", "Alone")
    registry = loaded(folder)
    alone = registry.get("Alone")
    for value in (2, 3):
        (folder / "_low.py").write_text(f"VALUE = {value}\n", encoding="utf-8")
        stamp = (folder / "_low.py").stat().st_mtime_ns
        os.utime(folder / "_low.py", ns=(stamp, stamp + value))
        assert await run(registry) == value
    assert registry.get("Alone") is alone
    (folder / "_low.py").unlink()
    registry.refresh()
    assert errors(registry)["mine.py"].startswith("line 2: ModuleNotFoundError: No module named")
    (folder / "_low.py").write_text("VALUE = 4\n", encoding="utf-8")
    assert await run(registry) == 4


@pytest.mark.asyncio
async def test_block_built_on_another(folder: Path) -> None:
    """A file may import another block file; both know the same class, also after a change."""
    write(folder / "base_one.py", "One", "1")
    write(folder / "a_two.py", "Two", "One.__name__", "from .base_one import One")
    registry = loaded(folder)
    assert registry.types() == ["One", "Two"]
    assert await run(registry, "Two") == "One"
    write(folder / "base_one.py", "One", "11")
    assert await run(registry, "One") == 11
    module = sys.modules[registry.get("Two").__module__]
    assert module.One is registry.get("One")


def test_mended_file(folder: Path) -> None:
    """A failing file is available once it is mended, and its error forgotten."""
    path = folder / "mine.py"
    path.write_text("1 / 0\n", encoding="utf-8")
    registry = loaded(folder)
    assert registry.types() == []
    write(path, "Mine")
    registry.refresh()
    assert registry.types() == ["Mine"]
    assert registry.unavailable() == []


def test_syntax_error_in_a_helper(folder: Path) -> None:
    """The line of a helper is told with the helper's name."""
    (folder / "_helper.py").write_text("x = 1\ny = (\n", encoding="utf-8")
    write(folder / "mine.py", "Mine", imports="from . import _helper")
    message = errors(loaded(folder))["mine.py"]
    assert message == "line 2: _helper.py, line 2: SyntaxError: '(' was never closed"


@pytest.mark.parametrize(
    ("line", "hint"),
    [
        (
            "from _helper import V",
            "; _helper.py is in the same folder: write 'from ._helper import V' instead of "
            "'from _helper import V'",
        ),
        (
            "import _helper",
            "; _helper.py is in the same folder: write 'from . import _helper' instead of "
            "'import _helper'",
        ),
        ("import _nobody", ""),
    ],
)
def test_import_of_a_neighbour(folder: Path, line: str, hint: str) -> None:
    """Block files are a package of their own: the dot is what is missing."""
    (folder / "_helper.py").write_text("V = 1\n", encoding="utf-8")
    write(folder / "mine.py", "Mine", imports=line)
    name = line.split()[1]
    message = errors(loaded(folder))["mine.py"]
    assert message.partition(": ")[2] == f"ModuleNotFoundError: No module named {name!r}{hint}"


def test_two_registries_of_one_folder(folder: Path) -> None:
    """Each registry loads and keeps its own classes."""
    write(folder / "mine.py", "Mine")
    first, second = loaded(folder), loaded(folder)
    assert first.types() == second.types() == ["Mine"]
    second.refresh()
    assert first.get("Mine").__name__ == "Mine"
