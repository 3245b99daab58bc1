"""How a state is written down: short names, since there is one partition for each division of each stream.

3,000 divisions of 14 streams are 42,000 partitions, and a run writes the state again and again. So a partition has short names,
its moments are epoch seconds or minutes, and what is the same for all partitions of a stream is said once. States of earlier
versions, and those that were made by hand, have the longer names of the SDK; they are carried over when they are loaded.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from tap_exact_online.state.fields import FIELDS, shortened

AT = "at"
"""The bookmark: every row up to it was written."""
BY = "by"
"""Said once for a stream: the replication key that its bookmarks are of."""
BACK = "back"
"""How far below the bookmark the next run begins, for rows that became visible late."""
BACK_ROWS = "back_rows"
"""How many rows lay there."""
HAS = "has"
"""A fingerprint of the fields that every row holds which was loaded."""
ALL = "all"
"""When the last read began that was whole (epoch seconds)."""
READ = "read"
"""When it was read to its end, and when it had news: see `freshness`."""
FAILED = "failed"
"""When it was last asked for in vain, since it was read to its end (epoch seconds)."""

_MINUTE = 60
_END_OF_TIME = 10**11  # the year 5138: what lies beyond it is no moment


def has_bookmarks(state: Mapping[str, Any]) -> bool:
    """Tell whether a state is about any row: a run that ended before its first page has said only whose it is."""
    return any(state.get("bookmarks", {}).values())


def carried_over(state: Mapping[str, Any], keys: Mapping[str, str | None]) -> None:
    """Write the names of today into a state that was checked.

    A bookmark that does not say of which replication key it is, is of the stream's own: as such it was checked.

    Args:
        state: The state, which is changed.
        keys: The replication key of each stream that is known.
    """
    for stream, key in keys.items():
        known = state.get("bookmarks", {}).get(stream) or {}
        partitions = known.get("partitions", ())
        for partition in partitions:
            _carry_over(partition, key)
        if isinstance(names := known.get(FIELDS), dict):
            known[FIELDS] = {shortened(mark): text for mark, text in names.items()}
        if key and any(AT in partition for partition in partitions):
            known.setdefault(BY, key)


def _carry_over(partition: dict[str, Any], key: str | None) -> None:
    """Carry one partition over. Where it has both, what it has under a name of today stays."""
    by, value = partition.pop("replication_key", None), partition.pop("replication_key_value", None)
    if key is not None and value is not None and (by is None or by == key):
        # Beside a number may stand how far below it to begin, so one that was written as a text becomes one.
        partition.setdefault(AT, int(value) if key == "Timestamp" else value)
    at, place, rows = (
        partition.get(AT),
        partition.pop("reread_from", None),
        partition.pop("reread_rows", None),
    )
    if _is_number(place) and _is_number(at) and 0 < place < at:
        partition.setdefault(BACK, at - place)
        if rows is not None:
            partition.setdefault(BACK_ROWS, rows)
    if isinstance(mark := partition.pop("fields", None), str):
        partition.setdefault(HAS, shortened(mark))
    if (began := seconds_of(_seconds(partition.pop("swept", None)))) is not None:
        partition.setdefault(ALL, int(began))
    asked, log_read = partition.pop("asked", None), _seconds(partition.pop("read_at", None))
    if (read := seconds_of(asked if log_read is None else log_read)) is not None:
        partition.setdefault(READ, [int(read // _MINUTE)])

    # What was asked for is the same, only its name is shorter: nothing is asked anew for that.
    for note, name in ((partition, "asked_for"), (partition.get("parts"), "fields")):
        if isinstance(note, dict) and name in note:
            note[name] = shortened(note[name])


def _is_number(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _seconds(text: Any) -> int | None:
    """Read a moment of an earlier version: ISO 8601 with an offset."""
    try:
        found = datetime.fromisoformat(text)
    except (TypeError, ValueError):
        return None
    return int(found.timestamp()) if found.tzinfo is not None else None


def seconds_of(note: Any) -> float | None:
    """Read epoch seconds that a state holds, None where it holds something else."""
    return float(note) if _is_number(note) and 0 <= note <= _END_OF_TIME else None
