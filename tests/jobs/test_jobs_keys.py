"""A key that a block returns, raises, logs or prints is stored, logged and shown as [key]."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from running import finish, look

import datagenflow_nb as dgf

# Functions that become blocks are written as users write them.
# mypy: disable-error-code="no-untyped-def"

DEFAULT = "sk-default-/Key+0123456789"
OTHER = 'sk-other-"Key"-9876543210'
STRANGE = "value-of-no-paired-variable"


@pytest.fixture
def ws(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> dgf.Workspace:
    """A workspace with the key of LLM_API_KEY, of a configured model, and one never paired."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.setenv("LLM_API_KEY", DEFAULT)
    monkeypatch.setenv("LLM_ENDPOINT", "http://127.0.0.1:9/v1")
    monkeypatch.setenv("OTHER_KEY", OTHER)
    monkeypatch.setenv("STRANGE", STRANGE)
    opened = dgf.workspace("store.db")
    opened.add_model("other", endpoint="http://127.0.0.1:9/v1", model="m", key_env="OTHER_KEY")
    opened._model_table.save("theirs", endpoint="http://127.0.0.1:9/v1", model="m",
                             key_env="STRANGE", input_price=None, output_price=None,
                             limits={})  # fmt: skip
    opened.models.forget()
    return opened


def run(does: Callable[[dict[str, Any], Any], Any]) -> dgf.Workspace:
    """A finished job of one block that does this."""

    class Careless(dgf.BaseBlock):
        outputs = ["*"]

        def execute(self, data, ctx):
            return does(data, ctx)

    finish(dgf.run(dgf.Pipeline("careless", [Careless]), [{"n": 1}]))
    return dgf.workspace()


def stored() -> str:
    """All texts of the file that a job writes."""
    tables = ("jobs", "executions", "calls", "steps", "records", "job_log")
    return repr([look("store.db", f"SELECT * FROM {table}") for table in tables])


def shout(data: Any, ctx: Any) -> Any:
    """Raise a foreign error."""
    raise RuntimeError(f"401 for {os.environ['LLM_API_KEY']} and {os.environ['OTHER_KEY']}")


def refuse(data: Any, ctx: Any) -> Any:
    """Raise one of ours."""
    raise dgf.ValidationError(f"not with {os.environ['OTHER_KEY']}", {"key": [DEFAULT]})


def drop(data: Any, ctx: Any) -> Any:
    """Leave the record out."""
    return dgf.Drop(f"no answer for {DEFAULT}")


def give(data: Any, ctx: Any) -> Any:
    """Return fields."""
    return {"x": {f"of {OTHER}": [f"it is {DEFAULT}!", 1.5]}, "y": "EMPTY"}


def tell(data: Any, ctx: Any) -> Any:
    """Print and log."""
    print("with", DEFAULT)
    print("x" * 9_990 + OTHER)
    ctx.log.warning("with %s", OTHER)
    try:
        raise OSError(DEFAULT)
    except OSError:
        ctx.log.exception("failed")
    return {"x": 1}


@pytest.mark.parametrize("does", [shout, refuse, drop, give, tell])
def test_key_is_stored_nowhere(
    does: Any,
    ws: dgf.Workspace,
    caplog: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
) -> None:
    """Not in records, steps, executions or the job's log, no log line and no stream."""
    with caplog.at_level(logging.DEBUG, "datagenflow_nb"):
        run(does)
    text = stored() + caplog.text + repr(capfd.readouterr())
    assert "[key]" in text
    for secret in ("sk-default", "0123456789", "sk-other", "9876543210"):
        assert secret not in text


def test_what_is_stored_instead(ws: dgf.Workspace) -> None:
    """Everything beside the key stays as it was, and is JSON."""
    job = run(give).jobs()[0]
    record = ws.records(job_id=job.id).iloc[0]
    assert record["x"] == {"of [key]": ["it is [key]!", 1.5]}
    assert record["y"] == "EMPTY"


def test_reason_of_a_record(ws: dgf.Workspace) -> None:
    """The error says what it said, but for the keys."""
    job = run(shout).jobs()[0]
    assert ws.records(job_id=job.id, status="failed")["reason"].tolist() == [
        "block 'careless' (Careless) raised RuntimeError: 401 for [key] and [key]"
    ]


def test_variable_that_was_never_paired(ws: dgf.Workspace) -> None:
    """A store of somebody else cannot have PATH or HOME taken out of one's data."""
    job = run(lambda data, ctx: {"x": os.environ["STRANGE"]}).jobs()[0]
    assert ws.records(job_id=job.id)["x"].tolist() == [STRANGE]


def test_error_that_is_raised(ws: dgf.Workspace) -> None:
    """What execute raises shows no key in its message, its detail or its trace's error."""
    block = dgf.block(outputs=["x"])(_careless)
    with pytest.raises(dgf.BlockExecutionError) as caught:
        dgf.Pipeline("p", [block]).execute_sync({"n": OTHER})
    assert caught.value.detail["error"] == "RuntimeError: 401 for [key]"
    assert caught.value.detail["input"] == {"n": "[key]"}
    assert str(caught.value) == caught.value.message
    assert caught.value.message.endswith("raised RuntimeError: 401 for [key]")
    assert caught.value.trace is not None
    assert caught.value.trace[0]["error"]["error"] == caught.value.message


def _careless(n):
    raise RuntimeError(f"401 for {os.environ['LLM_API_KEY']}")
