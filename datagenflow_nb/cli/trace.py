"""One record with its trace, for reading on a terminal."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from .output import plural, shorten

if TYPE_CHECKING:
    from ..storage.records import Record

__all__ = ["trace_text"]


def trace_text(record: Record, trace: list[dict[str, Any]], width: int) -> str:
    """What the record started from, and per block what it set and what it asked a model.

    Parameters
    ----------
    trace : list of dict
        As ``Workspace.trace`` gives it.
    width : int
        Columns; longer values are cut.
    """
    title = f"Record {record.id} (seed {record.seed_index}, repetition {record.repetition}"
    title += f", branch {record.branch}" if record.branch else ""
    lines = [f"{title}): {record.status}", "  seed"]
    lines += _fields(record.metadata, width)
    for step in trace:
        lines.append(_heading(step))
        if step["error"] is not None:
            lines.append(_line("    error: ", step["error"].get("error"), width))
        lines += _fields(step["output"], width)
        for call in step["calls"]:
            lines += _call(call, width)
    return "\n".join(lines)


def _heading(step: Mapping[str, Any]) -> str:
    name = f"  step {step['step']}: {step['block_type']}"
    if step["block_id"] != step["block_type"]:
        name += f" ({step['block_id']})"
    if step["skipped"]:
        return f"{name}, skipped"
    return f"{name}, {1000 * step['execution_time']:.1f} ms"


def _call(call: Mapping[str, Any], width: int) -> list[str]:
    usage = call["usage"]
    tokens = f"{usage['input_tokens']} tokens in, {usage['output_tokens']} out"
    tries = f", {plural(len(call['tries']), 'try')}" if len(call["tries"]) > 1 else ""
    lines = [f"    call {call['number']} to {call['model']}: {tokens}{tries}"]
    for message in call["request"].get("messages") or []:
        lines.append(_line(f"      {message.get('role')}: ", message.get("content"), width))
    if call["answer"] is not None:
        lines.append(_line("      answer: ", call["answer"], width))
    if call["error"] is not None:
        lines.append(_line("      error: ", call["error"], width))
    return lines


def _fields(values: Mapping[str, Any], width: int) -> list[str]:
    return [_line(f"    {name} = ", value, width) for name, value in values.items()]


def _line(start: str, value: Any, width: int) -> str:
    return start + (shorten(value, max(20, width - len(start))) or '""')
