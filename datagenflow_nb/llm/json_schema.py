"""jsonschema, imported without what nobody needs of it at first.

Where JupyterLab is installed, so is a package that knows the grammar of IRIs (RFC 3987); jsonschema
imports it for the formats ``iri`` and ``iri-reference``, and reading that grammar takes a second of
CPU. Here it is read when one of the two is first checked.
"""

from __future__ import annotations

import importlib.util
import sys
import types
from typing import Any

__all__ = [
    "Draft202012Validator",
    "SchemaError",
    "ValidationError",
    "best_match",
    "extend",
    "validator_for",
]

_GRAMMAR = "rfc3987_syntax"


def _is_valid_syntax(term: str, value: str) -> Any:
    return importlib.import_module(_GRAMMAR).is_valid_syntax(term, value)


def _put_off_grammar() -> types.ModuleType | None:
    """A stand-in for the package while jsonschema is imported; None when it makes no difference."""
    is_late = "jsonschema" in sys.modules or _GRAMMAR in sys.modules
    if is_late or importlib.util.find_spec(_GRAMMAR) is None:
        return None
    stand_in = types.ModuleType(_GRAMMAR)
    vars(stand_in)["is_valid_syntax"] = _is_valid_syntax
    sys.modules[_GRAMMAR] = stand_in
    return stand_in


_stand_in = _put_off_grammar()
try:
    from jsonschema import Draft202012Validator, SchemaError, ValidationError
    from jsonschema.exceptions import best_match
    from jsonschema.validators import extend, validator_for
finally:
    if _stand_in is not None:
        del sys.modules[_GRAMMAR]
