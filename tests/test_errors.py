"""The error tree and the half sentence about unknown names."""

from __future__ import annotations

import json
import pickle

import pytest

from datagenflow_nb import errors
from datagenflow_nb.errors import DataGenFlowError, ValidationError, suggest

STATUS_CODES = {
    "BlockExecutionError": 500,
    "BlockNotFoundError": 404,
    "ConfigError": 400,
    "ConflictError": 409,
    "DataGenFlowError": 500,
    "JobError": 409,
    "ModelError": 502,
    "SeedError": 422,
    "StoreError": 500,
    "TemplateError": 422,
    "ValidationError": 422,
}


@pytest.mark.parametrize(("name", "status_code"), STATUS_CODES.items())
def test_error_has_its_status_code_and_one_base(name: str, status_code: int) -> None:
    """Every error is a DataGenFlowError with the status the HTTP API answers."""
    error = getattr(errors, name)("what failed", {"field": "topic"})
    assert isinstance(error, DataGenFlowError)
    assert error.status_code == status_code
    assert str(error) == "what failed"
    assert error.to_dict() == {"error": "what failed", "detail": {"field": "topic"}}
    assert error.trace is None


def test_no_error_is_missing_from_the_list() -> None:
    """The table above names every exception of the module."""
    found = {
        name
        for name in errors.__all__
        if isinstance(getattr(errors, name), type) and issubclass(getattr(errors, name), Exception)
    }
    assert found == set(STATUS_CODES)


def test_detail_is_a_copy() -> None:
    """What the caller does to its dictionary afterwards changes no error."""
    detail = {"step": 1}
    error = DataGenFlowError("failed", detail)
    detail["step"] = 2
    assert error.detail == {"step": 1}
    assert DataGenFlowError("failed").to_dict() == {"error": "failed", "detail": {}}


def test_to_dict_is_json() -> None:
    """The body the API answers with can be written as JSON."""
    error = errors.ModelError("no answer", {"status": None, "tries": 3})
    assert json.loads(json.dumps(error.to_dict())) == {
        "error": "no answer",
        "detail": {"status": None, "tries": 3},
    }


def test_error_survives_a_process_border() -> None:
    """Pickling keeps the message, the detail and the class."""
    copy = pickle.loads(pickle.dumps(errors.SeedError("bad seed", {"line": 3})))
    assert type(copy) is errors.SeedError
    assert (copy.message, copy.detail) == ("bad seed", {"line": 3})


@pytest.mark.parametrize(
    ("name", "choices", "sentence"),
    [
        ("TextGenerater", ["TextGenerator", "Output"], "did you mean 'TextGenerator'?"),
        ("textgenerator", ["TextGenerator"], "did you mean 'TextGenerator'?"),
        ("zzz", ["b", "a", "a"], "there are: 'a', 'b'"),
        ("zzz", [], "there are none"),
        ("model_a", ["model_b", "model_c"], "did you mean 'model_c' or 'model_b'?"),
    ],
)
def test_suggest(name: str, choices: list[str], sentence: str) -> None:
    """Near names first; all names when none is near; and when there are none, that."""
    assert suggest(name, choices) == sentence


def test_an_exception_as_the_message_is_its_text() -> None:
    """``raise ValidationError(error)`` is a habit; the message stays a text that can be stored."""
    error = ValidationError(ValueError("no such city"))  # type: ignore[arg-type]  # the habit
    assert error.to_dict() == {"error": "no such city", "detail": {}}
