"""The browser of the tests: found on this machine, or installed by the system's package manager.

    python tests/browser/chromium.py

looks for one and, as root on Debian, installs it; `make test` does so. Playwright drives whichever
Chromium there is: its own download would be another 400 MB outside the checkout.
"""

from __future__ import annotations

import functools
import os
import shutil
import subprocess
import sys

__all__ = ["HOW_TO_GET_ONE", "find_chromium", "is_required"]

HOW_TO_GET_ONE = (
    "Debian: apt install chromium fonts-dejavu-core. Elsewhere install Chromium or Google Chrome, "
    "or let DGF_CHROMIUM name the executable."
)
_COMMANDS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
_APT = ("apt-get", "-qq", "-o", "Acquire::http::Timeout=30", "-o", "Acquire::Retries=1")
_PACKAGES = ("chromium", "fonts-dejavu-core")  # without a font every letter is a box


@functools.cache
def find_chromium() -> str | None:
    """The executable: ``DGF_CHROMIUM`` when that is set, else the first on the path that runs."""
    named = os.environ.get("DGF_CHROMIUM")
    for command in (named,) if named else _COMMANDS:
        path = shutil.which(command)
        if path and _runs(path):
            return path
    return None


def is_required() -> bool:
    """True in continuous integration, where a missing browser is a failure and not a skip."""
    return os.environ.get("CI", "").lower() not in ("", "0", "false")


def _runs(path: str) -> bool:
    """Ubuntu's package is a stub that asks for a snap: being there is not enough."""
    try:
        done = subprocess.run([path, "--version"], capture_output=True, text=True, timeout=60)
    except (OSError, subprocess.TimeoutExpired):
        return False
    return done.returncode == 0 and "Chrom" in done.stdout


def _install() -> str:
    """What went wrong, or nothing."""
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    for arguments in (("update",), ("install", "-y", "--no-install-recommends", *_PACKAGES)):
        try:
            done = subprocess.run(
                [*_APT, *arguments],
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                timeout=600,
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            return str(error)
        if done.returncode:
            return done.stdout[-1000:].strip()
    return ""


def main() -> int:
    """Make sure that there is a browser; 1 when one is required and cannot be had."""
    if find_chromium():
        return 0
    may_install = not os.environ.get("DGF_CHROMIUM") and hasattr(os, "geteuid")
    if may_install and os.geteuid() == 0 and shutil.which("apt-get"):
        print("No Chromium here; installing it for the browser tests ...", flush=True)
        if fault := _install():
            print(fault, file=sys.stderr)
        find_chromium.cache_clear()
        if find_chromium():
            return 0
    print(f"No Chromium: the browser tests cannot run. {HOW_TO_GET_ONE}", file=sys.stderr)
    return int(is_required())


if __name__ == "__main__":
    sys.exit(main())
