"""One HTTP request: how it is sent, and what a failed one means."""

from __future__ import annotations

import os
import re
import ssl
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Generic, TypeVar
from urllib.parse import urlsplit

import requests
from urllib3.exceptions import (
    ConnectTimeoutError,
    MaxRetryError,
    NameResolutionError,
    NewConnectionError,
    ReadTimeoutError,
    SSLError,
)

from tap_exact_online.errors import ConfigurationError
from tap_exact_online.spoken import keep_secret, spoken
from tap_exact_online.wire import intake
from tap_exact_online.wire.adapter import Adapter, Session
from tap_exact_online.wire.bearer import Bearer
from tap_exact_online.wire.calls import Reader, Sink
from tap_exact_online.wire.odata import MalformedBody

_T = TypeVar("_T")
Watcher = Callable[[str, int, Mapping[str, str], bytes], None]
"""Is told of an answer: its address, status, headers and body."""

_TIMEOUT = (10.0, 300.0)
_WITHIN = 600.0
"""Seconds for a whole answer: 300 until it begins, as Exact's slowest pages need, and as many again until it is there."""
_NO_HEADERS: Mapping[str, str] = {}


@dataclass(frozen=True, slots=True)
class Answer(Generic[_T]):
    """What came of a request.

    Attributes:
        status: The HTTP status, or 0 where no answer came.
        headers: The answer's headers.
        body: The body, unless it was understood.
        result: What the body was turned into, where it was understood.
        trouble: Why there is no result although nothing was refused; empty where there is one.
    """

    status: int
    headers: Mapping[str, str] = field(default_factory=lambda: _NO_HEADERS)
    body: bytes = b""
    result: _T | None = None
    trouble: str = ""


class Transport:
    """Sends requests, each over a connection that was used before where there is one. Threads may share it."""

    def __init__(self, user_agent: str, watch: Watcher | None = None) -> None:
        """Open nothing yet.

        Args:
            user_agent: What the tap calls itself.
            watch: Is told of every answer, in the thread that made the call.
        """
        self._watch = watch
        self._headers = {
            "Accept": "application/json",
            "Accept-Encoding": intake.ENCODINGS,
            "User-Agent": user_agent,
        }
        # A session is used by one thread at a time, the one that was used last first.
        self._sessions: list[requests.Session] = []

    def send(self, url: str, access_token: str, read: Reader[_T]) -> Answer[_T]:
        """Send one request.

        Args:
            url: The whole address.
            access_token: What to show.
            read: Turns the body of an answer with status 200 into the result.

        Raises:
            ConfigurationError: No request can be made on this machine, or its proxy does not let it through.
        """
        keep_secret(access_token)
        try:
            session = self._sessions.pop()
        except IndexError:
            session = _session(url)
        try:
            with session.get(
                url,
                headers={**self._headers, "Accept": "*/*"} if isinstance(read, Sink) else self._headers,
                auth=Bearer(access_token),
                timeout=_TIMEOUT,
                allow_redirects=False,
                stream=True,
            ) as answer:
                good = answer.status_code == requests.codes.ok
                if good and isinstance(read, Sink):
                    return _poured(answer, read)
                taken = intake.take(answer, intake.PAGE if good else intake.ERROR)
        except requests.RequestException as error:
            if cause := unfit(error, session.proxies, url):
                raise cause from None
            return Answer(0, trouble=explain(error))
        except OSError as error:  # requests finds no certificates where REQUESTS_CA_BUNDLE points
            msg = f"No request can be made: {error}"
            raise ConfigurationError(msg) from None
        finally:
            self._sessions.append(session)
        if good and taken.trouble:
            return Answer(0, trouble=taken.trouble)
        if self._watch is not None:
            self._watch(url, answer.status_code, answer.headers, taken.body)
        if not good or isinstance(read, Sink):
            return Answer(answer.status_code, answer.headers, taken.body)
        try:
            return Answer(answer.status_code, answer.headers, result=read(taken.body))
        except MalformedBody as error:
            return Answer(answer.status_code, answer.headers, taken.body, trouble=str(error))


def _poured(answer: requests.Response, sink: Sink[_T]) -> Answer[_T]:
    """Hand a file on as it comes. Nobody looks on: what is in it is not the API's."""
    try:
        result = sink.take(answer.headers, intake.file_parts(answer))
    except intake.Broken as broken:
        return Answer(0, trouble=str(broken))
    return Answer(answer.status_code, answer.headers, result=result)


def _session(url: str) -> requests.Session:
    """Open a session for one server, with what the environment says of proxies and certificates.

    requests looks that up for every call, which costs a sixth of it.
    """
    session = Session()
    found = session.merge_environment_settings(url, {}, stream=True, verify=None, cert=None)
    session.proxies, session.verify = found["proxies"], found["verify"]
    session.trust_env = False
    for scheme in ("https://", "http://"):
        session.mount(scheme, Adapter(_WITHIN))
    return session


def explain(error: requests.RequestException) -> str:
    """Say in a few words what happened, without the address, whose query may be long."""
    failures = (_cause(error), error)
    return next(words for kind, words in _WORDS if any(isinstance(failure, kind) for failure in failures))


# The narrower kind first: urllib3's NewConnectionError is a ConnectTimeoutError too.
_WORDS: tuple[tuple[type[BaseException], str], ...] = (
    (NameResolutionError, "the name of the server is unknown"),
    (NewConnectionError, "nothing answers at this address"),
    (ConnectTimeoutError, "the server does not accept the connection in time"),
    (ssl.SSLCertVerificationError, "the server's certificate is not accepted"),
    (requests.exceptions.SSLError, "the encrypted connection failed"),
    (requests.exceptions.ProxyError, "the proxy does not answer, or cannot reach the server"),
    (requests.exceptions.Timeout, "no answer in time"),
    (ReadTimeoutError, "no complete answer in time"),
    (BaseException, "the connection broke before the answer was complete"),
)


def _cause(error: requests.RequestException) -> BaseException:
    """Unwrap what urllib3 raised."""
    inner = error.args[0] if error.args else None
    if isinstance(inner, MaxRetryError) and inner.reason is not None:
        inner = inner.reason
    if isinstance(inner, SSLError) and inner.args:
        inner = inner.args[0]
    return inner if isinstance(inner, BaseException) else error


_TUNNEL = re.compile(r"Tunnel connection failed: (\d{3})")
_WANTS = {
    "403": "it does not let this machine reach the server: let its keeper allow {server}",
    "407": "it wants a user and a password: put them into its address, http://user:password@host:port, with characters"
    " such as @ / : # % escaped",
}
_CERTIFICATES = ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE")


def unfit(
    error: requests.RequestException, proxies: Mapping[str, str], url: str
) -> ConfigurationError | None:
    """Return what this machine has to be told before any request can succeed, or None where trying again may help.

    Args:
        error: How a request failed.
        proxies: What the environment says of proxies.
        url: What was asked for.
    """
    proxy = requests.utils.select_proxy(url, dict(proxies))
    if isinstance(error, requests.exceptions.InvalidSchema) and "SOCKS" in str(error):
        msg = f"The proxy {_shown(proxy)} speaks SOCKS, which needs one more package: pip install pysocks"
        return ConfigurationError(msg)
    if isinstance(error, requests.exceptions.InvalidProxyURL | requests.exceptions.InvalidSchema):
        msg = f"The proxy {_shown(proxy)} has no address that can be used: write http://host:port."
        return ConfigurationError(msg)
    refused = _TUNNEL.search(str(error))
    if proxy and refused and refused[1] in _WANTS:
        wants = _WANTS[refused[1]].format(server=urlsplit(url).hostname)
        msg = f"The proxy {_shown(proxy)} refuses the connection ({refused[1]}): {wants}."
        return ConfigurationError(msg)
    if isinstance(_cause(error), ssl.SSLCertVerificationError) and _misses_certificates(os.environ):
        msg = (
            "The server's certificate is not accepted. SSL_CERT_FILE is set, but it does not count here: set"
            " REQUESTS_CA_BUNDLE to the same file."
        )
        return ConfigurationError(msg)
    return None


def _misses_certificates(environment: Mapping[str, str]) -> bool:
    return "SSL_CERT_FILE" in environment and not any(environment.get(name) for name in _CERTIFICATES)


def _shown(proxy: str | None) -> str:
    """Return the address of a proxy without user and password."""
    return spoken((proxy or "").rpartition("@")[2].rpartition("://")[2] or "of the environment")


def redirected(location: str) -> str:
    """Say that a server sends elsewhere, which Exact's never does."""
    try:
        host = spoken(urlsplit(location).netloc.rpartition("@")[2])
    except ValueError:
        host = ""
    return f"The server sends elsewhere ({host or 'no address'}): check the settings `region` and `base_url`."
