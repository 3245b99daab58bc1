"""One HTTP request: how it is sent, and what a failed one means."""

from __future__ import annotations

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
    SSLError,
)

from tap_exact_online.errors import ConfigurationError
from tap_exact_online.wire.bearer import Bearer
from tap_exact_online.wire.odata import MalformedBody

_T = TypeVar("_T")
Watcher = Callable[[str, int, Mapping[str, str], bytes], None]
"""Is told of an answer: its address, status, headers and body."""

_TIMEOUT = (10.0, 300.0)
_NO_HEADERS: Mapping[str, str] = {}
# requests reads 10 kB at a time by itself, which costs more than decoding what was read.
_AT_ONCE = 1 << 20


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
        self._headers = {"Accept": "application/json", "User-Agent": user_agent}
        # A session is used by one thread at a time, the one that was used last first.
        self._sessions: list[requests.Session] = []

    def send(self, url: str, access_token: str, read: Callable[[bytes], _T]) -> Answer[_T]:
        """Send one request.

        Args:
            url: The whole address.
            access_token: What to show.
            read: Turns the body of an answer with status 200 into the result.

        Raises:
            ConfigurationError: No request can be made on this machine.
        """
        try:
            session = self._sessions.pop()
        except IndexError:
            session = _session(url)
        try:
            with session.get(
                url,
                headers=self._headers,
                auth=Bearer(access_token),
                timeout=_TIMEOUT,
                allow_redirects=False,
                stream=True,
            ) as answer:
                body = b"".join(answer.iter_content(_AT_ONCE))
        except requests.RequestException as error:
            return Answer(0, trouble=explain(error))
        except OSError as error:  # requests finds no certificates where REQUESTS_CA_BUNDLE points
            msg = f"No request can be made: {error}"
            raise ConfigurationError(msg) from None
        finally:
            self._sessions.append(session)
        if self._watch is not None:
            self._watch(url, answer.status_code, answer.headers, body)
        if answer.status_code != requests.codes.ok:
            return Answer(answer.status_code, answer.headers, body)
        try:
            return Answer(answer.status_code, answer.headers, result=read(body))
        except MalformedBody as error:
            return Answer(answer.status_code, answer.headers, body, trouble=str(error))


def _session(url: str) -> requests.Session:
    """Open a session for one server, with what the environment says of proxies and certificates.

    requests looks that up for every call, which costs a sixth of it.
    """
    session = requests.Session()
    found = session.merge_environment_settings(url, {}, stream=True, verify=None, cert=None)
    session.proxies, session.verify = found["proxies"], found["verify"]
    session.trust_env = False
    return session


def never_sent(error: requests.RequestException) -> bool:
    """Tell whether a request failed before any of its bytes went out.

    Of what can go wrong with the encryption only a certificate that is not accepted is sure to come before them:
    other failures look the same while connecting and while waiting for the answer.
    """
    return isinstance(error, requests.exceptions.InvalidURL) or isinstance(
        _cause(error),
        NewConnectionError | ConnectTimeoutError | NameResolutionError | ssl.SSLCertVerificationError,
    )


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
    (requests.exceptions.ProxyError, "the proxy does not answer"),
    (requests.exceptions.Timeout, "no answer in time"),
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


def redirected(location: str) -> str:
    """Say that a server sends elsewhere, which Exact's never does."""
    host = urlsplit(location).netloc or "no address"
    return f"The server sends elsewhere ({host}): check the settings `region` and `base_url`."
