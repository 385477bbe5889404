"""``%%dgf block``: blocks defined in a cell, and written into the project's folder."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from magics.shells import Shell

SHOUT = """from datagenflow_nb import BaseBlock

class Shout(BaseBlock):
    \"\"\"Put a text into capitals.\"\"\"

    inputs = ["n"]
    outputs = ["loud"]

    def execute(self, data):
        return {"loud": data["n"].upper()}
"""
NONE = (
    "ConfigError: the cell defines no block; a block is a class based on {0}BaseBlock with an "
    "execute method, or a function with @{0}block, and its name does not begin with _"
)


def run_blocks(shell: Shell, *types: str) -> dict[str, Any]:
    """The result of a pipeline of these blocks."""
    import datagenflow_nb as dgf

    pipe = dgf.Pipeline("p", [{"type": name} for name in types])
    return dict(pipe.execute_sync({"n": "a"}).result)


def test_class(shell: Shell) -> None:
    """A class is a block of the notebook, and shows as one."""
    shown = shell.value(f"%%dgf block\n{SHOUT}")
    assert shown.text() == (
        "Type   Category  Inputs  Outputs  Description\n"
        "Shout  general   n       loud     Put a text into capitals."
    )
    assert shell["Shout"].__module__ == "__main__"
    assert run_blocks(shell, "Shout")["loud"] == "A"
    assert shell.value("%dgf blocks Shout")["source"] == "a cell of this notebook"


def test_several_and_a_function(shell: Shell) -> None:
    """One cell may define many blocks; helpers and hidden classes are none."""
    shown = shell.value(
        f"%%dgf block\n{SHOUT}\nimport datagenflow_nb as dgf\nsuffix = '?'\n"
        "class _Hidden(BaseBlock):\n    def execute(self, data): return {}\n"
        "@dgf.block(outputs=['asked'])\ndef Ask(loud):\n    return {'asked': loud + suffix}\n"
    )
    assert [item["type"] for item in shown] == ["Ask", "Shout"]
    assert run_blocks(shell, "Shout", "Ask")["asked"] == "A?"


def test_running_the_cell_again(shell: Shell) -> None:
    """The new definition takes the place of the old one; a cell may use names of other cells."""
    shell.value("from datagenflow_nb import BaseBlock")
    shell.value(f"%%dgf block\n{SHOUT}")
    shell.value("%%dgf pipeline p\n- type: Shout\n")
    again = SHOUT.replace("from datagenflow_nb import BaseBlock", "").replace("upper()", "title()")
    shell.value(f"%%dgf block\n{again}")
    assert shell.value("%%dgf run p --wait\nn: ab\n").records()["loud"].tolist() == ["Ab"]


@pytest.mark.parametrize("body", ["x = 1\n", "def f():\n    pass\n", "# nothing\n"])
def test_cell_without_a_block(shell: Shell, body: str) -> None:
    """A cell that defines none says what a block is; so does one that only uses one."""
    shell.value(f"%%dgf block\n{SHOUT}")
    assert shell.error(f"%%dgf block\n{body}") == NONE.format("dgf.")
    assert shell.error(f"%%dgf block --save\n{body}") == NONE.format("")


def test_empty_cell(shell: Shell) -> None:
    """An empty cell says what belongs there."""
    assert shell.error("%%dgf block\n  \n") == (
        "ConfigError: the cell below %%dgf block is empty; expected a class based on "
        "dgf.BaseBlock, or a function with @dgf.block"
    )


@pytest.mark.parametrize(
    ("body", "told"),
    [
        ("class A:\n    def f(self)\n        pass\n", "cell line 3: expected ':': def f(self)"),
        ("x = (1\n\n", "cell line 2: '(' was never closed: x = (1"),
        ("def f():\nreturn\n", "cell line 3: expected an indented block after function definition "
         "on line 2: return"),
        ("x = '\n", "cell line 2: unterminated string literal (detected at line 2): x = '"),
    ],
)  # fmt: skip
def test_no_python(shell: Shell, body: str, told: str) -> None:
    """A mistake in the Python is told with its line of the cell, short."""
    ran = shell.run(f"%%dgf block\n{body}")
    assert ran.text == f"ConfigError: {told}\n"
    line = told.partition(":")[0].removeprefix("cell ")
    saved = shell.error(f"%%dgf block --save\n{body}")
    assert saved.startswith(
        f"ConfigError: the cell does not load on its own, as a file of blocks does: {line}: "
    )


def test_cell_that_raises(shell: Shell) -> None:
    """The cell's own error shows with the cell's own line, and with none of ours."""
    ran = shell.run("%%dgf block\nhalf = 1\n\nhalf / 0\n")
    assert ran.error == "ZeroDivisionError: division by zero"
    assert "----> 4 half / 0" in ran.text
    assert "datagenflow_nb" not in ran.text.replace("%%dgf", "")
    assert shell["half"] == 1


def test_plain_class_of_a_cell(shell: Shell) -> None:
    """A class of a normal cell is found by its name, and deleting the name forgets it."""
    shell.value(SHOUT)
    assert run_blocks(shell, "Shout")["loud"] == "A"
    assert shell.value("%dgf blocks Shout")["outputs"] == ["loud"]
    shell.value("del Shout")
    assert shell.error("%dgf blocks Shout").startswith(
        "BlockNotFoundError: block type 'Shout' is not registered; "
    )


def test_save(shell: Shell, tmp_path: Path) -> None:
    """--save writes the cell, loads it from there, and gives the class to the notebook."""
    shown = shell.value(f"%%dgf block --save\n{SHOUT}")
    assert [item["source"] for item in shown] == [str(tmp_path / "blocks" / "shout.py")]
    text = (tmp_path / "blocks" / "shout.py").read_text(encoding="utf-8")
    mark, _, rest = text.partition("\n")
    assert mark.startswith(
        "# Written from a notebook cell by %%dgf block --save; sha256 of what follows: "
    )
    assert rest == SHOUT
    assert [path.name for path in (tmp_path / "blocks").iterdir()] == ["shout.py"]
    assert shell["Shout"]({}).execute({"n": "b"}) == {"loud": "B"}
    assert shell.value("%dgf blocks Shout")["source"] == str(tmp_path / "blocks" / "shout.py")
    assert run_blocks(shell, "Shout")["loud"] == "A"


def test_save_again(shell: Shell, tmp_path: Path) -> None:
    """A file that is as it was written is written again; one that was edited only if told so."""
    file = tmp_path / "blocks" / "shout.py"
    shell.value(f"%%dgf block --save\n{SHOUT}")
    changed = SHOUT.replace("upper", "title")
    shell.value(f"%%dgf block --save\n{changed}")
    assert "title" in file.read_text(encoding="utf-8")
    edited = file.read_text(encoding="utf-8") + "# mine\n"
    file.write_text(edited, encoding="utf-8")
    assert shell.error(f"%%dgf block --save\n{SHOUT}") == (
        "ConfigError: shout.py in blocks/ was edited since, or not written by --save; "
        "--replace writes over it"
    )
    assert file.read_text(encoding="utf-8") == edited
    shell.value(f"%%dgf block --save --replace\n{SHOUT}")
    assert "upper" in file.read_text(encoding="utf-8")


def test_replace_needs_save(shell: Shell) -> None:
    """--replace alone is a mistake."""
    assert shell.error(f"%%dgf block --replace\n{SHOUT}") == (
        "ConfigError: --replace says what --save may do; give --save too"
    )


def test_save_needs_all_in_the_cell(shell: Shell, tmp_path: Path) -> None:
    """A cell that uses names of other cells would be no file of its own; nothing is written."""
    shell.value("from datagenflow_nb import BaseBlock")
    alone = SHOUT.partition("\n")[2]
    assert shell.error(f"%%dgf block --save\n{alone}") == (
        "ConfigError: the cell does not load on its own, as a file of blocks does: line 3: "
        "NameError: name 'BaseBlock' is not defined; what it uses from other cells (imports, "
        "functions) has to stand in it too"
    )
    assert not (tmp_path / "blocks").exists()


def files_of(folder: Path) -> dict[str, str]:
    """Every file of blocks, its mark aside."""
    return {
        path.name: path.read_text(encoding="utf-8").partition("\n")[2]
        for path in sorted((folder / "blocks").glob("*"))
    }


@pytest.mark.parametrize(
    ("name", "aliases", "taken"),
    [
        ("TextGenerator", "", "TextGenerator"),
        ("ValidatorBlock", "", "ValidatorBlock"),
        ("Mine", "    aliases = ['Mine2', 'Output']\n", "Output"),
    ],
)
def test_save_of_a_built_in_name(
    shell: Shell, tmp_path: Path, name: str, aliases: str, taken: str
) -> None:
    """A name or alias that is built in is refused before anything is written, and still works."""
    places = {"TextGenerator": "text_generator", "ValidatorBlock": "validator", "Output": "output"}
    body = SHOUT.replace("class Shout(BaseBlock):\n", f"class {name}(BaseBlock):\n{aliases}")
    for option in ("", " --replace"):
        assert shell.error(f"%%dgf block --save{option}\n{body}") == (
            f"ConfigError: {taken!r} is a block of datagenflow_nb.blocks.builtin.{places[taken]} "
            "already; choose another name"
        )
    assert not (tmp_path / "blocks").exists()
    assert shell.value(f"%dgf blocks {taken}")["source"].startswith("datagenflow_nb.")


WHISPER = "class Whisper(BaseBlock):\n    def execute(self, data): return {}\n"
IMPORT, _, ONLY_SHOUT = SHOUT.partition("\n")


def test_save_of_a_block_that_moved(shell: Shell, tmp_path: Path) -> None:
    """A block goes to the file of another cell with --replace, and is never in two files."""
    file = tmp_path / "blocks" / "shout.py"
    shell.value(f"%%dgf block --save\n{SHOUT}")
    both = f"{IMPORT}\n{WHISPER}{ONLY_SHOUT}"
    assert shell.error(f"%%dgf block --save\n{both}") == (
        f"ConfigError: 'Shout' is a block of {file} already; --replace moves it to whisper.py and "
        "removes shout.py"
    )
    assert files_of(tmp_path) == {"shout.py": SHOUT}
    shell.value(f"%%dgf block --save --replace\n{both}")
    assert files_of(tmp_path) == {"whisper.py": both}
    assert run_blocks(shell, "Shout", "Whisper")["loud"] == "A"


def test_save_of_a_renamed_first_block(shell: Shell, tmp_path: Path) -> None:
    """A file that defines something else too is kept, and what to do is told and works."""
    file = tmp_path / "blocks" / "whisper.py"
    both = f"{IMPORT}\n{WHISPER}{ONLY_SHOUT}"
    shell.value(f"%%dgf block --save\n{both}")
    renamed = both.replace("Whisper", "Murmur")
    for option in ("", " --replace"):
        assert shell.error(f"%%dgf block --save{option}\n{renamed}") == (
            f"ConfigError: 'Shout' is a block of {file} already, which also defines Whisper; save "
            "that file's cell without Shout first, or delete the file"
        )
    assert files_of(tmp_path) == {"whisper.py": both}
    shell.value(f"%%dgf block --save\n{IMPORT}\n{WHISPER}")
    shell.value(f"%%dgf block --save\n{renamed}")
    assert files_of(tmp_path) == {"murmur.py": renamed, "whisper.py": f"{IMPORT}\n{WHISPER}"}
    assert run_blocks(shell, "Shout", "Murmur", "Whisper")["loud"] == "A"


def test_save_of_a_name_in_a_file_of_ones_own(shell: Shell, tmp_path: Path) -> None:
    """A file that was written or edited by hand is never removed."""
    (tmp_path / "blocks").mkdir()
    file = tmp_path / "blocks" / "mine.py"
    file.write_text(SHOUT, encoding="utf-8")
    for option in ("", " --replace"):
        assert shell.error(f"%%dgf block --save{option}\n{SHOUT}") == (
            f"ConfigError: 'Shout' is a block of {file} already; choose another name"
        )
    assert [path.name for path in (tmp_path / "blocks").glob("*")] == ["mine.py"]


def test_same_name_in_a_cell_and_a_file(shell: Shell, tmp_path: Path) -> None:
    """Two blocks of one name are told with both places, and the way out works."""
    shell.value(f"%%dgf block --save\n{SHOUT}")
    file = tmp_path / "blocks" / "shout.py"
    told = (
        f"ConfigError: 2 blocks are called 'Shout': one in {file}, one in a cell of this notebook; "
        "rename one of them or, in the notebook, run: del Shout"
    )
    assert shell.error(f"%%dgf block\n{SHOUT}") == told
    assert shell.error("%dgf blocks Shout") == told
    assert shell.value("%dgf blocks").text().endswith(told.removeprefix("ConfigError: "))
    assert told.removeprefix("ConfigError: ") in shell.error("%%dgf pipeline p\n- type: Shout\n")
    shell.value("del Shout")
    assert shell.value("%dgf blocks Shout")["source"] == str(file)


def test_from_cell_to_file(shell: Shell) -> None:
    """A block that was tried in a cell is saved by adding --save: the name is one block's."""
    shell.value(f"%%dgf block\n{SHOUT}")
    shell.value(f"%%dgf block --save\n{SHOUT}")
    assert run_blocks(shell, "Shout")["loud"] == "A"


def test_changed_file_is_picked_up(shell: Shell, tmp_path: Path) -> None:
    """A file that is edited, added or deleted counts from the next run on."""
    shell.value(f"%%dgf block --save\n{SHOUT}")
    shell.value("%%dgf pipeline p\n- type: Shout\n")
    file = tmp_path / "blocks" / "shout.py"

    def loud() -> list[str]:
        found: list[str] = shell.value("%%dgf run p --wait\nn: ab\n").records()["loud"].tolist()
        return found

    assert loud() == ["AB"]
    file.write_text(SHOUT.replace("upper", "title"), encoding="utf-8")
    assert loud() == ["Ab"]
    file.unlink()
    assert "block type 'Shout' is not registered" in shell.error("%%dgf run p --wait\nn: ab\n")


def test_broken_file_is_told(shell: Shell, tmp_path: Path) -> None:
    """A file that does not load is listed with the reason, and hides no other block."""
    (tmp_path / "blocks").mkdir()
    (tmp_path / "blocks" / "bad.py").write_text("import nonsense_of_mine\n", encoding="utf-8")
    shown = shell.value("%dgf blocks")
    assert len(shown) == 7
    assert shown.text().splitlines()[-2:] == [
        "Not available:",
        f"  {tmp_path}/blocks/bad.py: line 1: ModuleNotFoundError: No module named "
        "'nonsense_of_mine'",
    ]


def test_place_of_a_failure(shell: Shell) -> None:
    """When a block fails, the panel shows the line of the user's own code, not of libraries."""
    shell.value(
        "%%dgf block\nimport json\nimport datagenflow_nb as dgf\n"
        "@dgf.block(outputs=['b'])\ndef Read(n):\n    return {'b': json.loads(n)}\n"
    )
    shell.value("%%dgf pipeline p\n- type: Read\n")
    shell.value("import datagenflow_nb as dgf; p = dgf.workspace().pipeline('p')")
    ran = shell.run("p.execute_sync({'n': '{'})")
    lines = ran.text.splitlines()
    assert lines[0].startswith("BlockExecutionError: block 'read' (Read) raised JSONDecodeError: ")
    assert lines[1:] == ["  cell line 6, in Read: return {'b': json.loads(n)}"]
    assert ran.raised is not None
    html = getattr(ran.raised, "_repr_html_")()  # noqa: B009 - of our errors alone
    assert "cell line 6, in Read: return {&#x27;b&#x27;: json.loads(n)}" in html


def test_place_in_a_file(shell: Shell, tmp_path: Path) -> None:
    """A failure in a file of blocks is told with the file's line, which is the cell's."""
    body = SHOUT.replace('data["n"].upper()', 'data["n"] / 2')
    shell.value(f"%%dgf block --save\n{body}")
    shell.value("%%dgf pipeline p\n- type: Shout\n")
    shell.value("import datagenflow_nb as dgf; p = dgf.workspace().pipeline('p')")
    assert shell.run("p.execute_sync({'n': 'a'})").text.splitlines()[1:] == [
        '  shout.py line 11, in execute: return {"loud": data["n"] / 2}'
    ]
