"""JSON Schemas filled with values from a prompt.

Filled: ``type`` (also lists), ``enum``, ``const``, ``properties``, ``required``,
``additionalProperties``, ``minProperties``, ``maxProperties``, ``items``, ``prefixItems``,
``minItems``, ``maxItems``, ``uniqueItems``, ``minLength``, ``maxLength``, ``pattern``, ``format``,
numeric bounds, ``multipleOf``, ``allOf``, ``anyOf``, ``oneOf``, ``$ref``. Any other keyword that
constrains is only checked: a schema our value does not meet is refused, never answered wrongly.
"""

from __future__ import annotations

from typing import Any

from .base import EndpointError
from .offline_fill import Filler
from .offline_prompt import Prompt
from .offline_strings import Place, UnsatisfiableError

__all__ = ["fill_schema"]


def fill_schema(schema: Any, prompt: Prompt) -> Any:
    """A value that is valid for ``schema``, taken from ``prompt``.

    Raises
    ------
    EndpointError
        ``bad_request``, naming the keyword, when the schema is no schema or cannot be met.
    """
    failure: UnsatisfiableError | None = None
    for minimal, offset in ((False, 0), (True, 0), (False, 1)):
        filler = Filler(schema, prompt, minimal)
        try:
            value = filler.value(schema, Place(offset=offset))
        except UnsatisfiableError as exc:
            failure = failure or exc
            continue
        except (TypeError, AttributeError, KeyError, ValueError, RecursionError) as exc:
            raise _broken(schema, exc) from exc
        broken = _first_violation(schema, value) if filler.must_check else None
        if broken is None:
            return value
        failure = failure or UnsatisfiableError(*broken)
    raise EndpointError(
        "bad_request",
        "the offline model cannot fill this JSON Schema because of "
        f"{failure.keyword!r}: {failure.reason}"
        if failure
        else "the offline model cannot fill this JSON Schema",
        status=400,
    )


def _broken(schema: Any, exc: Exception) -> EndpointError:
    """The error for a schema whose keywords have values of the wrong type."""
    from .json_schema import Draft202012Validator, SchemaError

    reason = f"{type(exc).__name__}: {exc}"
    try:
        Draft202012Validator.check_schema(schema)
    except SchemaError as error:
        reason = f"{error.json_path}: {error.message}"
    except RecursionError:
        reason = "it is nested too deeply"
    return EndpointError("bad_request", f"the JSON Schema is not valid: {reason[:500]}", status=400)


def _first_violation(schema: Any, value: Any) -> tuple[str, str] | None:
    """Keyword and message of what ``value`` breaks; None when it is valid."""
    from .json_schema import Draft202012Validator, best_match

    error = best_match(Draft202012Validator(schema).iter_errors(value))
    return (str(error.validator), error.message[:300]) if error else None
