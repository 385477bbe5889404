"""A block's fingerprint: the same in every process, and another one when its code is another."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from datagenflow_nb.blocks.discovery import build_registry
from datagenflow_nb.blocks.fingerprint import fingerprint

CLASS = """
from datagenflow_nb import BaseBlock, BlockConfig

class Base(BaseBlock):
    def help(self):
        return {"a", "b", "c"} & {"b"}

class Loud(Base):
    class Config(BlockConfig):
        mark: str = "!"

    inputs = ["text"]
    outputs = ["loud"]

    async def execute(self, data):
        marks = [self.config.mark for n in range(3) if n in {1, 2, 3}]
        return {"loud": data["text"].upper() + "".join(marks)}
"""
FUNCTION = """
from datagenflow_nb import block

@block(outputs=["loud"])
def Loud(text, mark: str = "!"):
    return {"loud": text.upper() + mark}
"""


def of(source: str, folder: str = "blocks") -> str:
    """The fingerprint of ``Loud`` in a file of that text."""
    place = Path(folder)
    place.mkdir(exist_ok=True)
    (place / "loud.py").write_text(source)
    return fingerprint(build_registry(place.resolve()).get("Loud"))


def test_same_in_another_process() -> None:
    """Whatever the order in which a process keeps sets."""
    for source in (CLASS, FUNCTION):
        here = of(source)
        script = (
            "from pathlib import Path; from datagenflow_nb.blocks.discovery import build_registry;"
            "from datagenflow_nb.blocks.fingerprint import fingerprint;"
            "print(fingerprint(build_registry(Path('blocks').resolve()).get('Loud')))"
        )
        told = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
        assert told.stdout.strip() == here


def test_changes_that_count() -> None:
    """The code of methods, of classes above and of a function, defaults and declarations."""
    changed = {
        of(CLASS),
        of(CLASS.replace(".upper()", ".title()")),
        of(CLASS.replace("range(3)", "range(2)")),
        of(CLASS.replace('& {"b"}', '& {"c"}')),
        of(CLASS.replace('inputs = ["text"]', 'inputs = ["text?"]')),
        of(FUNCTION),
        of(FUNCTION.replace(".upper()", ".title()")),
        of(FUNCTION.replace('= "!"', '= "?"')),
    }
    assert len(changed) == 8


def test_changes_that_do_not() -> None:
    """Comments, blank lines, and what else is in the file."""
    for source in (CLASS, FUNCTION):
        assert of(source) == of("# a comment\n\n\nOTHER = 1\n" + source)
