"""Running the body of a cell magic as the notebook's own code."""

from __future__ import annotations
import __future__

from typing import TYPE_CHECKING

from ..blocks.base import BaseBlock
from ..blocks.registry import is_block
from ..errors import ConfigError

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell

__all__ = ["define_blocks"]

#: The bits of what ``from __future__ import ...`` in another cell has switched on.
_FUTURES = sum(getattr(__future__, name).compiler_flag for name in __future__.all_feature_names)


def define_blocks(shell: InteractiveShell, source: str) -> list[type[BaseBlock]]:
    """Run ``source`` in the notebook's namespace; the blocks it defines.

    Raises
    ------
    ConfigError
        When it defines none, or is no Python.
    Exception
        What the cell's own code raises, with its lines in the traceback.
    """
    __tracebackhide__ = True  # IPython shows where the cell's own code failed, not us
    name = shell.compile.cache(source, shell.execution_count)
    try:
        # IPython's own way takes what is not closed for a cell that one still types.
        flags = shell.compile.flags & _FUTURES
        code = compile(source, name, "exec", flags, dont_inherit=True)
    except SyntaxError as error:
        text = (error.text or "").strip()
        raise ConfigError(
            f"cell line {error.lineno}: {error.msg}" + (f": {text}" if text else ""),
            {"line": error.lineno},
        ) from None
    before = {key: id(value) for key, value in shell.user_ns.items()}
    exec(code, shell.user_global_ns, shell.user_ns)
    found = [
        value
        for key, value in shell.user_ns.items()
        if is_block(value)
        and value.__name__ == key
        and value.__module__ == "__main__"
        and before.get(key) != id(value)
    ]
    if not found:
        raise ConfigError(
            "the cell defines no block; a block is a class based on dgf.BaseBlock with an execute "
            "method, or a function with @dgf.block, and its name does not begin with _"
        )
    return found
