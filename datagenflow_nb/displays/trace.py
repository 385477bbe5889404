"""The steps of an execution: per block what it set, what it asked a model, how long it took."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from .html import Html, el, page
from .text import clip, plural, printable, shorten
from .values import fields_html, value_html

__all__ = ["preview_html", "preview_text", "trace_html", "trace_text"]

_WIDTH = 100
#: What of many is shown.
_MAX_BRANCHES, _MAX_STEPS, _MAX_CALLS = 20, 100, 20
_MAX_TITLE = 5_000


def trace_text(
    trace: Sequence[Mapping[str, Any]],
    width: int = _WIDTH,
    *,
    title: str = "",
    seed: Mapping[str, Any] | None = None,
) -> str:
    """What the execution started from, and per step what it set and what it asked a model.

    Parameters
    ----------
    trace : list of dict
        As ``records.build_trace`` makes it.
    width : int
        Columns; longer values are cut.
    title : str
        The first line.
    seed : dict, optional
        The seed's metadata.
    """
    lines = [title] if title else []
    if seed is not None:
        lines += ["  seed", *_fields(seed, width)]
    for step in trace:
        lines.append(f"  step {step['step']}: {_name(step)}, {_took(step)}")
        if step["error"] is not None:
            lines.append(_line("    error: ", step["error"].get("error"), width))
        lines += _fields(step["output"], width)
        for call in step["calls"]:
            lines += _call_lines(call, width)
    return printable("\n".join(lines))


def trace_html(
    trace: Sequence[Mapping[str, Any]],
    *,
    title: str = "",
    about: str = "",
    seed: Mapping[str, Any] | None = None,
) -> str:
    """The same as HTML: a step each, its calls and its input folded below."""
    head = el("div", title or f"Trace, {plural(len(trace), 'step')}", " ",
              el("span", about, class_="dgf-soft"), class_="dgf-head")  # fmt: skip
    started = None
    if seed is not None:
        started = el("details", el("summary", "Seed"), fields_html(seed))
    return page(head, started, _steps(trace))


def preview_html(
    title: str,
    traces: Sequence[tuple[str, Sequence[Mapping[str, Any]]]],
    *,
    about: str,
    seed: Mapping[str, Any],
    problem: str | None = None,
) -> str:
    """Several branches of one seed, calls unfolded.

    Parameters
    ----------
    traces : list of (what became of it, trace)
        One per branch.
    problem : str, optional
        The first branch's error.
    """
    head = el("div", title, " ", el("span", about, class_="dgf-soft"), class_="dgf-head")
    seed_html = el("details", el("summary", "Seed"), fields_html(seed))
    many = len(traces) > 1
    branches = [
        [
            el("div", told, class_="dgf-head") if many else None,
            _steps(trace, is_open=True),
        ]
        for told, trace in traces[:_MAX_BRANCHES]
    ]
    wrong = el("div", problem, class_="dgf-bad", dir="auto") if problem else None
    return page(head, seed_html, wrong, branches, _rest(len(traces) - _MAX_BRANCHES, "branch"))


def preview_text(
    title: str,
    traces: Sequence[tuple[str, Sequence[Mapping[str, Any]]]],
    *,
    seed: Mapping[str, Any],
) -> str:
    """The same as plain text."""
    shown = traces[:_MAX_BRANCHES]
    lines = [printable(clip(title, _MAX_TITLE))]
    lines += [trace_text(trace, title=told, seed=seed) for told, trace in shown]
    if len(traces) > len(shown):
        lines.append(f"... and {plural(len(traces) - len(shown), 'more branch')}")
    return "\n".join(lines)


def _steps(trace: Sequence[Mapping[str, Any]], *, is_open: bool = False) -> list[Html | None]:
    shown = [_step(step, is_open=is_open) for step in trace[:_MAX_STEPS]]
    return [*shown, _rest(len(trace) - _MAX_STEPS, "step")]


def _rest(count: int, noun: str) -> Html | None:
    told = f"... and {plural(count, f'more {noun}')}"
    return el("div", told, class_="dgf-soft") if count > 0 else None


def _step(step: Mapping[str, Any], *, is_open: bool = False) -> Html:
    branch = f", branch {step['branch']}" if step["branch"] else ""
    state = el("span", f"{_took(step)}{branch}", class_="dgf-soft")
    error = step["error"]
    heading = [
        el("b", f"{step['step'] + 1} {step['block_type']}"), " ",
        el("span", _id_of(step), class_="dgf-soft"), " ", state,
    ]  # fmt: skip
    if error is not None:
        heading += [" ", el("span", "failed", class_="dgf-bad")]
    return el(
        "details",
        el("summary", heading),
        el("div", error.get("error"), class_="dgf-bad", dir="auto") if error is not None else None,
        fields_html(step["output"]) if step["output"] else None,
        [_call(call, is_open=is_open) for call in step["calls"][:_MAX_CALLS]],
        _rest(len(step["calls"]) - _MAX_CALLS, "call"),
        el("details", el("summary", f"Input: {plural(len(step['input']), 'field')}",
                         class_="dgf-soft"), fields_html(step["input"])),
        open=not step["skipped"],
        class_="dgf-box",
    )  # fmt: skip


def _call(call: Mapping[str, Any], *, is_open: bool) -> Html:
    rows = [
        el(
            "tr",
            el("th", message.get("role")),
            el("td", value_html(message.get("content"), is_open=is_open)),
        )
        for message in call["request"].get("messages") or []
    ]
    if call["answer"] is not None:
        rows.append(el("tr", el("th", "answer"), el("td", value_html(call["answer"]))))
    if call["error"] is not None:
        rows.append(el("tr", el("th", "error", class_="dgf-bad"), el("td", call["error"])))
    return el(
        "details",
        el("summary", f"Call {call['number'] + 1} to {call['model']}: {_spent(call)}",
           class_="dgf-soft" if call["error"] is None else "dgf-bad"),
        el("table", el("tbody", rows), class_="dgf-rows"),
        open=is_open,
    )  # fmt: skip


def _name(step: Mapping[str, Any]) -> str:
    return f"{step['block_type']} {_id_of(step)}".rstrip()


def _id_of(step: Mapping[str, Any]) -> str:
    return f"({step['block_id']})" if step["block_id"] != step["block_type"] else ""


def _took(step: Mapping[str, Any]) -> str:
    return "skipped" if step["skipped"] else f"{1000 * step['execution_time']:.1f} ms"


def _spent(call: Mapping[str, Any]) -> str:
    usage = call["usage"]
    tries = f", {plural(len(call['tries']), 'try')}" if len(call["tries"]) > 1 else ""
    # Of a trace that was kept elsewhere, from before answers were reused, nothing is told.
    reused = ", reused" if call.get("reused") else ""
    return f"{usage['input_tokens']} tokens in, {usage['output_tokens']} out{tries}{reused}"


def _call_lines(call: Mapping[str, Any], width: int) -> list[str]:
    lines = [f"    call {call['number']} to {call['model']}: {_spent(call)}"]
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
