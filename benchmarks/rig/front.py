"""A server that programs take for Exact Online itself: the sandbox's rows as JSON or as Atom, by what each asks for.

Published taps have the address of Exact Online built in, read Atom, and ask for transaction lines at addresses that the
sandbox does not have. Nothing in them is changed to measure them. They are told of a proxy and of a certificate
authority in the environment, as in any company that has these, and the proxy answers itself: it takes `CONNECT
start.exactonline.nl:443`, and goes on in TLS on the same connection.

Transaction lines are asked of the sandbox once, page by page, whichever way a program names them (`sync`, `bulk`, with
or without a filter, all of which begin at the first row here), and kept as bytes. So all programs read the same rows, a
thousand at a time, with the fields that each asks for. Every other call is passed on.
"""

from __future__ import annotations

import re
import ssl
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import requests
import trustme
from typing_extensions import override

from rig import atom
from rig.serving import LINES, Served
from tap_exact_online import edm

HOST = "start.exactonline.nl"
BASE_URL = f"https://{HOST}"
_LINES = re.compile(r"/api/v1/(\d+)/+\w+(?:/\w+)?/TransactionLines", re.IGNORECASE)
_AFTER = re.compile(r"(?:Timestamp\s+gt\s+)?(\d+)L?")
_FIRST = 1
_TIMEOUT = 60


@dataclass(frozen=True, slots=True)
class Pages:
    """The pages of transaction lines, each made when it is first asked for.

    Attributes:
        served: The sandbox.
        kept: The pages made so far, by what was asked.
        making: Held while one is made.
    """

    served: Served
    kept: dict[tuple[str, tuple[str, ...], int, bool], bytes] = field(default_factory=dict)
    making: threading.Lock = field(default_factory=threading.Lock)

    def page(self, division: str, query: str, *, json: bool) -> bytes:
        """Return the page that a query string asks for."""
        given = dict(parse_qsl(query))
        endpoint = edm.load(LINES)
        asked = given.get("$select", "").split(",")
        names = tuple(name for name in asked if name in endpoint.properties) or tuple(endpoint.properties)
        # A filter by date is left out: the dates it is used with are earlier than all rows.
        positions = (_AFTER.fullmatch(given.get(name, "")) for name in ("$filter", "$skiptoken"))
        after = max((int(found[1]) for found in positions if found), default=_FIRST)
        with self.making:
            return self._page(division, names, after, json=json)

    def _page(self, division: str, names: tuple[str, ...], after: int, *, json: bool) -> bytes:
        key = (division, names, after, json)
        if key not in self.kept:
            self.kept[key] = (
                self._fetched(division, names, after)
                if json
                else atom.feed(
                    self._page(division, names, after, json=True),
                    edm.load(LINES),
                    f"{BASE_URL}/api/v1/{division}/{LINES}",
                )
            )
        return self.kept[key]

    def _fetched(self, division: str, names: tuple[str, ...], after: int) -> bytes:
        answer = requests.get(
            f"{self.served.base_url}/api/v1/{division}/{LINES}",
            params={"$filter": f"Timestamp gt {after}L", "$select": ",".join(names)},
            headers={
                "Accept": "application/json",
                "Authorization": f"Bearer {self.served.access_token()}",
                "Host": HOST,
            },
            timeout=_TIMEOUT,
        )
        answer.raise_for_status()
        return _secure(answer.content)


def _secure(body: bytes) -> bytes:
    """Write addresses as they are with TLS, of which the sandbox behind it knows nothing."""
    return body.replace(f"http://{HOST}/".encode(), f"{BASE_URL}/".encode())


@dataclass(frozen=True, slots=True)
class Front:
    """A running server.

    Attributes:
        address: Where it listens, without TLS until a client asks for a connection to Exact.
        ca_file: The authority to trust.
    """

    address: str
    ca_file: Path

    @property
    def environment(self) -> dict[str, str]:
        """What makes a program reach this server instead of Exact Online."""
        authority = str(self.ca_file)
        proxy = dict.fromkeys(("HTTPS_PROXY", "https_proxy"), self.address)
        direct = dict.fromkeys(("NO_PROXY", "no_proxy"), "127.0.0.1,localhost")
        return {**proxy, **direct, "SSL_CERT_FILE": authority, "REQUESTS_CA_BUNDLE": authority}

    def trusted_by_certifi(self, folder: Path) -> dict[str, str]:
        """Return what makes a program of Python trust this server that takes its authorities from certifi alone.

        The SDK sends requests that it prepared itself, for which requests looks into the environment for a proxy, but
        not for authorities. Elsewhere one would append to certifi's file; here no environment is written to, and
        certifi names another file instead.

        Args:
            folder: Where a module goes that Python imports when it starts.
        """
        lines = ["import certifi", f"certifi.where = lambda: {str(self.ca_file)!r}"]
        (folder / "sitecustomize.py").write_text("\n".join([*lines, ""]))
        return {"PYTHONPATH": str(folder)}


class _Handler(BaseHTTPRequestHandler):
    """Answers one connection."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    pages: Pages
    context: ssl.SSLContext

    def do_CONNECT(self) -> None:
        """Become the server that the client wants to be connected with."""
        if self.path != f"{HOST}:443":
            self.send_error(403, "Only Exact Online is reached from here")
            return
        self.send_response(200)
        self.end_headers()
        try:
            self.connection = self.context.wrap_socket(self.connection, server_side=True)
        except OSError:  # the client does not trust the certificate, and says so itself
            self.close_connection = True
            return
        self.rfile = self.connection.makefile("rb", self.rbufsize)
        self.wfile = self.connection.makefile("wb", 0)
        self.close_connection = False  # http.client asks in HTTP 1.0, which ends with the answer elsewhere

    def do_GET(self) -> None:
        """Answer with a page, or with what the sandbox says."""
        address = urlsplit(self.path)
        lines = _LINES.fullmatch(address.path)
        if lines is None:
            self._pass_on(b"")
            return
        json = "application/json" in self.headers.get("Accept", "").lower()
        body = self.pages.page(lines[1], address.query, json=json)
        self.send_response(200)
        kind = "application/json" if json else "application/atom+xml;type=feed"
        self.send_header("Content-Type", f"{kind};charset=utf-8")
        for period, seconds in (("", 86_400), ("Minutely-", 60)):
            self.send_header(f"X-RateLimit-{period}Limit", "10000000")
            self.send_header(f"X-RateLimit-{period}Remaining", "9999999")
            self.send_header(f"X-RateLimit-{period}Reset", str(int((time.time() + seconds) * 1000)))
        self._finish(body)

    def do_POST(self) -> None:
        """Pass a call for tokens on."""
        self._pass_on(self.rfile.read(int(self.headers.get("Content-Length", 0))))

    def _pass_on(self, form: bytes) -> None:
        address = urlsplit(self.path)
        kept = ("Authorization", "Content-Type", "Accept")
        answer = requests.request(
            self.command,
            f"{self.pages.served.base_url}{address.path}?{address.query}",
            data=form,
            headers={"Host": HOST, **{name: self.headers[name] for name in kept if name in self.headers}},
            timeout=_TIMEOUT,
        )
        self.send_response(answer.status_code)
        self.send_header("Content-Type", answer.headers.get("Content-Type", "text/plain"))
        self._finish(_secure(answer.content))

    def _finish(self, body: bytes) -> None:
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    @override
    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing."""


@contextmanager
def front(served: Served) -> Iterator[Front]:
    """Serve the rows of a sandbox until the block is left."""
    authority = trustme.CA()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    # Some clients compare the certificate with the proxy's name: both are in it.
    authority.issue_cert(HOST, "127.0.0.1").configure_cert(context)
    handler = type("Handler", (_Handler,), {"pages": Pages(served), "context": context})
    with (
        tempfile.TemporaryDirectory() as folder,
        ThreadingHTTPServer(("127.0.0.1", 0), handler) as server,
    ):
        ca_file = Path(folder) / "ca.pem"
        authority.cert_pem.write_to_path(str(ca_file))
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield Front(f"http://127.0.0.1:{server.server_port}", ca_file)
        finally:
            server.shutdown()
            thread.join()
