from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

from tap_exact_online.sandbox.control import Control
from tests.sandbox.client import Client

ACCOUNTS = "sync/CRM/Accounts"
UNITS = "logistics/Units"


def test_calls_are_counted(client: Client, control: Control, division: int) -> None:
    control.reset_stats()
    other = control.add_division()
    answers = [
        client.get("sync/crm/accounts", division),
        client.get(ACCOUNTS, other),
        client.get(UNITS, division),
    ]
    answers.append(client.get("current/Me"))
    wrong = client.get(UNITS, division, select="Nonsense")
    stats = control.stats()
    assert stats["calls"] == 5
    assert stats["by_endpoint"] == {ACCOUNTS: 2, UNITS: 2, "current/Me": 1}
    assert stats["by_division"] == {str(division): 3, str(other): 1, "": 1}
    assert stats["by_division_endpoint"][str(division)] == {ACCOUNTS: 1, UNITS: 2}
    assert stats["client_errors"] == {"400": {UNITS: 1}}
    assert stats["bytes_sent"] == sum(len(answer.content) for answer in (*answers, wrong))
    control.reset_stats()
    assert control.stats()["calls"] == 0


def test_most_calls_in_flight(client: Client, control: Control, division: int) -> None:
    control.reset_stats()
    client.get(UNITS, division)
    client.get(UNITS, division)
    assert control.stats()["most_in_flight"] == {"overall": 1, "by_division": {str(division): 1}}
    control.options(latency_ms=300)
    other = control.add_division()

    def call(code: int) -> int:
        return Client(client.sandbox, "", client.access_token).get(UNITS, code).status_code

    with ThreadPoolExecutor(3) as pool:
        assert list(pool.map(call, (division, division, other))) == [200] * 3
    assert control.stats()["most_in_flight"] == {
        "overall": 3,
        "by_division": {str(division): 2, str(other): 1},
    }
