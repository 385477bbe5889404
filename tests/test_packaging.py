"""What surrounds the package agrees with it: environments, CI, Makefile, changelog, licence."""

from __future__ import annotations

import importlib.metadata
import os
import re
import subprocess
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from structure import imports_of, modules

import datagenflow_nb

ROOT = Path(__file__).resolve().parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]

# What an extra of a requirement brings, which conda has to name itself.
EXTRA_PACKAGES = {"openai[aiohttp]": "aiohttp"}

# Distributions whose module has another name.
MODULE_NAMES = {"python-dotenv": "dotenv", "pyyaml": "yaml", "sqlite-utils": "sqlite_utils"}

# Built from parts, so that this file has none of them.
MACHINE_PATH = re.compile(
    r"(?<![\w.~#$%*})>\]-])/(?:" + "|".join(["work", "tmp", "root", "home", "Users", "mnt"]) + r")/"
    r"|\b[A-Z]:\\" + r"Users\\"
)

LOCK_FILES = ("*.lock", "*-lock.json", "*-lock.yaml", "constraints*.txt", "requirements*.txt")
REGISTRY = re.compile(
    r"index-url|find-links|trusted-host|resolved\W+https?:|registry\W+https?:|url\s*=\s*.https?:"
)


def read(name: str) -> str:
    """The text of a file of the repository."""
    return (ROOT / name).read_text(encoding="utf-8")


def split(requirement: str) -> tuple[str, str]:
    """``openai[aiohttp]>=3.50,<4`` as (``openai``, ``>=3.50,<4``)."""
    match = re.fullmatch(r"([\w.-]+)(?:\[[\w,-]+\])?\s*([<>=!~].*)?", requirement)
    assert match, requirement
    return match[1], match[2] or ""


def repository_files() -> Iterator[Path]:
    """Every file that is, or would be, committed; in an unpacked archive every file but caches."""
    if (ROOT / ".git").exists():
        listed = subprocess.run(
            ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
            cwd=ROOT,
            capture_output=True,
            text=True,
            timeout=60,
        )
        if listed.returncode == 0:
            paths = (ROOT / name for name in listed.stdout.split("\0") if name)
            yield from (path for path in paths if path.is_file())
            return
    skip = re.compile(r"\..*(venv|cache).*|\.git|\.hypothesis|__pycache__|node_modules|htmlcov")
    for folder, folders, names in os.walk(ROOT):
        folders[:] = [name for name in folders if not skip.fullmatch(name)]
        yield from (Path(folder, name) for name in names)


def faults(pattern: re.Pattern[str], paths: Iterator[Path]) -> list[str]:
    """``file:line`` of every match in the text files among ``paths``."""
    found = []
    for path in paths:
        try:
            lines = path.read_text(encoding="utf-8").splitlines()
        except UnicodeDecodeError:  # not text
            continue
        found += [
            f"{path.relative_to(ROOT)}:{number}"
            for number, line in enumerate(lines, start=1)
            if pattern.search(line)
        ]
    return found


def conda() -> dict[str, str]:
    """The conda packages of environment.yml with their bounds."""
    content = yaml.safe_load(read("environment.yml"))
    return dict(split(item) for item in content["dependencies"] if isinstance(item, str))


def test_conda_has_what_the_package_needs() -> None:
    """Every dependency and everything of `lab` is in environment.yml with the same bounds."""
    extras = PROJECT["optional-dependencies"]
    needed = dict(split(item) for item in PROJECT["dependencies"] + extras["lab"])
    needed["python"] = PROJECT["requires-python"]
    found = conda()
    assert {name: found.get(name) for name in needed} == needed


def test_conda_has_nothing_else() -> None:
    """environment.yml names no package that pyproject.toml does not know."""
    extras = PROJECT["optional-dependencies"].values()
    listed = PROJECT["dependencies"] + [item for extra in extras for item in extra]
    known = dict(split(item) for item in listed)
    known |= {"python": PROJECT["requires-python"], "pip": ""}
    for requirement, package in EXTRA_PACKAGES.items():
        assert any(item.startswith(requirement) for item in PROJECT["dependencies"])
        known[package] = ""
    found = conda()
    assert {name: known.get(name) for name in found} == found


def test_conda_installs_the_checkout() -> None:
    """The package itself comes editable from the directory environment.yml lies in."""
    content = yaml.safe_load(read("environment.yml"))
    assert [item for item in content["dependencies"] if not isinstance(item, str)] == [
        {"pip": ["-e ."]}
    ]
    assert content["channels"] == ["conda-forge", "nodefaults"]


def test_every_dependency_is_imported() -> None:
    """No dependency is declared that the package does not use."""
    package = Path(datagenflow_nb.__file__).parent
    imported = {
        item.target.split(".")[0]
        for module in modules(package).values()
        for item in imports_of(module, package.name, set())
    }
    declared = {split(item)[0] for item in PROJECT["dependencies"]}
    assert {MODULE_NAMES.get(name, name) for name in declared} - imported == set()


def test_no_machine_paths() -> None:
    """No committed text names a directory of the machine it was written on."""
    assert faults(MACHINE_PATH, repository_files()) == []


@pytest.mark.parametrize(
    ("line", "is_fault"),
    [
        ("open('{}data.csv')", True),
        ("see {}notes", True),
        ("https://example.org{}x", False),
        ("tests{}x", False),
        ("{{ base_url }}{}x", False),
    ],
)
def test_machine_paths_are_recognised(line: str, is_fault: bool) -> None:
    """A directory of a machine is told from a part of an address or of a relative path."""
    place = "/".join(["", "home", ""])
    assert bool(MACHINE_PATH.search(line.replace("{}", place))) is is_fault


def test_no_registry_in_lock_files() -> None:
    """Lock, constraints and requirements files say what, not from which host."""
    paths = (path for path in repository_files() if any(path.match(form) for form in LOCK_FILES))
    assert faults(REGISTRY, paths) == []


def test_version_is_the_installed_one() -> None:
    """The metadata and the module agree on the version."""
    assert importlib.metadata.version("datagenflow-nb") == datagenflow_nb.__version__


def test_changelog_knows_the_version() -> None:
    """The changelog has a section for this version, or one for what is not released yet."""
    sections = re.findall(r"^## \[(.+?)\]", read("CHANGELOG.md"), flags=re.MULTILINE)
    assert {"Unreleased", datagenflow_nb.__version__} & set(sections)


def test_licence() -> None:
    """The licence is the whole of Apache-2.0 with our name in it, and declared as that."""
    text = read("LICENSE")
    assert "Apache License\n                           Version 2.0, January 2004" in text
    assert [f"\n   {n}. " in text for n in range(1, 10)] == [True] * 9
    assert "END OF TERMS AND CONDITIONS" in text
    assert re.search(r"Copyright \d{4} The DataGenFlow for notebooks authors", text)
    assert PROJECT["license"] == "Apache-2.0"


def test_targets_named_in_texts_exist() -> None:
    """Every `make ...` in README, CONTRIBUTING and the workflow is a target of the Makefile."""
    targets = set(re.findall(r"^([a-z]+):.*## ", read("Makefile"), flags=re.MULTILINE))
    named = {
        target
        for name in ("README.md", "CONTRIBUTING.md", ".github/workflows/ci.yml")
        for target in re.findall(
            r"(?:`|^ *|run: |&& )make ([a-z]+)", read(name), flags=re.MULTILINE
        )
    }
    assert named - targets == set()
    assert {"demo", "test"} <= named


def test_ci_runs_the_test_command() -> None:
    """.ci/run is executable and ends in `make test`, which README and workflow name too."""
    lines = read(".ci/run").splitlines()
    assert lines[0] == "#!/usr/bin/env bash"
    assert lines[-1] == "make test"
    assert os.access(ROOT / ".ci" / "run", os.X_OK)
    assert "make test" in read("README.md")


def test_workflow() -> None:
    """The workflow tests from the lowest supported Python on, and runs the demo."""
    jobs: dict[str, Any] = yaml.safe_load(read(".github/workflows/ci.yml"))["jobs"]
    versions = jobs["test"]["strategy"]["matrix"]["python-version"]
    assert PROJECT["requires-python"] == f">={versions[0]}"
    commands = {
        name: [step["run"] for step in job["steps"] if "run" in step] for name, job in jobs.items()
    }
    assert commands == {"test": ["make test"], "demo": ["make demo"]}
