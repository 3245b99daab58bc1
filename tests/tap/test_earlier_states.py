"""A state that an earlier version wrote: the run goes on from it as from its own, and leaves one of today."""

from __future__ import annotations

import copy
import hashlib
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from tap_exact_online.catalog import BY_NAME
from tests.conftest import Sandbox, StartSandbox
from tests.singer import Run, Tap, tap_for

ACCOUNTS, SELDOM, BY_PARTS = "accounts", "journals", "reporting_balance"
STREAMS = (ACCOUNTS, "deleted", SELDOM, BY_PARTS, "units")
OF_BEFORE = ("replication_key", "replication_key_value", "reread_from", "swept", "read_at", "asked")
CADENCE = {SELDOM: "weekly"}


@pytest.fixture
def books(start_sandbox: StartSandbox) -> Sandbox:
    return start_sandbox(divisions=2, rows=30)


@pytest.fixture
def tap(books: Sandbox, tmp_path: Path) -> Tap:
    return tap_for(books, tmp_path)


def as_before(state: dict[str, Any]) -> dict[str, Any]:
    """Write a state as the earlier version did: all that it knew, in its names."""
    old = copy.deepcopy(state)
    for stream, known in old["bookmarks"].items():
        key = known.pop("by", None)
        marks = {mark: _mark_before(names) for mark, names in known.get("fields", {}).items()}
        if marks:
            known["fields"] = {marks[mark]: names for mark, names in known["fields"].items()}
        for part in known.get("partitions", ()):
            if "has" in part:
                part["fields"] = marks[part.pop("has")]
            _bookmark_before(part, key)
            _notes_before(part, stream)
    return old


def _bookmark_before(part: dict[str, Any], key: str | None) -> None:
    at, back = part.pop("at", None), part.pop("back", None)
    if at is not None:
        part |= {"replication_key": key, "replication_key_value": at}
    if back is not None:
        part["reread_from"] = at - back


def _notes_before(part: dict[str, Any], stream: str) -> None:
    if (began := part.pop("all", None)) is not None:
        part["swept"] = datetime.fromtimestamp(began + 0.345678, UTC).isoformat()
    [minute, *_] = part.pop("read")
    if stream == "deleted":
        part["read_at"] = datetime.fromtimestamp(minute * 60 + 9, UTC).isoformat()
    if "asked_for" in part:
        part |= {"asked": minute * 60 + 9, "asked_for": _longer(part["asked_for"])}
    if "parts" in part:
        part["parts"]["fields"] = _longer(part["parts"]["fields"])


def _mark_before(names: str) -> str:
    """Return what stood for fields: as much of their fingerprint as there was."""
    return hashlib.sha256(names.encode()).hexdigest()[:8]


def _longer(mark: str) -> str:
    return f"{mark}{mark[:2]}"


def found(run: Run) -> dict[str, list[Any]]:
    """Return what a run wrote, by stream, without the moments of the run itself."""
    return {stream: sorted(map(json.dumps, records)) for stream, records in run.records.items()}


def notes(state: dict[str, Any]) -> dict[str, Any]:
    """Return what a state holds, but for the moments of the run itself, of which it says only that they are there."""
    own = ("read", "parts", "years")
    found = {}
    for stream, known in state["bookmarks"].items():
        names = known.get("fields", {})
        parts = [
            {
                name: name if name in own else names[value] if name == "has" else value
                for name, value in part.items()
            }
            for part in known.get("partitions", ())
        ]
        # What the marks of fields stand for counts, not how long they are.
        found[stream] = {**known, "partitions": parts, "fields": {*names.values()}}
    return found


def calls(books: Sandbox) -> dict[str, int]:
    """Return how often each endpoint was asked since this was asked last."""
    by_endpoint: dict[str, int] = books.control.stats()["by_endpoint"]
    books.control.reset_stats()
    return by_endpoint


def read(tap: Tap, books: Sandbox, state: dict[str, Any] | None = None) -> tuple[Run, dict[str, int]]:
    calls(books)
    run = tap.run(catalog=tap.catalog(STREAMS), state=state, cadence=CADENCE)
    assert run.exit_code == 0, run.log
    return run, calls(books)


def test_a_run_goes_on_from_a_state_of_an_earlier_version(tap: Tap, books: Sandbox) -> None:
    division = books.control.divisions()[0]["Code"]
    first, _ = read(tap, books)
    books.control.add(division, BY_NAME[ACCOUNTS].path, 2)
    before, _ = read(tap, books, first.state)  # so that a place below the bookmark is noted
    old = as_before(before.state)
    assert {name for name in OF_BEFORE if name in json.dumps(old)} == {*OF_BEFORE}

    books.control.add(division, BY_NAME[ACCOUNTS].path, 3)
    wanted, asked = read(tap, books, before.state)
    run, asked_with_old = read(tap, books, old)
    assert found(run) == found(wanted)
    assert len(run.records[ACCOUNTS]) == 5  # three are new, two lie above the place that was noted
    assert asked_with_old == asked
    assert BY_NAME[SELDOM].path not in asked
    for stream in (ACCOUNTS, "deleted", SELDOM):
        assert run.bookmarks(stream) == wanted.bookmarks(stream)
        assert all(run.bookmarks(stream).values())

    states = [line["value"] for line in run.lines if line["type"] == "STATE"]
    assert len(states) > 1
    for state in states:
        assert {name for name in OF_BEFORE if f'"{name}"' in json.dumps(state)} == set()
    assert "came into the selection later" not in run.log
    assert notes(run.state) == notes(wanted.state)


def test_a_state_in_which_both_forms_stand_is_as_good(tap: Tap, books: Sandbox) -> None:
    """As where something merges what a run wrote before it broke off into what was known before it."""
    first, _ = read(tap, books)
    old, mixed = as_before(first.state), copy.deepcopy(first.state)
    for stream, known in mixed["bookmarks"].items():
        if parts := known.get("partitions"):
            parts[0] = old["bookmarks"][stream]["partitions"][0]
            known["fields"] = known.get("fields", {}) | old["bookmarks"][stream].get("fields", {})
    wanted, asked = read(tap, books, first.state)
    run, asked_with_mixed = read(tap, books, mixed)
    assert found(run) == found(wanted)
    assert asked_with_mixed == asked
    assert run.bookmarks(ACCOUNTS) == wanted.bookmarks(ACCOUNTS)
