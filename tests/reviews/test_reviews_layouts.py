"""How the records of a pipeline are shown is kept by its name."""

from __future__ import annotations

from typing import Any

import pytest

import datagenflow_nb as dgf

EMPTY: dict[str, Any] = {"columns": [], "primary": [], "secondary": [], "hidden": []}


def test_a_layout_is_kept(ws: dgf.Workspace) -> None:
    """Of a pipeline that is not saved, too; another workspace on the store has it."""
    assert ws.layout("demo") == EMPTY
    columns = [
        {"name": "text", "width": 300.0, "is_pinned": True},
        {"name": "n", "is_hidden": True},
    ]
    ws.set_layout("demo", {"columns": columns, "primary": ("text",), "hidden": ["n"]})
    kept = {
        "columns": [{"name": "text", "width": 300, "is_pinned": True},
                    {"name": "n", "is_hidden": True}],
        "primary": ["text"], "secondary": [], "hidden": ["n"],
    }  # fmt: skip
    assert ws.layout("demo") == kept
    assert dgf.workspace(ws.store.path).layout("demo") == kept
    ws.set_layout("demo", {"secondary": ["text"]})
    assert ws.layout("demo") == {**EMPTY, "secondary": ["text"]}
    assert ws.layout("other") == EMPTY
    ws.set_layout("demo", None)
    assert ws.layout("demo") == EMPTY


def test_the_pipelines_own_layout(ws: dgf.Workspace) -> None:
    """What it says stands until somebody sets another; the original's words are understood."""
    block = {"type": "Output", "config": {"template": "x"}}
    order = {"field_order": {"primary": ["output"], "secondary": [], "hidden": ["n"]}}
    definition = {"name": "p", "blocks": [block], "field_layout": order}
    ws.save_pipeline(ws.pipeline(definition))
    assert ws.layout("p") == {**EMPTY, "primary": ["output"], "hidden": ["n"]}
    ws.set_layout("p", order)
    ws.delete_pipeline("p")
    assert ws.layout("p") == {**EMPTY, "primary": ["output"], "hidden": ["n"]}


@pytest.mark.parametrize(
    ("layout", "message"),
    [
        ([], r"the layout is \[\], expected a mapping with columns, primary, secondary, hidden"),
        ({"colums": []}, r"unknown key 'colums'; did you mean 'columns'\?"),
        ({"columns": "text"}, "layout columns is 'text', expected a list"),
        ({"columns": ["text"]}, "a column of the layout is 'text', expected a mapping with name"),
        ({"columns": [{"width": 3}]}, "has the name None, expected a text"),
        ({"columns": [{"name": "a", "widht": 3}]}, r"unknown key 'widht'; did you mean 'width'\?"),
        ({"columns": [{"name": "a", "width": 3}]}, r"'a': width is 3, .* from 20 to 2000"),
        ({"columns": [{"name": "a", "width": True}]}, "'a': width is True, expected a whole"),
        ({"columns": [{"name": "a", "is_hidden": 1}]}, "is_hidden is 1, expected true or false"),
        ({"columns": [{"name": "a"}, {"name": "a"}]}, "has 'a' twice in columns"),
        ({"primary": "text"}, "layout primary is 'text', expected a list of field names"),
        ({"hidden": ["a", 5]}, "layout hidden is .*expected a list of field names"),
        ({"primary": ["a"], "hidden": ["a"]}, "has 'a' twice in primary, secondary, hidden"),
        ({"field_order": {"first": []}}, "layout field_order has an unknown key 'first'"),
        ({"field_order": {}, "primary": []}, "field_order, as DataGenFlow writes it, beside 'pri"),
    ],
)
def test_layouts_that_are_none(ws: dgf.Workspace, layout: Any, message: str) -> None:
    """Told what is wrong with which value; what was set before stays."""
    ws.set_layout("demo", {"primary": ["b"]})
    with pytest.raises(dgf.ValidationError, match=message):
        ws.set_layout("demo", layout)
    assert ws.layout("demo") == {**EMPTY, "primary": ["b"]}


def test_a_pipeline_without_a_name(ws: dgf.Workspace) -> None:
    """It has no layout."""
    with pytest.raises(dgf.ValidationError, match="pipeline name '' is no name"):
        ws.set_layout("", {})
