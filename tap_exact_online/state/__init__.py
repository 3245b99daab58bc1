"""How far we are, and what one run tells the next: bookmarks, refusals, moves, and the age of the log of deletes.

Pure: what is kept, and when it is written, is the business of `streams`.
"""

from __future__ import annotations

from tap_exact_online.state.bookmarks import (
    ModifiedBookmark,
    TimestampBookmark,
    check_state,
    partitions,
    read_before,
    read_instant,
    read_timestamp,
)
from tap_exact_online.state.refusals import (
    Refusals,
)

__all__ = [
    "ModifiedBookmark",
    "Refusals",
    "TimestampBookmark",
    "check_state",
    "partitions",
    "read_before",
    "read_instant",
    "read_timestamp",
]
