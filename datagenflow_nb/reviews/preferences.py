"""Choices as preference pairs, in the form that trainers read.

Source: https://huggingface.co/docs/trl/dataset_formats, "Preference": ``prompt``, ``chosen`` and
``rejected``, as texts or as lists of messages; never both in one data set.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ..displays.text import plural, shown_path
from ..errors import ValidationError
from ..export import NotAlike, write_pairs
from ..records import encode
from ..storage.choices import Choice
from ..storage.records import OUTCOMES, Record, RecordTable
from ..templating import Template, compile_template

__all__ = ["PairExport", "export_pairs"]

_PAGE = 200


@dataclass(frozen=True, slots=True)
class PairExport:
    """What an export of preference pairs wrote.

    Attributes
    ----------
    path : Path
        The absolute path of the file.
    pairs : int
        Number of pairs in it.
    format : str
        ``jsonl`` or ``parquet``.
    prompt : str
        ``messages``: what the model was asked, as a conversation; ``seed``: the seed's fields as a
        text; ``template``: the template that was given.
    left_out : dict of str to int
        Why -> number of choices that are no pair.
    """

    path: Path
    pairs: int
    format: str
    prompt: str
    left_out: dict[str, int]

    def _repr_pretty_(self, printer: Any, cycle: bool) -> None:
        left = "".join(f"; {count} left out: {why}" for why, count in self.left_out.items())
        printer.text(
            f"Exported {plural(self.pairs, 'pair')} to {shown_path(self.path)} (prompt: "
            f"{self.prompt}){left}"
        )


def export_pairs(
    records: RecordTable,
    choices: Sequence[Choice],
    path: str | os.PathLike[str],
    *,
    format: str | None = None,
    prompt: str | None = None,
) -> PairExport:
    """Write a line for each choice of a better one that counts.

    Parameters
    ----------
    prompt : str, optional
        A template over the seed's fields: the prompt of every pair. None: the messages of the call
        that the output came from, when they are known and the same on both sides of all pairs; else
        the seed's only field, or all of them as JSON.

    Raises
    ------
    ValidationError
        When no pair would be written; no file is touched.
    ConfigError
        For an unknown format, or a path that cannot be one.
    TemplateError
        When the template does not parse, or names a field that a seed has not.
    """
    template = None if prompt is None else compile_template(prompt)
    standing = [choice for choice in choices if choice.left_out is None]
    decided = [choice for choice in standing if choice.better is not None]
    undecided = Counter(choice.choice for choice in standing if choice.better is None)
    undecided.update(choice.left_out for choice in choices if choice.left_out is not None)
    reading = _Reading(records, decided, template)

    def check(count: int) -> None:
        if not count:
            found = {**undecided, **reading.left_out}
            why = ", ".join(f"{number} {what}" for what, number in found.items())
            raise ValidationError(
                f"there is no pair to export: {plural(len(choices), 'choice')}"
                f"{f' ({why})' if why else ''}; no file was written or changed",
                {"choices": len(choices), "left_out": found},
            )

    result, is_conversation = write_pairs(reading.pairs, path, format, check)
    kind = "template" if template is not None else "messages" if is_conversation else "seed"
    left_out = {**undecided, **reading.left_out}
    return PairExport(result.path, result.records, result.format, kind, left_out)


@dataclass(slots=True)
class _Reading:
    """The pairs of the choices, some hundred records in memory at a time."""

    records: RecordTable
    choices: Sequence[Choice]
    template: Template | None
    left_out: Counter[str] = field(default_factory=Counter)

    def pairs(self, as_conversations: bool) -> Iterator[dict[str, Any]]:
        """The rows of the file.

        Raises
        ------
        NotAlike
            When one is wanted as a conversation and is none.
        """
        self.left_out = Counter()
        if as_conversations and self.template is not None:
            raise NotAlike
        read = self.records.many_with_calls if as_conversations else self.records.many
        for start in range(0, len(self.choices), _PAGE):
            page = self.choices[start : start + _PAGE]
            found = _by_id(read, page)
            for choice in page:
                better, worse = found.get(choice.better or 0), found.get(choice.worse or 0)
                if better is None or worse is None:
                    self.left_out["not there any more"] += 1
                elif better.status in OUTCOMES or worse.status in OUTCOMES:
                    self.left_out["a record without a result"] += 1
                else:
                    sides = (
                        _conversation(better, worse)
                        if as_conversations
                        else self._texts(better, worse)
                    )
                    yield {**sides, **_origin(choice, better, worse)}

    def _texts(self, better: Record, worse: Record) -> dict[str, Any]:
        seed = better.metadata
        if self.template is not None:
            prompt = self.template.render({"metadata": seed, **seed})
        else:
            prompt = _text(next(iter(seed.values())) if len(seed) == 1 else seed)
        return {"prompt": prompt, "chosen": _text(better.output), "rejected": _text(worse.output)}


def _by_id(read: Callable[[list[int]], list[Record]], page: Sequence[Choice]) -> dict[int, Record]:
    ids = sorted({number for choice in page for number in (choice.left, choice.right)})
    return {record.id: record for record in read(ids)}


def _conversation(better: Record, worse: Record) -> dict[str, Any]:
    messages = _messages(better)
    if messages is None or messages != _messages(worse):
        raise NotAlike
    return {
        "prompt": messages,
        "chosen": [{"role": "assistant", "content": _text(better.output)}],
        "rejected": [{"role": "assistant", "content": _text(worse.output)}],
    }


def _messages(record: Record) -> list[dict[str, str]] | None:
    """What the model was first asked by the last block with calls, up to the one that set the
    output; None when there is none, or it was asked with more than texts."""
    steps = record.steps
    setting = [at for at, step in enumerate(steps) if record.output_field in step.set]
    for step in reversed(steps[: setting[-1] + 1] if setting else steps):
        if step.calls:
            messages = step.calls[0].request.get("messages")
            break
    else:
        return None
    if not isinstance(messages, list) or not messages:
        return None
    found = [
        {"role": message.get("role"), "content": message.get("content")} for message in messages
    ]
    is_text = all(isinstance(value, str) for message in found for value in message.values())
    return found if is_text else None


def _text(value: Any) -> str:
    return value if isinstance(value, str) else encode(value)


def _origin(choice: Choice, better: Record, worse: Record) -> dict[str, Any]:
    return {
        "chosen_id": better.id,
        "rejected_id": worse.id,
        "chosen_job_id": better.job_id,
        "rejected_job_id": worse.job_id,
        "seed_index": choice.seed_index,
        "repetition": choice.repetition,
        "branch": choice.branch,
        "reviewer": choice.reviewer,
        "note": choice.note,
        "chosen_at": choice.updated_at,
    }
