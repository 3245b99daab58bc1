"""When the parts of a stream were read that has to be asked for one by one: years, schemes, dates. Pure.

What happened in years that are closed changes seldom: they are read once and then weekly, the others at every run.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from tap_exact_online.catalog import Cadence
from tap_exact_online.state.cadence import is_due

PARTS = "parts"
_FIELDS = "fields"


@dataclass(frozen=True, slots=True)
class Part:
    """One part of a stream in a division.

    Attributes:
        name: What the state calls it.
        settled: It changes seldom.
    """

    name: str
    settled: bool = False


def due(parts: Iterable[Part], note: Any, fields: str, now: float) -> list[str]:
    """Return the names of the parts to read now.

    Args:
        parts: All parts that there are.
        note: What the state keeps of them.
        fields: A fingerprint of the fields that are asked for: parts that were read with others are read again.
        now: The time now, in epoch seconds.
    """
    known = note if isinstance(note, Mapping) and note.get(_FIELDS) == fields else {}
    return [
        part.name
        for part in parts
        if is_due(Cadence.WEEKLY if part.settled else Cadence.ALWAYS, known.get(part.name), now)
    ]


def after(note: Any, fields: str, name: str, began: float) -> dict[str, Any]:
    """Return what the state is to keep once a part was read.

    Args:
        note: What it keeps now.
        fields: A fingerprint of the fields that were asked for.
        name: The part.
        began: When the read of it began, in epoch seconds.
    """
    known = dict(note) if isinstance(note, Mapping) and note.get(_FIELDS) == fields else {_FIELDS: fields}
    return {**known, name: int(began)}


def without_gone(note: Any, names: Collection[str]) -> dict[str, Any] | None:
    """Return what the state is to keep where only these parts are left; None for nothing."""
    if not isinstance(note, Mapping):
        return None
    return {name: value for name, value in note.items() if name in names or name == _FIELDS}


def since(note: Any, names: Collection[str]) -> datetime | None:
    """Return when the part was read that was read longest ago: whatever is there was loaded since. None if one never was."""
    if not isinstance(note, Mapping):
        return None
    times = [note.get(name) for name in names]
    known = [at for at in times if isinstance(at, int) and not isinstance(at, bool)]
    return datetime.fromtimestamp(min(known), UTC) if known and len(known) == len(times) else None
