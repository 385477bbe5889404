"""The figures of a report in words."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from .text import duration, plural, short_count, shorten
from .usage import cost_told

__all__ = [
    "bar_told", "blocks_rows", "causes_rows", "coverage_told", "facts_told", "in_short",
    "is_label", "models_rows", "nothing_told", "number", "percent", "same_told", "spread_told",
]  # fmt: skip

#: Values of a field that are told in its line, and columns of each.
_VALUES, _WIDTH = 3, 24
#: Different values up to which a field is told by these.
_FEW = 12
#: Words from which on a text is no label.
_TEXT_WORDS = 4
#: Statuses in the order of a record's life.
_STATUSES = ("pending", "accepted", "rejected", "failed", "filtered")


def number(value: float | None) -> str:
    """``12``, ``0.333``, ``1,235``, ``1.2e+18``."""
    if value is None:
        return "unknown"
    if abs(value) >= 1e15:
        return f"{value:.3g}"
    if value == int(value) or abs(value) >= 1000:
        return f"{value:,.0f}"
    return f"{value:.3g}"


def percent(part: int, whole: int) -> str:
    """``8 %``, ``0.3 %``, ``< 0.1 %``; what is not all is not told as 100 %."""
    share = 100 * part / whole if whole else 0.0
    if 0 < share < 0.1:
        return "< 0.1 %"
    if 99.9 < share < 100:
        return "> 99.9 %"
    return f"{share:.1f} %" if 0 < share < 1 or 99 < share < 100 else f"{share:.0f} %"


def bar_told(bar: Mapping[str, Any]) -> str:
    """``3``, ``0 up to 5``."""
    if bar["low"] == bar["high"]:
        return number(bar["low"])
    return f"{number(bar['low'])} up to {number(bar['high'])}"


def facts_told(report: Mapping[str, Any]) -> list[str]:
    """How many records by status, of which jobs, who answered."""
    counts = report["counts"]
    told = [f"{counts[status]:,} {status}" for status in _STATUSES if counts.get(status)]
    read = plural(report["records"], "record")
    if report["records"] < report["matching"]:
        read = f"{report['records']:,} of {plural(report['matching'], 'record')}, drawn at random"
    models = sorted({model for job in report["jobs"] for model in job["models"]})
    if report["selected"]:
        read += f" selected by {report['selected']}"
    facts = [read, f"in the store: {', '.join(told) or 'none'}"]
    if models:
        facts.append(f"{'model' if len(models) == 1 else 'models'} {', '.join(models)}")
    usage = report["usage"]
    if usage.get("calls"):
        tokens = f"{short_count(usage['input_tokens'])} tokens in"
        facts.append(f"{tokens}, {short_count(usage['output_tokens'])} out")
        cost = cost_told(usage)
        facts += [f"cost {cost}"] if cost else []
    return facts


def in_short(field: Mapping[str, Any]) -> str:
    """What the values are, in a line."""
    filled, values = field["filled"], field["values"]
    if not filled:
        return "no values"
    if values and field["distinct"] <= _FEW:
        told = [
            f"{shorten(value, _WIDTH)} {percent(count, filled)}"
            for value, count in values[:_VALUES]
        ]
        rest = field["distinct"] - len(told)
        return ", ".join([*told, *([f"{rest} more"] if rest > 0 else [])])
    for name, unit in (("numbers", ""), ("words", " words"), ("items", " items")):
        if field[name] is not None:
            return spread_told(field[name], unit)
    return plural(filled, "value")


def spread_told(spread: Mapping[str, Any], unit: str = "") -> str:
    """``3 to 85 words, median 30``."""
    low, high = number(spread["min"]), number(spread["max"])
    between = low if low == high else f"{low} to {high}"
    return f"{between}{unit}, median {number(spread['median'])}"


def same_told(field: Mapping[str, Any]) -> str | None:
    """``12 repeat an earlier one, 40 near-duplicates``; None where there is nothing to say."""
    found = field["duplicates"]
    if found is None or not (found["near"] or (found["same"] and not is_label(field))):
        return None
    about = "about " if found["is_estimated"] else ""
    told = [f"{about}{found['same']:,} repeat an earlier one"] if found["same"] else []
    if found["near"]:
        of = f" among {found['compared']:,} compared texts" if found["left_out"] else ""
        told.append(f"{plural(found['near'], 'near-duplicate')} in {_groups(found)}{of}")
    return ", ".join(told)


def is_label(field: Mapping[str, Any]) -> bool:
    """Whether the texts are few short ones, which are there to be repeated."""
    words = field["words"]
    return bool(field["distinct"] <= _FEW and words is not None and words["median"] < _TEXT_WORDS)


def _groups(found: Mapping[str, Any]) -> str:
    return plural(found["near_groups"], "group")


def coverage_told(coverage: Mapping[str, Any]) -> Iterator[str]:
    """How the seeds are covered, line by line."""
    seeds, without = coverage["seeds"], coverage["without"]
    yield f"{seeds - without:,} of {plural(seeds, 'seed')} with such records"
    if without:
        named = [f"{index}" for _, index in coverage["without_examples"]]
        several = len({job for job, _ in coverage["without_examples"]}) > 1
        if several:
            named = [f"{index} (job {job})" for job, index in coverage["without_examples"]]
        more = ", ..." if without > len(named) else ""
        yield f"without: {', '.join(named)}{more}"
    counts = coverage["per_seed"]
    if len(counts) == 1:
        yield f"{plural(counts[0][0], 'record')} each"
    elif counts:
        yield f"{counts[0][0]:,} to {plural(counts[-1][0], 'record')} each"
    if coverage["of_several"]:
        yield (
            f"{coverage['repeated']:,} of {plural(coverage['of_several'], 'record')} of seeds that "
            "have several repeat the output of another one of their seed"
        )


def causes_rows(causes: Sequence[Mapping[str, Any]]) -> list[tuple[Any, ...]]:
    """Records, share, block, error, why."""
    return [
        (
            cause["count"],
            percent(cause["count"], round(cause["count"] / cause["share"])),
            cause["block"] or "-",
            cause["error"] or "-",
            cause["message"],
        )
        for cause in causes
    ]


def blocks_rows(blocks: Sequence[Mapping[str, Any]]) -> list[tuple[Any, ...]]:
    """Block, how often, time, time each, calls, tokens, cost."""
    return [
        (
            block["id"],
            block["runs"],
            duration(block["seconds"]),
            _short_time(block["seconds"] / block["runs"] if block["runs"] else None),
            *_used(block),
        )
        for block in blocks
    ]


def models_rows(models: Sequence[Mapping[str, Any]]) -> list[tuple[Any, ...]]:
    """Model, time of an answer, calls, tokens, cost."""
    return [(model["name"], _short_time(model["seconds"]), *_used(model)) for model in models]


def _used(figures: Mapping[str, Any]) -> tuple[Any, ...]:
    if figures["calls"] is None:
        return ("-",) * 4
    return (
        f"{figures['calls']:,}",
        f"{figures['input_tokens']:,}",
        f"{figures['output_tokens']:,}",
        "unknown" if figures["cost"] is None else f"{figures['cost']:.4f}",
    )


def _short_time(seconds: float | None) -> str:
    if seconds is None:
        return "-"
    return f"{1000 * seconds:,.1f} ms" if seconds < 1 else duration(seconds)


def nothing_told(report: Mapping[str, Any]) -> str:
    """Instead of fields, where no record was read."""
    what = "is selected by these words" if report["selected"] else "has one of these statuses"
    return f"No record {what}: nothing to report on."
