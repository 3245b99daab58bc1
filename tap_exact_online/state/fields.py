"""Which fields the rows of a division hold, and which Exact has refused: what a state keeps of that. Pure.

A field that is selected later stays empty in all rows that were loaded before. So the state keeps, beside each bookmark, a
fingerprint of the fields that every row up to it holds; what the fingerprints stand for it keeps once for each stream.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Collection, Iterable, Mapping
from functools import lru_cache
from typing import Any

FIELDS = "fields"
"""Under this name the state keeps what the fingerprints stand for, once for each stream."""
WITHDRAWN = "withdrawn"
_HASHED = "~"
"""Between the name of a field whose values are hashed and what tells the salt; neither holds it."""
_LENGTH = 6  # of at most some eight in a stream, two are the same once in half a million
_MANY = 8
_DAY = 86_400.0


@lru_cache(maxsize=64)  # the same for thousands of divisions
def _text(names: frozenset[str]) -> str:
    return ",".join(sorted(names))


def fingerprint(names: Iterable[str]) -> str:
    """Return a short name for a set of fields."""
    return _fingerprint(frozenset(names))


@lru_cache(maxsize=64)
def _fingerprint(names: frozenset[str]) -> str:
    return hashlib.sha256(_text(names).encode()).hexdigest()[:_LENGTH]


def hashed(name: str, salt: str) -> str:
    """Return the name under which a state knows a field whose values are hashed.

    Args:
        name: The field.
        salt: What tells the salt from others.
    """
    return f"{name}{_HASHED}{salt}"


def plain(name: str) -> str:
    """Return the field that a name in a state stands for, hashed or not."""
    return name.partition(_HASHED)[0]


def in_all(before: Collection[str], asked: Collection[str]) -> frozenset[str]:
    """Return the fields that all rows hold, where to rows with some others are added.

    A field that is hashed in some rows and not in others, or with two salts, keeps a name that fits neither: whatever it is
    asked for as, older rows hold other values.

    Args:
        before: The fields of the rows that were there.
        asked: The fields of those that are added.
    """
    same, added = {*before} & {*asked}, {*map(plain, asked)}
    mixed = {hashed(plain(name), "") for name in before if name not in same and plain(name) in added}
    return frozenset(same | mixed)


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


def mark_of(known: Any, names: Collection[str]) -> str:
    """Return the mark of a set of fields in a stream: as much of its fingerprint as tells it from the others there.

    Args:
        known: What the state keeps for the stream.
        names: The fields.
    """
    text, marks = _text(frozenset(names)), known if isinstance(known, Mapping) else {}
    for mark, other in marks.items():
        if other == text:
            return str(mark)
    whole = fingerprint(names)
    return next((whole[:end] for end in range(1, len(whole)) if whole[:end] not in marks), whole)


def with_fields(
    known: Any, mark: str, names: Collection[str], used: Callable[[], Collection[Any]]
) -> dict[str, str]:
    """Return what the state is to keep for a stream.

    Args:
        known: What it keeps now.
        mark: What stands for them: see `mark_of`.
        names: Fields that some division holds.
        used: Returns the fingerprints that stand beside bookmarks: others are dropped, now and then.
    """
    kept = dict(known) if isinstance(known, Mapping) else {}
    if len(kept) >= _MANY:
        marks = used()
        kept = {mark: text for mark, text in kept.items() if mark in marks}
    return {**kept, mark: _text(frozenset(names))}


def withdrawn(note: Any, now: float) -> dict[str, float]:
    """Return the fields that Exact refused within the last day, and when it did (epoch seconds).

    After a day they are asked for again: one refusal shows that they are still gone, an answer that they are back.
    """
    if not isinstance(note, Mapping):
        return {}
    return {
        name: float(at) for name, at in note.items() if isinstance(at, int | float) and now - _DAY < at <= now
    }
