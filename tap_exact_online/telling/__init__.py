"""What a run says: how far it is, what it could not read, and what it came to, to a person and to a program.

`progress.py` and `report.py` know, `live.py` shows, `words.py` is how numbers, times and lists read.
"""

from __future__ import annotations

from tap_exact_online.telling.costs import told_costs
from tap_exact_online.telling.progress import (
    Progress,
)
from tap_exact_online.telling.report import (
    Report,
    tell_outcome,
)

__all__ = ["Progress", "Report", "tell_outcome", "told_costs"]
