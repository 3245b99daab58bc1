"""Many questions at once, with a clock that stands still unless somebody sleeps."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest
from typing_extensions import override

from tap_exact_online.catalog.resources import BY_NAME
from tap_exact_online.doctor.conclusions import rights
from tap_exact_online.doctor.ledger import Ledger
from tap_exact_online.doctor.probes import Line, ShortSleep
from tap_exact_online.doctor.verdicts import Result
from tap_exact_online.wire.transport import Answer, Transport
from tests.fakes import make_client

STREAMS = ["accounts", "documents", "journals"]
DIVISIONS = range(1, 41)
NOTHING = b'{"d":{"results":[]}}'


@dataclass
class Server(Transport):
    """Answers each call as a function says."""

    answer: Callable[[int], Answer[Any]]
    calls: int = 0
    under_way: int = 0
    most: int = 0
    _changing: threading.Lock = field(default_factory=threading.Lock)

    @override
    def send(self, url: str, access_token: str, read: Callable[[bytes], Any]) -> Answer[Any]:
        with self._changing:
            self.calls += 1
            number = self.calls
            self.under_way += 1
            self.most = max(self.most, self.under_way)
        found = self.answer(number)
        with self._changing:
            self.under_way -= 1
        return found if found.status != 200 else Answer(200, {}, result=read(NOTHING))


def ask(server: Server, at_once: int) -> tuple[Ledger, list[float]]:
    client, clock, _ = make_client()
    client.transport = server
    ledger = Ledger(STREAMS, DIVISIONS, at_once)
    line = Line(client, ShortSleep(clock.sleep), at_once)
    line.ask_all([BY_NAME[name] for name in STREAMS], ledger, lambda _stream, _division: None)
    return ledger, clock.slept


@pytest.mark.parametrize("at_once", [1, 8])
def test_each_is_asked_once(at_once: int) -> None:
    server = Server(lambda _: Answer(200, {}))
    ledger, slept = ask(server, at_once)
    assert ledger.count(Result.READABLE) == len(STREAMS) * len(DIVISIONS) == server.calls
    assert server.most <= at_once
    assert slept == []


@pytest.mark.parametrize("at_once", [1, 8])
def test_a_used_up_contract_is_not_met_in_every_division(at_once: int) -> None:
    server = Server(lambda _: Answer(429))
    ledger, _ = ask(server, at_once)
    # Twice by each that was under way when the first was refused; then it is known for all.
    assert server.calls <= 2 * at_once
    assert ledger.count(Result.NO_CALLS) == len(STREAMS) * len(DIVISIONS)
    assert [finding.kind for finding in rights(ledger).findings] == ["contract_used_up"]


@pytest.mark.parametrize("at_once", [1, 8])
def test_one_trouble_of_all_that_are_under_way_is_not_the_end(at_once: int) -> None:
    server = Server(lambda number: Answer(500) if number <= at_once else Answer(200, {}))
    ledger, _ = ask(server, at_once)
    assert ledger.count(Result.NO_ANSWER) == at_once
    assert ledger.count(Result.READABLE) == len(STREAMS) * len(DIVISIONS) - at_once


@pytest.mark.parametrize("at_once", [1, 8])
def test_a_server_out_of_order_is_left_in_peace(at_once: int) -> None:
    server = Server(lambda _: Answer(500))
    ledger, _ = ask(server, at_once)
    assert server.calls <= 3 + 2 * (at_once - 1)
    assert ledger.count(Result.NO_ANSWER) == len(STREAMS) * len(DIVISIONS)
