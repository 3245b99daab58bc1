"""A stream, its few kinds, and the steps inside the Singer SDK that public hooks do not reach.

How a stream is read is in `stream.py`, what each kind adds in `kinds.py`, `parts.py`, `lines.py` and `undivided.py`, everything
that touches the SDK's inside in `sdk/`.
"""

from __future__ import annotations

from tap_exact_online.streams.comparing import (
    Comparing,
    behind,
)
from tap_exact_online.streams.making import (
    stream_of,
)
from tap_exact_online.streams.planning import (
    Planning,
)
from tap_exact_online.streams.sdk import (
    Outgoing,
    TerminableTap,
    settings_of_sdk,
)
from tap_exact_online.streams.stream import (
    ExactStream,
)
from tap_exact_online.streams.undivided import (
    UndividedStream,
)

__all__ = [
    "Comparing",
    "ExactStream",
    "Outgoing",
    "Planning",
    "TerminableTap",
    "UndividedStream",
    "behind",
    "settings_of_sdk",
    "stream_of",
]
