"""The browser is found, or installed where that can be done, or asked for."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from browser.chromium import find_chromium, main

Command = Callable[[str, str], Path]


@pytest.fixture
def command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Command]:
    """Writes commands into a folder that is all there is on the path; root, not in CI."""
    folder = tmp_path / "bin"
    folder.mkdir()
    monkeypatch.setenv("PATH", str(folder))
    for name in ("CI", "DGF_CHROMIUM"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    find_chromium.cache_clear()

    def write(name: str, script: str) -> Path:
        path = folder / name
        path.write_text(f"#!/bin/sh\n{script}\n", encoding="utf-8")
        path.chmod(0o755)
        return path

    yield write
    find_chromium.cache_clear()


def test_first_that_runs(command: Command) -> None:
    """The browser is the first known command that answers with its version."""
    command("chromium", "echo 'this command requires a snap' >&2; exit 1")
    command("chromium-browser", "echo hello")
    chrome = command("google-chrome", "echo Google Chrome 150.0")
    command("google-chrome-stable", "echo Google Chrome 149.0")
    assert find_chromium() == str(chrome)


def test_named_one(command: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    """DGF_CHROMIUM is the only one looked at when it is set."""
    command("chromium", "echo Chromium 150")
    named = command("mine", "echo Chromium 140")
    monkeypatch.setenv("DGF_CHROMIUM", str(named))
    assert find_chromium() == str(named)
    named.unlink()
    find_chromium.cache_clear()
    assert find_chromium() is None


def test_installs(command: Command, capsys: pytest.CaptureFixture[str]) -> None:
    """As root on Debian the package is installed, after the lists of packages were renewed."""
    apt = command(
        "apt-get",
        'echo "$@" >> "$0.log"\n'
        'case "$*" in *install*)\n'
        '  printf "#!/bin/sh\\necho Chromium 150" > "${0%/*}/chromium"\n'
        '  /bin/chmod +x "${0%/*}/chromium";;\n'
        "esac",
    )
    assert main() == 0
    assert find_chromium() == str(apt.with_name("chromium"))
    options = "-qq -o Acquire::http::Timeout=30 -o Acquire::Retries=1 "
    assert apt.with_name("apt-get.log").read_text().splitlines() == [
        f"{options}update",
        f"{options}install -y --no-install-recommends chromium fonts-dejavu-core",
    ]
    assert capsys.readouterr().out.startswith("No Chromium here; installing it")
    apt.unlink()
    assert main() == 0
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize(("ci", "status"), [("", 0), ("false", 0), ("true", 1), ("1", 1)])
def test_cannot_be_had(
    command: Command,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    ci: str,
    status: int,
) -> None:
    """Where the installation fails it is said why and what to do; in CI that is a failure."""
    command("apt-get", "echo 'E: no network'; exit 100")
    monkeypatch.setenv("CI", ci)
    assert main() == status
    said = capsys.readouterr().err
    assert said.startswith("E: no network\nNo Chromium: the browser tests cannot run. Debian: apt ")
    assert said.endswith("or let DGF_CHROMIUM name the executable.\n")


def test_installs_nothing_unasked(
    command: Command, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Neither for a user who is not root, nor instead of the browser that was named."""
    apt = command("apt-get", 'touch "$0.log"')
    monkeypatch.setenv("DGF_CHROMIUM", str(tmp_path / "gone"))
    assert main() == 0
    monkeypatch.delenv("DGF_CHROMIUM")
    find_chromium.cache_clear()
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    assert main() == 0
    assert not apt.with_name("apt-get.log").exists()
