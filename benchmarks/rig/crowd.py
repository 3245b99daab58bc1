"""Thousands of companies that are all alike: what the sandbox answers about the first of them, given for each.

The sandbox makes the rows of every company, which for 3,000 companies takes longer than a tap that reads one row of each.
Here what it answers about the first is kept as bytes, with the number of another put in; who may be read, the list of
companies and the tokens are the sandbox's own, in the same process. An answer takes a tenth of a millisecond, and the moments of
all calls are kept: they show when a tap makes none.
"""

from __future__ import annotations

import asyncio
import os
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import NamedTuple
from urllib.parse import urlsplit

import orjson
from typing_extensions import override

from rig.serving import Served
from tap_exact_online.sandbox import api, commands, oauth, service
from tap_exact_online.sandbox.answers import Answer
from tap_exact_online.sandbox.books import DIVISIONS
from tap_exact_online.sandbox.clock import Clock
from tap_exact_online.sandbox.control import Control
from tap_exact_online.sandbox.options import Options
from tap_exact_online.sandbox.service import Service

_DATA, _CONTROL, _TOKEN = "/api/v1/", "/_sandbox/", "/api/oauth2/token"
_PLENTY = 10**8
_END = b"\r\n\r\n"


class Moment(NamedTuple):
    """A call for the rows of a company.

    Attributes:
        path: The endpoint, as it was written.
        came: When it came, in seconds that never go back.
        went: When it was answered.
    """

    path: str
    came: float
    went: float


@dataclass(slots=True)
class Crowd:
    """A running server.

    Attributes:
        service: The sandbox behind it.
        base_url: Where it listens.
        moments: The calls so far, in their order.
        bodies: What the first company's answers are, by endpoint and query string.
    """

    service: Service
    base_url: str = ""
    moments: list[Moment] = field(default_factory=list)
    bodies: dict[tuple[str, str], Answer] = field(default_factory=dict)

    @property
    def served(self) -> Served:
        """The server, as the taps of a bench take it."""
        known = self.service
        return Served(
            self.base_url, known.client_id, known.client_secret, Control(self.base_url), os.getpid()
        )

    def answer(self, address: str, headers: Mapping[str, str], body: bytes) -> Answer:
        """Answer a call."""
        path, query = (parts := urlsplit(address)).path, parts.query
        if path.startswith(_CONTROL):
            given = orjson.loads(body) if body else {}
            result = commands.run(self.service, path.removeprefix(_CONTROL), given)
            return Answer(200, (("Content-Type", "application/json"),), orjson.dumps(result))
        if path == _TOKEN:
            return oauth.token(self.service, headers.get("content-type", ""), body)
        division, _, endpoint = path.removeprefix(_DATA).partition("/")
        if not division.isdecimal() or endpoint.lower() == DIVISIONS.lower():  # that names them all
            return self._asked(path, query, headers)
        key = endpoint, query
        first = str(min(self.service.divisions.by_code))
        if key not in self.bodies:
            self.bodies[key] = self._asked(f"{_DATA}{first}/{endpoint}", query, headers)
        found = self.bodies[key]
        return Answer(found.status, found.headers, found.body.replace(first.encode(), division.encode()))

    def _asked(self, path: str, query: str, headers: Mapping[str, str]) -> Answer:
        length = len(self.base_url) + len(path) + len(query)
        request = api.Request(path.removeprefix(_DATA), query, headers, self.base_url, length)
        return api.answer(self.service, request)


class _Connection(asyncio.Protocol):
    """One connection: a call, its answer, and the next."""

    def __init__(self, crowd: Crowd) -> None:
        self._crowd = crowd
        self._received = b""
        self._transport: asyncio.Transport | None = None

    @override
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport if isinstance(transport, asyncio.Transport) else None

    @override
    def data_received(self, data: bytes) -> None:
        came = time.monotonic()
        self._received += data
        head, end, body = self._received.partition(_END)
        if not end or self._transport is None:
            return
        first, *lines = head.decode("latin-1").split("\r\n")
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
        if len(body) < int(headers.get("content-length", 0)):
            return
        self._received = b""
        address = first.split(" ")[1]
        answer = self._crowd.answer(address, headers, body)
        told = "".join(f"{name}: {value}\r\n" for name, value in answer.headers)
        start = f"HTTP/1.1 {answer.status} .\r\n{told}Content-Length: {len(answer.body)}\r\n\r\n"
        self._transport.write(start.encode("latin-1") + answer.body)
        division, _, endpoint = urlsplit(address).path.removeprefix(_DATA).partition("/")
        if division.isdecimal():
            self._crowd.moments.append(Moment(endpoint, came, time.monotonic()))


@contextmanager
def crowd(divisions: int, paths: Sequence[str]) -> Iterator[Crowd]:
    """Serve companies until the block is left.

    Args:
        divisions: How many.
        paths: The endpoints that have a row in each of them; others have none.
    """
    options = Options(
        divisions=divisions,
        rows=0,
        tables=dict.fromkeys(paths, 1),
        minute_limit=_PLENTY,
        day_limit=_PLENTY,
        contract_limit=_PLENTY,
        token_limit=_PLENTY,
        refresh_after=0,
        access_lifetime=86_400,
    )
    made = Crowd(service.start(options, Clock(time.time)))
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    listening = loop.create_server(lambda: _Connection(made), "127.0.0.1", 0)
    server = asyncio.run_coroutine_threadsafe(listening, loop).result()
    made.base_url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    try:
        yield made
    finally:
        loop.call_soon_threadsafe(server.close)
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()
