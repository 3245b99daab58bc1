"""What a failed request is called, and what an answer may cost."""

from __future__ import annotations

import contextlib
import gzip
import socket
import ssl
import threading
import time
import tracemalloc
from collections.abc import Callable, Iterator, Mapping

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

from tap_exact_online.errors import ConfigurationError
from tap_exact_online.wire import Sink, intake, transport
from tap_exact_online.wire.transport import Transport, explain

HOST = "start.exactonline.nl"
URL = f"/api/v1/7/sync/CRM/Accounts?{'hunter2' * 100}"


def after_tries(reason: Exception) -> MaxRetryError:
    return MaxRetryError(HTTPConnectionPool(HOST), URL, reason)


@pytest.mark.parametrize(
    ("error", "words"),
    [
        pytest.param(
            requests.ConnectionError(after_tries(NameResolutionError(HOST, HTTPConnection(HOST), OSError()))),  # type: ignore[arg-type]
            "name of the server",
            id="unknown-name",
        ),
        pytest.param(
            requests.ConnectionError(after_tries(NewConnectionError(HTTPConnection(HOST), "refused"))),
            "nothing answers",
            id="refused",
        ),
        pytest.param(
            requests.ConnectTimeout(after_tries(ConnectTimeoutError())),
            "accept the connection",
            id="connect-timeout",
        ),
        pytest.param(
            requests.exceptions.SSLError(after_tries(SSLError(ssl.SSLCertVerificationError("self-signed")))),
            "certificate",
            id="certificate",
        ),
        pytest.param(
            requests.exceptions.SSLError(after_tries(SSLError(ssl.SSLError("bad record mac")))),
            "encrypted connection",
            id="encryption-broke",
        ),
        pytest.param(
            requests.exceptions.SSLError(SSLError(ssl.SSLEOFError("EOF"))),
            "encrypted connection",
            id="encryption-broke-in-the-body",
        ),
        pytest.param(requests.ReadTimeout("hunter2"), "no answer in time", id="read-timeout"),
        pytest.param(
            requests.ConnectionError(ProtocolError("Connection aborted.", ConnectionResetError())),
            "connection broke",
            id="reset",
        ),
        pytest.param(requests.exceptions.ProxyError(after_tries(OSError("hunter2"))), "proxy", id="proxy"),
        pytest.param(requests.exceptions.ChunkedEncodingError("hunter2"), "connection broke", id="cut-short"),
        pytest.param(requests.exceptions.InvalidURL("hunter2"), "", id="no-address"),
        pytest.param(requests.RequestException(), "connection broke", id="anything-else"),
    ],
)
def test_a_failure_has_a_name(
    error: requests.RequestException,
    words: str,
) -> None:
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


# --- Answers that would take all memory, or never end ----------------------------------------------------------


@contextlib.contextmanager
def answering(answer: Callable[[socket.socket], None]) -> Iterator[str]:
    """Serve every request in one way."""
    listener = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        with contextlib.suppress(OSError):
            while True:
                connection, _ = listener.accept()
                with contextlib.suppress(OSError), connection:
                    connection.recv(65536)
                    answer(connection)

    threading.Thread(target=serve, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}/"
    finally:
        listener.close()


def bomb(status: int) -> Callable[[socket.socket], None]:
    packed = gzip.compress(b" " * (8 << 20))

    def send(connection: socket.socket) -> None:
        head = f"HTTP/1.1 {status} X\r\nContent-Encoding: gzip\r\nContent-Length: {len(packed)}\r\n\r\n"
        connection.sendall(head.encode() + packed)

    return send


def test_a_page_that_unpacks_beyond_its_bound_is_no_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(intake, "PAGE", 1 << 20)
    with answering(bomb(200)) as url:
        answer = Transport("tap/1").send(url, "a token", bytes)
    assert (answer.status, answer.result, answer.trouble) == (0, None, "the answer is larger than 1024 kB")


def test_of_an_error_only_the_beginning_is_read() -> None:
    with answering(bomb(403)) as url:
        answer = Transport("tap/1").send(url, "a token", bytes)
    assert (answer.status, len(answer.body)) == (403, intake.ERROR)


def test_a_page_that_drips_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(transport, "_WITHIN", 1.0)

    def drip(connection: socket.socket) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n")
        while True:
            connection.sendall(b" ")
            time.sleep(0.05)

    start = time.monotonic()
    with answering(drip) as url:
        answer = Transport("tap/1").send(url, "a token", bytes)
    assert answer.trouble == "no complete answer in time"
    assert 0.9 < time.monotonic() - start < 5


# --- Answers that would get into others -----------------------------------------------------------------------


@contextlib.contextmanager
def keeping(heads: list[bytes], answer: Callable[[bytes], Iterator[bytes]]) -> Iterator[str]:
    """Answer one request after the other over one connection, part by part; note what was asked."""
    listener = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        with contextlib.suppress(OSError):
            connection, _ = listener.accept()
            with connection, connection.makefile("rb") as asked:
                while line := asked.readline():
                    heads.append(line + b"".join(iter(asked.readline, b"\r\n")))
                    for part in answer(line.split()[1]):
                        connection.sendall(part)

    threading.Thread(target=serve, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        listener.close()


def test_an_early_hint_shifts_no_answer_to_the_next_call() -> None:
    def hint_first(path: bytes) -> Iterator[bytes]:
        yield b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n"
        time.sleep(0.3)  # whoever takes the hint for the answer asks the next thing meanwhile
        yield b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(path), path)

    with keeping([], hint_first) as url:
        calls = Transport("tap/1")
        answers = [calls.send(f"{url}{path}", "a token", bytes) for path in ("/1000", "/2000")]
    assert [(answer.status, answer.result) for answer in answers] == [(200, b"/1000"), (200, b"/2000")]


def test_what_a_server_sets_is_not_sent_back() -> None:
    def set_more(_: bytes) -> Iterator[bytes]:
        cookies = "".join(f"Set-Cookie: {len(heads)}-{n}={'x' * 1000}\r\n" for n in range(50))
        yield f"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n{cookies}\r\n{{}}".encode()

    heads: list[bytes] = []
    with keeping(heads, set_more) as url:
        calls = Transport("tap/1")
        assert [calls.send(f"{url}/", "a token", bytes).result for _ in range(3)] == [b"{}"] * 3
    assert heads == heads[:1] * 3
    assert b"Cookie" not in heads[-1]


@pytest.mark.parametrize(("status", "words"), [(407, "it wants a user and a password"), (403, "allow start")])
def test_a_proxy_that_refuses_is_named_at_once(
    status: int, words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("https_proxy", raising=False)
    with answering(lambda it: it.sendall(f"HTTP/1.1 {status} No\r\n\r\n".encode())) as proxy:
        monkeypatch.setenv("HTTPS_PROXY", proxy.replace("http://", "http://me:hunter2@"))
        with pytest.raises(ConfigurationError, match=words) as caught:
            Transport("tap/1").send(f"https://{HOST}/api", "a token", bytes)
    assert "hunter2" not in str(caught.value)


# --- Files, which are not held in memory ----------------------------------------------------------------------


def measured(headers: Mapping[str, str], parts: Iterator[bytes]) -> tuple[str, int, int]:
    """Take a file in, and keep nothing of it."""
    sizes = [len(part) for part in parts]
    return headers["Content-Type"], sum(sizes), max(sizes)


def a_file(size: int, sent: int | None = None, encoding: str = "") -> Callable[[socket.socket], None]:
    def send(connection: socket.socket) -> None:
        head = f"HTTP/1.1 200 OK\r\nContent-Type: application/pdf\r\nContent-Length: {size}\r\n{encoding}\r\n"
        connection.sendall(head.encode())
        left = size if sent is None else sent
        while left:
            connection.sendall(b"x" * min(left, 1 << 16))
            left -= min(left, 1 << 16)

    return send


def test_a_file_takes_up_no_memory() -> None:
    size = 200 << 20
    with answering(a_file(size)) as url:
        tracemalloc.start()
        answer = Transport("tap/1").send(url, "a token", Sink(measured))
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
    assert answer.result is not None
    kind, length, largest = answer.result
    assert (answer.status, kind, length) == (200, "application/pdf", size)
    assert largest <= 1 << 16
    assert peak < 4 << 20


@pytest.mark.parametrize(
    ("send", "trouble"),
    [
        pytest.param(a_file(1 << 20, 1 << 19), "the connection broke", id="cut"),
        pytest.param(a_file(3000), "is larger than 1 kB", id="too-large"),
        pytest.param(a_file(100, encoding="Content-Encoding: gzip\r\n"), "cannot be unpacked", id="no-gzip"),
    ],
)
def test_a_file_of_which_not_all_comes_is_no_result(
    send: Callable[[socket.socket], None], trouble: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(intake, "FILE", 1 << 10 if "larger" in trouble else 1 << 30)
    with answering(send) as url:
        answer = Transport("tap/1").send(url, "a token", Sink(measured))
    assert (answer.status, answer.result) == (0, None)
    assert trouble in answer.trouble


def test_a_file_that_drips_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(transport, "_WITHIN", 1.0)

    def drip(connection: socket.socket) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n")
        while True:
            connection.sendall(b" ")
            time.sleep(0.05)

    start = time.monotonic()
    with answering(drip) as url:
        answer = Transport("tap/1").send(url, "a token", Sink(lambda _, parts: len(list(parts))))
    assert answer.trouble == "no complete answer in time"
    assert 0.9 < time.monotonic() - start < 5


def test_a_file_is_broken_off_where_it_is_not_wanted() -> None:
    with answering(a_file(200 << 20)) as url:
        calls = Transport("tap/1")
        answer = calls.send(url, "a token", Sink(lambda _, parts: len(next(parts))))
        assert answer.result is not None
        assert answer.result <= 1 << 16
        # What was not taken is no part of the next answer.
        again = calls.send(url, "a token", Sink(lambda _, parts: len(next(parts))))
        assert again.status == 200


def test_a_refusal_of_a_file_is_an_answer_like_any_other_and_nobody_looks_into_files() -> None:
    seen: list[int] = []
    calls = Transport("tap/1", lambda _url, status, _headers, _body: seen.append(status))
    with answering(bomb(403)) as url:
        answer = calls.send(url, "a token", Sink(measured))
    assert (answer.status, len(answer.body)) == (403, intake.ERROR)
    with answering(a_file(10)) as url:
        assert calls.send(url, "a token", Sink(measured)).result == ("application/pdf", 10, 10)
    assert seen == [403]


def test_a_file_is_asked_for_as_whatever_it_is() -> None:
    heads: list[bytes] = []

    def answer(_: bytes) -> Iterator[bytes]:
        yield b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"

    with keeping(heads, answer) as url:
        calls = Transport("tap/1")
        calls.send(f"{url}/", "a token", Sink(lambda _, parts: list(parts)))
        calls.send(f"{url}/", "a token", bytes)
    assert [b"Accept: */*" in head for head in heads] == [True, False]
    assert all(b"Authorization: Bearer a token" in head for head in heads)
