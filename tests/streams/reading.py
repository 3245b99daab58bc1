"""Reads of a real stream, as a run makes them, without a server: what rows hold is no matter."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any

import pytest

from tap_exact_online.streams import ExactStream, Outgoing


def read(stream: ExactStream, division: int, keys: Sequence[Any], *, whole: bool) -> None:
    """Have one page of a division read to its end, as a run does; what it holds is no matter."""
    stream.reckoning.begins(division)
    stream.asked_at[division] = time.time()
    for need in stream.begin(division):
        pytest.fail(f"{stream.name} needs {need}")
    stream.reckoning.asked(division, (fact.name for fact in stream.selection.fields), whole=whole)
    stream.reckoning.page(division, len(keys), rejected=False)
    stream.written(division, Outgoing(keys=keys))
    stream.finished(division)
    assert stream.reckoning.finished(division, 1)
    stream.keep_asked(division, understood=True)
