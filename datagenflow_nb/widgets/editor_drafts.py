"""The draft of one editor: kept while it differs from what is saved, found again by the next."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from ..records import decode, encode, plain
from ..storage.drafts import Draft
from ..storage.lease import new_token

if TYPE_CHECKING:
    from ..workspaces import Workspace

__all__ = ["EditorDraft"]

_owner: list[str] = []
#: Drafts that editors of this process write.
_open: set[str] = set()


class EditorDraft:
    """What one editor keeps of changes that are not saved.

    Parameters
    ----------
    origin : str
        What was opened; the draft is looked for under it, whatever the pipeline is called since.
    """

    def __init__(self, workspace: Workspace, origin: str) -> None:
        self._workspace = workspace
        self._origin = origin
        self._id = secrets.token_hex(8)
        self._is_kept = False
        _open.add(self._id)

    def left(self, definition: Mapping[str, Any]) -> Draft | None:
        """The latest draft that nobody edits any more and that differs from ``definition``."""
        now = encode(plain(dict(definition)))
        for draft in self._workspace.drafts.left(self._origin, _this_process()):
            if draft.id not in _open and draft.definition != now:
                return draft
        return None

    def take_over(self, draft: Draft) -> dict[str, Any]:
        """Go on with a draft that was left; its definition."""
        _open.discard(self._id)
        self._id, self._is_kept = draft.id, True
        _open.add(draft.id)
        definition: dict[str, Any] = decode(draft.definition)
        return definition

    def keep(self, definition: Mapping[str, Any], base_version: int | None) -> None:
        """Write the definition down."""
        text = encode(plain(dict(definition)))
        self._workspace.drafts.keep(
            Draft(self._id, self._origin, _this_process(), text, base_version)
        )
        self._is_kept = True

    def drop(self) -> None:
        """There is nothing that is not saved."""
        if self._is_kept:
            self._workspace.drafts.drop(self._id)
            self._is_kept = False

    def release(self) -> None:
        """Nobody edits it any more; the next editor of the same origin may take it over."""
        _open.discard(self._id)


def _this_process() -> str:
    if not _owner:
        _owner.append(new_token())
    return _owner[0]
