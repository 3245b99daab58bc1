"""How far we are, and what one run tells the next: bookmarks, refusals, moves, rereading, the age of the log of deletes.

Pure: what is kept, and when it is written, is the business of `streams`.
"""

from __future__ import annotations

from tap_exact_online.state.bookmarks import (
    MOST_UNREAD,
    OF_A_BOOKMARK,
    UNREAD,
    ModifiedBookmark,
    TimestampBookmark,
    check_state,
    is_row_version,
    modified_bookmark,
    partitions,
    read_before,
    read_instant,
    read_timestamp,
    unread_places,
    written_instant,
)
from tap_exact_online.state.cadence import ASKED_FOR, Cadences, is_due
from tap_exact_online.state.columns import COLUMN_NAMES, check_names, note_of
from tap_exact_online.state.evidence import Evidence, Shown, shown
from tap_exact_online.state.fields import fingerprint
from tap_exact_online.state.form import ALL, AT, BACK, BACK_ROWS, BY, FAILED, HAS, READ, seconds_of
from tap_exact_online.state.freshness import Freshness
from tap_exact_online.state.owner import BELONGS_TO, Owner
from tap_exact_online.state.reads import Read
from tap_exact_online.state.refusals import (
    REFUSED,
    REFUSED_BESIDE,
    Refusals,
)
from tap_exact_online.state.rereading import (
    Reread,
)
from tap_exact_online.state.working import worked

__all__ = [
    "ALL",
    "ASKED_FOR",
    "AT",
    "BACK",
    "BACK_ROWS",
    "BELONGS_TO",
    "BY",
    "COLUMN_NAMES",
    "FAILED",
    "HAS",
    "MOST_UNREAD",
    "OF_A_BOOKMARK",
    "READ",
    "REFUSED",
    "REFUSED_BESIDE",
    "UNREAD",
    "Cadences",
    "Evidence",
    "Freshness",
    "ModifiedBookmark",
    "Owner",
    "Read",
    "Refusals",
    "Reread",
    "Shown",
    "TimestampBookmark",
    "check_names",
    "check_state",
    "fingerprint",
    "is_due",
    "is_row_version",
    "modified_bookmark",
    "note_of",
    "partitions",
    "read_before",
    "read_instant",
    "read_timestamp",
    "seconds_of",
    "shown",
    "unread_places",
    "worked",
    "written_instant",
]
