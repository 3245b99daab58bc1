"""What a failed request is called, and whether it went out."""

from __future__ import annotations

import ssl

import pytest
import requests
import requests_mock
from urllib3 import HTTPConnectionPool
from urllib3.connection import HTTPConnection
from urllib3.exceptions import (
    ConnectTimeoutError,
    MaxRetryError,
    NameResolutionError,
    NewConnectionError,
    ProtocolError,
    SSLError,
)

from tap_exact_online.wire.transport import Transport, explain, never_sent

HOST = "start.exactonline.nl"
URL = f"/api/v1/7/sync/CRM/Accounts?{'hunter2' * 100}"


def after_tries(reason: Exception) -> MaxRetryError:
    return MaxRetryError(HTTPConnectionPool(HOST), URL, reason)


@pytest.mark.parametrize(
    ("error", "never", "words"),
    [
        pytest.param(
            requests.ConnectionError(after_tries(NameResolutionError(HOST, HTTPConnection(HOST), OSError()))),  # type: ignore[arg-type]
            True,
            "name of the server",
            id="unknown-name",
        ),
        pytest.param(
            requests.ConnectionError(after_tries(NewConnectionError(HTTPConnection(HOST), "refused"))),
            True,
            "nothing answers",
            id="refused",
        ),
        pytest.param(
            requests.ConnectTimeout(after_tries(ConnectTimeoutError())),
            True,
            "accept the connection",
            id="connect-timeout",
        ),
        pytest.param(
            requests.exceptions.SSLError(after_tries(SSLError(ssl.SSLCertVerificationError("self-signed")))),
            True,
            "certificate",
            id="certificate",
        ),
        pytest.param(
            requests.exceptions.SSLError(after_tries(SSLError(ssl.SSLError("bad record mac")))),
            False,
            "encrypted connection",
            id="encryption-broke",
        ),
        pytest.param(
            requests.exceptions.SSLError(SSLError(ssl.SSLEOFError("EOF"))),
            False,
            "encrypted connection",
            id="encryption-broke-in-the-body",
        ),
        pytest.param(requests.ReadTimeout("hunter2"), False, "no answer in time", id="read-timeout"),
        pytest.param(
            requests.ConnectionError(ProtocolError("Connection aborted.", ConnectionResetError())),
            False,
            "connection broke",
            id="reset",
        ),
        pytest.param(
            requests.exceptions.ProxyError(after_tries(OSError("hunter2"))), False, "proxy", id="proxy"
        ),
        pytest.param(
            requests.exceptions.ChunkedEncodingError("hunter2"), False, "connection broke", id="cut-short"
        ),
        pytest.param(requests.exceptions.InvalidURL("hunter2"), True, "", id="no-address"),
        pytest.param(requests.RequestException(), False, "connection broke", id="anything-else"),
    ],
)
def test_a_failure_has_a_name_and_is_known_to_have_been_sent_or_not(
    error: requests.RequestException,
    never: bool,  # noqa: FBT001  a column of the table
    words: str,
) -> None:
    assert never_sent(error) is never
    assert words in explain(error)
    assert "hunter2" not in explain(error)


@pytest.mark.parametrize(
    ("environment", "proxies", "verify"),
    [
        pytest.param({}, {}, True, id="nothing"),
        pytest.param({"HTTPS_PROXY": "http://proxy:8"}, {"https": "http://proxy:8"}, True, id="a-proxy"),
        pytest.param({"HTTPS_PROXY": "http://proxy:8", "NO_PROXY": HOST}, {}, True, id="not-for-this-server"),
        pytest.param({"REQUESTS_CA_BUNDLE": "/a/bundle.pem"}, {}, "/a/bundle.pem", id="certificates"),
    ],
)
def test_what_the_environment_says_of_proxies_and_certificates_counts(
    environment: dict[str, str],
    proxies: dict[str, str],
    verify: bool | str,  # noqa: FBT001  as requests has it
    monkeypatch: pytest.MonkeyPatch,
    requests_mock: requests_mock.Mocker,
) -> None:
    for name in (
        "HTTP_PROXY",
        "HTTPS_PROXY",
        "ALL_PROXY",
        "NO_PROXY",
        "REQUESTS_CA_BUNDLE",
        "CURL_CA_BUNDLE",
    ):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    requests_mock.get(f"https://{HOST}/api", content=b"{}")
    transport = Transport("tap/1")
    for _ in range(2):  # also over a connection that is used again
        assert transport.send(f"https://{HOST}/api", "a token", bytes).result == b"{}"
        assert requests_mock.last_request.proxies.get("https") == proxies.get("https")
        assert requests_mock.last_request.verify == verify
