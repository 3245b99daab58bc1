"""One connection under a request: whether the request went out, and until when its answer may take.

requests and urllib3 say what kind of failure came, not what had been written by then: a proxy that refuses, a handshake
that breaks and an answer that is cut off can look alike. And their timeouts are for one read each, so that an answer of a
byte a second never ends. Here a connection notes what is written and reads against a deadline.
"""

from __future__ import annotations

import io
import socket
import time
from collections.abc import Callable
from http import HTTPStatus
from http.client import HTTPResponse
from http.cookiejar import DefaultCookiePolicy
from typing import Any

import requests
from requests.adapters import HTTPAdapter
from typing_extensions import Buffer, override

CONNECT = 30.0
"""Seconds that a proxy has for its whole answer to a CONNECT."""


class Session(requests.Session):
    """A session that does not look where an answer sends it: nothing is followed, and what is no address breaks no call.

    It keeps no cookies: a token is all that a call shows, and what servers set would add up over a run of thousands.
    """

    def __init__(self) -> None:
        """Open nothing yet."""
        super().__init__()
        self.cookies.set_policy(DefaultCookiePolicy(allowed_domains=()))

    @override
    def get_redirect_target(self, resp: requests.Response) -> None:
        """None: requests works out the next address even where it may not go there, and fails on a bad one."""


class Adapter(HTTPAdapter):
    """Sends requests over connections that are watched. One thread uses it at a time.

    Attributes:
        written: Whether a byte of the body of a request was written. A request without its body is none that a server
            could act on.
    """

    def __init__(self, within: float, connected: Callable[[], None] | None = None) -> None:
        """Open nothing yet.

        Args:
            within: Seconds from the first byte of a request to the last one of its answer.
            connected: Called when the connection stands (through the proxy, encrypted, the certificate accepted) and
                before anything of the request is written. What it raises ends the request, if it is no `OSError`.
        """
        self.within = within
        self.connected = connected
        self.written = False
        super().__init__()

    @override
    def get_connection_with_tls_context(self, *given: Any, **named: Any) -> Any:
        pool: Any = super().get_connection_with_tls_context(*given, **named)
        if not hasattr(pool.ConnectionCls, "watched_by"):
            pool.ConnectionCls = _watched(pool.ConnectionCls, self)
        return pool


def _watched(kind: Any, adapter: Adapter) -> type:
    """Return a kind of connection (plain, encrypted, SOCKS) that is watched."""

    class Watched(kind):  # type: ignore[misc]  # known only when it is made
        watched_by = adapter
        _until = 0.0
        _in_body = False

        def connect(self) -> None:
            self._until = time.monotonic() + CONNECT
            self.response_class = self._bounded
            super().connect()

        def endheaders(self, *given: Any, **named: Any) -> None:
            if self.sock is None:
                self.connect()
            if adapter.connected is not None:
                adapter.connected()
            self._until = time.monotonic() + adapter.within
            self._in_body = False
            super().endheaders(*given, **named)
            self._in_body = True

        def send(self, data: Any) -> None:
            if self._in_body:
                adapter.written = True
            super().send(data)

        def _bounded(self, sock: socket.socket, *given: Any, **named: Any) -> HTTPResponse:
            return _Final(_Bounded(sock, self._until), *given, **named)  # type: ignore[arg-type]

    return Watched


class _Final(HTTPResponse):
    """The answer behind those that only announce it (103 and other 1xx), of which `http.client` passes over 100 alone.

    Taken for the answer itself, it would leave the true one in the connection, for the next call to find.
    """

    @override
    def begin(self) -> None:
        super().begin()
        while self.status < HTTPStatus.OK:
            self.headers = None  # type: ignore[assignment]  # so that it reads another head
            super().begin()


class _Bounded:
    """A socket as `HTTPResponse` needs it: something to make a file of."""

    def __init__(self, sock: socket.socket, until: float) -> None:
        self._sock = sock
        self._until = until

    def makefile(self, _: str) -> io.BufferedReader:
        return io.BufferedReader(_Reader(self._sock, self._until))


class _Reader(io.RawIOBase):
    """Reads from a socket until a moment on the monotonic clock."""

    def __init__(self, sock: socket.socket, until: float) -> None:
        self._sock = sock
        self._file = sock.makefile("rb", buffering=0)
        self._until = until
        self._per_read = sock.gettimeout()

    @override
    def readable(self) -> bool:
        return True

    @override
    def readinto(self, buffer: Buffer, /) -> int | None:
        left = self._until - time.monotonic()
        if left <= 0:
            msg = "the whole answer took too long"
            raise TimeoutError(msg)
        self._sock.settimeout(left if self._per_read is None else min(left, self._per_read))
        return self._file.readinto(buffer)

    @override
    def close(self) -> None:
        self._file.close()
        super().close()
