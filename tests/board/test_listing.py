"""The list of divisions that all processes share: how long it counts, and who reads it."""

from __future__ import annotations

import errno
import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from tap_exact_online.board import Board, Listing
from tap_exact_online.board.file import FileBoard
from tap_exact_online.board.listing import DIVISIONS, Listed, written

NOON = 1_800_000_000.0
HOUR = 3600.0
FIELDS = ("Code", "Status")


def rows(number: int) -> list[dict[str, Any]]:
    return [{"Code": code, "Status": 1, "Division": code} for code in range(1, number + 1)]


LONG, SHORT = rows(61), rows(60)


@dataclass
class Time:
    """A clock that waits move; something may happen at each of them."""

    now: float = NOON
    waits: int = 0
    meanwhile: Callable[[], object] = field(default=lambda: None)

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds
        self.waits += 1
        self.meanwhile()


@pytest.fixture
def board(tmp_path: Path) -> Board:
    return FileBoard(tmp_path / "tokens.json", "owner")


@pytest.fixture
def time() -> Time:
    return Time()


def listing(board: Board, time: Time, fields: Sequence[str] = FIELDS) -> Listing:
    """Return the list as one more process has it."""
    return Listing(board, fields, time, time.sleep)


# --- How long it counts --------------------------------------------------------------------------------------


@pytest.mark.parametrize("shared", [True, False])
@pytest.mark.parametrize(
    ("kept", "later", "counts"),
    [
        pytest.param(LONG, 0.0, True, id="now"),
        pytest.param(LONG, HOUR - 1, True, id="within-the-hour"),
        pytest.param(LONG, HOUR, False, id="after-an-hour"),
        pytest.param(LONG, -200.0, True, id="by-the-clock-of-another-machine"),
        pytest.param(LONG, -400.0, False, id="by-a-clock-that-went-back"),
        pytest.param(SHORT, 0.0, False, id="one-page-is-not-kept"),
    ],
)
def test_a_long_list_counts_for_an_hour(
    kept: list[dict[str, Any]], later: float, *, counts: bool, shared: bool, board: Board, time: Time
) -> None:
    listing(board, time).keep(kept, FIELDS)
    time.now += later
    assert listing(board, time).at_hand() == (kept if counts else None)
    assert listing(board, time).fresh(shared=shared) == (kept if counts else None)
    assert time.waits == 0


def test_a_short_list_is_kept_where_several_share_the_work_and_for_them_alone(
    board: Board, time: Time
) -> None:
    first = listing(board, time)
    assert first.fresh(shared=True) is None
    first.keep(SHORT, FIELDS)
    assert listing(board, time).fresh(shared=True) == SHORT
    assert listing(board, time).fresh(shared=False) is None, "a company may have come a minute ago"


def test_a_list_that_became_short_takes_the_place_of_a_long_one(board: Board, time: Time) -> None:
    listing(board, time).keep(LONG, FIELDS)
    listing(board, time).keep(SHORT, FIELDS)
    assert listing(board, time).fresh(shared=True) == SHORT


def test_one_list_serves_those_who_want_fewer_fields(board: Board, time: Time) -> None:
    wide = ("Code", "Status", "Modified")
    listing(board, time).keep(LONG, wide)
    assert listing(board, time, ["Code"]).fresh(shared=False) == LONG
    other = listing(board, time, ["Code", "City"])
    assert other.fresh(shared=False) is None
    assert other.select == ["City", "Code", "Modified", "Status"], "the next one serves all"
    time.now += 86_400
    assert other.select == ["City", "Code"], "nobody has asked for the others since yesterday"


# --- Who reads it --------------------------------------------------------------------------------------------


def test_one_reads_and_the_others_wait_for_it(board: Board, time: Time) -> None:
    reader, other = listing(board, time), listing(board, time)
    assert reader.fresh(shared=True) is None
    time.meanwhile = lambda: time.waits == 3 and reader.keep(LONG, FIELDS)
    assert other.fresh(shared=True) == LONG
    assert time.waits == 3
    assert not other.claimed


def test_who_reads_no_list_with_others_does_not_wait_where_none_was_kept(board: Board, time: Time) -> None:
    listing(board, time).fresh(shared=True)
    assert listing(board, time).fresh(shared=False) is None
    assert time.waits == 0


def test_a_reader_that_died_is_waited_for_three_minutes(board: Board, time: Time) -> None:
    assert listing(board, time).fresh(shared=True) is None
    other = listing(board, time)
    assert other.fresh(shared=True) is None
    assert other.claimed
    assert time.now - NOON == pytest.approx(180, abs=2)


def test_where_the_reader_fails_the_next_one_reads_at_once(board: Board, time: Time) -> None:
    listing(board, time).keep(LONG, ["Code"])
    reader, other = listing(board, time), listing(board, time)
    assert reader.fresh(shared=True) is None
    time.meanwhile = reader.release
    assert other.fresh(shared=True) is None
    assert time.waits == 1
    assert listing(board, time, ["Code"]).fresh(shared=True) == LONG, "what was kept counts on"


def test_a_reader_is_waited_for_though_the_clock_of_its_machine_is_ahead(board: Board, time: Time) -> None:
    ahead = Time(NOON + 100)
    reader = listing(board, ahead)
    assert reader.fresh(shared=True) is None
    time.meanwhile = lambda: reader.keep(LONG, FIELDS)
    assert listing(board, time).fresh(shared=True) == LONG


def test_a_claim_of_another_is_not_released(board: Board, time: Time) -> None:
    slow, other = listing(board, time), listing(board, time)
    slow.fresh(shared=True)
    time.now += 181
    other.fresh(shared=True)
    assert other.claimed
    slow.release()
    third = listing(board, time)
    time.meanwhile = lambda: other.keep(LONG, FIELDS)
    assert third.fresh(shared=True) == LONG


# --- What is no longer true ----------------------------------------------------------------------------------


def test_a_list_is_forgotten_once_for_each_division_that_is_closed(board: Board, time: Time) -> None:
    one = listing(board, time)
    one.keep(LONG, FIELDS)
    one.forget({7})
    assert listing(board, time).at_hand() is None
    assert len((one.kept() or Listed()).rows) == len(LONG), "that it is long is still known"
    one.keep(LONG, FIELDS)
    one.forget({7})
    assert listing(board, time).at_hand() == LONG, "to read it again would say the same"
    one.forget({7, 8})
    assert listing(board, time).at_hand() is None
    one.keep(LONG[10:], FIELDS)
    one.keep(LONG, FIELDS)
    one.forget({7})
    assert listing(board, time).at_hand() is None, "it was gone in between"


def test_what_could_not_be_understood_is_forgotten_at_once(board: Board, time: Time) -> None:
    reader = listing(board, time)
    reader.keep(LONG, ["Code"])
    assert reader.fresh(shared=True) is None
    reader.forget()
    assert listing(board, time, ["Code"]).at_hand() is None
    other = listing(board, time)
    assert other.fresh(shared=True) is None
    assert time.waits == 0, "nobody waits for one who cannot keep it"


def test_nothing_is_forgotten_where_nothing_is_kept(board: Board, time: Time) -> None:
    listing(board, time).forget({7})
    listing(board, time).release()
    assert board.read(DIVISIONS) is None


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\xff\x00",
        zlib.compress(b"no JSON"),
        zlib.compress(b'{"rows": 1}'),
        zlib.compress(b'{"reader": "\xff"}'),
        zlib.compress(b"[" * 100_000),
        written(Listed(NOON, [*FIELDS], [{"Status": 1}])),
        written(Listed(NOON, [*FIELDS], [{"Code": "1"}])),
    ],
    ids=range(8),
)
def test_a_damaged_document_is_none(content: bytes, board: Board, time: Time) -> None:
    board.change(DIVISIONS, lambda _: content)
    one = listing(board, time)
    assert one.at_hand() is None
    assert one.fresh(shared=False) is None
    assert one.fresh(shared=True) is None
    one.keep(LONG, FIELDS)
    assert listing(board, time).at_hand() == LONG


# --- A board that cannot be used -----------------------------------------------------------------------------


class Broken:
    """A board on which nothing can be read, or nothing written."""

    place = "nowhere"

    def __init__(self, content: bytes | None, *, readable: bool) -> None:
        self.content, self.readable = content, readable

    def read(self, name: str) -> bytes | None:
        if self.readable:
            return self.content
        raise OSError(errno.EACCES, f"Permission denied: {name}")

    def change(self, name: str, change: Callable[[bytes | None], bytes | None]) -> bytes | None:
        del change
        raise OSError(errno.EROFS, f"Read-only file system: {name}")


@pytest.mark.parametrize("readable", [True, False])
def test_a_board_that_cannot_be_used_stops_nothing(
    *, readable: bool, time: Time, caplog: pytest.LogCaptureFixture
) -> None:
    old = written(Listed(NOON - 2 * HOUR, [*FIELDS], LONG))
    one = listing(Broken(old, readable=readable), time)
    for shared in (False, True):
        assert one.fresh(shared=shared) is None
    one.keep(LONG, FIELDS)
    one.forget({7})
    one.release()
    assert time.waits == 0
    assert "The list of divisions cannot be kept for other runs: Read-only file system" in caplog.text
