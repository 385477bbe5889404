"""What is asked of a job's runner, through the job's row."""

from __future__ import annotations

from typing import Literal

from ..records import decode, encode, utc_now
from .jobs import ACTIVE, seconds_between
from .store import Store

__all__ = ["ControlTable", "Wish"]

#: The column ``control``: what a job shall do that has not ended. None: run.
Wish = Literal["pause", "cancel", "cancel_now"] | None
#: From the weakest on; a job that is being cancelled is neither paused nor does it go on.
_WISHES: tuple[Wish, ...] = (None, "pause", "cancel", "cancel_now")
_CANCELLING = _WISHES.index("cancel")


class ControlTable:
    """The part of a job's row that others write and its runner follows."""

    def __init__(self, store: Store) -> None:
        self._store = store

    @property
    def outgrown(self) -> str | None:
        """Why the runner can store nothing more, when a newer version changed the tables."""
        return self._store.outgrown

    def request(self, job_id: int, wish: Wish, token: str | None = None) -> bool:
        """Have the job's runner, wherever it is, do something.

        A job that has ended keeps no wish that its next runner would obey.

        Parameters
        ----------
        token : str, optional
            Only this runner: the wish is none for another that has the job meanwhile.

        Returns
        -------
        bool
            False when the job has ended, or is being cancelled and shall do less than that, or
            another runner has it.
        """
        with self._store.write(any_version=True) as connection:
            row = connection.execute(
                "SELECT status, control, runner FROM main.jobs WHERE id = ?", [job_id]
            ).fetchone()
            if row is None or row["status"] not in ACTIVE:
                return False
            if token not in (None, row["runner"]):
                return False
            new, before = _WISHES.index(wish), _WISHES.index(row["control"])
            if before >= _CANCELLING > new:
                return False
            if new != before and not _CANCELLING <= new < before:
                connection.execute("UPDATE main.jobs SET control = ? WHERE id = ?", [wish, job_id])
        return True

    def wish(self, job_id: int, token: str) -> Wish | Literal["lost"]:
        """What the runner ``token`` shall do; ``lost`` when the job is not its any more."""
        row = self._store.row("SELECT control, runner FROM jobs WHERE id = ?", [job_id])
        if row is None or row["runner"] != token:
            return "lost"
        wish: Wish = row["control"]
        return wish

    def set_paused(self, job_id: int, token: str, *, is_paused: bool, coming: int = 0) -> bool:
        """The runner pauses, with ``coming`` calls that are not answered yet, or goes on; False
        when the job is not its any more."""
        now = utc_now()
        with self._store.write() as connection:
            row = connection.execute(
                "SELECT options FROM jobs WHERE id = ? AND runner = ?", [job_id, token]
            ).fetchone()
            if row is None:
                return False
            options = decode(row["options"])
            held, since = options.get("paused") or (0.0, None)
            if since is not None:
                held += seconds_between(since, now)
            options["paused"] = [held, now if is_paused else None]
            options["coming"] = coming
            connection.execute(
                "UPDATE jobs SET status = ?, options = ? WHERE id = ?",
                ["paused" if is_paused else "running", encode(options), job_id],
            )
        return True
