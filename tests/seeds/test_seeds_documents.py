"""Seeds in JSON, JSON Lines and YAML."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from datagenflow_nb.errors import SeedError
from datagenflow_nb.records import Seed
from datagenflow_nb.seeds import read_seeds
from datagenflow_nb.seeds.documents import read_json


def failure(folder: Path, name: str, content: str | bytes) -> SeedError:
    """The error of reading a file with that content; the folder is cut out of its message."""
    path = folder / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    with pytest.raises(SeedError) as caught:
        list(read_seeds(path, where=name))
    return caught.value


def test_json_array(tmp_path: Path) -> None:
    """An array is one seed per element, each with its index and the line it starts on."""
    path = tmp_path / "seeds.json"
    path.write_text(
        '\ufeff [\r\n {"topic": "tea"},\r\n\r\n'
        ' {"metadata": {"topic": "é😀"}, "repetitions": 2}\r\n]\r\n',
        newline="",
        encoding="utf-8",
    )
    seeds = list(read_seeds(path))
    assert seeds == [Seed({"topic": "tea"}), Seed({"topic": "é😀"}, 2)]
    assert [seed.where for seed in seeds] == [
        f"{path}: seed 0 (line 2)",
        f"{path}: seed 1 (line 4)",
    ]


def test_json_object_is_one_seed(tmp_path: Path) -> None:
    """One object at the top is one seed."""
    path = tmp_path / "seed.json"
    path.write_text('\n{"topic": "tea",\n "tags": ["a", {"b": null}]}')
    assert list(read_seeds(str(path))) == [Seed({"topic": "tea", "tags": ["a", {"b": None}]})]


def test_json_values_stay_exact(tmp_path: Path) -> None:
    """Big integers stay integers, floats floats, half an emoji what it is."""
    path = tmp_path / "seeds.json"
    path.write_text(
        '[{"big": 123456789012345678901234567890, "x": 1e5, "half": "\\ud83d", "z": "\\u0000"}]'
    )
    (seed,) = read_seeds(path)
    assert seed.metadata == {
        "big": 123456789012345678901234567890,
        "x": 100000.0,
        "half": "\ud83d",
        "z": "\x00",
    }
    assert type(seed.metadata["x"]) is float


@pytest.mark.parametrize("size", [1, 2, 3, 7, 64])
def test_json_in_pieces(size: int) -> None:
    """Wherever the text is cut into pieces, the same seeds come out."""
    rows = [
        {"a": -1.5e-7, "b": 'x\\"\n\u2028😀', "c": [True, False, None, {}]},
        {"d": 12},
    ]
    text = json.dumps(rows, indent=1)
    chunks = [text[start : start + size] for start in range(0, len(text), size)]
    assert [seed.metadata for seed in read_json(chunks, "x")] == rows


def test_json_array_is_streamed() -> None:
    """An array is read no further than the seeds that were asked for."""
    read = []

    def chunks() -> Iterator[str]:
        yield "["
        for number in range(1_000_000):
            read.append(number)
            yield f'{{"number": {number}}},'

    seeds = read_json(chunks(), "x")
    assert [next(seeds).metadata["number"] for _ in range(3)] == [0, 1, 2]
    assert len(read) <= 8


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", "s.json: the file is empty"),
        (" \n", "s.json: the text is empty; expected an array of seeds or one object"),
        ("[]", "s.json: the array is empty; give at least one seed"),
        ("\n42", "s.json:2: expected an array of seeds or one object, found '42'"),
        (
            '[{"a": 1},\n 7]',
            's.json: seed 1 (line 2): expected a dictionary of fields such as {"topic": "AI"}, '
            "found int 7",
        ),
        (
            '[{"a": 1},\n {"a": NaN}]',
            "s.json: seed 1 (line 2): field 'a': nan is not a JSON number; "
            "use None for a missing value",
        ),
        (
            '[{"a": [-Infinity]}]',
            "s.json: seed 0 (line 1): field 'a[0]': -inf is not a JSON number; "
            "use None for a missing value",
        ),
        (
            '[{"a": 1e999}]',
            "s.json: seed 0 (line 1): field 'a': inf is not a JSON number; "
            "use None for a missing value",
        ),
        (
            '[{"a": 1},\n {"a":\n oops}]',
            "s.json: seed 1 (line 3): not valid JSON: Expecting value at 'oops}]'",
        ),
        (
            '[{"a": 1},\n]',
            "s.json: seed 0 (line 2): a comma after the last seed; remove it",
        ),
        (
            '[{"a": 1}\n{"a": 2}]',
            "s.json: seed 0 (line 2): expected ',' or ']' after it, found '{\"a\": 2}]'",
        ),
        (
            '[{"a": 1}',
            "s.json: seed 0 (line 1): the text ends before the ']' of the array; was it cut off?",
        ),
        (
            '[{"a": 1}, ',
            "s.json: seed 0 (line 1): the text ends before the ']' of the array; was it cut off?",
        ),
        (
            '[{"a": ',
            "s.json: seed 0 (line 1): not valid JSON: Expecting value; "
            "the text ends inside this seed",
        ),
        (
            '{"a": 1}\n{"a": 2}\n',
            "s.json:2: more text after the end of the JSON; "
            "one object per line is JSON Lines: name the file .jsonl",
        ),
        ('[{"a": 1}]\n]', "s.json:2: more text after the end of the JSON"),
        ('{"metadata": 3}', None),
        ("[" * 100_000, "s.json: seed 0 (line 1): nested too deeply"),
    ],
)
def test_json_errors(tmp_path: Path, content: str, message: str | None) -> None:
    """What is wrong in a JSON file is told with the seed and the line."""
    error = failure(tmp_path, "s.json", content)
    if message is None:
        message = (
            "s.json: seed 0 (line 1): a dictionary with the key 'metadata' is a seed, and its "
            "metadata has to be a dictionary of fields; found int 3"
        )
    assert error.message == message


def test_json_error_detail(tmp_path: Path) -> None:
    """The detail of a JSON error has source, index, line and key."""
    error = failure(tmp_path, "s.json", '[{"a": 1},\n{"a": {"b": NaN}}]')
    assert error.detail == {"source": "s.json", "index": 1, "line": 2, "key": "a.b"}


def test_good_seeds_come_before_the_error(tmp_path: Path) -> None:
    """Seeds before a broken one are given out: reading is lazy."""
    path = tmp_path / "s.json"
    path.write_text('[{"a": 1}, {"a": 2}, oops')
    seeds = read_seeds(path)
    assert [next(seeds).metadata, next(seeds).metadata] == [{"a": 1}, {"a": 2}]
    with pytest.raises(SeedError, match="seed 2"):
        next(seeds)


@pytest.mark.parametrize("suffix", [".jsonl", ".ndjson", ".JSONL"])
def test_jsonl(tmp_path: Path, suffix: str) -> None:
    """One seed per line; blank lines, Windows line ends and a byte order mark do not matter."""
    path = tmp_path / f"seeds{suffix}"
    path.write_bytes(
        b'\xef\xbb\xbf{"a": 1}\r\n\r\n  \n'
        b'{"metadata": {"a": "\xe2\x80\xa8\\ud83d"}, "repetitions": 4}'
    )
    seeds = list(read_seeds(path))
    assert seeds == [Seed({"a": 1}), Seed({"a": "\u2028\ud83d"}, 4)]
    assert [seed.where for seed in seeds] == [f"{path}:1", f"{path}:4"]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", "s.jsonl: the file is empty"),
        ("\n \n", "s.jsonl: there is no seed in it"),
        ('{"a": 1}\n{"a": }\n', "s.jsonl:2: not valid JSON: Expecting value (column 7)"),
        ('{"a": 1} {"a": 2}', "s.jsonl:1: not valid JSON: Extra data (column 10)"),
        (
            '{\n "a": 1\n}',
            "s.jsonl:1: JSON Lines has one whole object per line; "
            "this looks like .json: rename the file",
        ),
        (
            '[{"a": 1}]',
            "s.jsonl:1: a JSON array in a file of JSON Lines; write one object per line",
        ),
        (
            '\n{"a": NaN}',
            "s.jsonl:2: field 'a': nan is not a JSON number; use None for a missing value",
        ),
        (
            '{"a": 1, "repetitions": "x"}',
            "s.jsonl:1: repetitions is 'x'; expected a whole number, 1 or more",
        ),
        ("[" * 100_000, "s.jsonl:1: nested too deeply"),
    ],
)
def test_jsonl_errors(tmp_path: Path, content: str, message: str) -> None:
    """What is wrong in a JSON Lines file is told with the line."""
    assert failure(tmp_path, "s.jsonl", content).message == message


def test_jsonl_error_detail(tmp_path: Path) -> None:
    """The detail of a JSON Lines error has source, line and key."""
    error = failure(tmp_path, "s.jsonl", '{"a": 1}\n{"a": Infinity}')
    assert error.detail == {"source": "s.jsonl", "line": 2, "key": "a"}


@pytest.mark.parametrize(
    "content",
    [
        "- topic: tea\n- metadata: {topic: café}\n  repetitions: 2\n",
        "\ufeff- topic: tea\r\n- metadata:\r\n    topic: café\r\n  repetitions: 2\r\n",
        "topic: tea\n---\n---\nmetadata: {topic: café}\nrepetitions: 2\n---\n",
        "# both\n- &first\n  topic: tea\n- <<: *first\n  topic: café\n  repetitions: 2\n",
    ],
)
def test_yaml(tmp_path: Path, content: str) -> None:
    """A list, a mapping and several documents are seeds; a byte order mark does not matter."""
    for name in ("seeds.yaml", "seeds.yml"):
        path = tmp_path / name
        path.write_bytes(content.encode())
        seeds = list(read_seeds(path))
        assert seeds == [Seed({"topic": "tea"}), Seed({"topic": "café"}, 2)]
        assert [seed.where for seed in seeds] == [f"{path}: seed 0", f"{path}: seed 1"]


def test_yaml_values(tmp_path: Path) -> None:
    """Values are what YAML says; dates become ISO text."""
    path = tmp_path / "seed.yaml"
    path.write_text("day: 2024-05-01\nzip: '007'\nnumber: 7\nnone:\n")
    (seed,) = read_seeds(path)
    assert seed.metadata == {"day": "2024-05-01", "zip": "007", "number": 7, "none": None}


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("# nothing\n", "s.yaml: there is no seed in it"),
        ("[]", "s.yaml: there is no seed in it"),
        ("tea\n", "s.yaml: expected a list of seeds or one mapping of fields, found str 'tea'"),
        (
            "- a: 1\n- tea\n",
            's.yaml: seed 1: expected a dictionary of fields such as {"topic": "AI"}, '
            "found str 'tea'",
        ),
        ("a: 1\nb: [1\n", "s.yaml:3: not valid YAML: did not find expected ',' or ']'"),
        (
            "a: !!python/name:os.system x\n",
            "s.yaml:1: not valid YAML: could not determine a constructor for the tag "
            "'tag:yaml.org,2002:python/name:os.system'",
        ),
        ("1: a\n", "s.yaml: seed 0: key 1 is int, JSON keys are strings"),
        (
            "a: .nan\n",
            "s.yaml: seed 0: field 'a': nan is not a JSON number; use None for a missing value",
        ),
        ("a: &a [*a]\n", "s.yaml: seed 0: nested too deeply, or contains itself"),
        (
            "- repetitions: 0\n",
            "s.yaml: seed 0: repetitions is 0; expected a whole number, 1 or more",
        ),
    ],
)
def test_yaml_errors(tmp_path: Path, content: str, message: str) -> None:
    """What is wrong in a YAML file is told with the line or the seed."""
    assert failure(tmp_path, "s.yaml", content).message == message


def test_yaml_control_character(tmp_path: Path) -> None:
    """A character YAML does not allow is an error of ours."""
    error = failure(tmp_path, "s.yaml", "a: \x07\n")
    assert error.message.startswith("s.yaml: not valid YAML: ")


def test_yaml_aliases_that_explode(tmp_path: Path) -> None:
    """Nested aliases that stand for a billion values are refused before they are unfolded."""
    lines = ["l0: &l0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"l{n}: &l{n} [{', '.join([f'*l{n - 1}'] * 10)}]" for n in range(1, 10)]
    error = failure(tmp_path, "s.yaml", "\n".join(lines))
    assert error.message == "s.yaml: its aliases unfold to over 10,000,000 values"


@pytest.mark.parametrize(
    "content",
    ["a: " + "[" * 100_000, "a: " + "{a: " * 100_000, "- " * 100_000 + "a", "? " * 100_000 + "a"],
)
def test_yaml_nested_without_end(tmp_path: Path, content: str) -> None:
    """Nesting that would crash libyaml, and the process with it, is an error."""
    assert failure(tmp_path, "s.yaml", content).message == "s.yaml: nested too deeply"


def test_yaml_nested_deeply_but_not_too_deeply(tmp_path: Path) -> None:
    """Sensible nesting, and any number of brackets side by side, are read."""
    path = tmp_path / "s.yaml"
    path.write_text("a: " + "[" * 40 + "x" + "]" * 40 + "\nb: [" + "[x], " * 300 + "]\n")
    (seed,) = read_seeds(path)
    assert json.dumps(seed.metadata["a"]) == "[" * 40 + '"x"' + "]" * 40
    assert seed.metadata["b"] == [["x"]] * 300


@pytest.mark.parametrize("name", ["s.json", "s.jsonl"])
def test_integer_of_absurd_length(tmp_path: Path, name: str) -> None:
    """An integer longer than Python reads is an error of ours."""
    message = failure(tmp_path, name, '{"a": ' + "1" * 5000 + "}").message
    assert "not valid JSON: Exceeds the limit (4300 digits)" in message


@pytest.mark.parametrize(
    ("name", "text", "message", "detail"),
    [
        (
            "s.jsonl",
            '{"a": 1}\n{"topic": "x", "topic": "y"}\n',
            "s.jsonl:2: key 'topic' is there twice; each key of a mapping has one value",
            {"source": "s.jsonl", "line": 2, "key": "topic"},
        ),
        (
            "s.json",
            '[{"a": 1},\n {"metadata": {"b": [{"c": 1, "c": 1}]}}]',
            "s.json: seed 1 (line 2): key 'c' is there twice; each key of a mapping has one value",
            {"source": "s.json", "index": 1, "line": 2, "key": "c"},
        ),
        (
            "s.yaml",
            "- a: 1\n- topic: x\n  level: 1\n  topic: y\n",
            "s.yaml:4: key 'topic' is there twice; each key of a mapping has one value",
            {"source": "s.yaml", "line": 4, "key": "topic"},
        ),
        (
            "s.yaml",
            "a: 1\n---\nb: [{c: 1, c: 2}]\n",
            "s.yaml:3: key 'c' is there twice; each key of a mapping has one value",
            {"source": "s.yaml", "line": 3, "key": "c"},
        ),
    ],
)
def test_a_key_that_is_there_twice(
    tmp_path: Path, name: str, text: str, message: str, detail: dict[str, object]
) -> None:
    """Neither value is dropped silently, however deep it stands."""
    error = failure(tmp_path, name, text)
    assert (error.message, error.detail) == (message, detail)


def test_yaml_merges_are_no_repeated_keys(tmp_path: Path) -> None:
    """A key beside a merge wins over the merged one, also where what is merged merges itself."""
    path = tmp_path / "s.yaml"
    path.write_text(
        "- x: {base: &a {k: 1, m: 1}, own: &b {<<: *a, k: 2}}\n  z: {<<: *b, k: 3}\n",
        encoding="utf-8",
    )
    (seed,) = read_seeds(path)
    assert seed.metadata == {
        "x": {"base": {"k": 1, "m": 1}, "own": {"k": 2, "m": 1}},
        "z": {"k": 3, "m": 1},
    }
