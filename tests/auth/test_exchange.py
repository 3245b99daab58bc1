"""One exchange is one POST, however the connection ends."""

from __future__ import annotations

import logging
import socket
import ssl
from collections.abc import Callable, Iterator
from contextlib import suppress
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


@pytest.mark.parametrize(
    "failure",
    [
        pytest.param(requests.ReadTimeout("hunter2"), id="no-answer-in-time"),
        pytest.param(requests.ConnectionError("hunter2"), id="dropped"),
        pytest.param(requests.exceptions.ChunkedEncodingError("hunter2"), id="cut-short"),
        pytest.param(requests.exceptions.ContentDecodingError("hunter2"), id="not-gzip"),
    ],
)
def test_what_may_have_been_sent_is_lost_and_not_repeated(
    failure: Exception, requests_mock: requests_mock.Mocker, caplog: pytest.LogCaptureFixture
) -> None:
    requests_mock.post(URL, exc=failure)
    slept: list[float] = []
    answer = exchange(slept=slept).refresh("old-hunter2")
    assert answer.verdict is Verdict.LOST
    assert (requests_mock.call_count, slept) == (1, [])
    assert "hunter2" not in answer.said + caplog.text


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


def nonsense(connection: socket.socket) -> None:
    connection.sendall(b"\x00\x01nonsense\r\n\r\n")


def broken_tls(connection: socket.socket) -> None:
    """Answer past the encryption, as a box on the way might."""
    with socket.socket(fileno=connection.detach()) as plain:
        plain.sendall(b"HTTP/1.1 502 Bad Gateway\r\n\r\n" * 50)


@pytest.mark.parametrize("treat", [hang_up, half_an_answer, nonsense])
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
    for name in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"):
        monkeypatch.delenv(name, raising=False)
    server = serve(hang_up, encrypted)
    with pytest.raises(Unreachable, match="Nothing was spent"):
        exchange(f"https://127.0.0.1:{server.port}").refresh("old")
    assert server.posts == 0


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
