"""Who is asked next, and how often: divisions, limits, retries, turns, and the threads that make the calls.

`client.py` decides and waits for nothing, `scheduler.py` says whose turn it is, and only `crew.py` has threads.
"""

from __future__ import annotations

from tap_exact_online.reading.around import (
    OF_A_DIVISION,
    Around,
    least,
)
from tap_exact_online.reading.budget import (
    CALLS,
    SPENT,
    Budget,
)
from tap_exact_online.reading.client import (
    Client,
)
from tap_exact_online.reading.crew import (
    Arrival,
    Conversation,
    Reading,
    Wanted,
)
from tap_exact_online.reading.directory import (
    USUAL,
    everywhere,
    is_at_hand,
    known_divisions,
    read_divisions,
)
from tap_exact_online.reading.divisions import (
    Choice,
    Shard,
    granted_divisions,
)
from tap_exact_online.reading.downloads import (
    download,
)
from tap_exact_online.reading.limits import (
    Allowance,
    Limits,
    Remaining,
)
from tap_exact_online.reading.patience import (
    Patience,
)
from tap_exact_online.reading.plan import (
    Pair,
    Plan,
    Planned,
    Reason,
    Supply,
    Terms,
    Turn,
    made_plan,
)
from tap_exact_online.reading.scheduler import (
    Scheduler,
)

__all__ = [
    "CALLS",
    "OF_A_DIVISION",
    "SPENT",
    "USUAL",
    "Allowance",
    "Around",
    "Arrival",
    "Budget",
    "Choice",
    "Client",
    "Conversation",
    "Limits",
    "Pair",
    "Patience",
    "Plan",
    "Planned",
    "Reading",
    "Reason",
    "Remaining",
    "Scheduler",
    "Shard",
    "Supply",
    "Terms",
    "Turn",
    "Wanted",
    "download",
    "everywhere",
    "granted_divisions",
    "is_at_hand",
    "known_divisions",
    "least",
    "made_plan",
    "read_divisions",
]
