"""Checks the widgets' sources where Node is: types, rules, unit tests, and the committed bundle.

Without Node it says so and passes, because nothing but changing the widgets needs it; with CI set
that is a failure.
"""

from __future__ import annotations

import filecmp
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).parent
STATIC = HERE.parent / "datagenflow_nb" / "widgets" / "static"
INSTALLED = HERE / "node_modules" / ".installed"


def main() -> int:
    """Run everything; the exit status."""
    npm = shutil.which("npm")
    if npm is None or shutil.which("node") is None:
        told = "There is no Node (20 or newer): the widgets' TypeScript was not checked."
        sys.stderr.write(f"\033[1;31m{told}\033[0m\n")
        return 1 if os.environ.get("CI") else 0
    lock = HERE / "package-lock.json"
    if not INSTALLED.exists() or INSTALLED.read_bytes() != lock.read_bytes():
        run(npm, "ci", "--no-audit", "--no-fund", "--loglevel=error")
        shutil.copyfile(lock, INSTALLED)
    run(npm, "run", "--silent", "check")
    run(npm, "test", "--silent")
    with tempfile.TemporaryDirectory() as folder:
        run("node", "build.mjs", folder)
        names = sorted({path.name for place in (STATIC, Path(folder)) for path in place.iterdir()})
        _, different, missing = filecmp.cmpfiles(STATIC, folder, names, shallow=False)
    if different or missing:
        told = ", ".join(different + missing)
        sys.stderr.write(f"The committed bundle is stale ({told}): run npm run build in js/\n")
        return 1
    return 0


def run(*command: str) -> None:
    """Run a command in js/; its failure is this program's."""
    status = subprocess.run(command, cwd=HERE, check=False).returncode
    if status:
        sys.exit(status)


if __name__ == "__main__":
    sys.exit(main())
