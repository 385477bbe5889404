"""Templates in a folder of the user's: seeds in three forms, clashes, broken files."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from datagenflow_nb import templates
from datagenflow_nb.errors import ConfigError
from datagenflow_nb.templates import list_templates, read_template, template_ids

PIPELINE = """\
name: Teas
description: One sentence about a tea.
blocks:
  - type: TextGenerator
    config:
      user_prompt: Write about {{ topic }}.
"""
BUILTIN = Path(templates.__file__).parent


def write(folder: Path, **files: str) -> Path:
    """Files by name; ``__`` stands for a dot."""
    for name, text in files.items():
        (folder / name.replace("__", ".")).write_text(text, encoding="utf-8")
    return folder


def test_own_template(tmp_path: Path) -> None:
    """It is found beside the built-in ones; without a file of seeds it has none."""
    folder = write(tmp_path, teas__yaml=PIPELINE, notes__txt="no template")
    assert template_ids(folder) == [
        "json_generation", "qa_generation", "teas", "text_classification",
    ]  # fmt: skip
    info = read_template("teas", folder)
    assert (info.id, info.name, info.description) == (
        "teas", "Teas", "One sentence about a tea.",
    )  # fmt: skip
    assert (info.text, info.seeds) == (PIPELINE, [])
    assert (info.source, info.error) == (str(tmp_path / "teas.yaml"), None)
    assert [listed.id for listed in list_templates(folder)] == [
        "json_generation", "qa_generation", "text_classification", "teas",
    ]  # fmt: skip


def test_missing_folder(tmp_path: Path) -> None:
    """A project without templates of its own has the built-in ones."""
    assert template_ids(tmp_path / "templates") == template_ids()


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("teas.seeds.json", '[{"metadata": {"topic": "Assam"}, "repetitions": 2}]'),
        ("teas.seeds.json", '\ufeff{"metadata": {"topic": "Assam"}, "repetitions": 2}'),
        ("teas.seeds.jsonl", '{"metadata": {"topic": "Assam"}, "repetitions": 2}\n\n'),
        ("teas.seeds.csv", "topic,repetitions\nAssam,2\n"),
    ],
)
def test_seed_files(tmp_path: Path, name: str, text: str) -> None:
    """JSON, JSON Lines and CSV, next to the template."""
    (tmp_path / name).write_text(text, encoding="utf-8")
    info = read_template("teas", write(tmp_path, teas__yaml=PIPELINE))
    assert info.seeds == [{"repetitions": 2, "metadata": {"topic": "Assam"}}]


def test_csv_without_counts(tmp_path: Path) -> None:
    """Every other column is text, as it stands in the file."""
    folder = write(tmp_path, teas__yaml=PIPELINE, teas__seeds__csv='topic,zip\n"a, b",007\n')
    assert read_template("teas", folder).seeds == [
        {"repetitions": 1, "metadata": {"topic": "a, b", "zip": "007"}}
    ]


def test_seeds_inside_the_template(tmp_path: Path) -> None:
    """The original's templates carry them as example_seed."""
    text = PIPELINE + "example_seed:\n  - metadata: {topic: Assam}\n"
    assert read_template("teas", write(tmp_path, teas__yaml=text)).seeds == [
        {"metadata": {"topic": "Assam"}}
    ]
    text = PIPELINE + "example_seed: {metadata: {topic: Sencha}}\n"
    assert read_template("teas", write(tmp_path, teas__yaml=text)).seeds == [
        {"metadata": {"topic": "Sencha"}}
    ]


@pytest.mark.parametrize("asked", ["qa_generatoin", "../qa_generation"])
def test_unknown_id(asked: str) -> None:
    """The nearest ids are named; an id is never a path."""
    with pytest.raises(ConfigError) as caught:
        read_template(asked)
    assert caught.value.message.startswith(f"there is no template {asked!r}; did you mean ")
    assert "'qa_generation'" in caught.value.message
    assert caught.value.detail["templates"] == template_ids()


def test_clash(tmp_path: Path) -> None:
    """Two files of one id are an error that names both; the list says it too and goes on."""
    folder = write(tmp_path, qa_generation__yaml=PIPELINE, teas__yml=PIPELINE)
    message = (
        f"two templates are called 'qa_generation': {BUILTIN / 'qa_generation.yaml'} and "
        f"{tmp_path / 'qa_generation.yaml'}; rename the file of yours"
    )
    with pytest.raises(ConfigError) as caught:
        read_template("qa_generation", folder)
    assert caught.value.message == message
    listed = list_templates(folder)
    assert [(info.id, info.error) for info in listed] == [
        ("json_generation", None),
        ("qa_generation", None),
        ("text_classification", None),
        ("qa_generation", message),
        ("teas", None),
    ]


def test_broken_file(tmp_path: Path) -> None:
    """A broken template is listed with its error; the others are not hidden."""
    folder = write(tmp_path, bad__yaml="name: [", good__yaml=PIPELINE, empty__yaml="")
    by_id = {info.id: info for info in list_templates(folder)}
    assert by_id["good"].error is None
    assert by_id["bad"].error is not None
    assert by_id["bad"].error.startswith(f"{tmp_path / 'bad.yaml'} line 1: not valid YAML: ")
    assert by_id["empty"].error == (
        f"{tmp_path / 'empty.yaml'}: a pipeline is a mapping with 'name' and 'blocks', got NoneType"
    )
    with pytest.raises(ConfigError, match=r"bad.yaml line 1: not valid YAML"):
        read_template("bad", folder)


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("teas.seeds.json", "[1]", ": seed 1 is int, expected an object such as {"),
        ("teas.seeds.json", "[{}]", ": seed 1 is empty, expected an object such as {"),
        ("teas.seeds.json", "[", ": not valid JSON: "),
        ("teas.seeds.jsonl", '{"a": 1}\n{"a"\n', ":2: not valid JSON: "),
        ("teas.seeds.csv", "a,b\n1\n", ":2: the row has more or fewer cells than the header"),
        ("teas.seeds.csv", "a\n1,2\n", ":2: the row has more or fewer cells than the header"),
        (
            "teas.seeds.csv",
            "a,repetitions\n1,x\n",
            ":2: repetitions is 'x', expected a whole number",
        ),
        ("teas.seeds.csv", 'a\n"1\n', ": not valid CSV: unexpected end of data"),
    ],
)
def test_broken_seeds(tmp_path: Path, name: str, text: str, message: str) -> None:
    """The file, the line or seed, and what is wrong with it."""
    (tmp_path / name).write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError) as caught:
        read_template("teas", write(tmp_path, teas__yaml=PIPELINE))
    assert caught.value.message.startswith(f"{tmp_path / name}{message}")


def test_two_files_of_seeds(tmp_path: Path) -> None:
    """Which of them counts is not guessed."""
    folder = write(tmp_path, teas__yaml=PIPELINE, teas__seeds__json="[]", teas__seeds__csv="a\n")
    with pytest.raises(
        ConfigError, match=r"has its seeds twice, in teas.seeds.json and teas.seeds"
    ):
        read_template("teas", folder)


def test_file_that_is_no_text(tmp_path: Path) -> None:
    """Bytes that are no UTF-8 are an error that names the file."""
    (tmp_path / "teas.yaml").write_bytes(b"name: caf\xe9")
    with pytest.raises(ConfigError, match=r"teas.yaml cannot be read: 'utf-8' codec can't decode"):
        read_template("teas", tmp_path)


def test_package_data() -> None:
    """Every built-in template has its seeds as JSON beside it, and nothing else is there."""
    names = {path.name for path in BUILTIN.iterdir() if path.suffix in (".yaml", ".json")}
    assert names == {
        f"{id}{suffix}" for id in template_ids() for suffix in (".yaml", ".seeds.json")
    }
    seeds = json.loads((BUILTIN / "qa_generation.seeds.json").read_text(encoding="utf-8"))
    assert read_template("qa_generation").seeds == seeds
