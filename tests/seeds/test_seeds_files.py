"""Seed files: paths, folders, encodings, suffixes."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from datagenflow_nb.errors import SeedError
from datagenflow_nb.records import Seed
from datagenflow_nb.seeds import read_seeds

SUPPORTED = ".csv, .json, .jsonl, .md, .ndjson, .parquet, .tsv, .txt, .yaml, .yml"


@pytest.fixture(autouse=True)
def _in_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each test works in a folder of its own, so that messages show short paths."""
    monkeypatch.chdir(tmp_path)


def failure(source: str | Path) -> SeedError:
    """The error that reading ``source`` to its end ends with."""
    with pytest.raises(SeedError) as caught:
        list(read_seeds(source))
    return caught.value


@pytest.mark.parametrize("name", ["note.md", "note.txt", "NOTE.TXT"])
def test_text_is_one_seed(name: str) -> None:
    """A text file is one seed: its content with plain line ends, and its name."""
    Path(name).write_bytes("\ufeff# Tea\r\n\r\nhot ☕".encode())
    (seed,) = read_seeds(name)
    assert seed == Seed({"file_content": "# Tea\n\nhot ☕", "file_name": name})
    assert seed.where == name


def test_folder() -> None:
    """Every supported file directly in a folder is read, sorted; hidden and other files are not."""
    folder = Path("in")
    (folder / "deeper").mkdir(parents=True)
    (folder / "b.md").write_text("two")
    (folder / "a.csv").write_text("topic\ntea\n")
    (folder / "c.jsonl").write_text('{"topic": "milk"}\n')
    (folder / ".hidden.md").write_text("no")
    (folder / "picture.png").write_bytes(b"\x89PNG")
    (folder / "deeper" / "d.md").write_text("no")
    seeds = list(read_seeds(folder))
    assert [seed.metadata for seed in seeds] == [
        {"topic": "tea"},
        {"file_content": "two", "file_name": "b.md"},
        {"topic": "milk"},
    ]
    places = [Path("in/a.csv"), Path("in/b.md"), Path("in/c.jsonl")]
    assert [seed.where for seed in seeds] == [f"{places[0]}:2", f"{places[1]}", f"{places[2]}:1"]
    assert next(read_seeds("in", where="mine")).where == f"{Path('mine/a.csv')}:2"


def test_folder_without_seed_files() -> None:
    """A folder in which nothing is supported is told with what it holds."""
    Path("in").mkdir()
    assert failure("in").message == (
        f"in: no seed file in this folder (it is empty); supported are {SUPPORTED}"
    )
    Path("in/a.png").touch()
    assert failure("in").message == (
        f"in: no seed file in this folder (it holds 'a.png'); supported are {SUPPORTED}"
    )


def test_empty_file_in_folder_is_named() -> None:
    """A file of a folder that holds no seed is an error, not left out."""
    Path("in").mkdir()
    Path("in/a.md").write_text("one")
    Path("in/b.md").touch()
    seeds = read_seeds("in")
    assert next(seeds).metadata["file_content"] == "one"
    with pytest.raises(SeedError) as caught:
        next(seeds)
    assert caught.value.message == f"{Path('in/b.md')}: the file is empty"


def test_missing_file_names_the_nearest() -> None:
    """A missing file is told at once, with the nearest seed files of the folder."""
    Path("seeds.csv").touch()
    Path("other.png").touch()
    with pytest.raises(SeedError) as caught:
        read_seeds("sedes.csv")
    assert caught.value.message == "sedes.csv: no such file; did you mean 'seeds.csv'?"
    assert caught.value.detail == {"source": "sedes.csv"}
    assert failure(Path("xyz.json")).message == "xyz.json: no such file; there are: 'seeds.csv'"


def test_missing_file_in_empty_or_missing_folder(tmp_path: Path) -> None:
    """Without a seed file near, the message says where was looked."""
    assert failure("a.csv").message == f"a.csv: no such file, and no seed file in {str(tmp_path)!r}"
    name = str(Path("no/a.csv"))
    assert failure(name).message == f"{name}: no such file; the folder 'no' does not exist"


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("s.xml", f"s.xml: the suffix '.xml' is not one of seed files; supported are {SUPPORTED}"),
        ("seeds", f"seeds: no suffix; supported are {SUPPORTED}"),
        (
            "s.xlsx",
            "s.xlsx: the suffix '.xlsx' is not one of seed files; "
            "read it with pandas.read_excel and give the DataFrame",
        ),
    ],
)
def test_wrong_suffix(name: str, message: str) -> None:
    """A file of another kind is refused with the kinds there are."""
    Path(name).write_text("x")
    assert failure(name).message == message


@pytest.mark.parametrize("name", [f"s{suffix}" for suffix in SUPPORTED.split(", ")])
def test_empty_file(name: str) -> None:
    """An empty file of any kind is an error."""
    Path(name).touch()
    assert failure(name).message == f"{name}: the file is empty"


@pytest.mark.parametrize("name", ["s.md", "s.txt"])
def test_blank_text(name: str) -> None:
    """A text file of white space is an error."""
    Path(name).write_text("\ufeff \n", encoding="utf-8")
    assert failure(name).message == f"{name}: the file holds nothing but white space"


@pytest.mark.parametrize("name", ["s.csv", "s.jsonl", "s.json", "s.yaml", "s.txt", "s.tsv"])
@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be"])
def test_utf16(name: str, encoding: str) -> None:
    """A UTF-16 file is recognised by its byte order mark."""
    Path(name).write_bytes(f"\ufeff{'topic'}".encode(encoding))
    assert failure(name).message == (
        f"{name}: looks like UTF-16 (its byte order mark); save it as UTF-8"
    )


@pytest.mark.parametrize("name", ["s.csv", "s.jsonl"])
def test_not_utf8_by_line(name: str) -> None:
    """A byte that is not UTF-8 is told with line and offset in the file."""
    good = '{"a": "é"}\n'.encode() if name == "s.jsonl" else "topic\né\n".encode()
    Path(name).write_bytes(good + '{"a": "café"}\n'.encode("latin-1") + b"x\n")
    offset, line = len(good) + 10, good.count(b"\n") + 1
    error = failure(name)
    assert error.message == (
        f"{name}:{line}: byte {offset} of the file (0xe9) is not UTF-8; "
        "is it Latin-1 or Windows-1252? Save the file as UTF-8"
    )
    assert error.detail == {"source": name, "line": line, "byte": offset}


@pytest.mark.parametrize("before", [5, (1 << 18) - 1, 1 << 18, 300_000])
@pytest.mark.parametrize("name", ["s.txt", "s.json", "s.yaml"])
def test_not_utf8_in_text(name: str, before: int) -> None:
    """The offset is right wherever the file is cut into pieces."""
    Path(name).write_bytes(b"[" + b" " * (before - 1) + b"\xc3(")
    assert failure(name).message == (
        f"{name}: byte {before} of the file (0xc3) is not UTF-8; "
        "is it Latin-1 or Windows-1252? Save the file as UTF-8"
    )


def test_utf8_cut_off() -> None:
    """A file that ends inside a character is not UTF-8."""
    Path("s.txt").write_bytes(b"caf\xc3")
    assert failure("s.txt").message.startswith("s.txt: byte 3 of the file (0xc3) is not UTF-8")


def test_character_across_pieces() -> None:
    """A character that lies across two pieces is read whole."""
    text = "x" * ((1 << 18) - 1) + "é😀"
    Path("s.txt").write_text(text, encoding="utf-8")
    assert next(read_seeds("s.txt")).metadata["file_content"] == text


def test_unreadable_path() -> None:
    """What the file system refuses is an error of ours."""
    assert failure("x" * 5000 + ".csv").message.endswith(": cannot be read: File name too long")
    Path("loop.csv").symlink_to("loop.csv")
    assert failure("loop.csv").message.startswith("loop.csv: ")


def test_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """``~`` is the home folder; messages show the path as given."""
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    Path("s.csv").write_text("a\n1\n")
    (seed,) = read_seeds("~/s.csv")
    assert seed.metadata == {"a": "1"} and seed.where == "~/s.csv:2"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            '[{"topic": "tea"}]',
            'seeds: a string is a path, and \'[{"topic": "tea"}]\' looks like JSON text; '
            "give json.loads(text), or save it to a .json file",
        ),
        (
            '{"a": 1}\n{"a": 2}\n',
            'seeds: a string is a path, and \'{"a": 1}\\n{"a": 2}\\n\' looks like JSONL text; '
            "give [json.loads(line) for line in text.splitlines()], or save it to a .jsonl file",
        ),
        (
            "topic,level\ntea,1\n",
            "seeds: a string is a path, and 'topic,level\\ntea,1\\n' looks like CSV text; "
            "give pandas.read_csv(io.StringIO(text)), or save it to a .csv file",
        ),
        ("", "seeds: the path is empty"),
    ],
)
def test_text_in_place_of_a_path(text: str, message: str) -> None:
    """A string that is no path but the seeds themselves is told what to do instead."""
    assert failure(text).message == message


def test_long_inline_text() -> None:
    """A text too long for a file name is recognised and quoted shortly."""
    message = failure("[" + '{"a": 1},' * 10_000 + "]").message
    assert "looks like JSON text" in message and len(message) < 220


def test_path_that_looks_like_json() -> None:
    """A file that is there is read, whatever its name looks like."""
    Path("[draft].csv").write_text("a\n1\n")
    assert list(read_seeds("[draft].csv")) == [Seed({"a": "1"})]


def test_path_like_objects() -> None:
    """Any ``os.PathLike`` is a path."""

    class Elsewhere(os.PathLike[str]):
        def __fspath__(self) -> str:
            return "s.csv"

    Path("s.csv").write_text("a\n1\n")
    assert [seed.where for seed in read_seeds(Elsewhere())] == ["s.csv:2"]
