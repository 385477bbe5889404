"""The documents are true: their code runs, their commands exist, and nothing is left out."""

from __future__ import annotations

import builtins
import doctest
import importlib
import importlib.util
import inspect
import json
import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
import pytest
from command_line import CommandLine
from docs_blocks import Block, read_blocks

import datagenflow_nb as package
from datagenflow_nb.blocks.discovery import build_registry
from datagenflow_nb.cli import dgf
from datagenflow_nb.columns import EXPORT_COLUMNS, NESTED_COLUMNS, RECORD_COLUMNS
from datagenflow_nb.export import export_records
from datagenflow_nb.frames import traces_frame
from datagenflow_nb.jobs import Job
from datagenflow_nb.jobs.options import RunOptions
from datagenflow_nb.llm.base import ModelConfig
from datagenflow_nb.seeds.files import SUFFIXES
from datagenflow_nb.settings import _VARIABLES, ROOT_MARKERS
from datagenflow_nb.storage.records import OUTCOMES, REVIEW_STATUSES
from datagenflow_nb.templates import template_ids
from datagenflow_nb.templating import limits

ROOT = Path(__file__).resolve().parent.parent
DOCS = ROOT / "docs"
README = ROOT / "README.md"
DOCUMENTS = [README, *sorted(DOCS.glob("*.md"))]
PACKAGE = Path(package.__file__).parent

_LINK = re.compile(r"!?\[[^\]]*\]\(([^)\s]+)\)")
#: The limits of templates that the documents tell.
_LIMITS = ("SOURCE", "TEXT", "ALLOCATED", "SECONDS", "TURNS", "LENGTH", "DEPTH", "INT_BITS",
           "FORMAT_WIDTH")  # fmt: skip
_TIME = re.compile(r"\d+\.\d+ (?=m?s\b)|textLength=\S+")


def prose(path: Path) -> str:
    """The document without its fenced blocks."""
    return re.sub(r"^```.*?^```$", "", path.read_text(encoding="utf-8"), flags=re.M | re.S)


def section(path: Path, heading: str) -> str:
    """What stands under a heading, up to the next one of its level or above."""
    level = heading.partition(" ")[0]
    found = re.search(
        rf"^{re.escape(heading)}\n(.*?)(?=^#{{1,{len(level)}}} |\Z)", prose(path), flags=re.M | re.S
    )
    assert found, f"{path.name} has no heading {heading!r}"
    return found[1]


def code_in(text: str) -> set[str]:
    """Every word in backticks; of ``a(b, c)`` and ``--out PATH`` the first one."""
    return {re.split(r"[ (=]", code, maxsplit=1)[0] for code in re.findall(r"`([^`]+)`", text)}


def rows(text: str) -> dict[str, str]:
    """First cell (without backticks) -> second cell of every table row."""
    return dict(re.findall(r"^\| `([^`|]+)` \| (.*?) \|", text, flags=re.M))


def anchors(path: Path) -> set[str]:
    """What a link may name after the ``#``, as GitHub makes it."""
    headings = re.findall(r"^#+ (.*)$", prose(path), flags=re.M)
    return {re.sub(r"[^\w\- ]", "", text.lower()).replace(" ", "-") for text in headings}


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_blocks_run(document: Path, tmp_path: Path) -> None:
    """Everything in fences does what the document says, read top to bottom in an empty folder."""
    (tmp_path / "pyproject.toml").touch()
    command = [sys.executable, str(ROOT / "tests" / "docs_blocks.py"), str(document)]
    run = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=110)
    assert run.returncode == 0, run.stdout + run.stderr


def run_text(text: str, tmp_path: Path) -> str:
    """What is said about a document of this text."""
    path = tmp_path / "text.md"
    path.write_text(text, encoding="utf-8")
    command = [sys.executable, str(ROOT / "tests" / "docs_blocks.py"), str(path)]
    return subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=60).stderr


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("```python\n1 + 1  # -> 3\n```", "text.md:2: expected\n3\ngot\n2"),
        ("\n```python\n\n1 / 0\n```", "text.md:4: ZeroDivisionError: division by zero"),
        ("```python\n1  # raises KeyError: 1\n```", "text.md:2: nothing was raised"),
        ("```python\n1\n# raises KeyError:\n#    1\n```", "expected KeyError: 1"),
        ("```python\nx = 1\n\n# -> 2\n```", "belongs to no statement"),
        ("```python\nprint(1)\n```\n```text output\n2\n```", "expected\n2\ngot\n1"),
        ("```console\n$ echo yes\nno\n```", "expected\nno\ngot\nyes"),
        ("```console\n$ false\n```", "text.md:1: 'false' ended with 1"),
        ("```yaml\nname: a\nblocks: [{type: Outputt}]\n```", "'Outputt' is not registered"),
        ("```python\n", "text.md:1: this block is never closed"),
    ],
)
def test_wrong_blocks_are_found(text: str, told: str, tmp_path: Path) -> None:
    """A claim in a document that is not true fails, with its place."""
    assert told in run_text(text, tmp_path)


def shell_lines() -> Iterator[tuple[Block, str]]:
    """Every command line in fences."""
    for path in DOCUMENTS:
        for block in read_blocks(path):
            if block.language == "sh":
                yield from ((block, line) for line in block.text.splitlines())
            elif block.language == "console":
                lines = (line for line in block.text.splitlines() if line.startswith("$ "))
                yield from ((block, line[2:]) for line in lines)


def commands_in(line: str) -> Iterator[list[str]]:
    """The arguments of every ``dgf`` in a command line."""
    for part in re.split(r"[|;]|>\s*\S+|&&", line):
        words = shlex.split(part)
        while words and re.fullmatch(r"[A-Z_]+=.*", words[0]):
            words = words[1:]
        if words[:1] == ["dgf"]:
            yield words[1:]


def test_commands_in_fences_exist() -> None:
    """Every `dgf` line parses against the command tree: command, options, values."""
    count = 0
    for block, line in shell_lines():
        for args in commands_in(line):
            command = dgf.commands.get(args[0])
            assert command is not None, f"{block.document}:{block.line}: {line}"
            try:
                command.make_context(args[0], args[1:])
            except click.UsageError as error:
                raise block.fail(f"{line!r}: {error.message}") from error
            count += 1
    assert count > 10


def options_of(command: click.Command) -> set[str]:
    """All long options of a command."""
    return {name for option in command.params for name in option.opts if name.startswith("--")} | {
        "--help"
    }


def test_commands_in_prose_exist() -> None:
    """Every `dgf ...` and `make ...` in running text names what there is."""
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    targets = re.findall(r"^([a-z]+):.*## ", makefile, flags=re.M)
    for path in DOCUMENTS:
        for code in re.findall(r"`([^`]+)`", prose(path)):
            if code.startswith("dgf "):
                command = dgf.commands[code.split()[1]]
                assert set(re.findall(r"--[\w-]+", code)) <= options_of(command), code
            if code.startswith("make "):
                assert code.split()[1] in targets, code


@pytest.mark.parametrize("document", [*DOCUMENTS, ROOT / "CONTRIBUTING.md"], ids=lambda p: p.name)
def test_links(document: Path) -> None:
    """Every link inside the repository leads to a file, and to a heading in it."""
    for target in _LINK.findall(prose(document)):
        if re.match(r"https?:", target):
            continue
        name, _, anchor = target.partition("#")
        path = document.parent / name if name else document
        assert path.exists(), f"{document.name}: {target}"
        if anchor:
            assert anchor in anchors(path), f"{document.name}: {target}"


def test_readme() -> None:
    """It is short, shows the picture, and leads to every document."""
    text = README.read_text(encoding="utf-8")
    assert len(text.splitlines()) <= 130
    linked = set(_LINK.findall(text))
    assert {f"docs/{path.name}" for path in DOCS.glob("*.md")} | {"docs/demo.svg"} <= linked


def builtin() -> list[dict[str, Any]]:
    """The description of every built-in block."""
    return build_registry(None).describe()


@pytest.mark.parametrize("block", builtin(), ids=lambda block: block["type"])
def test_builtin_block(block: dict[str, Any]) -> None:
    """Its section lists every config key with its default, its outputs and other names."""
    text = section(DOCS / "blocks.md", f"### {block['type']}")
    documented = rows(text)
    assert set(documented) == set(block["config"])
    for key, entry in block["config"].items():
        if entry.get("required"):
            assert documented[key] == "*required*", key
        elif "default" in entry:
            assert documented[key] == f"`{json.dumps(entry['default'])}`", key
    kind = build_registry(None).get(block["type"])
    fields = kind.Config.model_fields.values()
    names = {name for name in (*kind.aliases, *(field.alias for field in fields)) if name}
    assert names | {name for name in block["outputs"] if name != "*"} <= code_in(text)


def test_block_contract() -> None:
    """Attributes of a block, the context's parts and what the decorator takes are documented."""
    words = code_in(prose(DOCS / "blocks.md"))
    hints = set(package.BaseBlock.__annotations__) - {"config", "given_config", "__signature__"}
    public = {name for name in dir(package.BlockContext) if not name.startswith("_")} - {"alone"}
    decorator = set(inspect.signature(package.block).parameters) - {"function"}
    assert hints - {"takes_only_known_config"} | decorator - {"outputs"} <= words
    assert {f"ctx.{name}" for name in public} <= words


def test_pipeline_keys() -> None:
    """Keys of pipelines, blocks, steps and calls, templates and limits are documented."""
    from datagenflow_nb.records import Call, Step, build_trace
    from datagenflow_nb.spec import _BLOCK_KEYS, _IGNORED_KEYS, _PIPELINE_KEYS

    words = code_in(prose(DOCS / "pipelines.md"))
    (step,) = build_trace({}, [Step(0, "a", "A")])
    assert {*_BLOCK_KEYS, *_PIPELINE_KEYS, *_IGNORED_KEYS, *step} <= words
    assert {*Call.__dataclass_fields__} <= words
    assert set(template_ids()) == set(
        rows(section(DOCS / "pipelines.md", "## Ready-made pipelines"))
    )
    told = section(DOCS / "pipelines.md", "## Prompt templates")
    for name in _LIMITS:
        assert f"| {int(getattr(limits, f'MAX_{name}')):,} |" in told, name


def test_settings() -> None:
    """Every setting, what marks a project root and every option of a model are documented."""
    assert set(rows(section(DOCS / "models.md", "## Settings"))) == set(_VARIABLES.values())
    assert set(ROOT_MARKERS) <= code_in(section(DOCS / "models.md", "## Settings"))
    told = section(DOCS / "models.md", "## Configured models")
    fields = ModelConfig.__dataclass_fields__
    assert set(fields) - {"name", "api_key"} <= code_in(told)
    for name in ("timeout", "max_tries", "max_wait"):
        assert rows(told)[name] == f"`{fields[name].default:g}`"


def test_seed_files() -> None:
    """Every kind of seed file is documented, and no other."""
    told = section(DOCS / "seeds.md", "## Files")
    assert {code for code in code_in(told) if re.fullmatch(r"\.[a-z]+", code)} == set(SUFFIXES)


def test_jobs_and_records() -> None:
    """Run options, statuses, columns and the methods of jobs and workspaces are documented."""
    path = DOCS / "jobs.md"
    documented = rows(section(path, "## Running"))
    for name, field in RunOptions.__dataclass_fields__.items():
        assert documented[name] == f"`{field.default}`"
    statuses = code_in(section(path, "## Statuses"))
    assert {*REVIEW_STATUSES, *OUTCOMES} <= statuses
    assert {"queued", "running", "completed", "cancelled", "interrupted", "failed"} <= statuses
    assert {*RECORD_COLUMNS, *NESTED_COLUMNS} <= code_in(section(path, "## Records"))
    assert set(traces_frame([]).columns) <= code_in(section(path, "## Traces"))
    for kind, heading in ((Job, "## Running"), (package.Workspace, "## The workspace")):
        public = {name for name in dir(kind) if not name.startswith("_")} - {"services"}
        assert public - code_in(section(path, heading)) == set()


def test_export() -> None:
    """Every option, every column and every key of a line is documented."""
    path = DOCS / "export.md"
    options = set(inspect.signature(export_records).parameters) - {"open_records", "path"}
    assert set(rows(prose(path))) >= options | {"status"}
    assert set(EXPORT_COLUMNS) <= code_in(section(path, "## Flat files"))
    pipe = {"name": "p", "blocks": [{"type": "Output", "config": {"template": "x"}}]}
    with package.testing.temporary_workspace() as ws:
        ws.run(pipe, [{}], wait=True).export("line.jsonl")
    line = json.loads(Path("line.jsonl").read_text(encoding="utf-8"))
    assert set(line) == code_in(
        "".join(re.findall(r"^\|[^|]*\|", section(path, "## JSON Lines"), re.M))
    )


def test_errors() -> None:
    """The tree is the one in the code, and every error has a section with an example."""
    path = DOCS / "errors.md"
    text = path.read_text(encoding="utf-8")
    docstring = inspect.getdoc(importlib.import_module("datagenflow_nb.errors")) or ""
    tree = [line.strip() for line in docstring.splitlines() if "Error  " in line]
    assert [line.strip() for line in text.splitlines() if "Error  " in line] == tree
    named = [name for name in package.__all__ if name.endswith("Error")]
    examples = "".join(block.text for block in read_blocks(path))
    for name in named:
        if name != "DataGenFlowError":
            section(path, f"## {name}")
            assert f"# raises {name}: " in examples


def test_public_names() -> None:
    """Everything the package exports is in the documents."""
    text = "".join(path.read_text(encoding="utf-8") for path in DOCUMENTS)
    missing = [
        name
        for name in package.__all__
        if not name.startswith("__") and not re.search(rf"\b{name}\b", text)
    ]
    assert missing == ["Workspace"]  # a type; "a workspace" is all anybody needs to know of it


@pytest.mark.parametrize("name", sorted(dgf.commands))
def test_command(name: str) -> None:
    """Every command has a section with every option."""
    documented = section(DOCS / "command-line.md", f"## dgf {name}")
    options = options_of(dgf.commands[name]) - {"--help"}
    assert options - code_in(documented) == set()


def keys_of(value: Any, depth: int = 1) -> set[str]:
    """The keys of a JSON object, or of the first in a list, to that depth."""
    if isinstance(value, list):
        return keys_of(value[0], depth) if value else set()
    if not isinstance(value, dict) or not depth:
        return set()
    return set(value).union(*(keys_of(item, depth - 1) for item in value.values()))


def test_json_shapes(tmp_path: Path) -> None:
    """Every key that `--json` prints is documented with its command."""
    folder = tmp_path / "project"
    folder.mkdir()
    (folder / "pyproject.toml").touch()
    run = CommandLine(folder)
    noisy = "import datagenflow_nb as dgf\n\n\n@dgf.block(outputs=['m'])\ndef Noisy(n):\n"
    noisy += "    print(n)\n    return {'m': n}\n"
    (folder / "blocks").mkdir()
    run.write("blocks/noisy.py", noisy)
    divide = {"type": "Output", "config": {"template": "{{ 1 // n }}"}}
    pipe = {"name": "p", "blocks": [{"type": "Noisy"}, divide]}
    run.write("p.json", pipe)
    run.write("seeds.json", [{"n": 1}, {"n": 0}])
    shapes = {
        "run": keys_of(run.json("run", "p.json", "seeds.json", "--out", "o.csv", status=3), 2),
        "export": keys_of(run.json("export", "1", "o.jsonl")),
        "jobs": keys_of(run.json("jobs")),
        "log": keys_of(run.json("log", "1")),
        "blocks": keys_of(run.json("blocks")) | keys_of(run.json("blocks", "Output")),
        "templates": keys_of(run.json("templates"))
        | keys_of(run.json("templates", "qa_generation")),
        "doctor": keys_of(run.json("doctor")) | keys_of(run.json("doctor")["store"]),
    }
    for name, keys in shapes.items():
        assert len(keys) > 4
        assert keys - code_in(section(DOCS / "command-line.md", f"## dgf {name}")) == set(), name


def modules_with_examples() -> list[str]:
    """Modules whose docstrings hold examples."""
    found = [
        path.relative_to(PACKAGE.parent).with_suffix("").parts
        for path in sorted(PACKAGE.rglob("*.py"))
        if ">>> " in path.read_text(encoding="utf-8")
    ]
    return [".".join(part for part in parts if part != "__init__") for parts in found]


@pytest.mark.parametrize("name", modules_with_examples())
def test_docstring_examples(name: str) -> None:
    """The examples in docstrings give what they say."""
    module = importlib.import_module(name)
    result = doctest.testmod(module, optionflags=doctest.NORMALIZE_WHITESPACE | doctest.ELLIPSIS)
    vars(builtins).pop("_", None)  # set by the examples; IPython's own ``_`` gives way to it
    assert result.failed == 0
    assert result.attempted > 0


@pytest.mark.skipif(os.name != "posix", reason="drawn on a POSIX terminal")
def test_picture() -> None:
    """The picture shows what `dgf demo` prints now, times aside; else run docs/make_picture.py."""
    place = DOCS / "make_picture.py"
    spec = importlib.util.spec_from_file_location("make_picture", place)
    assert spec is not None and spec.loader is not None
    picture = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(picture)
    drawn = _TIME.sub("", picture.draw(picture.run_demo()))
    assert _TIME.sub("", (DOCS / "demo.svg").read_text(encoding="utf-8")) == drawn
