"""The committed bundle: built from these sources, of licences that allow it, small enough."""

from __future__ import annotations

import gzip
import re
from pathlib import Path

from datagenflow_nb.widgets.bundle import STATIC, sources_digest

SOURCES = Path(__file__).parents[2] / "js"
ALLOWED = {"MIT", "ISC", "BSD-2-Clause", "BSD-3-Clause", "Apache-2.0", "0BSD"}


def test_bundle_is_built_from_these_sources() -> None:
    """After a change in js/: npm run build there, and commit what it writes."""
    committed = (STATIC / "sources.sha256").read_text(encoding="utf-8").strip()
    assert committed == sources_digest(SOURCES)


def test_licences_of_what_is_bundled() -> None:
    """Each package's name, version and licence ship beside the code."""
    text = (STATIC / "widgets.licences.txt").read_text(encoding="utf-8")
    found = dict(re.findall(r"^(\S+) \d\S* \(([^)]+)\)$", text, re.MULTILINE))
    assert {"react", "@xyflow/react", "@rjsf/core"} <= set(found)
    assert set(found.values()) <= ALLOWED


def test_bundle_is_small_enough() -> None:
    """All widgets together stay below 600 kB, compressed."""
    code = (STATIC / "widgets.js").read_bytes() + (STATIC / "widgets.css").read_bytes()
    assert len(gzip.compress(code)) < 600_000


def test_nothing_is_loaded_from_elsewhere() -> None:
    """No script, style or font from another server: notebooks work without a network."""
    code = (STATIC / "widgets.js").read_text(encoding="utf-8")
    style = (STATIC / "widgets.css").read_text(encoding="utf-8")
    assert "import(" not in code.replace("import(url)", "")
    assert not re.search(r"@import|url\((?!['\"]?data:)", style)


def test_no_package_registry_in_the_lock_file() -> None:
    """Where packages come from is the installing machine's affair."""
    lock = (SOURCES / "package-lock.json").read_text(encoding="utf-8")
    assert '"resolved"' not in lock
    assert '"integrity"' in lock
