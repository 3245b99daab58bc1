"""Where late commits are looked for: behind what the last run knew before its last page, in whatever way runs break off."""

from __future__ import annotations

from dataclasses import dataclass, field

from hypothesis import given, settings
from hypothesis import strategies as st

from tap_exact_online.state.bookmarks import TimestampBookmark

PAGE = 4
VERSIONS = st.sets(st.integers(2, 60), max_size=20)


@dataclass
class Reader:
    """What a stream keeps of one division, and what it has been given."""

    bookmark: int = 0
    reread: int | None = None
    given: set[int] = field(default_factory=set)
    last_page_behind: int = 0

    def read(self, visible: set[int], pages: int | None = None) -> None:
        """Read to the end, or break off behind so many pages."""
        known = self.bookmark
        usable = self.reread is not None and self.reread < known
        above = self.reread if usable and self.reread is not None else known
        mark = TimestampBookmark(known, reread=self.reread)
        count = 0
        while pages is None or count < pages:
            rows = sorted(version for version in visible if version > above)
            page, more = rows[:PAGE], len(rows) > PAGE
            count += 1
            self.given |= set(page)
            self.bookmark = mark.after_page(page, page[-1] if more else None, last=not more)
            self.reread = mark.reread
            if any(version > known for version in page):
                self.last_page_behind = max(above, known)
            if not more:
                return
            above = page[-1]


@given(VERSIONS, VERSIONS, VERSIONS)
@settings(max_examples=500)
def test_a_row_that_appears_behind_what_was_known_before_the_last_page_is_read_by_the_next_run(
    old: set[int], new: set[int], late: set[int]
) -> None:
    reader = Reader()
    reader.read(old)
    visible = old | {version for version in new if version > max(old, default=0)}
    reader.read(visible)
    looked_for = visible > old  # behind a run that found nothing new, nothing is looked for
    in_reach = {version for version in late if looked_for and version > reader.last_page_behind}
    reader.read(visible | late)
    assert visible | in_reach <= reader.given


@given(VERSIONS, VERSIONS, st.integers(0, 4))
@settings(max_examples=500)
def test_a_run_that_breaks_off_forgets_no_place_to_look(read: set[int], late: set[int], pages: int) -> None:
    reader = Reader()
    reader.read(read)
    in_reach = {version for version in late if version > reader.last_page_behind}
    reader.read(read | late, pages)
    reader.read(read | late)
    assert read | in_reach <= reader.given
