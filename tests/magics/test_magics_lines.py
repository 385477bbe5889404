"""The line of a command: help, mistakes with the nearest words, and text that stays as typed."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from magics.shells import Shell

from datagenflow_nb.displays.commands import quoted, to_type
from datagenflow_nb.errors import ConfigError
from datagenflow_nb.magics.command import Command
from datagenflow_nb.magics.commands import COMMANDS
from datagenflow_nb.magics.parser import HelpAsked, Parser, split_line


def parsers() -> list[tuple[str, argparse.ArgumentParser]]:
    """Every command's parser, and those of its subcommands."""
    found: list[tuple[str, argparse.ArgumentParser]] = []
    for name, command in COMMANDS.items():
        parser = command.parser()
        found.append((name, parser))
        for action in parser._actions:
            if isinstance(action, argparse._SubParsersAction):
                found += [(f"{name} {sub}", inner) for sub, inner in action.choices.items()]
    return found


@pytest.mark.parametrize(("line", "parser"), parsers(), ids=[name for name, _ in parsers()])
def test_help_of_every_command(shell: Shell, line: str, parser: argparse.ArgumentParser) -> None:
    """Help fits a screen, says what the command does, and names and explains all it takes."""
    text = shell.value(f"%dgf {line} --help")
    assert shell.value(f"%dgf {line} -h") == text
    assert len(text.splitlines()) <= 40
    # Examples are lines to copy, and stay whole.
    assert max(map(len, text.partition("\n%")[0].splitlines())) <= 80
    assert text.startswith(f"usage: %dgf {line} ") or text.startswith(f"usage: %%dgf {line} ")
    for action in parser._actions:
        assert action.help
        told = action.option_strings or [action.metavar or "{pipeline,job}"]
        assert all(str(word) in text for word in told), told
    assert parser.description and parser.description in text


def test_help_reads_well(shell: Shell) -> None:
    """A command's help, to the letter."""
    assert shell.value("%dgf delete --help") == (
        "usage: %dgf delete [-h] [--yes] [--as NAME] {pipeline,job} NAME\n"
        "\n"
        "delete a pipeline or a job; asks first\n"
        "\n"
        "positional arguments:\n"
        "  {pipeline,job}  pipeline or job\n"
        "  NAME            name of the pipeline, or number of the job\n"
        "\n"
        "options:\n"
        "  -h, --help      this help\n"
        "  --yes           do not ask\n"
        "  --as NAME       put the result into this variable\n"
        "\n"
        "%dgf delete pipeline demo\n"
        "%dgf delete job 3 --yes\n"
    )


def test_list_of_commands(shell: Shell) -> None:
    """Plain help lists every command with what it does; help of one can be asked both ways."""
    text = shell.value("%dgf --help")
    assert shell.value("%dgf help") == shell.value("%dgf -h") == text
    lines = text.splitlines()
    assert lines[0] == "Usage: %dgf COMMAND ...   (%%dgf COMMAND for those that take the cell)"
    assert "  %%dgf block      define blocks in the cell; --save writes them into blocks/" in lines
    assert [line.split()[1] for line in lines[2:-2]] == list(COMMANDS)
    assert max(map(len, lines)) <= 85
    assert shell.value("%dgf help delete") == shell.value("%dgf delete --help")
    assert shell.run("%dgf help").text == f"Out[7]: \n{text}\n"


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("statsu", "%dgf: there is no command 'statsu'; did you mean 'status'?"),
        ("help statsu", "%dgf: there is no command 'statsu'; did you mean 'status'?"),
        ("jbo 3", "%dgf: there is no command 'jbo'; did you mean 'job'?"),
        ("jobs --al", "%dgf jobs: there is no option --al; did you mean '--as' or '--help'?\n"
         "%dgf jobs --help tells what it takes"),
        ("jobs -x", "%dgf jobs: there is no option -x; there are: '--as', '--help'\n"
         "%dgf jobs --help tells what it takes"),
        ("export 1 o.csv --frmat=csv", "%dgf export: there is no option --frmat; did you mean "
         "'--format' or '--flat' or '--sort'?\n%dgf export --help tells what it takes"),
        ("export 1 o --format cvs", "%dgf export: --format cannot be 'cvs'; did you mean 'csv'?\n"
         "%dgf export --help tells what it takes"),
        ("records 1 --status fail", "%dgf records: --status cannot be 'fail'; did you mean "
         "'failed'?\n%dgf records --help tells what it takes"),
        ("model ad m", "%dgf model: add|test|delete cannot be 'ad'; did you mean 'add'?\n"
         "%dgf model --help tells what it takes"),
        ("model add m --endpoint u --modl x", "%dgf model add: --model is missing; usage: "
         "%dgf model add [-h] --endpoint URL --model ID [--key-env VAR] [--input-price X] "
         "[--output-price X] [--timeout S] [--requests-per-minute N] [--tokens-per-minute N] "
         "[--as NAME] NAME\n"
         "%dgf model add --help tells what it takes"),
        ("model add m --endpoint u --model x --key_env Y", "%dgf model add: there is no option "
         "--key_env; did you mean '--key-env'?\n%dgf model add --help tells what it takes"),
        ("job", "%dgf job: ID is missing; usage: %dgf job [-h] [--as NAME] ID\n"
         "%dgf job --help tells what it takes"),
        ("job x", "%dgf job: ID: 'x' is no whole number\n%dgf job --help tells what it takes"),
        ("job 1 2", "%dgf job: '2' is one argument too many; usage: %dgf job [-h] [--as NAME] ID\n"
         "%dgf job --help tells what it takes"),
        ("new", "%dgf new: NAME, --template is missing; usage: %dgf new [-h] --template T "
         "[--as NAME] NAME\n%dgf new --help tells what it takes"),
        ("run a --seeds", "%dgf run: --seeds needs a value; one that begins with '-' is written "
         "--seeds=-VALUE\n"
         "%dgf run --help tells what it takes"),
        ("jobs --as 1x", "--as 1x: expected the name of a variable"),
        ("jobs --as class", "--as class: expected the name of a variable"),
        ("preview a --seed '{", "%dgf: a quotation has no end in: preview a --seed '{\nquotes "
         """belong in pairs; JSON stands in single ones: '{"topic": "tides"}'"""),
        ("--yes", "%dgf status: there is no option --yes; did you mean '--as'?\n"
         "%dgf status --help tells what it takes"),
        ("jobs --as list", "--as list: 'list' is Python's or IPython's own; choose another name"),
        ("block --hepl", "%%dgf block: there is no option --hepl; did you mean '--help' or "
         "'--replace'?\n%dgf block --help tells what it takes"),
        ("block", "block takes what stands below it in the cell: begin the cell with %%dgf block"),
    ],
)  # fmt: skip
def test_mistakes_in_a_line(shell: Shell, line: str, told: str) -> None:
    """Whatever is wrong with a line is answered with the nearest right words."""
    ran = shell.run(f"%dgf {line}")
    assert ran.error == f"ConfigError: {told}"
    assert ran.text == f"ConfigError: {told}\n"


@pytest.mark.parametrize("name", ["get_ipython", "In", "Out", "exit", "quit", "display", "print"])
def test_names_that_cells_need(shell: Shell, name: str) -> None:
    """No result replaces what later cells and magics need."""
    assert "choose another name" in shell.error(f"%dgf jobs --as {name}")
    assert shell.value("%dgf jobs --as mine") == []


def test_cell_below_a_command_that_takes_none(shell: Shell) -> None:
    """A cell that would be lost is refused; an empty one is no cell."""
    assert shell.error("%%dgf jobs\nx = 1") == (
        "ConfigError: jobs takes nothing from the cell: write %dgf jobs (one %), and what stands "
        "below it into a cell of its own"
    )
    assert shell.value("%%dgf jobs\n\n \n") == []


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("run echo", "SeedError: the cell: the text is empty; give seeds as JSON, JSON Lines, YAML "
         "or CSV"),
        ("block", "ConfigError: the cell below %%dgf block is empty; expected a class based on "
         "dgf.BaseBlock, or a function with @dgf.block"),
        ("nope", "ConfigError: %dgf: there is no command 'nope'; "),
    ],
)  # fmt: skip
def test_nothing_below(echo: Shell, line: str, told: str) -> None:
    """A cell with no line below its magic is answered by us, not by IPython."""
    for end in ("", "\n", "\n\n"):
        assert echo.error(f"%%dgf {line}{end}").startswith(told)


def test_nothing_below_is_fine(echo: Shell) -> None:
    """What needs no cell works without one, help too; other magics are as they were."""
    assert echo.value("%%dgf").text() == echo.value("%dgf").text()
    assert echo.value("%%dgf block --help").startswith("usage: %%dgf block [-h]")
    assert echo.error("%%script").startswith("UsageError: %%script is a cell magic, but the cell")
    assert echo.ip.input_transformer_manager.check_complete("%%dgf run echo")[0] == "incomplete"


@pytest.mark.parametrize("text", ["{{ n }}", "{n}", "$n", "${n}", "{{ n }} {n} $n %s \\n é🙂"])
def test_text_stays_as_typed(shell: Shell, text: str) -> None:
    """Nothing in lines and cells is replaced, also where a variable has that name."""
    shell.value("n = 'REPLACED'")
    shell.value(f"%%dgf pipeline p\n- type: Output\n  config: {{template: '{text} {{{{ q }}}}'}}\n")
    expected: dict[str, Any] = {"template": f"{text} {{{{ q }}}}"}
    assert shell.value("%dgf pipeline p").to_dict()["blocks"][0]["config"] == expected
    shell.value('%%dgf pipeline q\n- type: Output\n  config: {template: "{{ q }}"}\n')
    job = shell.value(f"%%dgf run q --wait\nq: '{text}'\n")
    assert job.record(1).output == text
    line = text.replace("\\", "\\\\")
    preview = shell.value(f"""%dgf preview q --seed '{{"q": "{line}"}}'""")
    assert preview.seed == {"q": text}


def test_names_with_blanks(shell: Shell) -> None:
    """Quotes hold a name together."""
    shell.value('%%dgf pipeline "my own"\n- type: Output\n  config: {template: x}\n')
    assert shell.value('%dgf pipeline "my own"').name == "my own"
    assert '%dgf preview "my own"' in shell.value("%dgf").text()


@pytest.mark.parametrize(
    "name", ["my own", "it's", 'a "b"', "-dash", "--x y", "a\\b", "#1", "why?"]
)
def test_advice_can_be_typed(shell: Shell, name: str) -> None:
    """Whatever a pipeline is called, the lines one is advised to type work."""
    import datagenflow_nb as dgf

    pipe = dgf.Pipeline(name, [{"type": "Output", "config": {"template": "{{ n }}"}}])
    dgf.workspace().save_pipeline(pipe)
    preview, run = (step for step, _ in shell.value("%dgf").steps[:2])
    advised = shell.error(preview).partition("a preview needs a seed: ")[2]
    assert shell.value(advised).seed == {"n": "..."}
    assert shell.value(f"{run} --wait\nn: 1" if name[0] != "-" else f"{run}\nn: 1").id == 1
    told = shell.error(run.replace("%%", "%")).partition(", or ")[2]
    line = told.replace("VARIABLE_OR_PATH", "job:1")
    assert shell.value(f"job = {line}\njob.wait().id") == 2
    new = to_type("%dgf new", name, "--template qa_generation")
    delete = shell.error(new).partition("delete it first: ")[2]
    assert shell.value(to_type("%dgf delete pipeline", name, "--yes")).startswith("Deleted ")
    assert delete == to_type("%dgf delete pipeline", name)


def test_quoted_names() -> None:
    """A name is quoted where it needs it; one that looks like an option stands behind a --."""
    assert [quoted(name) for name in ("a_1-b.yaml", "ünï", "a b", '"', "")] == [
        "a_1-b.yaml", "ünï", '"a b"', '"\\""', '""',
    ]  # fmt: skip
    assert to_type("%dgf run", "-a", "--seeds x") == "%dgf run --seeds x -- -a"


def test_comments(shell: Shell) -> None:
    """A comment may follow a command; a # within a word or quotes is none."""
    assert shell.value("jobs = %dgf jobs  # what was run\njobs") == []
    assert shell.value("%dgf # where am I?").text().startswith("store")
    assert split_line("new C# 'a # b' x#y # it's not closed") == ["new", "C#", "a # b", "x#y"]


@given(
    st.text(st.characters(categories=["L", "N", "S"]) | st.sampled_from("{}$ %[]:,"), max_size=30)
)
def test_words_keep_their_characters(text: str) -> None:
    """A word in quotes reaches the command letter by letter."""
    assert split_line(f"run '{text}' x") == ["run", text, "x"]


def test_help_does_not_end_the_process() -> None:
    """A parser raises what argparse would exit for."""
    parser = Parser(prog="%dgf x")
    with pytest.raises(HelpAsked, match="usage: %dgf x"):
        parser.parse_args(["--help"])
    with pytest.raises(ConfigError, match="there is no option --nope"):
        parser.parse_args(["--nope"])


def test_every_file_is_a_command() -> None:
    """No file of a command is forgotten."""
    folder = Path(COMMANDS["run"].run.__code__.co_filename).parent
    files = {path.stem for path in folder.glob("*.py") if not path.stem.startswith("_")}
    assert files == set(COMMANDS)
    assert all(isinstance(command, Command) for command in COMMANDS.values())
