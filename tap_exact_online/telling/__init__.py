"""What a run says: how far it is, what it could not read, and what it came to, to a person and to a program.

`progress.py` and `report.py` know, `live.py` shows, `gaps.py` is how a few or many thousands of gaps read, `words.py` how numbers,
times and lists do, `ages.py` how old everything is, `older.py` how rows that were loaded before differ.
"""

from __future__ import annotations

from tap_exact_online.telling.ages import (
    Aged,
    Ages,
    advice,
    affordable,
    hours,
)
from tap_exact_online.telling.costs import told_costs, told_selection
from tap_exact_online.telling.older import Older
from tap_exact_online.telling.progress import (
    Progress,
)
from tap_exact_online.telling.report import (
    Report,
    tell_failure,
    tell_outcome,
)

__all__ = [
    "Aged",
    "Ages",
    "Older",
    "Progress",
    "Report",
    "advice",
    "affordable",
    "hours",
    "tell_failure",
    "tell_outcome",
    "told_costs",
    "told_selection",
]
