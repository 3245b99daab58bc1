"""How documents are named, and how large they may be."""

from __future__ import annotations

import re

MOST = 4 << 20
"""Bytes of a document. What is larger was not written here, and counts as none."""
PATIENCE = 20.0
"""Seconds until a board that does not let us write is given up: for those who hold it, a change takes milliseconds."""

_NAME = re.compile(r"[a-z0-9][a-z0-9.-]{0,59}")


def checked(name: str) -> str:
    """Return a name that every kind of board takes.

    Raises:
        ValueError: It is none.
    """
    if _NAME.fullmatch(name):
        return name
    msg = f"{name!r} does not name a document: use small letters, digits, dots and hyphens, 60 at most."
    raise ValueError(msg)
