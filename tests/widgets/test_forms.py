"""What the editor's forms know by heart is what Python has."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from datagenflow_nb.templating.calls import GLOBALS
from datagenflow_nb.templating.environment import SafeEnvironment

FORMS = Path(__file__).parents[2] / "js" / "src" / "editor" / "form"


def words(file: str, name: str) -> set[str]:
    """The words of a constant list in a TypeScript file."""
    found = re.search(rf"const {name} =(.*?);", (FORMS / file).read_text("utf-8"), re.DOTALL)
    assert found, f"{file} has no {name}"
    return set(" ".join(re.findall(r'"([^"]*)"', found[1])).replace(" split ", " ").split())


@pytest.mark.parametrize("name", ["FILTERS", "TESTS"])
def test_completion_offers_what_templates_have(name: str) -> None:
    """Every filter and test that is a word, and no other."""
    environment = SafeEnvironment()
    there = environment.filters if name == "FILTERS" else environment.tests
    assert words("templateText.ts", name) == {each for each in there if each.isidentifier()}


def test_functions_are_no_unknown_fields() -> None:
    """Functions of templates are not taken for fields."""
    assert words("jinja.ts", "FUNCTIONS") == set(GLOBALS)
