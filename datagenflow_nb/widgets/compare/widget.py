"""Two jobs or two attempts side by side: one pair after the other, the better one by a key."""

from __future__ import annotations

import contextlib
import secrets
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, ClassVar

import traitlets

from ...displays.text import shown_path
from ...errors import ConfigError, JobError, StoreError
from ...export.place import check_target
from ...reviews import Pairing
from ...storage.actions import Action as Done
from ...storage.actions import Author
from ...storage.choices import ChoiceTable
from ...storage.records import RecordTable
from ...storage.review_values import check_reviewer
from ..bridge import Action, BridgedWidget
from ..fallback import show, static_html, view_bundle
from ..review.rows import full_record
from .documents import Pair, alone, differences, seed_label
from .static import comparison_html, comparison_text

if TYPE_CHECKING:
    from ...workspaces import Workspace

__all__ = ["CompareWidget"]

#: Pairs that one answer tells of at most.
_MOST = 1_000


class CompareWidget(BridgedWidget):
    """The records of two jobs over the same seeds, or of two attempts of one job, in pairs.

    Parameters
    ----------
    workspace : Workspace
        Whose jobs they are.
    right_job : int, optional
        None: the latest attempts of the left job beside the ones before.
    blind : bool
        Which side is whose is hidden, and changes from pair to pair.

    Attributes
    ----------
    about : dict
        ``{"title", "by", "is_attempts", "left", "right"}``, of each side ``{"job_id", "name"}``.
    is_blind : bool
    salt : int
        Which pairs change sides when it is blind.
    shown : str
        Which pairs are listed: ``all``, ``first`` (different ones first), ``different``, ``open``.
    pair : list of int
        The record ids of the pair that is looked at.
    reviewer : str
        Who chooses.

    Raises
    ------
    JobError
        When there is no such job.
    ValidationError
        When there is nothing to compare.
    """

    lasting: ClassVar[frozenset[str]] = frozenset({"differences", "export"})

    about = traitlets.Dict().tag(sync=True)
    is_blind = traitlets.Bool().tag(sync=True)
    salt = traitlets.Int().tag(sync=True)
    shown = traitlets.Unicode("all").tag(sync=True)
    pair: traitlets.List[int] = traitlets.List().tag(sync=True)
    reviewer = traitlets.Unicode().tag(sync=True)

    def __init__(
        self,
        workspace: Workspace,
        left_job: int,
        right_job: int | None = None,
        *,
        blind: bool = False,
    ) -> None:
        pairing = workspace.pairs(left_job, right_job)
        self._workspace = workspace
        self._jobs = (pairing.left_job, pairing.right_job)
        self._records = RecordTable(workspace.store)
        self._choices = ChoiceTable(workspace.store, self._records)
        self._session = workspace.review_session()
        # The pairs that the session's actions were about, in its order.
        self._done: list[Pair] = []
        self._undone: list[Pair] = []
        super().__init__(
            "compare", about=self._about(pairing), is_blind=blind, salt=secrets.randbits(30),
            reviewer=self._session.reviewer,
        )  # fmt: skip

    def __repr__(self) -> str:
        return f"CompareWidget({self.about['title']!r})"

    def _ipython_display_(self) -> None:
        show(view_bundle(self))
        kept = self.kept()
        show({**kept, "text/html": static_html(kept["text/html"])})

    def kept(self) -> dict[str, str]:
        """What a saved notebook keeps, by MIME type."""
        pairing = self._pairing()
        return {
            "text/html": comparison_html(
                self.about,
                pairing,
                self._records,
                self._stored(),
                salt=self.salt if self.is_blind else None,
            ),
            "text/plain": comparison_text(self.about, pairing),
        }

    def actions(self) -> Mapping[str, Action]:
        return {
            "pairs": self._pairs,
            "labels": self._labels,
            "differences": lambda values: differences(self._records, _meant(values)),
            "pair": self._pair,
            "choose": self._choose,
            "undo": lambda _: self._back(self._session.undo(), self._done, self._undone),
            "redo": lambda _: self._back(self._session.redo(), self._undone, self._done),
            "cell": lambda values: self._cell(str(values["path"]), _template(values)),
            "export": self._export,
            "rename": self._rename,
        }

    def _about(self, pairing: Pairing) -> dict[str, Any]:
        left, right = self._jobs
        rows = {number: self._workspace.job(number).row for number in self._jobs}
        is_attempts = left == right
        names = ("the attempt before", "the latest attempt") if is_attempts else None
        sides = [
            {"job_id": number, "name": names[at] if names else f"job {number}",
             "pipeline": rows[number].pipeline_name}
            for at, number in enumerate(self._jobs)
        ]  # fmt: skip
        title = f"attempts of job {left}" if is_attempts else f"jobs {left} and {right}"
        return {
            "title": title,
            "by": pairing.by,
            "is_attempts": is_attempts,
            "left": sides[0],
            "right": sides[1],
        }

    def _pairing(self) -> Pairing:
        return self._workspace.pairs(*self._jobs)

    def _stored(self) -> dict[Pair, str]:
        """What was chosen, by pair as it stands here."""
        stored: dict[Pair, str] = {}
        turned = {"left": "right", "right": "left"}
        for one in self._choices.between(*self._jobs):
            stored[one.left, one.right] = one.choice
            stored[one.right, one.left] = turned.get(one.choice, one.choice)
        return stored

    def _pairs(self, _: dict[str, Any]) -> dict[str, Any]:
        """All pairs as ``[left, right, choice or None]``, and what has no partner."""
        pairing, stored = self._pairing(), self._stored()
        return {
            "pairs": [[*pair, stored.get(pair)] for pair in pairing.pairs],
            "alone": alone(pairing),
            "can_undo": self._session.can_undo,
            "can_redo": self._session.can_redo,
        }

    def _labels(self, values: dict[str, Any]) -> list[list[Any]]:
        """Of these records ``[id, seed index, seed]``."""
        ids = [int(number) for number in values["ids"][:_MOST]]
        return [
            [record.id, record.seed_index, seed_label(record)] for record in self._records.many(ids)
        ]

    def _pair(self, values: dict[str, Any]) -> dict[str, Any]:
        with self._told_when_deleted():
            return {
                side: full_record(self._records.get(values[side])) for side in ("left", "right")
            }

    @contextlib.contextmanager
    def _told_when_deleted(self) -> Iterator[None]:
        """A record that is not there any more may have gone with its whole job."""
        try:
            yield
        except StoreError as error:
            for number in self._jobs:
                try:
                    self._workspace.job(number)
                except JobError:
                    message = f"job {number} was deleted, and its records with it"
                    raise JobError(message, {"job_id": number}) from error
            raise

    def _choose(self, values: dict[str, Any]) -> dict[str, Any]:
        left, right = int(values["left"]), int(values["right"])
        with self._told_when_deleted():
            done = self._session.choose(left, right, str(values["choice"]))
        if done.id is not None:
            self._done.append((left, right))
            self._undone.clear()
        return self._told(done, (left, right), str(values["choice"]))

    def _back(self, done: Done | None, from_: list[Pair], to: list[Pair]) -> dict[str, Any]:
        """What the session has undone or redone was about the last pair of ``from_``."""
        if done is None:
            return self._told(None, None, None)
        to.append(from_.pop())
        return self._told(done, to[-1], self._stored().get(to[-1]))

    def _told(self, done: Done | None, pair: Pair | None, choice: str | None) -> dict[str, Any]:
        return {
            "action": None if done is None else done.to_dict(),
            "pair": pair,
            "choice": choice,
            "can_undo": self._session.can_undo,
            "can_redo": self._session.can_redo,
        }

    def _cell(self, path: str, prompt: str | None) -> str:
        """The cell that exports the same."""
        from ...workspaces import workspace

        store = self._workspace.store.path
        place = "" if workspace().store.path == store else repr(str(store))
        jobs = ", ".join(map(str, dict.fromkeys(self._jobs)))
        more = "" if prompt is None else f", prompt={prompt!r}"
        call = f"dgf.workspace({place}).export_pairs({path!r}, {jobs}{more})"
        return f"import datagenflow_nb as dgf\n\n{call}"

    def _export(self, values: dict[str, Any]) -> dict[str, Any]:
        path = str(values["path"]).strip()
        if not path:
            raise ConfigError("the path is empty; expected a file such as 'pairs.jsonl'")
        target = check_target(path)
        if target.exists() and not values.get("over"):
            raise ConfigError(f"{target} is there already", {"kind": "file_exists"})
        done = self._workspace.export_pairs(path, *self._jobs, prompt=_template(values))
        return {
            "path": shown_path(done.path),
            "pairs": done.pairs,
            "prompt": done.prompt,
            "left_out": done.left_out,
        }

    def _rename(self, values: dict[str, Any]) -> None:
        name = check_reviewer(str(values.get("name")))
        self._session.author = Author(name, self._session.author.session)
        with self.lock:
            self.reviewer = name


def _meant(values: dict[str, Any]) -> list[Pair]:
    return [(int(left), int(right)) for left, right in values["pairs"][:_MOST]]


def _template(values: dict[str, Any]) -> str | None:
    """The prompt's template; None: none was given."""
    return str(values.get("prompt") or "").strip() or None
