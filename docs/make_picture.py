"""Draws docs/demo.svg: what `dgf demo` prints, as a terminal window.

    python docs/make_picture.py

A test compares the picture's text with what the command prints, times aside.
"""

from __future__ import annotations

import fcntl
import os
import pty
import re
import struct
import subprocess
import sys
import tempfile
import termios
from pathlib import Path
from xml.sax.saxutils import escape

__all__ = ["COLUMNS", "draw", "run_demo"]

COLUMNS, ROWS = 96, 60
#: The last line shown; what follows says where to go from there.
_LAST = "Exported "

_FONT_SIZE, _CHARACTER, _LINE = 14, 8.43, 20
_MARGIN, _TITLE = 20, 38
_FONTS = "ui-monospace, SFMono-Regular, Menlo, Consolas, 'DejaVu Sans Mono', monospace"
#: A line that starts so is set brighter: it begins something.
_BRIGHT = re.compile(r"Record |  step |  seed|Job |Exported ")


def run_demo() -> list[str]:
    """The lines of `dgf demo` on a terminal of ``COLUMNS``, in an empty folder."""
    with tempfile.TemporaryDirectory() as folder:
        env = {"PATH": os.environ["PATH"], "HOME": folder, "LANG": "C.UTF-8"}
        text = _on_terminal([sys.executable, "-m", "datagenflow_nb", "demo"], folder, env)
    # The progress line is written over and over; only its last form stays on the screen.
    lines = [line.rstrip("\r").rpartition("\r")[2].rstrip() for line in text.split("\n")]
    end = next(number for number, line in enumerate(lines) if line.startswith(_LAST))
    return lines[: end + 1]


def _on_terminal(command: list[str], folder: str, env: dict[str, str]) -> str:
    """What ``command`` writes to a terminal."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", ROWS, COLUMNS, 0, 0))
    process = subprocess.Popen(
        command, cwd=folder, env=env, stdin=subprocess.DEVNULL, stdout=theirs, stderr=theirs
    )
    os.close(theirs)
    written = b""
    try:
        while chunk := _read(ours):
            written += chunk
    finally:
        os.close(ours)
        status = process.wait()
    text = written.decode()
    if status:
        raise SystemExit(f"dgf demo ended with status {status}:\n{text}")
    return text


def _read(terminal: int) -> bytes:
    try:
        return os.read(terminal, 65536)
    except OSError:  # Linux says so when the other side is closed
        return b""


def draw(lines: list[str]) -> str:
    """The SVG of a terminal window with the command and these lines of output."""
    width = round(COLUMNS * _CHARACTER) + 2 * _MARGIN
    height = _TITLE + (len(lines) + 1) * _LINE + _MARGIN
    texts = [_text(0, "$ dgf demo", "command")]
    texts += [
        _text(row, line, "bright" if _BRIGHT.match(line) else "plain")
        for row, line in enumerate(lines, 1)
        if line
    ]
    lights = "".join(
        f'<circle cx="{_MARGIN + 4 + 20 * number}" cy="{_TITLE / 2:g}" r="6" fill="{colour}"/>'
        for number, colour in enumerate(("#ff5f57", "#febc2e", "#28c840"))
    )
    return f"""\
<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" \
viewBox="0 0 {width} {height}" role="img" aria-labelledby="title">
<title id="title">A terminal after dgf demo: progress, one record with its trace, the export</title>
<style>
text {{ font: {_FONT_SIZE}px {_FONTS}; white-space: pre; }}
.plain {{ fill: #b6bfca; }}
.bright {{ fill: #f0f3f6; }}
.command {{ fill: #7ee787; }}
</style>
<rect x="0.5" y="0.5" width="{width - 1}" height="{height - 1}" rx="10" fill="#161b22" \
stroke="#444c56"/>
{lights}
{chr(10).join(texts)}
</svg>
"""


def _text(row: int, line: str, kind: str) -> str:
    # textLength keeps the columns whatever monospaced font the reader has.
    shown = line.lstrip()
    x = _MARGIN + (len(line) - len(shown)) * _CHARACTER
    y = _TITLE + row * _LINE + _FONT_SIZE
    return (
        f'<text class="{kind}" x="{x:.2f}" y="{y}" xml:space="preserve" '
        f'textLength="{len(shown) * _CHARACTER:.2f}">{escape(shown)}</text>'
    )


if __name__ == "__main__":
    Path(__file__).with_name("demo.svg").write_text(draw(run_demo()), encoding="utf-8")
