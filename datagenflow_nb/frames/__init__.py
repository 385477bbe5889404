"""Records and traces as DataFrames, and edited frames back.

tables  stored records and traces as frames
edits   what an edited frame changes
reviews what reviewers did
"""

from __future__ import annotations

from .edits import read_edits
from .reviews import choices_frame, log_frame
from .tables import records_frame, traces_frame

__all__ = ["choices_frame", "log_frame", "read_edits", "records_frame", "traces_frame"]
