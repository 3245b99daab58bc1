"""What a stream costs: the calls of a run that finds nothing new, in each division. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from tap_exact_online.catalog.resource import Cadence, Kind, Resource

_PAGE = 60
_CALLS: Mapping[Kind, int] = {
    Kind.DIVISIONS: 0,  # every run reads the list anyway, once for all divisions
    Kind.USER: 0,  # is not counted
    Kind.OWN: 0,
    Kind.SYNC: 1,
    Kind.FILES: 1,
    Kind.MODIFIED: 1,
    Kind.LINES: 1,
    Kind.FULL: 1,
    Kind.PARTS: 3,  # the years, and two that are open
}
_RUNS_A_DAY: Mapping[Cadence, float | None] = {
    Cadence.ALWAYS: None,
    Cadence.DAILY: 1.0,
    Cadence.WEEKLY: 1 / 7,
}


@dataclass(frozen=True, slots=True)
class Cost:
    """The calls of one stream.

    Attributes:
        least: Of a run that finds nothing new, in each division.
        by_rows: Every row is read again: one call more for each page.
        page: Rows of a full page.
        cadence: How often it is asked at most.
    """

    least: int
    by_rows: bool
    page: int
    cadence: Cadence

    @property
    def text(self) -> str:
        """The calls in a few characters: `1`, `1+` where all rows are read again."""
        return f"{self.least}{'+' if self.by_rows else ''}"


def cost(resource: Resource) -> Cost:
    """Return what a stream costs."""
    kind = resource.kind
    page = resource.endpoint.page_size or _PAGE
    return Cost(_CALLS[kind], kind in {Kind.FULL, Kind.PARTS}, page, Cadence(resource.cadence))


@dataclass(frozen=True, slots=True)
class Bill:
    """The calls of a selection in one division.

    Attributes:
        every_run: Of a run that finds nothing new, for the streams that are asked at every run.
        daily: Of those that are asked once a day, and a seventh of those that are asked once a week.
    """

    every_run: int
    daily: float

    def runs(self, allowed: int) -> int:
        """Return how many runs a day stay within so many calls of a division."""
        left = allowed - self.daily
        return int(left // self.every_run) if self.every_run else int(left)


def bill(resources: Iterable[Resource]) -> Bill:
    """Return the calls of a selection."""
    every_run, daily = 0, 0.0
    for each in map(cost, resources):
        a_day = _RUNS_A_DAY[each.cadence]
        if a_day is None:
            every_run += each.least
        else:
            daily += each.least * a_day
    return Bill(every_run, daily)
