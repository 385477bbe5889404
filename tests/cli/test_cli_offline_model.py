"""``dgf offline-model``."""

from __future__ import annotations

import dataclasses
import json
import signal
import urllib.error
import urllib.request
from typing import Any

import pytest

from datagenflow_nb.cli import dgf as group
from datagenflow_nb.llm.offline_server import Faults

OPENER = urllib.request.build_opener(urllib.request.ProxyHandler({}))


def test_every_fault_has_its_option() -> None:
    """Whatever the server can be told, the command can tell it, with the same default."""
    params = [item.name for item in group.commands["offline-model"].params]
    faults = {item.name: item.default for item in dataclasses.fields(Faults)}
    assert set(faults) == set(params) - {"host", "port"}
    given = group.commands["offline-model"].make_context("offline-model", []).params
    formats = frozenset(given["unsupported_formats"])
    assert {name: given[name] for name in faults} | {"unsupported_formats": formats} == faults


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_serves_until_it_is_told_to_stop(dgf: Any, number: int) -> None:
    """It prints its address, answers with the faults asked for, and ends with 0."""
    args = ("--port", "0", "--unsupported-format", "json_schema", "--api-key", "k-1")
    process = dgf.start("offline-model", *args)
    assert process.stdout is not None
    line = process.stdout.readline()
    assert line.startswith("offline model on http://127.0.0.1:")
    url = line.removeprefix("offline model on ").strip()
    request = urllib.request.Request(f"{url}/models", headers={"Authorization": "Bearer k-1"})
    with OPENER.open(request, timeout=10) as answer:
        assert json.load(answer)["data"][0]["id"] == "offline"
    with pytest.raises(urllib.error.HTTPError) as refused:
        OPENER.open(f"{url}/models", timeout=10)
    assert refused.value.code == 401
    refused.value.close()
    process.send_signal(number)
    _, said = process.communicate(timeout=30)
    assert (process.returncode, said) == (0, "")


def test_taken_port_and_rates_over_one(dgf: Any) -> None:
    """A port that is taken and rates that add up to more than 1 are told."""
    first = dgf.start("offline-model", "--port", "0")
    assert first.stdout is not None
    port = first.stdout.readline().rpartition(":")[2].partition("/")[0]
    assert "cannot listen on" in dgf("offline-model", "--port", port, status=1).stderr
    rates = ("--rate-429", "0.6", "--rate-500", "0.6")
    assert "the rates add up" in dgf("offline-model", *rates, status=1).stderr
