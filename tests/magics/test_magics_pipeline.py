"""``%%dgf pipeline``: YAML in a cell, with every mistake at its line."""

from __future__ import annotations

import pytest
from magics.shells import Shell

GOOD = '- type: Output\n  config: {template: "{{ n }}"}\n'
SEVERAL = """blocks:
  - type: TextGenerator
    config:
      temprature: 1
      user_prompt: Write
  - type: Outputt
  - type: TextGenerator
    id: third
    when: "a >"
    config:
      temperature: 1
      user_prompt: "{{ a"
  - type: FieldMapper
    config:
      mappings:
        good: "{{ a }}"
        bad: "{{ b"
accept_when: "c >"
"""


@pytest.mark.parametrize(
    ("body", "told"),
    [
        ("blocks: [\n", "line 2: not valid YAML: expected the node content, but found "
         "'<stream end>'"),
        ("blocks:\n  - type: Output\n   config: {}\n", "line 3: not valid YAML: expected <block "
         "end>, but found '<block mapping start>'"),
        ('{"blocks": [1,}', "line 1: not valid YAML: expected the node content, but found '}'"),
        ("just text\n", "a pipeline is a mapping with 'name' and 'blocks', got str"),
        ("blocks: 3\n", "line 1: 'blocks' is 3, expected a list with at least one block such as "
         "{type: TextGenerator, config: {user_prompt: ...}}"),
        ("description: x\nbloks: []\n", "line 2: key 'bloks' is unknown; did you mean 'blocks'?"),
        ("\n\nname: q\n" + "blocks:\n" + GOOD, "line 3: the name in the text is 'q'; leave it out, "
         "or make it 'p'"),
        ("- type: Output\n  config: {template: x}\n  config: {}\n", "line 3: key 'config' is there "
         "twice; each key of a mapping has one value"),
        ("- type: Output\n  id: a\n  config: {template: x}\n- type: Output\n  id: a\n"
         "  config: {template: x}\n", "line 4: block 2: id 'a' is used twice; ids are unique"),
        ("- type: Output\n  confg: {template: x}\n", "line 2: block 1: key 'confg' is unknown; did "
         "you mean 'config'?"),
        ("- type: Output\n  disabled: 3\n", "line 2: block 1 (Output): 'disabled' is 3, expected "
         "true or false"),
        ("- type: Nope\n", "line 1: block 1: block type 'Nope' is not registered; there are: "
         "'FieldMapper', 'JSONValidator', 'Output', 'StructuredGenerator', 'TextChunker', "
         "'TextGenerator', 'Validator'"),
        ('{"blocks": [\n {"type": "Output",\n  "config": {"template": "x",\n   "tempate": 3}}]}',
         "line 4: block 1 ('output'): Output: config 'tempate' is unknown; did you mean 'template' "
         "or 'format_template'?"),
        (GOOD + "- type: Output\n  config:\n    tempate: x\n", "line 5: block 2 ('output_2'): "
         "Output: config 'tempate' is unknown; did you mean 'template' or 'format_template'?"),
        ("blocks:\n- type: StructuredGenerator\n  config:\n    prompt: x\n    json_schema:\n"
         "      type: objekt\n", "line 5: block 1 ('structured_generator'): StructuredGenerator: "
         "config 'json_schema' is no valid JSON Schema: at $.type: 'objekt' is not valid under any "
         "of the given schemas"),
        ("blocks:\n" + GOOD + "accept_when: 3\n", "line 4: 'accept_when' is 3, expected a text"),
    ],
)  # fmt: skip
def test_mistakes_at_their_line(shell: Shell, body: str, told: str) -> None:
    """A mistake is told with its line of the text, and nothing is saved."""
    assert shell.error(f"%%dgf pipeline p\n{body}") == (
        f"ConfigError: pipeline 'p' was not saved: {told}"
    )
    assert shell.value("%dgf pipelines") == []


def test_several_mistakes_at_once(shell: Shell) -> None:
    """Everything that is wrong is told together, in order, for programs too."""
    ran = shell.run(f"%%dgf pipeline p\n{SEVERAL}")
    lines = ran.error.splitlines()
    assert lines[0] == "ConfigError: pipeline 'p' was not saved:"
    assert [line.partition(": block")[0].partition(": accept")[0] for line in lines[1:]] == [
        "line 4", "line 6", "line 12", "line 15", "line 18",
    ]  # fmt: skip
    problems = getattr(ran.raised, "detail")["problems"]  # noqa: B009 - of our errors alone
    assert [problem["line"] for problem in problems] == [4, 6, 12, 15, 18]


def test_deep_json(shell: Shell) -> None:
    """Of a text too deep for lines the mistake is told without one."""
    deep = "[" * 900 + "]" * 900
    body = f'[{{"type": "Output", "config": {{"tempate": {deep}}}}}]'
    assert shell.error(f"%%dgf pipeline p\n{body}\n").startswith(
        "ConfigError: pipeline 'p' was not saved: "
    )


def test_mistake_in_a_rule_of_a_block(shell: Shell) -> None:
    """A rule that does not parse is told at its own line."""
    body = '- type: Output\n  config: {template: x}\n\n  when: "a >"\n'
    assert shell.error(f"%%dgf pipeline p\n{body}").startswith(
        "ConfigError: pipeline 'p' was not saved: line 4: block 1 ('output'): 'when': this "
        "expression does not parse"
    )


def test_field_that_nobody_provides(shell: Shell) -> None:
    """A field that no earlier block gives is taken to be the seed's."""
    made = shell.value(f"%%dgf pipeline p\n{GOOD}")
    assert list(made.needed_fields()) == ["n"]


def test_empty_cell(shell: Shell) -> None:
    """A cell of blanks says what belongs there."""
    assert shell.error("%%dgf pipeline p\n  \n") == (
        "ConfigError: the cell below %%dgf pipeline p is empty; expected YAML such as\n"
        "blocks:\n  - type: TextGenerator\n    config:\n"
        "      user_prompt: Write about {{ topic }}."
    )


def test_the_example_of_the_empty_cell_works(shell: Shell) -> None:
    """What is told to be written there can be saved."""
    told = shell.error("%%dgf pipeline p\n  \n")
    example = told.partition("such as\n")[2]
    assert shell.value(f"%%dgf pipeline p\n{example}\n").name == "p"


@pytest.mark.parametrize(
    "body",
    [
        GOOD,
        "blocks:\n" + GOOD,
        "name: p\nblocks:\n" + GOOD,
        '{"blocks": [{"type": "Output", "config": {"template": "{{ n }}"}}]}',
        '[{"type": "Output", "config": {"template": "{{ n }}"}}]',
        "\n\n# mine\n" + GOOD,
    ],
)
def test_forms(shell: Shell, body: str) -> None:
    """A mapping, the blocks alone, JSON: all save the same pipeline."""
    assert shell.value(f"%%dgf pipeline p\n{body}\n").to_dict() == {
        "name": "p",
        "blocks": [{"type": "Output", "config": {"template": "{{ n }}"}}],
    }


def test_versions(shell: Shell) -> None:
    """A changed text is a new version, the same one is not, a wrong one changes nothing."""
    versions = []
    for body in (GOOD, GOOD, GOOD.replace("n }}", "m }}"), "blocks: 3\n"):
        shell.run(f"%%dgf pipeline p\n{body}")
        versions.append(shell.value("%dgf pipelines")[0].version)
    assert versions == [1, 1, 2, 2]


def test_pipelines_show(shell: Shell) -> None:
    """A pipeline shows as its blocks, in text as one line."""
    made = shell.value(f"%%dgf pipeline p\n{GOOD}")
    assert shell.run("%dgf pipeline p").text == "Out[3]: Pipeline('p': Output)\n"
    assert '<span class="dgf-tag">n</span>' in made._repr_html_()
