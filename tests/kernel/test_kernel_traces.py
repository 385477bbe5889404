"""Traces in a notebook: a widget where there are some, and what was shown before in any case."""

from __future__ import annotations

from pathlib import Path

from kernel.kernels import Kernel

SETUP = """\
import datagenflow_nb as dgf
pipe = dgf.Pipeline("p", [{"type": "Output", "config": {"template": "{{ n }}!"}}])
result = pipe.execute_sync({"n": 1})"""
VIEW = "application/vnd.jupyter.widget-view+json"


def test_widget_and_html(kernel: Kernel) -> None:
    """With the extension: a widget, and the HTML and text of before; without it these alone."""
    kernel.run(SETUP)
    plain = kernel.run("result.trace")
    assert plain.data(VIEW) == []
    assert len(plain.data("text/html", "execute_result")) == 1
    kernel.run("%load_ext datagenflow_nb")
    shown = kernel.run("result.trace")
    assert shown.status == "ok"
    assert len(shown.data(VIEW, "display_data")) == 1
    assert shown.data("text/plain") == ["", plain.result]
    (html,) = shown.data("text/html")
    assert "dgf-static" in html
    assert "1 Output" in html
    for code in ("result", "pipe.preview({'n': 1})"):
        assert len(kernel.run(code).data(VIEW)) == 1
    kernel.run("job = dgf.run(pipe, [{'n': 1}], wait=True)")
    record = kernel.run("job.record(1)")
    assert len(record.data(VIEW)) == 1
    assert "Record 1 (seed 0, repetition 0): pending" in record.data("text/html")[0]
    kernel.run("%unload_ext datagenflow_nb")
    assert kernel.run("result.trace").data("text/plain") == [plain.result]


def test_without_widgets(tmp_path: Path) -> None:
    """Where anywidget is missing, the HTML alone."""
    with Kernel.started(tmp_path) as kernel:
        kernel.run("import sys; sys.modules['anywidget'] = None")
        kernel.run(f"%load_ext datagenflow_nb\n{SETUP}")
        shown = kernel.run("result.trace")
        assert shown.status == "ok"
        assert len(shown.data("text/html", "execute_result")) == 1
        assert not [item for item in shown.outputs if item["type"].startswith("comm")]
