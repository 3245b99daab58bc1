"""A web server for one answer: it stands where the browser is sent back to, if that is this machine."""

from __future__ import annotations

import errno
import ipaddress
import os
import socket
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from html import escape
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from socketserver import TCPServer
from typing import Any
from urllib.parse import urlsplit

from typing_extensions import override

from tap_exact_online.surroundings import how_to

_PATIENCE = 120.0  # longer than an exchange and the waits for the store may take
_SERVED_WITHIN = 5.0
_SILENCE = 30.0
_TAKEN = frozenset({errno.EADDRINUSE, errno.EACCES})


@dataclass(frozen=True, slots=True)
class Door:
    """Where to listen.

    Attributes:
        hosts: Addresses of this machine that only this machine reaches; the first must work, the others may.
        port: The port.
        path: The path of the redirect URI.
    """

    hosts: tuple[str, ...]
    port: int
    path: str


def door_of(redirect_uri: str) -> Door | None:
    """Return where to listen for a redirect URI, or None where it does not lead to this machine over plain HTTP."""
    parts = urlsplit(redirect_uri)
    host = parts.hostname or ""
    if parts.scheme != "http":
        return None  # https on this machine needs a certificate that the browser knows
    if host != "localhost" and not _is_loopback(host):
        return None
    # Of the two that localhost can mean a browser tries both, so nobody else should sit at either.
    hosts = ("127.0.0.1", "::1") if host == "localhost" else (host,)
    return Door(hosts, parts.port or 80, parts.path or "/")


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


@dataclass(frozen=True, slots=True)
class View:
    """What a person sees in the browser.

    Attributes:
        title: What happened, in a few words.
        text: What it means and what to do.
        good: Whether it is good news.
    """

    title: str
    text: str
    good: bool


CONNECTED = View(
    "Connected to Exact Online",
    "The connection is stored. You can close this window: the terminal goes on from here.",
    good=True,
)
_NOTHING_HERE = View(
    "Nothing to see here yet",
    "Open the address that the login shows in the terminal; Exact Online then leads back to this page.",
    good=False,
)
_NOT_OURS = View(
    "Not the answer to this login",
    "Nothing was exchanged, and the login goes on waiting. Use the address that it shows now, not an older tab.",
    good=False,
)


def stopped() -> View:
    """Return what to show where the person at the terminal ends the login."""
    return View("The login was stopped", f"Nothing was connected. Run `{how_to('login')}` again.", good=False)


def failed(error: Exception) -> View:
    """Return what to show for a failure."""
    return View("Not connected", str(error), good=False)


_STYLE = (
    ":root{color-scheme:light dark}body{font:17px/1.5 system-ui,sans-serif;max-width:34em;margin:12vh auto;padding:0 1.5em}"
    "h1{font-size:1.6em;line-height:1.2}.mark{font-size:3em;line-height:1}.good{color:#18794e}.bad{color:#c62a2f}"
    "code{font:.92em ui-monospace,monospace}p{overflow-wrap:anywhere}footer{margin-top:3em;opacity:.65;font-size:.85em}"
)


def page(view: View) -> bytes:
    """Return a page that needs nothing from anywhere else."""
    parts = escape(view.text).split("`")
    text = "".join(f"<code>{part}</code>" if number % 2 else part for number, part in enumerate(parts))
    kind, mark = ("good", "&#10003;") if view.good else ("bad", "!")
    title = escape(view.title)
    return (
        '<!DOCTYPE html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        f"<title>{title}</title><style>{_STYLE}</style></head><body><main>"
        f'<div class="mark {kind}" aria-hidden="true">{mark}</div><h1>{title}</h1><p>{text}</p></main>'
        "<footer>tap-exact-online, on this computer</footer></body></html>"
    ).encode()


@dataclass(slots=True)
class Arrival:
    """A browser that came back and waits for its page.

    Attributes:
        address: The path and the query that it asked for.
    """

    address: str = field(repr=False)
    _view: View | None = None
    _decided: threading.Event = field(default_factory=threading.Event)
    _served: threading.Event = field(default_factory=threading.Event)

    def show(self, view: View) -> None:
        """Let the browser show something, and wait a moment until it has it. Only the first call counts."""
        if not self._decided.is_set():
            self._view = view
            self._decided.set()
            self._served.wait(_SERVED_WITHIN)

    def outcome(self) -> View:
        """Wait for what to show."""
        self._decided.wait(_PATIENCE)
        return self._view or stopped()

    def served(self) -> None:
        """Note that the page is out."""
        self._served.set()


class Loopback:
    """Listens on this machine, for this machine, until it is closed.

    The first request for the redirect URI's path that carries the state of this login is the answer. The same one asked
    for again (browsers do) gets the same page. Everything else is turned away and changes nothing: any page in the
    browser can send requests here.
    """

    def __init__(
        self, door: Door, deliver: Callable[[Arrival], None], is_ours: Callable[[str], bool]
    ) -> None:
        """Start to listen.

        Args:
            door: Where.
            deliver: Called once, from another thread, with the browser that came.
            is_ours: Tells whether an address carries the state of this login.

        Raises:
            OSError: The port cannot be had.
        """
        self._door = door
        self._deliver = deliver
        self._is_ours = is_ours
        self._arrival: Arrival | None = None
        self._lock = threading.Lock()
        self._servers: list[ThreadingHTTPServer] = []
        try:
            for host in door.hosts:
                self._listen(host)
        except OSError:
            self.close()
            raise

    def _listen(self, host: str) -> None:
        try:
            server = _Server(host, self._door.port, self._answer)
        except OSError as error:
            # A machine without IPv6 is no failure; a port that another program has at that address is one.
            if self._servers and error.errno not in _TAKEN:
                return
            raise
        self._servers.append(server)
        threading.Thread(target=server.serve_forever, args=(0.1,), daemon=True).start()

    def close(self) -> None:
        """Stop listening. A browser that still waits is told so."""
        if self._arrival is not None:
            self._arrival.show(stopped())
        for server in self._servers:
            server.shutdown()
            server.server_close()
        self._servers.clear()

    def _answer(self, target: str, host: str) -> tuple[int, View, Arrival | None]:
        """Return the status and the page for a request, and the arrival that it is, if it is one."""
        if not self._is_here(host):
            return 421, _NOTHING_HERE, None
        path, _, query = target.partition("?")
        if path != self._door.path:
            return 404, _NOTHING_HERE, None
        if not any(
            pair.partition("=")[0] in {"code", "error"} for pair in query.split("&") if pair[-1:] != "="
        ):
            return 200, _NOTHING_HERE, None
        if not self._is_ours(target):
            return 400, _NOT_OURS, None
        with self._lock:
            new = self._arrival is None
            if self._arrival is None:
                self._arrival = Arrival(target)
            arrival = self._arrival
        if arrival.address != target:
            return 409, _NOTHING_HERE, None
        if new:
            self._deliver(arrival)
        view = arrival.outcome()
        return (200 if view.good else 400), view, arrival

    def _is_here(self, host: str) -> bool:
        """Tell whether a request was meant for this machine: a name that somebody else made lead here was not."""
        try:
            parts = urlsplit(f"//{host}")
            port = parts.port or 80
        except ValueError:
            return False
        return port == self._door.port and (
            parts.hostname == "localhost" or _is_loopback(parts.hostname or "")
        )


class _Server(ThreadingHTTPServer):
    """One thread for each connection: browsers open some that they never use."""

    # On Windows this option would let two programs listen on one port.
    allow_reuse_address = os.name == "posix"
    daemon_threads = True

    def __init__(
        self, host: str, port: int, answer: Callable[[str, str], tuple[int, View, Arrival | None]]
    ) -> None:
        self.address_family = socket.AF_INET6 if ":" in host else socket.AF_INET
        self.answer = answer
        super().__init__((host, port), _Handler)

    @override
    def server_bind(self) -> None:
        """Bind, without asking the name service what this machine is called: that can take seconds."""
        TCPServer.server_bind(self)
        self.server_name, self.server_port = self.server_address[:2]  # type: ignore[assignment]

    @override
    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing of a browser that went away."""


class _Handler(BaseHTTPRequestHandler):
    """Answers one request. Its log would hold the code, so there is none."""

    server: _Server
    server_version = "tap-exact-online"
    sys_version = ""
    timeout = _SILENCE

    def do_GET(self) -> None:
        status, view, arrival = self.server.answer(self.path, self.headers.get("Host", ""))
        body = page(view)
        try:
            self.send_response(status)
            self.send_header("Content-Type", "text/html; charset=utf-8")
            self.send_header("Content-Length", str(len(body)))
            self.send_header("Connection", "close")
            self.send_header("Cache-Control", "no-store")
            # The address of this page holds the code: it goes nowhere else.
            self.send_header("Referrer-Policy", "no-referrer")
            self.send_header(
                "Content-Security-Policy",
                "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'",
            )
            self.end_headers()
            self.wfile.write(body)
            self.wfile.flush()
        finally:
            if arrival is not None:
                arrival.served()

    @override
    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing."""
