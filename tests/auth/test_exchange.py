"""One exchange is one POST, however the connection ends."""

from __future__ import annotations

import gzip
import logging
import socket
import ssl
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import Thread

import pytest
import requests
import requests_mock
import trustme
from urllib3 import HTTPConnectionPool
from urllib3.connection import HTTPConnection
from urllib3.exceptions import MaxRetryError, NewConnectionError

from tap_exact_online.auth.exchange import Exchange
from tap_exact_online.auth.responses import Verdict
from tap_exact_online.errors import ConfigurationError, Unreachable

URL = "https://start.exactonline.nl/api/oauth2/token"
ANSWER = b'{"access_token": "access-hunter2", "refresh_token": "next-hunter2", "expires_in": "600"}'


def exchange(base_url: str = "https://start.exactonline.nl", slept: list[float] | None = None) -> Exchange:
    return Exchange(base_url, "an-id", "secret-hunter2", ([] if slept is None else slept).append)


# --- What is sent --------------------------------------------------------------------------------------------


def test_the_form_holds_the_client_and_the_token(requests_mock: requests_mock.Mocker) -> None:
    requests_mock.post(URL, content=ANSWER)
    answer = exchange().refresh("old!hunter2")
    assert (answer.verdict, answer.access_token) == (Verdict.NEW, "access-hunter2")
    sent = requests_mock.last_request
    assert sent.text == (
        "client_id=an-id&client_secret=secret-hunter2&grant_type=refresh_token&refresh_token=old%21hunter2"
    )
    assert sent.headers["Content-Type"] == "application/x-www-form-urlencoded"
    assert sent.url == URL


def test_no_password_of_a_netrc_file_is_sent_along(
    requests_mock: requests_mock.Mocker, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("machine start.exactonline.nl login someone password else\n")
    netrc.chmod(0o600)
    monkeypatch.setenv("NETRC", str(netrc))
    assert requests.utils.get_netrc_auth(URL) == ("someone", "else")
    requests_mock.post(URL, content=ANSWER)
    exchange().refresh("old")
    assert "Authorization" not in requests_mock.last_request.headers


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_a_redirect_takes_the_secret_nowhere(status: int, requests_mock: requests_mock.Mocker) -> None:
    stranger = requests_mock.post("https://elsewhere.example/", content=ANSWER)
    requests_mock.post(URL, status_code=status, headers={"Location": "https://elsewhere.example/"})
    with pytest.raises(ConfigurationError, match=r"elsewhere\.example.*`base_url`"):
        exchange().refresh("old")
    assert not stranger.called


# --- Whether it was sent -------------------------------------------------------------------------------------


class Server:
    """Accepts connections and does to each what it is told; counts those that sent a whole form."""

    def __init__(self, treat: Callable[[socket.socket], None], wrap: ssl.SSLContext | None = None) -> None:
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.listener.settimeout(10)
        self.posts = 0
        self._treat, self._wrap = treat, wrap
        Thread(target=self._serve, daemon=True).start()

    @property
    def port(self) -> int:
        return int(self.listener.getsockname()[1])

    def _serve(self) -> None:
        with suppress(OSError):
            while True:
                plain, _ = self.listener.accept()
                with suppress(OSError), plain:
                    plain.settimeout(10)
                    connection = self._wrap.wrap_socket(plain, server_side=True) if self._wrap else plain
                    with connection:
                        received = b""
                        while b"refresh_token=old" not in received:
                            if not (chunk := connection.recv(65536)):
                                break
                            received += chunk
                        else:
                            self.posts += 1
                            self._treat(connection)


@pytest.fixture
def serve() -> Iterator[Callable[..., Server]]:
    servers: list[Server] = []

    def start(treat: Callable[[socket.socket], None], wrap: ssl.SSLContext | None = None) -> Server:
        servers.append(Server(treat, wrap))
        return servers[-1]

    yield start
    for server in servers:
        server.listener.close()


def hang_up(_: socket.socket) -> None:
    """Close after reading."""


def half_an_answer(connection: socket.socket) -> None:
    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n" + ANSWER[:20])


def no_gzip(connection: socket.socket) -> None:
    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 3\r\n\r\nxyz")


def bomb(connection: socket.socket) -> None:
    """Unpack to 64 MB."""
    packed = gzip.compress(b" " * (64 << 20))
    connection.sendall(
        b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: %d\r\n\r\n" % len(packed)
    )
    connection.sendall(packed)


def nonsense(connection: socket.socket) -> None:
    connection.sendall(b"\x00\x01nonsense\r\n\r\n")


def broken_tls(connection: socket.socket) -> None:
    """Answer past the encryption, as a box on the way might."""
    with socket.socket(fileno=connection.detach()) as plain:
        plain.sendall(b"HTTP/1.1 502 Bad Gateway\r\n\r\n" * 50)


@pytest.mark.parametrize("treat", [hang_up, half_an_answer, nonsense, no_gzip, bomb])
def test_a_connection_that_ends_after_the_form_was_read_gets_no_second_form(
    treat: Callable[[socket.socket], None], serve: Callable[..., Server]
) -> None:
    server = serve(treat)
    slept: list[float] = []
    answer = exchange(f"http://127.0.0.1:{server.port}", slept).refresh("old")
    assert answer.verdict is Verdict.LOST
    assert (server.posts, slept) == (1, [])


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA(key_type=trustme.KeyType.ECDSA)


@pytest.fixture(scope="module")
def encrypted(authority: trustme.CA) -> ssl.SSLContext:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    return context


@pytest.fixture
def trusted(authority: trustme.CA, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    authority.cert_pem.write_to_path(tmp_path / "ca.pem")
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(tmp_path / "ca.pem"))


@pytest.mark.usefixtures("trusted")
@pytest.mark.parametrize("treat", [hang_up, half_an_answer, broken_tls])
def test_encryption_that_breaks_after_the_form_was_read_gets_no_second_form(
    treat: Callable[[socket.socket], None], serve: Callable[..., Server], encrypted: ssl.SSLContext
) -> None:
    server = serve(treat, encrypted)
    answer = exchange(f"https://127.0.0.1:{server.port}").refresh("old")
    assert answer.verdict is Verdict.LOST
    assert server.posts == 1


def test_a_certificate_that_is_not_trusted_is_sent_nothing(
    serve: Callable[..., Server], encrypted: ssl.SSLContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE"):
        monkeypatch.delenv(name, raising=False)
    server = serve(hang_up, encrypted)
    with pytest.raises(Unreachable, match="Nothing was spent"):
        exchange(f"https://127.0.0.1:{server.port}").refresh("old")
    assert server.posts == 0


def test_certificates_named_for_another_program_are_spoken_of(
    serve: Callable[..., Server], encrypted: ssl.SSLContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("SSL_CERT_FILE", "/a/bundle.pem")
    with pytest.raises(ConfigurationError, match="set REQUESTS_CA_BUNDLE to the same file"):
        exchange(f"https://127.0.0.1:{serve(hang_up, encrypted).port}").refresh("old")


def drip(connection: socket.socket) -> None:
    """Send the tokens, and then a byte now and then, without end."""
    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n" + ANSWER)
    while True:
        connection.sendall(b" ")
        time.sleep(0.05)


def drip_headers(connection: socket.socket) -> None:
    connection.sendall(b"HTTP/1.1 200 OK\r\nX: ")
    while True:
        connection.sendall(b"x")
        time.sleep(0.05)


@pytest.mark.parametrize(
    ("treat", "verdict"),
    [pytest.param(drip, Verdict.NEW, id="body"), pytest.param(drip_headers, Verdict.LOST, id="headers")],
)
def test_an_answer_that_drips_ends_in_time_and_what_came_counts(
    treat: Callable[[socket.socket], None],
    verdict: Verdict,
    serve: Callable[..., Server],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("tap_exact_online.auth.exchange.WITHIN", 1.0)
    server = serve(treat)
    start = time.monotonic()
    assert exchange(f"http://127.0.0.1:{server.port}").refresh("old").verdict is verdict
    assert 0.9 < time.monotonic() - start < 5
    assert server.posts == 1


def announced_first(connection: socket.socket) -> None:
    """Send what a content network may send while it waits for the server behind it."""
    connection.sendall(b"HTTP/1.1 102 Processing\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n")
    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(ANSWER), ANSWER))


def test_tokens_behind_an_early_hint_are_not_lost(serve: Callable[..., Server]) -> None:
    answer = exchange(f"http://127.0.0.1:{serve(announced_first).port}").refresh("old")
    assert (answer.verdict, answer.refresh_token) == (Verdict.NEW, "next-hunter2")


def test_a_request_is_announced_when_the_connection_stands_and_before_it_goes_out(
    serve: Callable[..., Server],
) -> None:
    server = serve(half_an_answer)
    seen: list[int] = []
    exchange(f"http://127.0.0.1:{server.port}").refresh("old", lambda: seen.append(server.posts))
    assert seen == [0]

    class Refused(Exception):  # noqa: N818
        pass

    def refuse() -> None:
        raise Refused

    with pytest.raises(Refused):
        exchange(f"http://127.0.0.1:{server.port}").refresh("old", refuse)
    assert server.posts == 1


# --- What fails before ---------------------------------------------------------------------------------------


def close_at_the_first_byte(connection: socket.socket) -> None:
    connection.recv(1)


def test_a_handshake_that_is_cut_off_costs_no_try(announced: list[str]) -> None:
    """A firewall that closes TCP when it sees the ClientHello."""
    with standing_between(close_at_the_first_byte) as port, pytest.raises(Unreachable, match="Nothing was"):
        exchange(f"https://127.0.0.1:{port}").refresh("old", lambda: announced.append("sent"))
    assert announced == []


def answering(answer: bytes) -> Callable[[socket.socket], None]:
    def treat(connection: socket.socket) -> None:
        while b"\r\n\r\n" not in connection.recv(65536):
            pass
        connection.sendall(answer)

    return treat


@pytest.fixture
def announced() -> list[str]:
    return []


@pytest.mark.parametrize(
    ("treat", "kind", "words"),
    [
        pytest.param(
            answering(b"HTTP/1.1 503 Service Unavailable\r\n\r\n"),
            Unreachable,
            "the proxy does not",
            id="503",
        ),
        pytest.param(
            answering(b"HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n"),
            ConfigurationError,
            # Some test before may have named a secret with an address in it, the beginning of which is hidden here, too.
            r"The proxy (127\.0\.0\.1:|\*\*\*)\d* refuses the connection \(407\): it wants a user and a password",
            id="407",
        ),
        pytest.param(
            answering(b"HTTP/1.1 403 Forbidden\r\n\r\n"),
            ConfigurationError,
            r"refuses the connection \(403\): .* allow start\.exactonline\.nl",
            id="403",
        ),
        pytest.param(close_at_the_first_byte, Unreachable, "Nothing was spent", id="closes"),
        pytest.param(None, Unreachable, "the proxy does not answer", id="refuses"),
    ],
)
def test_a_proxy_that_lets_nothing_through_costs_no_try_and_is_named(
    treat: Callable[[socket.socket], None] | None,
    kind: type[Exception],
    words: str,
    announced: list[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    slept: list[float] = []
    with standing_between(treat or close_at_the_first_byte) as port:
        monkeypatch.setenv("HTTPS_PROXY", f"http://someone:hunter2@127.0.0.1:{port if treat else 9}")
        monkeypatch.delenv("https_proxy", raising=False)
        with pytest.raises(kind, match=words) as caught:
            exchange(slept=slept).refresh("old", lambda: announced.append("sent"))
    assert announced == []
    assert "hunter2" not in str(caught.value)
    assert len(slept) == (0 if kind is ConfigurationError else 2)  # what has to be told is not tried again


def test_a_socks_proxy_without_its_package_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "socks5://someone:hunter2@127.0.0.1:9")
    monkeypatch.delenv("https_proxy", raising=False)
    with pytest.raises(ConfigurationError, match=r"127\.0\.0\.1:9 speaks SOCKS.*pip install") as caught:
        exchange().refresh("old")
    assert "hunter2" not in str(caught.value)


@contextmanager
def standing_between(treat: Callable[[socket.socket], None]) -> Iterator[int]:
    """Accept connections on a port and treat each."""
    listener = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        with suppress(OSError):
            while True:
                connection, _ = listener.accept()
                with suppress(OSError), connection:
                    connection.settimeout(10)
                    treat(connection)

    Thread(target=serve, daemon=True).start()
    try:
        yield int(listener.getsockname()[1])
    finally:
        listener.close()


def test_a_port_that_nobody_listens_on_leaves_the_token_unspent(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    slept: list[float] = []
    with pytest.raises(Unreachable, match=r"`base_url`.*Nothing was spent") as caught:
        exchange(f"http://127.0.0.1:{port}", slept).refresh("old-hunter2")
    assert len(slept) == 2
    assert "hunter2" not in str(caught.value) + caplog.text


def test_a_name_that_does_not_exist_leaves_the_token_unspent() -> None:
    with pytest.raises(Unreachable, match="Nothing was spent"):
        exchange("http://no-such-host.invalid").refresh("old")


def test_a_connection_that_comes_up_late_is_used(requests_mock: requests_mock.Mocker) -> None:
    refused = NewConnectionError(HTTPConnection("start.exactonline.nl"), "refused")
    never = requests.ConnectionError(MaxRetryError(HTTPConnectionPool("start.exactonline.nl"), URL, refused))
    requests_mock.post(URL, [{"exc": never}, {"exc": never}, {"content": ANSWER}])
    slept: list[float] = []
    assert exchange(slept=slept).refresh("old").verdict is Verdict.NEW
    assert len(slept) == 2
