"""Answers that are refused in front of the service, and pages that are not what they should be."""

from __future__ import annotations

import json
from typing import Any

import pytest
import requests

from tap_exact_online.sandbox.control import Control
from tests.sandbox.client import Client, message, page

ACCOUNTS = "sync/CRM/Accounts"
CENTERS = "hrm/Costcenters"
ASKED = {"select": "ID,Name,Division,CreditLineSales,Timestamp", "filter": "Timestamp gt 1L"}


def rows_of(answer: requests.Response) -> list[dict[str, Any]]:
    assert answer.status_code == 200, answer.text
    return page(answer)[0]


def test_an_edge_refuses(client: Client, control: Control, division: int) -> None:
    control.fault("edge_403", path=ACCOUNTS)
    answer = client.get(ACCOUNTS, division)
    assert answer.status_code == 403
    assert answer.headers["Content-Type"].startswith("text/html")
    assert "Access Denied" in answer.text
    assert "Reason" not in answer.headers
    assert client.get(ACCOUNTS, division).headers["X-RateLimit-Remaining"] == "4999"  # it was not reached


@pytest.mark.parametrize("status", [403, 503])
def test_a_gateway_refuses(client: Client, control: Control, division: int, status: int) -> None:
    control.fault("gateway_fault", path=ACCOUNTS, status=status)
    answer = client.get(ACCOUNTS, division)
    assert (answer.status_code, set(answer.json())) == (status, {"fault"})
    assert answer.json()["fault"]["faultstring"]


@pytest.mark.parametrize("status", [403, 407])
def test_nothing_is_said_with_a_refusal(client: Client, control: Control, division: int, status: int) -> None:
    control.fault("status", path=ACCOUNTS, status=status)
    answer = client.get(ACCOUNTS, division)
    assert (answer.status_code, answer.content) == (status, b"")


def test_a_token_is_refused_by_one_endpoint_or_division_only(
    client: Client, control: Control, division: int
) -> None:
    other = control.add_division()
    control.fault("endpoint_401", path=ACCOUNTS, times=None)
    control.fault("endpoint_401", division=other, times=None)
    for path, code in ((ACCOUNTS, division), (ACCOUNTS, division), (CENTERS, other)):
        answer = client.get(path, code)
        assert (answer.status_code, message(answer)) == (401, "Unauthorized")
        assert "access token expired" in answer.headers["WWW-Authenticate"]
    assert client.get(CENTERS, division).status_code == 200
    assert client.get("current/Me").status_code == 200


def test_rows_of_another_division(client: Client, control: Control, division: int) -> None:
    control.fault("other_division", path=ACCOUNTS)
    right, link = page(client.get(ACCOUNTS, division, **ASKED, top="2"))
    control.fault("other_division", path=ACCOUNTS)
    control.fault("mixed_division", path=ACCOUNTS, skip=1)
    wrong, mixed, good = (client.get(ACCOUNTS, division, **ASKED) for _ in range(3))
    own = {row["ID"] for row in control.rows(division, ACCOUNTS)}
    assert right
    assert link is None
    assert not own & {row["ID"] for row in right + rows_of(wrong)}
    assert len(rows_of(wrong)) == len(own)
    [elsewhere] = {row["Division"] for row in rows_of(wrong)}
    assert elsewhere != division
    assert all(f"/{elsewhere}/" in row["__metadata"]["uri"] for row in rows_of(wrong))
    assert [row["Division"] for row in rows_of(mixed)] == [division] * (len(own) - 1) + [elsewhere]
    assert {row["ID"] for row in rows_of(good)} == own


def test_other_divisions_that_were_withdrawn_are_not_shown(
    client: Client, control: Control, division: int
) -> None:
    others = [row["Code"] for row in control.divisions() if row["granted"] and row["Code"] != division]
    for code in others:
        control.withdraw_division(code)
    control.fault("other_division", path=ACCOUNTS)
    assert {row["Division"] for row in rows_of(client.get(ACCOUNTS, division, **ASKED))} == {division}
    for code in others:
        control.grant_division(code)


def test_an_error_beside_the_rows(client: Client, control: Control, division: int) -> None:
    control.fault("error_beside", path=ACCOUNTS)
    body = client.get(ACCOUNTS, division, **ASKED).json()
    assert set(body) == {"d", "error"}
    assert len(body["d"]["results"]) == control.count(division, ACCOUNTS)


def test_an_error_among_the_rows(client: Client, control: Control, division: int) -> None:
    control.fault("error_among", path=ACCOUNTS)
    rows = rows_of(client.get(ACCOUNTS, division, **ASKED))
    assert len(rows) == control.count(division, ACCOUNTS) + 1
    assert [list(row) for row in rows if "ID" not in row] == [["error"]]
    assert "ID" in rows[-1]


@pytest.mark.parametrize("more", ["", "Execution Timeout Expired."])
def test_something_follows_the_page(client: Client, control: Control, division: int, more: str) -> None:
    control.fault("second_document", path=ACCOUNTS, body=more)
    text = client.get(ACCOUNTS, division, **ASKED).text
    first, end = json.JSONDecoder().raw_decode(text)
    assert len(first["d"]["results"]) == control.count(division, ACCOUNTS)
    assert text[end:] == more or "error" in json.loads(text[end:])


def test_an_object_that_is_no_row(client: Client, control: Control, division: int) -> None:
    control.fault("not_rows", path=CENTERS)
    assert client.get(CENTERS, division).json() == {"d": {"UserHasRights": True}}


@pytest.mark.parametrize("path", [ACCOUNTS, CENTERS])
def test_a_row_of_nulls(client: Client, control: Control, division: int, path: str) -> None:
    control.fault("nulls", path=path)
    rows = rows_of(client.get(path, division, select="ID,Division", top="3"))
    assert len(rows) == 4
    assert rows[-1] == {"ID": None, "Division": None}


@pytest.mark.parametrize(("action", "name"), [("no_key", "ID"), ("no_timestamp", "Timestamp")])
def test_a_row_lacks_what_tells_it(
    client: Client, control: Control, division: int, action: str, name: str
) -> None:
    control.fault(action, path=ACCOUNTS)
    *rows, last = rows_of(client.get(ACCOUNTS, division, **ASKED))
    assert all(name in row for row in rows)
    assert name not in last
    assert "Name" in last


def test_the_key_of_divisions_is_their_code(client: Client, control: Control, division: int) -> None:
    control.fault("no_key", path="system/Divisions")
    assert "Code" not in rows_of(client.get("system/Divisions", division, top="1"))[0]


def test_control_characters_as_they_are(client: Client, control: Control, division: int) -> None:
    control.set_row(division, ACCOUNTS, {"Name": "last"})
    control.fault("control_characters", path=ACCOUNTS)
    body = client.get(ACCOUNTS, division, **ASKED).content
    raw = bytes(range(1, 32))
    assert body.count(b"last" + raw) == 1
    with pytest.raises(ValueError, match="Invalid control character"):
        json.loads(body)
    rows = json.loads(body, strict=False)["d"]["results"]
    assert rows[-1]["Name"] == "last" + raw.decode()
    control.fault("control_characters", path=ACCOUNTS, field="City")
    [row] = json.loads(client.get(ACCOUNTS, division, select="Name,City", top="1").content, strict=False)[
        "d"
    ]["results"]
    assert row["City"].endswith(raw.decode())
    assert not row["Name"].endswith(raw.decode())


@pytest.mark.parametrize("value", ["NaN", "Infinity", "-Infinity", "1e400"])
def test_odd_numbers(client: Client, control: Control, division: int, value: str) -> None:
    control.fault("odd_number", path=ACCOUNTS, value=value)
    body = client.get(ACCOUNTS, division, **ASKED).text
    assert body.count(f'"CreditLineSales":{value}') == 1
    rows = json.loads(body)["d"]["results"]
    assert str(rows[-1]["CreditLineSales"]) == str(float(value))


def test_what_is_no_page_is_left_as_it_is(client: Client, control: Control, division: int) -> None:
    control.fault("no_key", path=ACCOUNTS, times=2)
    control.fault("error_among", path="sync/Deleted")
    refused = client.get(ACCOUNTS, division, select="Nonsense")
    assert "Nonsense" in message(refused)
    assert rows_of(client.get(ACCOUNTS, division, filter=f"Timestamp gt {1 << 62}L")) == []
    assert client.get("sync/Nonsense", division).status_code == 404
