"""Reads the fenced blocks of a document and runs them, top to bottom, in the working directory.

    python tests/docs_blocks.py README.md

python       run, with ``await``; ``value  # -> repr`` and ``statement  # raises Error: message``
             are checked, ``...`` stands for anything; the comment may also begin on the next line,
             and go on in comments that are indented
text output  what the block before printed
console      lines after ``$`` are run in a shell, what they print is compared
yaml         a pipeline loads and validates, anything else is YAML
json, jsonl  are that
X file=NAME  written to the file NAME; Python is not run then
"""

from __future__ import annotations

import ast
import asyncio
import contextlib
import doctest
import inspect
import io
import json
import os
import re
import subprocess
import sys
import types
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

__all__ = ["Block", "read_blocks"]

_FENCE = re.compile(r"^```(.*)$")
_CHECK = re.compile(r"# (->|raises) (.*)")
_MORE = re.compile(r"#   +(.*)")
_TIMES = re.compile(r"\d+(?:\.\d+)? ?m?s\b")
_FLAGS = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE
_AWAIT = ast.PyCF_ALLOW_TOP_LEVEL_AWAIT


@dataclass(frozen=True)
class Block:
    """A fenced block: ``line`` is that of its fence, ``info`` what stands behind the fence."""

    document: str
    line: int
    info: str
    text: str

    @property
    def language(self) -> str:
        """The first word of ``info``."""
        return self.info.partition(" ")[0]

    @property
    def file(self) -> str | None:
        """The name in ``file=NAME``."""
        found = re.search(r"file=(\S+)", self.info)
        return found[1] if found else None

    def fail(self, problem: str, line: int = 0) -> AssertionError:
        """An error that says where."""
        return AssertionError(f"{self.document}:{self.line + line}: {problem}")


def read_blocks(path: Path) -> Iterator[Block]:
    """Every fenced block of a Markdown file, in order."""
    start, info, lines = 0, "", list[str]()
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        fence = _FENCE.match(line)
        if not start:
            if fence:
                start, info, lines = number, fence[1].strip(), []
        elif fence:
            yield Block(path.name, start, info, "\n".join(lines) + "\n")
            start = 0
        else:
            lines.append(line)
    assert not start, f"{path.name}:{start}: this block is never closed"


class _Reader:
    """Goes through the blocks of one document as a reader would."""

    def __init__(self) -> None:
        self.module = types.ModuleType("__main__")
        sys.modules["__main__"] = self.module  # where blocks of a cell are looked for
        self.printed = ""

    async def read(self, block: Block) -> None:
        """Do with the block what its language asks for."""
        if block.file:
            target = Path(block.file)
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(block.text, encoding="utf-8")
        if block.language == "python" and not block.file:
            await self._python(block)
        elif block.info == "text output":
            _compare(block, block.text, self.printed)
        elif block.language == "console":
            self._console(block)
        elif block.language == "yaml":
            _check_yaml(block)
        elif block.language == "json":
            json.loads(block.text)
        elif block.language == "jsonl":
            [json.loads(line) for line in block.text.splitlines()]

    async def _python(self, block: Block) -> None:
        lines = block.text.splitlines()
        claims = len(_CHECK.findall(block.text))
        with contextlib.redirect_stdout(io.StringIO()) as printed:
            for statement in ast.parse(block.text).body:
                end = statement.end_lineno or 0
                kind, expected = _claim(lines[end - 1 :], statement.end_col_offset or 0)
                claims -= bool(kind)
                try:
                    value = await self._run(block, statement)
                except Exception as error:
                    if kind != "raises":
                        raise block.fail(f"{type(error).__name__}: {error}", end) from error
                    _compare(block, expected, f"{type(error).__name__}: {error}", end)
                    continue
                if kind == "raises":
                    raise block.fail(f"nothing was raised, expected {expected}", end)
                if kind and str(value) != expected:
                    _compare(block, expected, repr(value), end)
        if claims:
            raise block.fail("a comment '# ->' or '# raises' belongs to no statement")
        self.printed = printed.getvalue()

    async def _run(self, block: Block, statement: ast.stmt) -> Any:
        ast.increment_lineno(statement, block.line)
        code: types.CodeType
        if isinstance(statement, ast.Expr):
            code = compile(ast.Expression(statement.value), block.document, "eval", flags=_AWAIT)
        else:
            code = compile(ast.Module([statement], []), block.document, "exec", flags=_AWAIT)
        value = eval(code, vars(self.module))
        return await value if code.co_flags & inspect.CO_COROUTINE else value

    def _console(self, block: Block) -> None:
        env = os.environ | {"PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"}
        for part in re.split(r"^\$ ", block.text, flags=re.MULTILINE)[1:]:
            command, _, expected = part.partition("\n")
            run = subprocess.run(
                command, shell=True, env=env, text=True, timeout=100,
                stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            )  # fmt: skip
            if run.returncode and "echo $?" not in command:
                raise block.fail(f"{command!r} ended with {run.returncode}:\n{run.stdout}")
            if expected.strip():
                _compare(block, expected, run.stdout)


def _claim(lines: list[str], column: int) -> tuple[str, str]:
    """What the comment behind a statement, or on the lines after it, says: kind and text."""
    # Columns count bytes.
    comments = [lines[0].encode()[column:].decode().strip(), *lines[1:]]
    if not comments[0].strip():
        del comments[0]
    found = _CHECK.match(comments[0]) if comments else None
    if found is None:
        return "", ""
    texts = [found[2]]
    for comment in comments[1:]:
        more = _MORE.match(comment)
        if more is None:
            break
        texts.append(more[1])
    return found[1], " ".join(texts).strip()


def _check_yaml(block: Block) -> None:
    import yaml

    from datagenflow_nb import Pipeline

    data = yaml.safe_load(block.text)
    if isinstance(data, dict) and "blocks" in data:
        problems = Pipeline.from_yaml(block.text).validate()
        if problems:
            raise block.fail("; ".join(map(str, problems)))


def _compare(block: Block, expected: str, got: str, line: int = 0) -> None:
    wanted, there = (_TIMES.sub("0 s", text).strip() + "\n" for text in (expected, got))
    if not doctest.OutputChecker().check_output(wanted, there, _FLAGS):
        raise block.fail(f"expected\n{expected.strip()}\ngot\n{got.strip()}", line)


async def _read_all(path: Path) -> None:
    reader = _Reader()
    for block in read_blocks(path):
        await reader.read(block)


if __name__ == "__main__":
    asyncio.run(_read_all(Path(sys.argv[1])))
