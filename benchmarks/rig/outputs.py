"""What a program wrote, boiled down so that two outputs of any size can be compared."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec

_BEGINNING = 20
"""The type of a message stands in so many bytes."""


@dataclass(slots=True)
class Records:
    """The RECORD messages of one stream.

    Attributes:
        count: How many there are.
        digests: A number for each row, by its key; equal rows have equal numbers, whatever their order and their
            writing (1 and 1.0, the order of columns).
    """

    count: int = 0
    digests: dict[tuple[Any, ...], int] = field(default_factory=dict)


def messages(file: Path) -> Iterator[dict[str, Any]]:
    """Yield the messages of an output."""
    decode = msgspec.json.Decoder(dict[str, Any]).decode
    with file.open("rb") as lines:
        for line in lines:
            if line.startswith(b"{"):
                yield decode(line)


def records(file: Path, stream: str, key: tuple[str, ...] = ("Division", "ID")) -> Records:
    """Read the records of a stream."""
    found = Records()
    for message in messages(file):
        if message["type"] == "RECORD" and message["stream"] == stream:
            row = message["record"]
            found.count += 1
            found.digests[tuple(row.get(name) for name in key)] = hash(frozenset(row.items()))
    return found


def difference(ours: Records, theirs: Records) -> str:
    """Say in what two outputs differ; nothing where they are equal."""
    if ours.count != theirs.count:
        return f"{ours.count:,} records against {theirs.count:,}"
    unequal = [key for key, digest in ours.digests.items() if theirs.digests.get(key) != digest]
    return f"{len(unequal):,} of {ours.count:,} records differ, the first {unequal[0]}" if unequal else ""


def is_state(line: bytes) -> bool:
    """Tell whether a line of an output is a STATE message."""
    return b'"STATE"' in line[:_BEGINNING]


def is_record(line: bytes) -> bool:
    """Tell whether a line of an output is a RECORD message."""
    return b'"RECORD"' in line[:_BEGINNING]


def last_state(file: Path) -> Mapping[str, Any]:
    """Return the value of the last STATE message, or nothing."""
    last = b""
    with file.open("rb") as lines:
        for line in lines:
            last = line if is_state(line) else last
    found: Mapping[str, Any] = msgspec.json.decode(last)["value"] if last else {}
    return found
