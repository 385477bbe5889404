"""Runs the real command in processes of its own, in a clean environment."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import subprocess
import sys
from pathlib import Path
from typing import Any

from datagenflow_nb.storage.jobs import JobRow

__all__ = ["ASK", "DIVIDE", "ECHO", "CommandLine", "job_row"]

#: What of the environment the command may see; settings and home of the person who tests may not.
_KEPT = ("PATH", "PYTHONPATH", "SYSTEMROOT", "LANG", "LC_ALL", "TMPDIR", "COVERAGE_PROCESS_START")

ECHO = "name: Echo\nblocks:\n  - {type: Output, config: {template: 'Hello {{ name }}'}}\n"
ASK = "name: Ask\nblocks:\n  - {type: TextGenerator, config: {user_prompt: 'About {{ topic }}'}}\n"
#: Fails for n = 0.
DIVIDE = "name: Divide\nblocks:\n  - {type: Output, config: {template: '{{ 10 // n }}'}}\n"


def _heed_signals() -> None:
    """Whoever runs the tests may ignore some, as ``nohup`` and shells in the background do."""
    for number in (signal.SIGHUP, signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_DFL)


class CommandLine:
    """Runs ``dgf`` in ``folder``; ``env`` is added to its environment."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        home = folder.parent / f"{folder.name}-home"
        home.mkdir()
        self.env = {name: os.environ[name] for name in _KEPT if name in os.environ}
        self.env |= {"HOME": str(home), "PYTHONUNBUFFERED": "1"}
        self._started: list[subprocess.Popen[str]] = []

    def __call__(
        self, *args: str, status: int = 0, text: str | None = None, **env: str
    ) -> subprocess.CompletedProcess[str]:
        """Run to the end; the exit status must be ``status``."""
        run = subprocess.run(
            [sys.executable, "-m", "datagenflow_nb", *args],
            cwd=self.folder,
            env=self.env | env,
            input=text,
            stdin=subprocess.DEVNULL if text is None else None,
            capture_output=True,
            text=True,
            timeout=60,
        )
        assert run.returncode == status, f"{run.returncode}\n{run.stdout}\n{run.stderr}"
        assert "Traceback" not in run.stderr
        return run

    def json(self, *args: str, status: int = 0, **env: str) -> Any:
        """The one JSON document ``--json`` prints."""
        return json.loads(self(*args, "--json", status=status, **env).stdout)

    def start(self, *args: str, **options: Any) -> subprocess.Popen[str]:
        """Start without waiting; it is ended with the test."""
        options.setdefault("env", self.env)
        options.setdefault("stdin", subprocess.DEVNULL)
        options.setdefault("stdout", subprocess.PIPE)
        options.setdefault("stderr", subprocess.PIPE)
        options.setdefault("preexec_fn", _heed_signals)
        process = subprocess.Popen(
            [sys.executable, "-m", "datagenflow_nb", *args], cwd=self.folder, text=True, **options
        )
        self._started.append(process)
        return process

    def write(self, name: str, content: Any) -> str:
        """Write a file, JSON when the content is no text; its name."""
        text = content if isinstance(content, str) else json.dumps(content)
        (self.folder / name).write_text(text, encoding="utf-8")
        return name

    def rows(self, sql: str, store: str = "datagenflow.db") -> list[tuple[Any, ...]]:
        """What a query says about the store, from outside; nothing before there are tables."""
        path = self.folder / store
        if not path.exists():
            return []
        connection = sqlite3.connect(path, timeout=30)
        try:
            return connection.execute(sql).fetchall()
        except sqlite3.OperationalError as error:
            if "no such table" in str(error):
                return []
            raise
        finally:
            connection.close()

    def write_rows(self, sql: str) -> None:
        """Change the store from outside."""
        connection = sqlite3.connect(self.folder / "datagenflow.db", timeout=30)
        try:
            connection.execute(sql)
            connection.commit()
        finally:
            connection.close()

    def end(self) -> None:
        """Kill what still runs and close its pipes."""
        for process in self._started:
            if process.poll() is None:
                process.kill()
            process.wait()
            for pipe in (process.stdin, process.stdout, process.stderr):
                if pipe is not None:
                    pipe.close()


def job_row(**values: Any) -> JobRow:
    """A running job's row."""
    usage = {"input_tokens": 12_345, "output_tokens": 999, "calls": 3, "cost": None}
    counts = {"executions_done": 50, "records_generated": 47, "records_failed": 2,
              "records_filtered": 1, "records_accepted": 0, "usage": usage,
              "total": 200}  # fmt: skip
    empty = dict.fromkeys(JobRow.__dataclass_fields__)
    return JobRow(**(empty | {"id": 3, "options": {}} | counts | values))
