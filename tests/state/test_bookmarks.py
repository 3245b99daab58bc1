"""How far a stream has been read: nothing is skipped by a run that goes on where another broke off."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tap_exact_online.errors import ConfigurationError
from tap_exact_online.state.bookmarks import (
    TimestampBookmark,
    check_bookmarks,
    check_state,
    modified_bookmark,
    read_before,
    read_instant,
    read_timestamp,
)

# --- A database that gives a row version at every change, and a reader that can be killed ---------------------


@dataclass
class Database:
    """Rows by key, each with its version; a page goes on from the version that the last one ended with."""

    page_size: int
    shuffled: int = 0
    rows: dict[int, int] = field(default_factory=dict)
    version: int = 0

    def change(self, keys: Sequence[int]) -> None:
        for key in keys:
            self.version += 1
            self.rows[key] = self.version

    def page(self, above: int) -> tuple[list[tuple[int, int]], int | None]:
        found = sorted((version, key) for key, version in self.rows.items() if version > above)
        page, more = found[: self.page_size], found[self.page_size :]
        token = page[-1][0] if more else None
        if self.shuffled:
            turn = self.shuffled % len(page) if page else 0
            page = page[turn:] + page[:turn]
        return page, token


def read(
    database: Database, start: int, changes: Iterator[list[int]], *, names_token: bool, pages: int | None
) -> tuple[list[tuple[int, int]], int, bool]:
    """Read until the end or until killed after some pages; return the rows, the kept bookmark, and whether it ended."""
    bookmark, kept, above = TimestampBookmark(start), start, start
    got: list[tuple[int, int]] = []
    while pages is None or pages > 0:
        page, token = database.page(above)
        got += page
        kept = (
            bookmark.after_page(
                [version for version, _ in page], token if names_token else None, last=token is None
            )
            or kept
        )
        if token is None:
            return got, kept, True
        above = token
        database.change(next(changes, []))  # the world goes on between two pages
        pages = None if pages is None else pages - 1
    return got, kept, False


keys = st.lists(st.integers(0, 12), max_size=5)


@settings(max_examples=300)
@given(
    first=st.lists(st.integers(0, 12), max_size=20),
    changes=st.lists(keys, max_size=30),
    kills=st.lists(st.integers(1, 4), max_size=5),
    page_size=st.integers(1, 4),
    shuffled=st.integers(0, 3),
)
def test_runs_that_are_killed_after_any_page_skip_no_row(
    first: list[int], changes: list[list[int]], kills: list[int], page_size: int, shuffled: int
) -> None:
    database = Database(page_size, shuffled)
    database.change(first)
    world = iter(changes)
    got: list[tuple[int, int]] = []
    start = 0
    for pages in [*kills, None]:
        rows, start, ended = read(database, start, world, names_token=True, pages=pages)
        got += rows
        database.change(next(world, []))
    if not ended:
        pytest.fail("the last run is not killed")
    rows, start, _ = read(database, start, iter(()), names_token=True, pages=None)
    assert {*database.rows.items()} <= {(key, version) for version, key in got + rows}
    assert start == database.version


@settings(max_examples=200)
@given(
    first=st.lists(st.integers(0, 12), max_size=20),
    changes=st.lists(keys, max_size=20),
    kills=st.lists(st.integers(1, 4), max_size=5),
    page_size=st.integers(1, 4),
)
def test_rows_in_order_need_no_token_in_the_link(
    first: list[int], changes: list[list[int]], kills: list[int], page_size: int
) -> None:
    database = Database(page_size)
    database.change(first)
    world = iter(changes)
    got: list[tuple[int, int]] = []
    start = 0
    for pages in [*kills, None]:
        rows, start, _ = read(database, start, world, names_token=False, pages=pages)
        got += rows
    rows, _, _ = read(database, start, iter(()), names_token=False, pages=None)
    assert {*database.rows.items()} <= {(key, version) for version, key in got + rows}


@given(st.lists(st.lists(st.integers(1, 10**12) | st.none(), max_size=4), min_size=1), st.integers(0, 10**12))
def test_a_read_to_the_end_keeps_the_highest_version_in_whatever_order(
    pages: list[list[int | None]], start: int
) -> None:
    bookmark = TimestampBookmark(start)
    kept = [
        bookmark.after_page(page, None, last=number == len(pages)) for number, page in enumerate(pages, 1)
    ]
    seen = [version for page in pages for version in page if version is not None]
    assert kept[-1] == max([start, *seen])
    assert min(kept) >= start


@given(
    st.lists(
        st.tuples(st.lists(st.integers(1, 1000), max_size=4), st.integers(1, 1000) | st.none()), min_size=1
    ),
    st.integers(0, 1000),
)
def test_once_a_row_turns_up_below_the_bookmark_it_goes_back_to_the_start(
    pages: list[tuple[list[int], int | None]], start: int
) -> None:
    bookmark = TimestampBookmark(start)
    kept = 0
    strayed = False
    for versions, token in pages:
        strayed = strayed or any(version <= kept for version in versions if kept > start)
        before, kept = kept, bookmark.after_page(versions, token, last=False)
        if strayed:
            assert kept == start
        if token is not None:
            assert kept <= max(start, before, token)


@pytest.mark.parametrize(
    ("start", "pages", "kept"),
    [
        pytest.param(0, [([], None, True)], [0], id="nothing-at-all"),
        pytest.param(9, [([], None, True)], [9], id="nothing-new"),
        pytest.param(0, [([3, 5], None, True)], [5], id="one-page"),
        pytest.param(0, [([3, 5], 5, False), ([6], None, True)], [5, 6], id="two-pages"),
        pytest.param(
            0, [([3, 5], 5, False), ([], None, True)], [5, 5], id="an-exact-multiple-and-an-empty-page"
        ),
        pytest.param(0, [([3, 9], 5, False), ([6], None, True)], [5, 9], id="a-link-that-goes-on-from-below"),
        pytest.param(
            0, [([3, 5], 99, False), ([6], None, True)], [5, 6], id="a-link-that-goes-on-from-above"
        ),
        pytest.param(0, [([], 5, False), ([6], None, True)], [0, 6], id="an-empty-page-first"),
        pytest.param(2, [([8], 8, False), ([7], 7, False), ([9], None, True)], [8, 2, 9], id="out-of-order"),
        pytest.param(2, [([8], 8, False), ([8], None, True)], [8, 8], id="the-same-row-twice"),
        pytest.param(0, [([None, 4], 4, False), ([None], None, True)], [4, 4], id="rows-without-a-version"),
        pytest.param(50, [([3], None, True)], [50], id="a-server-that-ignores-the-filter"),
    ],
)
def test_the_bookmark_after_each_page(
    start: int, pages: list[tuple[list[int | None], int | None, bool]], kept: list[int]
) -> None:
    bookmark = TimestampBookmark(start)
    assert [bookmark.after_page(versions, token, last=last) for versions, token, last in pages] == kept


# --- Modified ------------------------------------------------------------------------------------------------

BEGAN = datetime(2025, 6, 1, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("highest", "pages", "kept"),
    [
        pytest.param(BEGAN - timedelta(days=1), 1, BEGAN - timedelta(days=1), id="one-page"),
        pytest.param(BEGAN - timedelta(days=1), 9, BEGAN - timedelta(days=1), id="older-than-the-read"),
        pytest.param(
            BEGAN + timedelta(minutes=1), 2, BEGAN - timedelta(minutes=5), id="changed-during-the-read"
        ),
        pytest.param(BEGAN - timedelta(minutes=1), 2, BEGAN - timedelta(minutes=5), id="clocks-differ"),
    ],
)
def test_a_read_of_several_pages_does_not_bookmark_beyond_its_beginning(
    highest: datetime, pages: int, kept: datetime
) -> None:
    assert modified_bookmark(highest, BEGAN, pages) == kept


# --- What the state holds ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "read_as"),
    [(None, None), (0, 0), (13_419_952_052, 13_419_952_052), ("13419952052", 13_419_952_052)],
)
def test_a_row_version_is_read(value: Any, read_as: int | None) -> None:
    assert read_timestamp(value, "'accounts' in division 7") == read_as


@pytest.mark.parametrize(
    "value", ["2024-01-01T00:00:00Z", "2024-01-01", "", "-1", "1.0", -1, 1.0, True, [], {}]
)
def test_what_is_no_row_version_is_refused_by_stream_and_division(value: Any) -> None:
    with pytest.raises(
        ConfigurationError, match=r"'accounts' in division 7 .* not a row version.* Nothing was read"
    ):
        read_timestamp(value, "'accounts' in division 7")


@pytest.mark.parametrize(
    ("value", "read_as"),
    [
        (None, None),
        ("2025-06-01T12:00:00+00:00", BEGAN),
        ("2025-06-01T12:00:00Z", BEGAN),
        ("2025-06-01T14:00:00.000000+02:00", BEGAN),
    ],
)
def test_a_moment_is_read(value: Any, read_as: datetime | None) -> None:
    assert read_instant(value, "'journals' in division 7") == read_as


@pytest.mark.parametrize("value", ["2025-06-01T12:00:00", "2025-06-01", "soon", "", 5, 5.5, True, [], {}])
def test_what_is_no_moment_is_refused_by_stream_and_division(value: Any) -> None:
    with pytest.raises(
        ConfigurationError, match=r"'journals' in division 7 .* not a moment.* Nothing was read"
    ):
        read_instant(value, "'journals' in division 7")


def partition(value: Any, division: Any = 7) -> dict[str, Any]:
    return {"context": {"Division": division}, "at": value}


def of_before(value: Any, division: Any = 7) -> dict[str, Any]:
    return {"context": {"Division": division}, "replication_key": "x", "replication_key_value": value}


@pytest.mark.parametrize(
    ("key", "state"),
    [
        pytest.param("Timestamp", {}, id="empty"),
        pytest.param("Timestamp", {"partitions": []}, id="no-divisions"),
        pytest.param("Timestamp", {"partitions": [partition(5), partition(6, 8)]}, id="versions"),
        pytest.param("Timestamp", {"partitions": [partition(5), of_before(8, 8)]}, id="versions-of-before"),
        pytest.param("Timestamp", {"partitions": [{"context": {"Division": 7}}]}, id="no-bookmark-yet"),
        pytest.param("Modified", {"partitions": [partition("2025-06-01T12:00:00+00:00")]}, id="moments"),
        pytest.param(None, {"partitions": [partition("anything")]}, id="read-whole"),
        pytest.param(
            "Modified", {"partitions": [of_before("2025-06-01T12:00:00+00:00")]}, id="moments-of-before"
        ),
        pytest.param(None, {"at": "anything"}, id="read-whole-with-a-leftover"),
        pytest.param(None, {"replication_key_value": "anything"}, id="read-whole-with-a-leftover-of-before"),
    ],
)
def test_a_state_of_ours_is_taken(key: str | None, state: Any) -> None:
    before = repr(state)
    check_bookmarks("accounts", key, state)
    assert repr(state) == before


@pytest.mark.parametrize(
    ("key", "state", "said"),
    [
        pytest.param("Timestamp", None, "no list of divisions", id="null"),
        pytest.param("Timestamp", [], "no list of divisions", id="a-list"),
        pytest.param("Timestamp", {"partitions": {}}, "no list of divisions", id="divisions-as-an-object"),
        pytest.param("Timestamp", {"partitions": None}, "no list of divisions", id="divisions-are-null"),
        pytest.param("Timestamp", {"partitions": [5]}, "no list of divisions", id="a-division-is-a-number"),
        pytest.param("Timestamp", {"partitions": [{}]}, "no list of divisions", id="no-context"),
        pytest.param("Timestamp", {"by": "Timestamp", "at": 5}, "one bookmark for all", id="not-by-division"),
        pytest.param(
            "Timestamp", {"replication_key_value": 5}, "one bookmark for all", id="not-by-division-before"
        ),
        pytest.param(
            "Timestamp", {"partitions": [partition("2024-01-01")]}, "division 7", id="a-date-for-a-version"
        ),
        pytest.param("Modified", {"partitions": [partition(5)]}, "division 7", id="a-version-for-a-date"),
        pytest.param(
            "Timestamp",
            {"partitions": [of_before("2024-01-01")]},
            "division 7",
            id="a-date-for-a-version-before",
        ),
        pytest.param(
            "Timestamp",
            {"partitions": [{**of_before("2024-01-01"), "at": 5}]},
            "division 7",
            id="a-version-beside-a-date",
        ),
        pytest.param(
            "Timestamp", {"partitions": [partition(5), partition("x", 8)]}, "division 8", id="the-second"
        ),
    ],
)
def test_a_state_of_another_tap_is_refused_with_advice(key: str | None, state: Any, said: str) -> None:
    with pytest.raises(ConfigurationError, match=said) as caught:
        check_bookmarks("accounts", key, state)
    assert "'accounts'" in str(caught.value)
    assert "--state-id" in str(caught.value)


@pytest.mark.parametrize("bookmark", [{}, {"partitions": None}, {"partitions": [{}]}])
def test_what_stands_under_a_stream_that_is_not_known_is_not_looked_at(bookmark: Any) -> None:
    state = {"bookmarks": {"accounts": {"partitions": [partition(5)]}, "of_tomorrow": bookmark}}
    assert check_state(state) == ["of_tomorrow"]
    assert read_before(state) == [7]
