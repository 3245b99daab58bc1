"""The keys that Exact holds of a stream in a division, and since when each row is so."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from operator import attrgetter

from tap_exact_online.catalog import BY_NAME, Kind, Resource
from tap_exact_online.errors import Refused
from tap_exact_online.reading import Client
from tap_exact_online.verify.keys import Key, moment_of
from tap_exact_online.wire import Decoder, Page, call_to, int64_literal, unknown_field

_MOMENTS = ("Modified", "Created")


@dataclass(slots=True)
class Given:
    """What Exact gave.

    Attributes:
        moments: When each row was changed or made last, by its key; None where the row does not say so.
        highest: The highest row version, of a Sync stream.
        rejected: Rows that could not be understood.
    """

    moments: dict[Key, datetime | None] = field(default_factory=dict)
    highest: int = 1
    rejected: int = 0


@dataclass(slots=True)
class Questions:
    """What is asked of Exact, on one connection.

    Attributes:
        client: Makes the calls.
        before_each: Is called before each page.
    """

    client: Client
    before_each: Callable[[], None]
    _unknown: dict[str, set[str]] = field(default_factory=dict)
    _logs: dict[int, dict[tuple[int, str], int]] = field(default_factory=dict)

    def keys(self, resource: Resource, division: int, above: int | None = None) -> Given:
        """Read all keys of a stream in a division, with what tells since when a row is so.

        Args:
            resource: The stream.
            division: The division.
            above: Only rows with a higher row version, of a Sync stream; None for all.

        Raises:
            ReadError: They cannot be read.
            LimitReached: The division's calls of this day are used up.
        """
        given = Given(highest=above or 1)
        names = self._names(resource)
        key = attrgetter(*resource.identity) if len(resource.identity) > 1 else None
        only = attrgetter(resource.identity[0])
        dated = [name for name in (resource.by, *_MOMENTS) if name in names]
        for page in self._pages(resource, division, names, above or 1):
            given.rejected += len(page.rejected)
            for record in page.records:
                found = key(record) if key else (only(record),)
                texts = [text for name in dated if isinstance(text := getattr(record, name, None), str)]
                given.moments[tuple(map(str, found))] = moment_of(*texts)
                if resource.kind is Kind.SYNC and isinstance(record.Timestamp, int):
                    given.highest = max(given.highest, record.Timestamp)
        return given

    def deleted_since(self, resource: Resource, division: int, above: int | None) -> Mapping[str, int]:
        """Return what the log of deletes names of a stream by now, with the row version of each entry.

        The log is read once for all streams of a division.

        Args:
            resource: The stream.
            division: The division.
            above: The row version up to which the log was loaded; None for all of it.

        Raises:
            ReadError: It cannot be read.
            LimitReached: The division's calls of this day are used up.
        """
        if division not in self._logs:
            log = BY_NAME["deleted"]
            names = ["ID", "Timestamp", "EntityType", "EntityKey"]
            entries: dict[tuple[int, str], int] = {}
            for page in self._pages(log, division, names, above or 1):
                for row in page.rows:
                    named = (row["EntityType"], row["EntityKey"])
                    entries[named] = max(entries.get(named, 0), row["Timestamp"])
            self._logs[division] = entries
        return {
            key: version
            for (number, key), version in self._logs[division].items()
            if number == resource.deleted_type
        }

    def _names(self, resource: Resource) -> list[str]:
        known = resource.endpoint.properties
        wanted = {*resource.identity, *((resource.by, *_MOMENTS))}
        wanted |= {"Timestamp"} if resource.kind is Kind.SYNC else set()
        unknown = self._unknown.get(resource.name, set())
        return [name for name in known if name in wanted and name not in unknown]

    def _pages(self, resource: Resource, division: int, names: list[str], above: int) -> Iterator[Page]:
        """Read page after page; where Exact does not know a moment any more, from the beginning without it."""
        while True:
            facts = [resource.endpoint.properties[name] for name in names]
            decoder = Decoder(facts, resource.keys[0], identity=resource.identity)
            options = {"$select": ",".join(names)}
            if resource.kind is Kind.SYNC:
                options["$filter"] = f"Timestamp gt {int64_literal(above)}"
            call = call_to(resource.endpoint, self.client.base_url, division, options)
            try:
                self.before_each()
                for page in self.client.pages(call, decoder):
                    yield page
                    if page.next_link is not None:
                        self.before_each()
            except Refused as error:
                name = unknown_field(str(error))
                if name not in names or name in (*resource.identity, "Timestamp"):
                    raise
                self._unknown.setdefault(resource.name, set()).add(name)
                names.remove(name)
            else:
                return
