"""Which fields the rows of a division hold, and which Exact has refused: what a state keeps of that. Pure.

A field that is selected later stays empty in all rows that were loaded before. So the state keeps, beside each bookmark, a
fingerprint of the fields that every row up to it holds; what the fingerprints stand for it keeps once for each stream.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Collection, Iterable, Mapping
from typing import Any

FIELDS = "fields"
"""Under this name the state keeps what the fingerprints stand for, once for each stream."""
WITHDRAWN = "withdrawn"
_LENGTH = 6  # of at most some eight in a stream, two are the same once in half a million
_MANY = 8
_DAY = 86_400.0


def fingerprint(names: Iterable[str]) -> str:
    """Return a short name for a set of fields."""
    return hashlib.sha256(",".join(sorted(names)).encode()).hexdigest()[:_LENGTH]


def shortened(mark: Any) -> Any:
    """Return a fingerprint of an earlier version, which was longer, as it is made today."""
    return mark[:_LENGTH] if isinstance(mark, str) else mark


def held(known: Any, mark: Any) -> frozenset[str] | None:
    """Return the fields that a fingerprint stands for, None where that is not known.

    Args:
        known: What the state keeps for the stream: fields, separated by commas, by their fingerprints.
        mark: The fingerprint that it keeps beside a bookmark.
    """
    names = known.get(mark) if isinstance(known, Mapping) and isinstance(mark, str) else None
    return frozenset(names.split(",")) if isinstance(names, str) else None


def with_fields(known: Any, names: Collection[str], used: Callable[[], Collection[Any]]) -> dict[str, str]:
    """Return what the state is to keep for a stream.

    Args:
        known: What it keeps now.
        names: Fields that some division holds.
        used: Returns the fingerprints that stand beside bookmarks: others are dropped, now and then.
    """
    kept = dict(known) if isinstance(known, Mapping) else {}
    if len(kept) >= _MANY:
        marks = used()
        kept = {mark: text for mark, text in kept.items() if mark in marks}
    return {**kept, fingerprint(names): ",".join(sorted(names))}


def withdrawn(note: Any, now: float) -> dict[str, float]:
    """Return the fields that Exact refused within the last day, and when it did (epoch seconds).

    After a day they are asked for again: one refusal shows that they are still gone, an answer that they are back.
    """
    if not isinstance(note, Mapping):
        return {}
    return {
        name: float(at) for name, at in note.items() if isinstance(at, int | float) and now - _DAY < at <= now
    }
