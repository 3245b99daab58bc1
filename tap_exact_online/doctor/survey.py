"""Reads a few pages for what they show of the service, as `exact-online doctor --facts` promises: few calls, no content."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from typing import Any

from tap_exact_online.catalog import BY_NAME, Kind, Resource
from tap_exact_online.doctor.examination import Tools
from tap_exact_online.doctor.grants import FIELDS
from tap_exact_online.doctor.probes import Line
from tap_exact_online.errors import ConfigurationError, Denied, LimitReached, ReadError
from tap_exact_online.evidence import Facts
from tap_exact_online.reading import Client, granted_divisions
from tap_exact_online.settings import Settings
from tap_exact_online.wire import MANAGE_COMPANIES, Call, Decoder, Page, call_to, int64_literal

VERSION = 1
"""Rises when a name of the document goes or changes its meaning."""

FOLLOWED = 3
"""Of so many streams the second page is read, too: it shows whether a next link can be followed as it is."""

# A name that no endpoint has. In which words Exact refuses it is what the tap's way with withdrawn fields rests on.
_NO_FIELD = "ThereIsNoSuchField"
_MOST_DIVISIONS = 3


@dataclass(frozen=True, slots=True)
class Survey:
    """What came of it.

    Attributes:
        at: When it was made.
        calls: How many calls it took.
        facts: Every fact and what was seen of it.
    """

    at: datetime
    calls: int
    facts: Sequence[dict[str, Any]]

    def document(self) -> dict[str, Any]:
        """Return everything as JSON values: no name, no number of a division, no server."""
        return {
            "version": VERSION,
            "tap": version("tap-exact-online"),
            "at": self.at.isoformat(timespec="seconds"),
            "calls": self.calls,
            "facts": [*self.facts],
        }


def survey(settings: Settings, streams: Sequence[str], tools: Tools) -> Survey:
    """Read the first page of each stream in one division, a second page of a few, and ask twice for what there is not.

    Args:
        settings: The checked settings.
        streams: The streams to look at.
        tools: What to work with.

    Raises:
        ConfigurationError: There is no division to look at.
        TapError: The connection is dead, or the list of divisions cannot be read.
    """
    facts = Facts()
    line = Line.of(settings, tools.clock, tools.sleep, facts)
    client = line.client
    granted = granted_divisions(client, FIELDS, sorted(settings.choice.only))
    divisions = settings.choice.pick(row["Code"] for row in granted.rows)
    if not divisions:
        msg = f"The settings leave no division to look at. Companies are granted under {MANAGE_COMPANIES}."
        raise ConfigurationError(msg)
    resources = [BY_NAME[name] for name in streams if BY_NAME[name].divided]
    for division in divisions[:_MOST_DIVISIONS]:
        if _look(client, resources, division, tools):
            break  # else it is closed to this connection, and another one may not be
    line.settle()
    return Survey(datetime.fromtimestamp(tools.clock(), UTC), client.calls, facts.document())


def _look(client: Client, resources: Sequence[Resource], division: int, tools: Tools) -> bool:
    """Look at one division, and return whether it is open. Whoever watches the answers sees all there is to see."""
    paged: list[tuple[Resource, Call]] = []
    readable: list[Resource] = []
    try:
        for resource in resources:
            tools.progress(len(resources), resource.name, division)
            page = _read(client, resource, _whole(client, resource, division))
            readable += [] if page is None else [resource]
            if page is not None and page.next_link is not None and len(paged) < FOLLOWED:
                paged.append((resource, Call(resource.path, page.next_link, division)))
        for resource, call in paged:
            if _same_server(client, call.url):
                _read(client, resource, call)
        for sync in (True, False):
            if alike := [each for each in readable if (each.kind is Kind.SYNC) is sync]:
                options = {"$select": f"{alike[0].keys[0]},{_NO_FIELD}", **_condition(alike[0])}
                _read(client, alike[0], _call(client, alike[0], division, options))
    except Denied:
        return False
    except LimitReached:
        """What was seen until then is told."""
    return True


def _read(client: Client, resource: Resource, call: Call) -> Page | None:
    """Read one page, None where it is refused or does not come.

    Raises:
        Denied: The whole division is closed.
        LimitReached: Its calls are used up.
    """
    decoder = Decoder([resource.endpoint.properties[name] for name in resource.keys], resource.keys[0])
    try:
        return client.get(call, decoder.decode)
    except ReadError as error:
        if isinstance(error, Denied) and error.whole_division:
            raise
        return None


def _whole(client: Client, resource: Resource, division: int) -> Call:
    """Return the call for the first page of a stream with all its fields, as a first run makes it."""
    names = [fact.name for fact in resource.endpoint.properties.values() if not fact.absent]
    return _call(client, resource, division, {**_condition(resource), "$select": ",".join(names)})


def _condition(resource: Resource) -> dict[str, str]:
    return {"$filter": f"Timestamp gt {int64_literal(1)}"} if resource.kind is Kind.SYNC else {}


def _call(client: Client, resource: Resource, division: int, options: Mapping[str, str]) -> Call:
    return call_to(resource.endpoint, client.base_url, division, options)


def _same_server(client: Client, link: str) -> bool:
    """Tell whether a link leads to the server that the token is for, written as we write it."""
    return link.startswith(f"{client.base_url}/")
