"""Two jobs, or two attempts, side by side: which record is the better one."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..jobs import JobRoom
from ..pipeline import open_widget
from ..reviews import (
    PairExport,
    Pairing,
    as_they_stand,
    export_pairs,
    pair_attempts,
    pair_jobs,
)
from ..storage.actions import Action, Author
from ..storage.choices import Choice, ChoiceTable
from ..storage.records import RecordTable
from ..storage.store import Store

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["CompareFace"]


class CompareFace:
    """The part of a workspace that compares."""

    store: Store
    _jobs: JobRoom
    _records: RecordTable
    _choices: ChoiceTable

    def pairs(self, left_job: int, right_job: int | None = None) -> Pairing:
        """The records of two jobs over the same seeds, or of two attempts of one job, side by side.

        Parameters
        ----------
        right_job : int, optional
            None: each latest record of the left job with the one of the attempt before.

        Returns
        -------
        Pairing
            ``pairs`` of record ids, and what has no partner, with the reason.

        Raises
        ------
        JobError
            When there is no such job, with the numbers there are.
        ValidationError
            When there is nothing to compare.
        """
        left = self._jobs.get(left_job).id
        right = left if right_job is None else self._jobs.get(right_job).id
        if left == right:
            return pair_attempts(self.store, left)
        return pair_jobs(self.store, left, right)

    def compare(self, left_job: int, right_job: int | None = None, *, blind: bool = False) -> Any:
        """Put the pairs side by side, and choose the better record of each.

        Parameters
        ----------
        right_job : int, optional
            None: each latest record of the left job beside the one of the attempt before.
        blind : bool
            Which side is whose is hidden, and changes from pair to pair.

        Returns
        -------
        datagenflow_nb.widgets.compare.widget.CompareWidget

        Raises
        ------
        JobError
            When there is no such job, with the numbers there are.
        ValidationError
            When there is nothing to compare.
        """
        return open_widget("comparison", self, left_job, right_job, blind)

    def choose(
        self,
        left: int,
        right: int,
        choice: str,
        *,
        reviewer: str | None = None,
        note: str | None = None,
    ) -> Action:
        """Say which of two records of the same seed is the better one; the last choice counts.

        Parameters
        ----------
        left, right : int
            Record ids.
        choice : str
            ``left``, ``right``, ``tie`` or ``neither``.
        reviewer : str, optional
            None: the login name.

        Raises
        ------
        ValidationError
            For an unknown choice, two records of different seeds, and a better one that holds no
            result.
        StoreError
            When there is no such record.
        """
        return self._choices.choose(left, right, choice, self._author(reviewer), note)

    def choices(self, left_job: int, right_job: int | None = None) -> pd.DataFrame:
        """What was chosen between records of two jobs; see ``frames.choices_frame``.

        Parameters
        ----------
        right_job : int, optional
            None: between records of the left job.

        Raises
        ------
        JobError
            When there is no such job, with the numbers there are.
        """
        from ..frames import choices_frame

        return choices_frame(self._between(left_job, right_job))

    def export_pairs(
        self,
        path: str | Path,
        left_job: int,
        right_job: int | None = None,
        *,
        format: str | None = None,
        prompt: str | None = None,
    ) -> PairExport:
        """Write the choices of a better one as preference pairs: ``prompt, chosen, rejected``.

        Only those whose records stand side by side now (see ``pairs``); ``left_out`` counts the
        others.

        Parameters
        ----------
        path : path
            A file of JSON lines or Parquet, by its ending or by ``format``.
        prompt : str, optional
            A template over the seed's fields. None: the messages the model was asked with, when
            those of all pairs are known and the same on both sides; else the seed's fields.

        Raises
        ------
        ValidationError
            When there is no pair to export; no file is touched.
        ConfigError
            For an unknown format, or a path that cannot be one.
        JobError
            When there is no such job, with the numbers there are.
        """
        choices = self._between(left_job, right_job)
        return export_pairs(self._records, choices, path, format=format, prompt=prompt)

    def _between(self, left_job: int, right_job: int | None) -> list[Choice]:
        left = self._jobs.get(left_job).id
        right = left if right_job is None else self._jobs.get(right_job).id
        return as_they_stand(self.store, self._choices.between(left, right), left, right)

    def _author(self, reviewer: str | None) -> Author:
        raise NotImplementedError
