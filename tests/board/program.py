"""Another process that uses a board: `python -m tests.board.program URL OWNER NAME TIMES` counts in a document."""

from __future__ import annotations

import sys
from pathlib import Path

from tap_exact_online.board import open_board


def counted(before: bytes | None) -> bytes:
    """Return the next number, and enough behind it that a part of it would show."""
    number = int((before or b"0").split()[0]) + 1
    return f"{number} {'x' * 20_000} {number}".encode()


if __name__ == "__main__":
    url, owner, name, times = sys.argv[1:]
    board = open_board(url, owner, Path("nowhere"))
    print("ready", flush=True)  # noqa: T201
    sys.stdin.readline()
    for _ in range(int(times)):
        board.change(name, counted)
