"""A token that never went out, or that was not Exact's to judge, costs no try."""

from __future__ import annotations

import socket
from collections.abc import Callable
from pathlib import Path

import pytest

from tap_exact_online.auth.exchange import Exchange
from tap_exact_online.auth.form import Form
from tap_exact_online.auth.responses import TokenAnswer, Verdict, classify
from tap_exact_online.auth.rotation import Rotation
from tap_exact_online.auth.stores import FileStore
from tap_exact_online.auth.tokens import Tokens
from tap_exact_online.errors import TapError, Unreachable

NEW = TokenAnswer(Verdict.NEW, "", "access", "next")


class Script:
    """Answers in order; notes what was spent."""

    def __init__(self, *answers: TokenAnswer) -> None:
        self.answers = [*answers]
        self.spent: list[str] = []

    def refresh(self, refresh_token: str, announce: Callable[[], None]) -> TokenAnswer:
        announce()
        self.spent.append(refresh_token)
        return self.answers.pop(0)


@pytest.fixture
def store(tmp_path: Path) -> FileStore:
    store = FileStore(tmp_path / "tokens.json", Form("someone"))
    store.write(Tokens("someone", "refresh-0"))
    return store


def run(store: FileStore, exchange: Exchange | Script) -> str:
    return Rotation(store, exchange, "someone", None, lambda: 1.75e9, lambda _: None).access_token()


def test_runs_without_a_network_do_not_use_up_the_tries(store: FileStore) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    nowhere = Exchange(f"http://127.0.0.1:{port}", "an-id", "a-secret", lambda _: None)
    for _ in range(4):
        with pytest.raises(Unreachable, match="Nothing was spent"):
            run(store, nowhere)
    assert run(store, Script(NEW)) == "access"


@pytest.mark.parametrize("status", [200, 500])
def test_a_refresh_token_that_comes_alone_is_the_next_to_be_spent(status: int, store: FileStore) -> None:
    half = classify(status, b'{"refresh_token": "refresh-1"}')
    script = Script(half, NEW)
    assert run(store, script) == "access"
    assert script.spent == ["refresh-0", "refresh-1"]


@pytest.mark.parametrize("status", [302, 403, 407])
def test_a_page_of_a_box_on_the_way_does_not_end_the_connection(status: int, store: FileStore) -> None:
    for _ in range(3):
        with pytest.raises(TapError):
            run(store, Script(*[classify(status, b"<html>Blocked by your company</html>")] * 9))
    assert run(store, Script(NEW)) == "access"
