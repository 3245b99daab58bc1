"""The page on this machine: where it listens, what it takes for an answer, and what it shows."""

from __future__ import annotations

import queue
import socket
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
import requests

from tap_exact_online.auth.loopback import (
    CONNECTED,
    Arrival,
    Door,
    Loopback,
    View,
    door_of,
    failed,
    page,
)
from tap_exact_online.errors import LoginNeeded
from tests.cli.program import free_port, words_of


@pytest.mark.parametrize(
    ("uri", "door"),
    [
        ("http://localhost:8976/callback", Door(("127.0.0.1", "::1"), 8976, "/callback")),
        ("http://LOCALHOST:8976", Door(("127.0.0.1", "::1"), 8976, "/")),
        ("http://127.0.0.1:80/a/b", Door(("127.0.0.1",), 80, "/a/b")),
        ("http://127.0.0.2/", Door(("127.0.0.2",), 80, "/")),
        ("http://[::1]:8976/", Door(("::1",), 8976, "/")),
        ("https://localhost:8976/callback", None),
        ("http://0.0.0.0:8976/", None),
        ("http://192.168.1.2:8976/", None),
        ("http://localhost.example.com:8976/", None),
        ("https://www.example.com/callback", None),
    ],
)
def test_where_to_listen(uri: str, door: Door | None) -> None:
    assert door_of(uri) == door


class Server:
    def __init__(self) -> None:
        self.port = free_port()
        self.arrivals: queue.Queue[Arrival] = queue.Queue()
        self.loopback = Loopback(
            Door(("127.0.0.1", "::1"), self.port, "/back"),
            self.arrivals.put,
            lambda address: "state=c" in address,
        )
        self.pool = ThreadPoolExecutor()

    def get(self, target: str, host: str | None = None) -> requests.Response:
        headers = {"Host": host} if host else {}
        with requests.Session() as session:
            session.trust_env = False
            return session.get(f"http://127.0.0.1:{self.port}{target}", timeout=10, headers=headers)

    def came(self) -> Arrival:
        return self.arrivals.get(timeout=10)


@pytest.fixture
def server() -> Iterator[Server]:
    server = Server()
    yield server
    server.loopback.close()
    server.pool.shutdown()


def test_the_answer_is_delivered_and_waits_for_the_outcome(server: Server) -> None:
    asked = server.pool.submit(server.get, "/back?code=a%21b&state=c")
    arrival = server.came()
    assert arrival.address == "/back?code=a%21b&state=c"
    assert not asked.done()
    arrival.show(CONNECTED)
    answer = asked.result(10)
    assert answer.status_code == 200
    assert "Connected to Exact Online" in words_of(answer.text)
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["Referrer-Policy"] == "no-referrer"
    assert answer.headers["Content-Security-Policy"].startswith("default-src 'none'")
    assert "code=" not in answer.text


def test_a_failure_is_shown_as_one(server: Server) -> None:
    asked = server.pool.submit(server.get, "/back?error=access_denied&state=c")
    server.came().show(failed(LoginNeeded("Run `exact-online login` <again>.")))
    answer = asked.result(10)
    assert answer.status_code == 400
    assert "Not connected Run exact-online login &lt;again&gt;." in words_of(answer.text)


@pytest.mark.parametrize("target", ["/favicon.ico", "/", "/back/", "/other?code=a&state=b"])
def test_stray_requests_are_turned_away(server: Server, target: str) -> None:
    assert server.get(target).status_code == 404
    assert server.arrivals.empty()


@pytest.mark.parametrize("target", ["/back", "/back?", "/back?state=c", "/back?code="])
def test_the_page_without_an_answer_says_what_to_do(server: Server, target: str) -> None:
    answer = server.get(target)
    assert answer.status_code == 200
    assert "Open the address that the login shows" in words_of(answer.text)
    assert server.arrivals.empty()


def test_the_same_answer_twice_is_one(server: Server) -> None:
    asked = [server.pool.submit(server.get, "/back?code=a&state=c") for _ in range(2)]
    server.came().show(CONNECTED)
    assert [each.result(10).status_code for each in asked] == [200, 200]
    assert server.get("/back?code=a&state=c").status_code == 200
    assert server.get("/back?code=other&state=c").status_code == 409
    assert server.arrivals.empty()


@pytest.mark.parametrize(
    "target", ["/back?error=x", "/back?code=a", "/back?code=a&state=other", "/back?error=x&state="]
)
def test_what_any_page_can_send_changes_nothing(server: Server, target: str) -> None:
    answer = server.get(target)
    assert answer.status_code == 400
    assert "goes on waiting" in words_of(answer.text)
    assert server.arrivals.empty()
    asked = server.pool.submit(server.get, "/back?code=a&state=c")
    server.came().show(CONNECTED)
    assert asked.result(10).status_code == 200


@pytest.mark.parametrize(
    "host", ["evil.example:{port}", "localhost:1", "127.0.0.1.evil.example:{port}", "[", "x"]
)
def test_a_name_that_somebody_made_lead_here_is_turned_away(server: Server, host: str) -> None:
    answer = server.get("/back?code=a&state=c", host.format(port=server.port))
    assert answer.status_code == 421
    assert server.arrivals.empty()


def test_all_names_of_this_machine_are_taken(server: Server) -> None:
    for host in ("localhost", "LOCALHOST", "127.0.0.1", "[::1]"):
        assert server.get("/back", f"{host}:{server.port}").status_code == 200


def test_a_connection_that_says_nothing_holds_up_nobody(server: Server) -> None:
    with socket.create_connection(("127.0.0.1", server.port)):
        assert server.get("/back").status_code == 200


def test_other_methods_are_not_answered(server: Server) -> None:
    answer = requests.post(f"http://127.0.0.1:{server.port}/back?code=a&state=c", timeout=10)
    assert answer.status_code == 501
    assert server.arrivals.empty()


def test_who_still_waits_at_the_end_is_told(server: Server) -> None:
    asked = server.pool.submit(server.get, "/back?code=a&state=c")
    server.came()
    server.loopback.close()
    assert "The login was stopped" in words_of(asked.result(10).text)


def test_only_this_machine_is_listened_to(server: Server) -> None:
    bound = {each.server_address[0] for each in server.loopback._servers}  # noqa: SLF001
    assert bound <= {"127.0.0.1", "::1"}


def test_nothing_is_written_of_what_comes(server: Server, capfd: pytest.CaptureFixture[str]) -> None:
    asked = server.pool.submit(server.get, "/back?code=hunter2&state=c")
    server.came().show(View("Done", "done", good=True))
    asked.result(10)
    with socket.create_connection(("127.0.0.1", server.port)) as rude:
        rude.sendall(b"GET /back?code=hunter2\r\n\r\nnonsense")
    assert server.get("/back").status_code == 200
    written = capfd.readouterr()
    assert written.out + written.err == ""


@pytest.mark.parametrize("host", ["127.0.0.1", "::1"])
def test_a_port_that_is_taken(host: str) -> None:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as other:
        try:
            other.bind((host, 0))
        except OSError:
            pytest.skip(f"this machine has no {host}")
        other.listen()
        with pytest.raises(OSError, match="in use"):
            Loopback(Door(("127.0.0.1", "::1"), other.getsockname()[1], "/"), lambda _: None, bool)
    assert not [each for each in threading.enumerate() if "serve_forever" in each.name]


def test_a_page_needs_nothing_from_elsewhere() -> None:
    for word in (b"http:", b"https:", b"<script", b"<img", b"<link"):
        assert word not in page(CONNECTED)
