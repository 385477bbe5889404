"""Records and traces as DataFrames, and edited frames back.

tables  stored records and traces as frames
edits   what an edited frame changes
"""

from __future__ import annotations

from .edits import read_edits
from .tables import records_frame, traces_frame

__all__ = ["read_edits", "records_frame", "traces_frame"]
