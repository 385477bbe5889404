"""What somebody should look at first, in plain words."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from ..displays.report_words import percent
from ..displays.text import plural, shorten
from .minhash import THRESHOLD
from .survey import Survey
from .values import FieldReport

__all__ = ["warnings_of"]

#: Shares from which on it is told.
_EMPTY, _SAME, _FAILED = 0.01, 0.01, 0.01
#: Words of most texts of a field whose repeated texts are no labels.
_TEXT_WORDS = 4
#: Records from which on a field with one value says something.
_CONSTANT = 10
_NAME = 60


def warnings_of(
    found: Survey,
    usual: str | None,
    counts: Mapping[str, int],
    failures: Sequence[Mapping[str, Any]],
) -> list[str]:
    """Those about all of it, and then about each field.

    Parameters
    ----------
    usual : str or None
        The statuses of all records that were read; None: not every seed should have one.
    counts : mapping
        All records by status.
    failures : sequence of mapping
        Why records failed, most frequent first.
    """
    warnings = list(_of_all(found, usual, counts, failures))
    for field in found.fields:
        warnings += _of_field(field, found.records)
    return warnings


def _of_all(
    found: Survey,
    usual: str | None,
    counts: Mapping[str, int],
    failures: Sequence[Mapping[str, Any]],
) -> Iterator[str]:
    if "offline" in found.models:
        whose = "these" if found.models == {"offline"} else "some of these"
        yield f"Offline model: no language model made {whose}."
    failed, total = counts.get("failed", 0), sum(counts.values())
    if total and failed / total >= _FAILED:
        most = ", most of them" if len(failures) > 1 else ""
        why = f"{most}: {shorten(failures[0]['message'], 200)}" if failures else "."
        yield f"{failed:,} of {plural(total, 'record')} failed ({percent(failed, total)}){why}"
    coverage = found.coverage
    if usual is not None and coverage.without and found.records:
        share = percent(coverage.without, coverage.seeds)
        of = plural(coverage.seeds, "seed")
        yield f"{coverage.without:,} of {of} have no record that is {usual} ({share})."
    if coverage.repeated:
        is_all = found.records == found.matching
        of = (
            f"{coverage.of_several:,} records of seeds that have several"
            if is_all
            else plural(found.records, "record")
        )
        yield f"{coverage.repeated:,} of {of} repeat the output of another one of their seed."


def _of_field(field: FieldReport, records: int) -> Iterator[str]:
    """About one field."""
    name = f"Field {shorten(field.name, _NAME)!r}"
    nothing = field.empty + field.null + field.missing
    if nothing == records:
        yield f"{name} is always empty."
    elif nothing / records >= _EMPTY and field.source == "block":
        yield f"{name} is empty in {percent(nothing, records)} ({_parts(field)})."
    if len(field.kinds) > 1:
        told = ", ".join(f"{kind} in {count:,}" for kind, count in field.kinds.items())
        yield f"{name} holds values of several kinds: {told}."
    if field.source == "block" and field.distinct == 1 and field.filled >= _CONSTANT:
        yield f"{name} has the same value in all {field.filled:,} records that have one."
    yield from _duplicates(field)


def _parts(field: FieldReport) -> str:
    parts = (("empty", field.empty), ("null", field.null), ("missing", field.missing))
    return ", ".join(f"{count:,} {what}" for what, count in parts if count)


def _duplicates(field: FieldReport) -> Iterator[str]:
    found = field.duplicates
    if found is None or field.words is None or field.source != "block":
        return
    texts = field.kinds["text"]
    what = "outputs" if field.is_output else f"values of {shorten(field.name, _NAME)!r}"
    is_text = field.words.median >= _TEXT_WORDS and field.distinct > 1
    if is_text and found.same / texts >= _SAME:
        about = "About " if found.is_estimated else ""
        yield (
            f"{about}{found.same:,} of {texts:,} {what} repeat an earlier one, but for case and "
            f"white space ({percent(found.same, texts)})."
        )
    compared = texts - found.left_out
    if found.near and found.near / compared >= _SAME:
        among = f" (of {texts:,}, a random part was compared)" if found.left_out else ""
        yield (
            f"{found.near:,} of {compared:,} {what} are near-duplicates of another one (Jaccard "
            f"similarity of {THRESHOLD} or more){among}."
        )
