"""All state of a running sandbox in one place."""

from __future__ import annotations

import dataclasses
from collections import OrderedDict
from collections.abc import Hashable, Mapping
from dataclasses import dataclass, field
from typing import Any

from tap_exact_online import edm
from tap_exact_online.sandbox.clock import Clock
from tap_exact_online.sandbox.divisions import COMPUTED, Division, Divisions
from tap_exact_online.sandbox.faults import Fault
from tap_exact_online.sandbox.limits import Limits
from tap_exact_online.sandbox.options import CLIENT_ID, CLIENT_SECRET, Options
from tap_exact_online.sandbox.replay import Replay
from tap_exact_online.sandbox.shelf import Shelf
from tap_exact_online.sandbox.stats import Stats
from tap_exact_online.sandbox.tokens import Tokens

_MIB = 1 << 20
_MOST_TABLES = 300


@dataclass(frozen=True, slots=True)
class Forbidden:
    """A right that is missing.

    Attributes:
        path: The endpoint; `*` for every endpoint, empty for those of the scope.
        division: The only division where it is missing; None means everywhere.
        reason: The `Reason` header, for example `BlockedUser`; empty for a missing app scope.
        scope: The app scope that is missing, in the words of the registration.
        silent: Whether the answer is an empty page rather than 403.
    """

    path: str
    division: int | None
    reason: str
    scope: str
    silent: bool

    def matches(self, endpoint: edm.Endpoint, division: int | None) -> bool:
        """Tell whether it keeps a call from an endpoint."""
        concerned = self.path in {endpoint.path, "*"} if self.path else endpoint.scope == self.scope
        return concerned and self.division in {None, division}


class Cache:
    """Prepared pages, the least recently used dropped first.

    Args:
        limit: The most bytes of bodies to keep.
    """

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._held = 0
        self._bodies: OrderedDict[Hashable, bytes] = OrderedDict()

    def get(self, key: Hashable) -> bytes | None:
        """Return a prepared body."""
        body = self._bodies.get(key)
        if body is not None:
            self._bodies.move_to_end(key)
        return body

    def put(self, key: Hashable, body: bytes) -> None:
        """Keep a body if it fits."""
        self._bodies[key] = body
        self._held += len(body)
        while self._held > self._limit:
            _, dropped = self._bodies.popitem(last=False)
            self._held -= len(dropped)


@dataclass(slots=True)
class Service:
    """The state behind every call.

    Attributes:
        options: As started, with later changes.
        clock: The sandbox's clock.
        client_id: The app registration.
        client_secret: Its secret.
        divisions: What exists.
        tokens: Codes and chains.
        limits: Counters of calls and errors.
        stats: What was asked and answered.
        faults: Scripted failures, the first that fires wins.
        forbidden: Missing rights.
        pages: Prepared pages.
        encoders: Compiled writers, by table and selection.
        recent: Tables by when they were last read, the oldest first: by division and path.
        replay: Recorded answers, which take the place of everything but the tokens.
        revision: Rises with every change of options, so that prepared pages can be told from stale ones.
    """

    options: Options
    clock: Clock
    client_id: str
    client_secret: str
    divisions: Divisions
    tokens: Tokens
    pages: Cache
    replay: Replay | None = None
    limits: Limits = field(default_factory=Limits)
    stats: Stats = field(default_factory=Stats)
    faults: list[Fault] = field(default_factory=list)
    forbidden: list[Forbidden] = field(default_factory=list)
    encoders: OrderedDict[Hashable, Any] = field(default_factory=OrderedDict)
    recent: OrderedDict[tuple[int, str], None] = field(default_factory=OrderedDict)
    revision: int = 0

    def shelf(self, division: Division, path: str) -> Shelf:
        """Return the rows of an endpoint, and free those that nobody read for long if nothing was changed in them."""
        if path in TWINS:
            own = self.shelf(division, TWINS[path])
            return dataclasses.replace(own, table=own.table.of(edm.load(path)))
        self.recent[division.code, path] = None
        self.recent.move_to_end((division.code, path))
        if len(self.recent) > _MOST_TABLES:
            (code, old), _ = self.recent.popitem(last=False)
            self.divisions[code].database.free(old)
        if path in COMPUTED:
            return division.database.computed(path, self.options, self.clock.wall())
        return division.database.shelf(path)


def start(options: Options, clock: Clock, replay: Replay | None = None) -> Service:
    """Return a service with fresh divisions and one refresh token that works."""
    return Service(
        options=options,
        clock=clock,
        client_id=CLIENT_ID,
        client_secret=CLIENT_SECRET,
        divisions=Divisions(options, clock),
        tokens=Tokens(options.seed, clock.now()),
        pages=Cache(options.page_cache_mib * _MIB),
        replay=replay,
    )


TWINS: Mapping[str, str] = {"documents/Documents": "sync/Documents/Documents"}
"""Endpoints that give the rows of another one, which changes are made in."""

ENDPOINTS = {path.lower(): path for path in edm.paths()}
"""Every known path, by its lower-case spelling: Exact does not mind the letter case."""
