"""jsonschema is imported without the grammar of IRIs, and checks them all the same."""

from __future__ import annotations

import subprocess
import sys

SCRIPT = """
import sys
from datagenflow_nb.llm.json_schema import Draft202012Validator
print("rfc3987_syntax" in sys.modules)
schema = {"type": "string", "format": "iri"}
check = Draft202012Validator(schema, format_checker=Draft202012Validator.FORMAT_CHECKER)
print(check.is_valid("https://example.org/ü"), check.is_valid("no iri"))
import rfc3987_syntax
print(rfc3987_syntax.is_valid_syntax("iri", "https://example.org/"), rfc3987_syntax.__file__ != "")
"""


def test_grammar_is_read_when_it_is_needed() -> None:
    """Importing reads no grammar; the format is checked; others get the real package."""
    run = subprocess.run([sys.executable, "-c", SCRIPT], capture_output=True, text=True, timeout=60)
    assert run.stderr == ""
    assert run.stdout.splitlines() == ["False", "True False", "True True"]
