"""The lines of entries: they do not say when they were changed, but their headers do."""

from __future__ import annotations

from collections.abc import Generator, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from typing import Any

from singer_sdk import Tap
from singer_sdk.helpers.types import Context
from typing_extensions import override

from tap_exact_online import edm
from tap_exact_online.catalog import Resource
from tap_exact_online.errors import Refused
from tap_exact_online.state import modified_bookmark, read_instant, shown, written_instant
from tap_exact_online.streams.gathering import changed_since, gathered
from tap_exact_online.streams.kinds import ChangedStream
from tap_exact_online.streams.lending import Condition, Lender, partition_of
from tap_exact_online.streams.sdk import Outgoing
from tap_exact_online.wire import MOST_URL, Need, Selection, filter_clock, is_about_a_filter, unknown_field

HEADERS = "headers"
"""Under this name the state keeps up to when the headers were seen whose lines were read."""
_REFUSED = "refused_lines"
_MANY = 1000
_A_DAY = timedelta(days=1)
_FOR_THE_LINK = 300
"""Characters that a next link adds to the address that it goes on from."""


@dataclass(frozen=True, slots=True)
class _Headers:
    """The headers that were changed.

    Attributes:
        began: When they were asked for.
        keys: What identifies each of them.
        highest: When the last of them was changed, in UTC; the moment from which they were asked for where none was.
    """

    began: datetime
    keys: Sequence[str]
    highest: datetime


class LinesStream(ChangedStream):
    """The lines of entries whose header was changed since the last run.

    The first run reads all lines. Rows say nothing of when they were changed, and 60 of them make a page: to read all of them at
    every run would take thousands of calls.
    """

    def __init__(self, tap: Tap, lender: Lender, resource: Resource) -> None:
        """Make the stream of one row of the catalog."""
        self._header = edm.load(resource.header)
        self._seen: dict[int, _Headers] = {}
        self._held: set[int] = set()
        self._most = _MANY
        super().__init__(tap, lender, resource)

    @property
    @override
    def resumes(self) -> bool:
        return True

    @override
    def bookmark(self, context: Context) -> Any:
        return self.note(context, HEADERS)

    @override
    def begin(self, division: int) -> Generator[Need, Any, Sequence[Condition]]:
        since = read_instant(self.start(division), f"'{self.name}' in division {division}")
        headers = yield from self._changed(division, since)
        if headers is not None:
            self._seen[division] = headers
        if since is None or headers is None or (headers.keys and self.is_refused(_REFUSED)):
            return [Condition()]
        return [*self._conditions(division, headers.keys)]

    def _changed(self, division: int, since: datetime | None) -> Generator[Need, Any, _Headers | None]:
        """Return the headers that were changed since, or None where Exact takes no filter that tells.

        Of a first read those of the last day count: what is kept has to be a moment by Exact's clock, not by ours.
        """
        client, key = self.exact.client, self._header.keys[0]
        began = datetime.fromtimestamp(client.clock(), UTC)
        moment = since or began - _A_DAY
        while names := self.evidence.filtered_on(has_created=True):
            text = changed_since(filter_clock(moment), names)
            try:
                rows = yield from gathered(
                    client, self._header.path, division, [key, "Modified", "Created"], text
                )
            except Refused as error:
                if not is_about_a_filter(str(error)):
                    raise
                self.learn(self.evidence.when_refused(client.clock(), both=" or " in text))
                continue
            self.learn(self.evidence.after({shown(row["Modified"], row["Created"]) for row in rows}))
            times = [datetime.fromisoformat(at) for row in rows if (at := row["Modified"] or row["Created"])]
            return _Headers(began, [row[key] for row in rows], max([moment, *times]))
        self.remark(
            f"Exact does not take a filter on the headers ({self._header.path}) here, so all lines are read at every run."
        )
        return None

    @property
    @override
    def goes_by(self) -> Sequence[str]:
        return (self._header.path,)

    @override
    def _mended(
        self, division: int, condition: Condition, selection: Selection, error: Refused
    ) -> Generator[Need, Any, Condition | None]:
        """Ask for fewer entries at once where a filter is refused in words that name neither it nor a field: it may be too long."""
        said, entries = str(error), condition.text.split(" or ")
        known = unknown_field(said) or is_about_a_filter(said)
        if error.status != HTTPStatus.BAD_REQUEST or known or len(entries) == 1:
            return (yield from super()._mended(division, condition, selection, error))
        self._most = max(1, len(entries) // 2)
        left = [*entries, *(each for other in self.left[division] for each in other.text.split(" or "))]
        self.left[division].clear()
        self.left[division].extend(_of_each(left[self._most :], self._most))
        return next(_of_each(left[: self._most], self._most))

    @override
    def without_filter(self, division: int, condition: Condition, error: Refused) -> Condition:
        if not condition.text:
            raise error
        self.keep_refused(_REFUSED)
        self.remark(
            f"Exact does not take a filter on `{self._header.keys[0]}` here, so all lines are read where an entry was changed."
        )
        return Condition()

    def _conditions(self, division: int, keys: Iterable[str]) -> Iterator[Condition]:
        """Return the conditions for the lines of these entries, as many entries in each as an address holds."""
        key = self._header.keys[0]
        empty = len(self._call(division, self.selection, Condition(" ")).url)
        room = MOST_URL - empty - _FOR_THE_LINK
        one = len(f"{key}%20eq%20guid'00000000-0000-0000-0000-000000000000'%20or%20")
        found = [f"{key} eq guid'{each}'" for each in dict.fromkeys(keys)]
        return _of_each(found, min(self._most, max(1, room // one)))

    @override
    def written(self, division: int, page: Outgoing) -> None:
        if page.rejected:
            self._held.add(division)

    @override
    def finished(self, division: int) -> None:
        if division in self._held:
            return  # the next run reads the same entries again
        headers = self._seen.get(division)
        # Changed while the lines were read: seen again by the next run.
        bookmark = headers and modified_bookmark(headers.highest, headers.began, 2)
        self.keep_note(partition_of(division), HEADERS, bookmark and written_instant(bookmark))

    @override
    def let_go(self, division: int) -> None:
        super().let_go(division)
        self._seen.pop(division, None)


def _of_each(entries: Sequence[str], most: int) -> Iterator[Condition]:
    """Return the conditions for entries, so many in each at most."""
    for at in range(0, len(entries), most):
        yield Condition(" or ".join(entries[at : at + most]), whole=False)
