"""`dgf tutorials` copies notebooks that run where they are, and overwrites nothing."""

from __future__ import annotations

import tomllib
from pathlib import Path

import nbformat
from command_line import CommandLine
from nbclient import NotebookClient
from run_notebooks import offline_environment

ROOT = Path(__file__).resolve().parent.parent.parent
NOTEBOOKS = [
    "01_quickstart.ipynb",
    "02_pipelines_and_templates.ipynb",
    "03_your_own_blocks.ipynb",
    "04_records_traces_dataframes.ipynb",
    "05_jobs_that_survive.ipynb",
    "06_visual_editor.ipynb",
    "07_review_and_export.ipynb",
]
FILES = [
    *NOTEBOOKS,
    "README.md",
    "blocks/language_filter.py",
    "blocks/word_stats.py",
    "data/editor-dark.png",
    "data/editor-light.png",
    "data/honey_bees.md",
    "data/review-dark.png",
    "data/review-light.png",
    "data/reviews.csv",
    "data/trace-dark.png",
    "data/trace-light.png",
    "environment.yml",
]


def files_in(folder: Path) -> list[str]:
    """Every file below ``folder``."""
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*.*"))


def test_copies(dgf: CommandLine) -> None:
    """Everything is there, as it is in the project, and what to do next is said."""
    done = dgf("tutorials", "learn")
    assert done.stdout == (
        "Copied 19 files to learn\n\nNext: jupyter lab learn/01_quickstart.ipynb\n"
    )
    folder = dgf.folder / "learn"
    assert files_in(folder) == FILES
    for name in NOTEBOOKS:
        assert (folder / name).read_bytes() == (ROOT / "notebooks" / name).read_bytes()
    block = "blocks/word_stats.py"
    assert (folder / block).read_bytes() == (ROOT / block).read_bytes()


def test_nothing_is_overwritten(dgf: CommandLine) -> None:
    """What is missing is added to what is the same; when a file differs, nothing is copied."""
    dgf("tutorials", "learn")
    (dgf.folder / "learn" / NOTEBOOKS[1]).unlink()
    assert dgf("tutorials", "learn").stdout.startswith(
        "Copied 1 file to learn (18 files there already)\n"
    )
    (dgf.folder / "learn" / NOTEBOOKS[0]).write_text("mine", encoding="utf-8")
    (dgf.folder / "learn" / "README.md").unlink()
    done = dgf("tutorials", "learn", status=1)
    assert done.stderr == (
        "Error: learn holds files that differ from the tutorials, edited or run since: "
        "01_quickstart.ipynb; name another folder, or move them away; nothing was copied\n"
    )
    assert (dgf.folder / "learn" / NOTEBOOKS[0]).read_text(encoding="utf-8") == "mine"
    assert not (dgf.folder / "learn" / "README.md").exists()


def test_folder_that_cannot_be(dgf: CommandLine) -> None:
    """A file in the way is said, in one line."""
    (dgf.folder / "learn").mkdir()
    (dgf.folder / "learn" / "data").write_text("a file", encoding="utf-8")
    done = dgf("tutorials", "learn", status=1)
    assert done.stderr.startswith("Error: the tutorials cannot be copied: ")
    assert done.stderr.count("\n") == 1
    assert dgf("tutorials", status=2).stderr.endswith("Error: Missing argument 'DIR'.\n")


def test_copy_runs(dgf: CommandLine) -> None:
    """Inside somebody's project the copy still finds its own blocks, and leaves nothing in them."""
    dgf("tutorials", "learn")
    folder = dgf.folder / "learn"
    notebook = nbformat.read(folder / NOTEBOOKS[2], as_version=4)  # type: ignore[no-untyped-call]
    client = NotebookClient(
        notebook, timeout=100, kernel_name="python3", resources={"metadata": {"path": str(folder)}}
    )
    client.execute(env=offline_environment(dgf.folder, {}))
    assert not (dgf.folder / "blocks").exists()
    assert files_in(folder / "blocks") == ["language_filter.py", "word_stats.py"]


def test_wheel_has_them() -> None:
    """What the command copies out of a checkout is packed under the names it looks for."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    packed = project["tool"]["hatch"]["build"]["targets"]["wheel"]["force-include"]
    names = [name for name in FILES if name != "environment.yml" and not name.startswith("data/")]
    places = {name if "/" in name else f"notebooks/{name}": name for name in names}
    places["notebooks/data"] = "data"
    assert packed == {place: f"datagenflow_nb/_tutorials/{name}" for place, name in places.items()}
