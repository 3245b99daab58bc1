"""A row version is given when a statement runs, not when it commits: rows may become visible below those read before."""

from __future__ import annotations

from dataclasses import dataclass, field

from hypothesis import given, settings
from hypothesis import strategies as st

from tap_exact_online.state.bookmarks import TimestampBookmark

PAGE = 4


@dataclass
class Reader:
    """What a stream keeps of one division, and what it has been given."""

    bookmark: int = 0
    reread: int | None = None
    given: list[int] = field(default_factory=list)
    calls: int = 0

    def read(self, visible: set[int]) -> None:
        above = self.bookmark if self.reread is None else self.reread
        mark = TimestampBookmark(self.bookmark)
        while True:
            rows = sorted(version for version in visible if version > above)
            page, more = rows[:PAGE], rows[PAGE:]
            self.calls += 1
            self.given += page
            self.bookmark = mark.after_page(page, page[-1] if more else None, last=not more)
            self.reread = mark.reread
            if not more:
                return
            above = page[-1]


@given(st.sets(st.integers(1, 60), max_size=30), st.sets(st.integers(1, 60), max_size=30))
@settings(max_examples=300)
def test_what_becomes_visible_in_the_last_page_is_read_by_the_next_run(
    first: set[int], late: set[int]
) -> None:
    reader = Reader()
    reader.read(first)
    last_page = sorted(first)[(len(first) - 1) // PAGE * PAGE :]
    reader.read(first | late)
    in_reach = {version for version in late if not last_page or version >= last_page[0]}
    assert first | in_reach <= set(reader.given)


@given(st.lists(st.sets(st.integers(1, 60), max_size=30), max_size=4))
@settings(max_examples=300)
def test_every_version_is_given_at_most_twice_while_nothing_comes_late(batches: list[set[int]]) -> None:
    reader, visible = Reader(), set[int]()
    for batch in batches:
        visible |= {version for version in batch if version > max(visible, default=0)}
        reader.read(visible)
    reader.read(visible)
    assert set(reader.given) == visible
    assert all(reader.given.count(version) <= 2 for version in visible)


@given(st.sets(st.integers(1, 60), max_size=30))
@settings(max_examples=300)
def test_over_a_quiet_source_the_third_run_gives_nothing_and_makes_one_call(visible: set[int]) -> None:
    reader = Reader()
    reader.read(visible)
    before = len(reader.given)
    reader.read(visible)
    assert len(reader.given) - before <= PAGE
    before, calls = len(reader.given), reader.calls
    reader.read(visible)
    assert (len(reader.given), reader.calls) == (before, calls + 1)
