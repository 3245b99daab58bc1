"""States of very many divisions: how large they become, how often they are written, and what it costs to find a partition."""

from __future__ import annotations

import json
import sys
import tracemalloc
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from functools import cache
from itertools import product
from types import SimpleNamespace
from typing import Any

import pytest
from singer_sdk import Stream
from singer_sdk.contrib.msgspec import serialize_jsonl
from singer_sdk.helpers import _state

from tap_exact_online.state import READ, Freshness, moves
from tap_exact_online.streams import ExactStream
from tap_exact_online.streams.sdk import States, Writer
from tap_exact_online.tap import TapExactOnline
from tests.streams.reading import read
from tests.streams.some_tap import Ours, bookmarks, tap_of

DIVISIONS = [*range(1_000_000, 1_003_000)]
SMALL, LARGE = 1_000, 100_000
DAY = 86_400.0


@pytest.fixture
def searches(monkeypatch: pytest.MonkeyPatch) -> Iterable[list[int]]:
    """Return how long the lists are that the SDK searches."""
    found: list[int] = []
    search = _state._find_in_partitions_list  # noqa: SLF001  the step that costs so much

    def counted(partitions: list[dict[Any, Any]], context: Any) -> dict[Any, Any] | None:
        found.append(len(partitions))
        return search(partitions, context)

    monkeypatch.setattr(_state, "_find_in_partitions_list", counted)
    return found


# --- How often one is written ------------------------------------------------------------------------------------


class Clock:
    """A clock that is told the time."""

    now = 1_000.0

    def __call__(self) -> float:
        return self.now


class Written:
    """The states that were written, and what else is."""

    def __init__(self, capsysbinary: pytest.CaptureFixture[bytes]) -> None:
        self.clock, self.writer = Clock(), Writer()
        self.states = States(self.writer, self.clock)
        self._written = capsysbinary

    def state(self, number: int, size: int, *, settle: bool = False) -> bool:
        """Have a state written; tell whether it was."""
        self._written.readouterr()
        state: dict[str, Any] = {"bookmarks": {"number": number, "filled": "x" * size}}
        (self.states.settle if settle else self.states.write_state)(state)
        lines = self._written.readouterr().out.splitlines()
        assert [json.loads(line) for line in lines] in ([], [{"type": "STATE", "value": state}])
        return bool(lines)

    def rows(self, size: int) -> None:
        self.writer.write_lines(b"x" * (size - 1) + b"\n")


@pytest.fixture
def written(capsysbinary: pytest.CaptureFixture[bytes]) -> Written:
    return Written(capsysbinary)


def test_a_small_state_is_written_whenever_it_differs(written: Written) -> None:
    assert [written.state(number, SMALL) for number in (1, 2, 2, 3)] == [True, True, False, True]


@pytest.mark.parametrize(("seconds", "is_written"), [(0, False), (9.9, False), (10, True), (3_600, True)])
def test_a_large_one_every_ten_seconds(written: Written, seconds: float, is_written: bool) -> None:  # noqa: FBT001
    assert written.state(1, LARGE)
    written.clock.now += seconds
    assert written.state(2, LARGE) is is_written
    assert written.state(3, LARGE) is False


@pytest.mark.parametrize(("states", "is_written"), [(1, False), (19, False), (21, True)])
def test_or_where_it_is_a_twentieth_of_what_is_written(
    written: Written,
    states: int,
    is_written: bool,  # noqa: FBT001
) -> None:
    assert written.state(1, LARGE)
    written.rows(states * LARGE)
    assert written.state(2, LARGE) is is_written
    assert written.state(3, LARGE) is False


def test_the_last_one_is_written_at_once_and_once(written: Written) -> None:
    assert written.state(1, LARGE)
    assert not written.state(2, LARGE)
    assert written.state(2, LARGE, settle=True)
    assert not written.state(2, LARGE, settle=True)
    written.clock.now += 9.9
    assert not written.state(3, LARGE)  # so ten seconds begin anew


def test_one_that_has_grown_or_shrunk_counts_as_what_it_was_last(written: Written) -> None:
    assert written.state(1, SMALL)
    assert written.state(2, LARGE)
    assert not written.state(3, SMALL)
    written.clock.now += 10
    assert written.state(3, SMALL)
    assert written.state(4, SMALL)


# --- What it takes up while it is written -------------------------------------------------------------------------


@pytest.mark.parametrize(
    "state",
    [
        {},
        {"bookmarks": {}},
        {"bookmarks": {"items": {}}},
        {"bookmarks": {"items": {"partitions": [{"context": {"Division": 1}}]}, "journals": {"a": 'é"\n'}}},
        {"bookmarks": {"items": {"at": datetime(2026, 1, 2, tzinfo=UTC)}}, "of": {"shard": None}, "form": 2},
    ],
)
def test_it_is_the_line_that_the_sdk_would_write(
    state: dict[str, Any], capsysbinary: pytest.CaptureFixture[bytes]
) -> None:
    States(Writer()).write_state(state)
    assert capsysbinary.readouterr().out == bytes(serialize_jsonl({"type": "STATE", "value": state}))


def test_a_state_is_not_in_memory_a_second_time(monkeypatch: pytest.MonkeyPatch) -> None:
    streams, size = 50, 200_000
    state = {"bookmarks": {f"stream {number}": {"filled": "x" * size} for number in range(streams)}}
    sink = Sink()
    monkeypatch.setattr(sys, "stdout", SimpleNamespace(buffer=sink, flush=sink.flush))
    states = States(Writer())
    tracemalloc.start()
    try:
        states.write_state(state)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert sink.size > streams * size
    assert peak < 5 * size


class Sink:
    """Where lines go; how long they are is kept."""

    size = 0

    def write(self, data: bytes) -> int:
        self.size += len(data)
        return len(data)

    def flush(self) -> None:
        """Have nothing to do."""


# --- What it costs to find a partition ---------------------------------------------------------------------------


def test_partitions_are_made_and_found_without_a_search(searches: list[int]) -> None:
    tap = tap_of(Ours)
    stream = tap.streams["rows"]
    assert isinstance(stream, Ours)
    for division in DIVISIONS:
        context = {"Division": division}
        stream.keep_note(context, "read", [division])
        stream.keep_bookmark(context, division, flush=False)
        assert (stream.note(context, "read"), stream.bookmark(context)) == ([division], division)
    assert searches == []
    assert bookmarks(tap) == {division: division for division in DIVISIONS}
    Stream.get_context_state(stream, {"Division": DIVISIONS[-1]})
    assert searches == [len(DIVISIONS)]  # as the SDK does it by itself


def test_the_end_of_a_stream_writes_the_state_without_a_search(
    searches: list[int], capsys: pytest.CaptureFixture[str]
) -> None:
    class Many(Ours):
        @property
        def partitions(self) -> list[dict[str, Any]]:
            return [{"Division": division} for division in DIVISIONS]

    tap = tap_of(Many)
    stream = tap.streams["rows"]
    assert isinstance(stream, Ours)
    for context in stream.partitions:
        stream.keep_bookmark(context, 5, flush=False)
    stream.finalize_state_progress_markers()
    assert searches == []
    [line] = capsys.readouterr().out.splitlines()
    assert len(json.loads(line)["value"]["bookmarks"]["rows"]["partitions"]) == len(DIVISIONS)


# --- How large one is --------------------------------------------------------------------------------------------


def some_streams(tap: TapExactOnline) -> list[ExactStream]:
    """Return the streams that are selected by default and go on from bookmarks, and one more."""
    found = [
        stream
        for stream in tap.streams.values()
        if isinstance(stream, ExactStream) and stream.resumes and (stream.selected or stream.name == "items")
    ]
    assert len(found) == 14
    return found


@cache
def keys_of(key: str, run: int) -> list[Any]:
    """Return the replication keys of the rows of a page, higher ones in each run."""
    if key == "Timestamp":
        return [13_419_952_052 + run * 10**8 + number * 10**5 for number in range(10)]
    moment = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(days=run, microseconds=123_000)
    return [(moment + timedelta(minutes=number)).isoformat() for number in range(10)]


def age(stream: ExactStream, division: int, days: float) -> None:
    """Have the last read be so many days older."""
    known = Freshness.of(stream.note({"Division": division}, READ))
    assert known
    earlier = Freshness(known.read - days * DAY, known.news and known.news - days * DAY, known.rate)
    stream.keep_note({"Division": division}, READ, earlier.note())


def notes(state: dict[str, Any], stream: ExactStream) -> set[str]:
    """Return the names that every partition of a stream has."""
    partitions = state["bookmarks"][stream.name]["partitions"]
    assert len(partitions) == len(DIVISIONS)
    return set.intersection(*({*partition} for partition in partitions))


def test_3000_divisions_of_14_streams_are_some_5_mb(
    unconnected: TapExactOnline, searches: list[int], capsysbinary: pytest.CaptureFixture[bytes]
) -> None:
    tap = unconnected
    streams = some_streams(tap)
    moves.apply(tap.state, [{"Code": division, "DivisionMoveDate": None} for division in DIVISIONS])
    sizes: list[int] = []
    for run in range(3):  # all rows, some that are new, none
        for stream, division in product(streams, DIVISIONS):
            if run:
                age(stream, division, 30)
            assert stream.replication_key
            read(stream, division, keys_of(stream.replication_key, run) if run < 2 else [], whole=run == 0)
        capsysbinary.readouterr()
        tap.settle_state()
        line = capsysbinary.readouterr().out
        sizes.append(len(line))
        state = json.loads(line)["value"]
        for stream in streams:
            back = {"back"} if run < 2 and stream.replication_key == "Timestamp" else set()
            assert notes(state, stream) == {"context", "at", "has", "all", "read"} | back
    assert searches == []
    # After the first run every division has all notes; a quiet one leaves fewer.
    assert max(sizes) < 5_000_000
    assert sizes[1] < 5_400_000
    assert sizes[2] < 5_000_000
