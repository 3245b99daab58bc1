"""How a state is written down: short names, since there is one partition for each division of each stream.

3,000 divisions of 14 streams are 42,000 partitions, and a run writes the state again and again. So a partition has short names,
its moments are epoch seconds or minutes, and what is the same for all partitions of a stream is said once. States of earlier
versions, and those that were made by hand, have the longer names of the SDK; they are carried over when they are loaded.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

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

_MINUTE = 60


def carried_over(state: Mapping[str, Any], keys: Mapping[str, str | None]) -> None:
    """Write the names of today into a state that was checked.

    Args:
        state: The state, which is changed.
        keys: The replication key of each stream that is known.
    """
    for stream, key in keys.items():
        known = state.get("bookmarks", {}).get(stream)
        if not known:
            continue
        for partition in known.get("partitions", ()):
            if _carry_over(partition, key) and key:
                known.setdefault(BY, key)


def _carry_over(partition: dict[str, Any], key: str | None) -> bool:
    """Carry one partition over; tell whether it held a bookmark that is of use."""
    by, value = partition.pop("replication_key", None), partition.pop("replication_key_value", None)
    old = value is not None and key is not None and by in {None, key}
    if old:
        partition.setdefault(AT, value)
    back, at = partition.pop("reread_from", None), partition.get(AT)
    if _is_number(back) and _is_number(at) and 0 < back < at:
        partition[BACK] = at - back
    if (rows := partition.pop("reread_rows", None)) is not None:
        partition[BACK_ROWS] = rows
    if isinstance(mark := partition.pop("fields", None), str):
        partition[HAS] = mark
    if (began := _seconds(partition.pop("swept", None))) is not None:
        partition[ALL] = began
    asked = partition.pop("asked", None)
    read = _seconds(partition.pop("read_at", None))
    if read is None and _is_number(asked):
        read = asked
    if read is not None and READ not in partition:
        partition[READ] = [read // _MINUTE]
    return old


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
    return float(note) if _is_number(note) and note >= 0 else None
