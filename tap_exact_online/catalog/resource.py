"""What a row of the table of streams says, and the ways in which a stream can be read."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache

from tap_exact_online import edm
from tap_exact_online.catalog.filed import FILED


class Kind(enum.Enum):
    """The ways a stream can be read; which one applies follows from the endpoint and its row in the table."""

    DIVISIONS = "the list of divisions that every run reads anyway"
    USER = "what the user who connected is, read once for all divisions"
    SYNC = "incremental on the row version `Timestamp`"
    MODIFIED = "incremental on a moment: when a row was changed, or made where rows never change"
    LINES = "the lines of entries whose header was changed"
    PARTS = "in parts that the endpoint has to be asked for one by one: years, schemes, dates"
    FULL = "read whole at every run"
    FILES = "the files that rows of a Sync endpoint name, incremental on these rows"
    OWN = "made by the tap itself"


class Cadence(enum.Enum):
    """How often a stream is asked at most."""

    ALWAYS = "always"
    DAILY = "daily"
    WEEKLY = "weekly"


_LIKE_NO_OTHER: Mapping[str, Kind] = {
    "": Kind.OWN,
    "system/Divisions": Kind.DIVISIONS,
    "current/Me": Kind.USER,
}


@dataclass(frozen=True, slots=True)
class Resource:
    """One stream and the endpoint behind it.

    Attributes:
        name: The stream's name.
        path: The endpoint's path behind `/api/v1/{division}/`; its facts are in `edm/` under the same path. Empty for a stream
            that the tap makes itself.
        key: The property that identifies a row within a division for as long as it lives; where it takes several, their
            names with spaces between them.
        deleted_type: The `EntityType` of its rows in `sync/Deleted`.
        selected: Whether the stream is selected by default.
        by: The property that tells when a row was changed, or made where rows never change. The endpoint is filtered on it if
            it has it and is not known to take no such filter.
        each: What it has to be asked for one by one: a property to filter on, or the names of its parameters with spaces
            between them.
        header: The endpoint of the headers whose lines these are: it tells which of them were changed.
        cadence: How often it is asked at most, where the user says nothing else.
        instead: The stream to select where Exact does not have the endpoint.
        per_user: What it shows depends on the user who connected.
        against: The streams with whose rows it is compared, with spaces between them: it is read behind them.
        once_more: What it is compared with is read once more behind it: so a row that came in between is seen to be newer than
            the figures that lack it.
        group: What it is about.
    """

    name: str
    path: str
    key: str = "ID"
    deleted_type: int | None = None
    selected: bool = False
    by: str = "Modified"
    each: str = ""
    header: str = ""
    cadence: str = "always"
    instead: str = ""
    per_user: bool = False
    against: str = ""
    once_more: bool = False
    group: str = ""

    @property
    def endpoint(self) -> edm.Endpoint:
        """The facts about the endpoint; of one whose rows name files, only what is asked of it."""
        if self.name in FILED:
            return _naming(self)
        return edm.load(self.path) if self.path else edm.Endpoint("", self.key)

    @property
    def keys(self) -> tuple[str, ...]:
        """The properties that identify a row within a division."""
        return tuple(self.key.split())

    @property
    def identity(self) -> tuple[str, ...]:
        """Those of them without which a row is none. Whose it is, a row of some endpoints does not say itself."""
        return tuple(name for name in self.keys if name != "Division")

    @property
    def axes(self) -> tuple[str, ...]:
        """What it has to be asked for one by one."""
        return tuple(self.each.split())

    @property
    def compared_with(self) -> tuple[str, ...]:
        """The streams with whose rows it is compared."""
        return tuple(self.against.split())

    @property
    def kind(self) -> Kind:
        """How the stream is read."""
        if self.name in FILED:
            return Kind.FILES
        if self.path in _LIKE_NO_OTHER:
            return _LIKE_NO_OTHER[self.path]
        if self.path.startswith("sync/"):
            return Kind.SYNC
        if self.each or self.header:
            return Kind.PARTS if self.each else Kind.LINES
        if self.path.startswith("read/"):  # what is so now, and no filter is known on it
            return Kind.FULL
        endpoint = self.endpoint
        filtered = self.by in endpoint.properties and (not endpoint.filters or self.by in endpoint.filters)
        return Kind.MODIFIED if filtered else Kind.FULL

    @property
    def replication_key(self) -> str | None:
        """The property whose highest value is the bookmark, or None for a stream that has none."""
        keys: Mapping[Kind, str] = {Kind.SYNC: "Timestamp", Kind.FILES: "Timestamp", Kind.MODIFIED: self.by}
        return keys.get(self.kind)

    @property
    def divided(self) -> bool:
        """Whether every division has rows of its own."""
        return self.kind not in {Kind.DIVISIONS, Kind.USER, Kind.OWN}

    @property
    def primary_keys(self) -> tuple[str, ...]:
        """The columns that identify a row in the target."""
        match self.kind:
            case Kind.DIVISIONS | Kind.USER | Kind.OWN:
                return self.keys
            case _:
                return tuple(dict.fromkeys(("Division", *self.keys)))


@cache
def _naming(resource: Resource) -> edm.Endpoint:
    """Return an endpoint with the properties that name a file."""
    facts, filed = edm.load(resource.path), FILED[resource.name]
    names = {*resource.keys, "Timestamp", filed.url, *filed.fields}
    return replace(facts, properties={name: fact for name, fact in facts.properties.items() if name in names})
