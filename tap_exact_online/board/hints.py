"""Hints: somebody, as a receiver of webhooks, says that a company has news. They put it in front, and never stand for a look.

A hint is for one stream or, with `*`, for all; it counts until the stream was read after it was given.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import msgspec

HINTS = "hints"
"""The name of the document."""
ALL_STREAMS = "*"
_KEPT = 7 * 86_400
"""A hint that nobody could follow for a week says nothing of today: the plan has had its turn since."""
_MOST = 10_000
"""Half a megabyte, where each names a stream."""


@dataclass(frozen=True, slots=True)
class Hint:
    """Something is new.

    Attributes:
        division: The division.
        stream: The stream, or `*`.
    """

    division: int
    stream: str = ALL_STREAMS


def opened(content: bytes | None) -> dict[Hint, int]:
    """Read the document: when each hint was given, in epoch seconds. One that cannot be understood holds none."""
    try:
        found = msgspec.json.decode(content or b"{}", type=dict[int, dict[str, int]])
    except (ValueError, RecursionError):
        return {}
    return {Hint(division, stream): at for division, some in found.items() for stream, at in some.items()}


def given(content: bytes | None, hints: Iterable[Hint], now: float) -> bytes:
    """Return the document with more hints; old ones are dropped, and the oldest where there are too many."""
    known = opened(content) | dict.fromkeys(hints, int(now))
    young = sorted(
        ((at, hint) for hint, at in known.items() if now - _KEPT < at <= now + _KEPT),
        key=lambda each: each[0],
        reverse=True,
    )
    document: dict[int, dict[str, int]] = {}
    for at, hint in young[:_MOST]:
        document.setdefault(hint.division, {})[hint.stream] = at
    return msgspec.json.encode(document)


def hinted_at(hints: Mapping[Hint, int], division: int, stream: str) -> int | None:
    """Return when the last hint came that a stream of a division has news, or None."""
    at = (hints.get(Hint(division, stream)), hints.get(Hint(division)))
    return max((each for each in at if each is not None), default=None)
