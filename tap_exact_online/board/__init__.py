"""The board: small documents that all processes of one connection share, beside the token store.

What hangs here is a cache or a count, never the only copy of anything: who takes the board away costs others time, and no
data. `file`, `postgres` and `objects` are the places, the same as those of tokens.
"""

from __future__ import annotations

from tap_exact_online.board.places import Board, Change, open_board

__all__ = ["Board", "Change", "open_board"]
