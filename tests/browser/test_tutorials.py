"""The tutorials as a new user meets them: opened in JupyterLab, Run All, everything green."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from browser.lab import Notebook, OpenNotebook

NOTEBOOKS = Path(__file__).resolve().parent.parent.parent / "notebooks"
#: What is on the page and nobody can read: a widget whose kernel has ended, an object's address.
BROKEN = ("Error displaying widget", "Loading widget", "object at 0x")
#: What stands where a widget was; in the others it is a job's display.
SAVED = {"06_visual_editor": "3 blocks", "07_review_and_export": "Review of job 1"}


def visible(opened: Notebook) -> str:
    """All that the outputs show."""
    shown = opened.view.locator(".jp-OutputArea-child:visible")
    return "\n".join(shown.all_inner_texts())


def run_all(opened: Notebook) -> None:
    """Run every cell, past those that fail on purpose: JupyterLab's command ends at the first."""
    opened.run_all()
    code = [cell for cell in opened.cells() if cell["cell_type"] == "code"]
    prompt = opened.view.locator(".jp-CodeCell").last.locator(".jp-InputPrompt")
    prompt.filter(has_text=f"[{len(code)}]").wait_for()
    counts = [cell["execution_count"] for cell in opened.cells() if cell["cell_type"] == "code"]
    assert counts == list(range(1, len(code) + 1))


def test_quickstart(notebook: OpenNotebook) -> None:
    """Every cell is green, and the exported file holds the two records that were not rejected."""
    opened = notebook(NOTEBOOKS / "01_quickstart.ipynb")
    run_all(opened)
    assert opened.errors() == opened.problems == []
    lines = (opened.folder / "quickstart.jsonl").read_text(encoding="utf-8").splitlines()
    assert [json.loads(line)["id"] for line in lines] == [1, 2]
    assert {json.loads(line)["status"] for line in lines} == {"accepted"}
    assert not (opened.folder / "datagenflow.db").exists()
    shown = visible(opened)
    assert "3/3 (100 %)" in shown
    assert [word for word in BROKEN if word in shown] == []
    for theme in ("light", "dark"):
        picture = opened.screenshot("quickstart", theme, whole=True)
        assert picture.stat().st_size > 50_000


@pytest.mark.parametrize(
    ("name", "errors", "files"),
    [
        ("02_pipelines_and_templates", ["ConfigError"], []),
        ("03_your_own_blocks", ["ConfigError"], []),
        (
            "04_records_traces_dataframes",
            [],
            ["labels.csv", "labels.jsonl", "labels.parquet"],
        ),
        ("05_jobs_that_survive", [], []),
        ("06_visual_editor", [], []),
        ("07_review_and_export", [], ["labels.jsonl", "pairs.jsonl"]),
    ],
)
def test_others(notebook: OpenNotebook, name: str, errors: list[str], files: list[str]) -> None:
    """Run All runs all, past the cells that show a mistake."""
    opened = notebook(NOTEBOOKS / f"{name}.ipynb")
    run_all(opened)
    assert [error.partition(":")[0] for error in opened.errors()] == errors
    assert opened.problems == []
    shown = visible(opened)
    assert [word for word in BROKEN if word in shown] == []
    assert sorted(path.name for path in opened.folder.glob("[!.]*.*")) == sorted(
        [*files, f"{name}.ipynb"]
    )
    blocks = sorted(path.name for path in (opened.folder / "blocks").glob("*.py"))
    assert blocks == ["language_filter.py", "word_stats.py"]


@pytest.mark.parametrize("path", sorted(NOTEBOOKS.glob("*.ipynb")), ids=lambda path: path.stem)
def test_as_saved(notebook: OpenNotebook, path: Path) -> None:
    """Opened and not run, as somebody else's notebook, it shows what was saved and nothing dead."""
    opened = notebook(path)
    shown = visible(opened)
    assert SAVED.get(path.stem, "completed") in shown
    assert [word for word in BROKEN if word in shown] == []
    opened.screenshot(f"saved-{path.stem}", "dark", whole=True)
