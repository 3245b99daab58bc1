"""What a failed HTTP request means: whether it was sent, and what to call it."""

from __future__ import annotations

import ssl
from urllib.parse import urlsplit

import requests
from urllib3.exceptions import (
    ConnectTimeoutError,
    MaxRetryError,
    NameResolutionError,
    NewConnectionError,
    SSLError,
)


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
