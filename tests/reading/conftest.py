"""A client whose waits take no time, and what it works with."""

from __future__ import annotations

import pytest

from tap_exact_online.reading.client import Client
from tests.fakes import Clock, Tokens, make_client


@pytest.fixture
def made() -> tuple[Client, Clock, Tokens]:
    return make_client()


@pytest.fixture
def client(made: tuple[Client, Clock, Tokens]) -> Client:
    return made[0]


@pytest.fixture
def clock(made: tuple[Client, Clock, Tokens]) -> Clock:
    return made[1]


@pytest.fixture
def tokens(made: tuple[Client, Clock, Tokens]) -> Tokens:
    return made[2]
