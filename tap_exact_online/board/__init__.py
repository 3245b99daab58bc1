"""The board: small documents that all processes of one connection share, beside the token store.

What hangs here is a cache or a count, never the only copy of anything: who takes the board away costs others time, and no
data. `file`, `postgres` and `objects` are the places, the same as those of tokens; `rounds` splits a pass over all
divisions between workers, by the decisions of `groups`.
"""

from __future__ import annotations

from tap_exact_online.board.groups import (
    summary,
)
from tap_exact_online.board.hints import (
    ALL_STREAMS,
    HINTS,
    Hint,
    given,
    hinted_at,
)
from tap_exact_online.board.hints import (
    opened as opened_hints,
)
from tap_exact_online.board.listing import (
    Listing,
)
from tap_exact_online.board.places import (
    Board,
    Change,
    open_board,
)
from tap_exact_online.board.rounds import (
    Hold,
    Rounds,
)

__all__ = [
    "ALL_STREAMS",
    "HINTS",
    "Board",
    "Change",
    "Hint",
    "Hold",
    "Listing",
    "Rounds",
    "given",
    "hinted_at",
    "open_board",
    "opened_hints",
    "summary",
]
