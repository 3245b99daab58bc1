from __future__ import annotations

import pytest

from tap_exact_online.sandbox.control import Control
from tests.sandbox.client import Client, message, page

ACCOUNTS = "sync/CRM/Accounts"


def test_me_needs_no_division_and_has_no_rate_headers(client: Client) -> None:
    answer = client.get("current/Me", select="CurrentDivision")
    rows, link = page(answer)
    assert [set(row) for row in rows] == [{"__metadata", "CurrentDivision"}]
    assert link is None
    assert not [name for name in answer.headers if name.lower().startswith("x-ratelimit")]


@pytest.mark.parametrize("words", ["access token expired", "message expired"])
def test_expired_access_token(client: Client, control: Control, division: int, words: str) -> None:
    control.options(expired_words=words)
    control.advance_clock(600)
    answer = client.get("system/Divisions", division)
    assert answer.status_code == 401
    assert words in answer.headers["WWW-Authenticate"]


def test_missing_and_made_up_tokens(client: Client, division: int) -> None:
    client.access_token = "made up"
    assert client.get("system/Divisions", division).status_code == 401


def test_divisions_lists_only_what_is_granted(client: Client, control: Control, division: int) -> None:
    other = control.add_division()
    control.withdraw_division(other)
    listed = [row["Code"] for row in client.rows("system/Divisions", division)]
    assert division in listed
    assert other not in listed
    assert {row["Code"]: row["granted"] for row in control.divisions()}[other] is False
    answer = client.get("system/Divisions", other)
    assert answer.status_code == 403
    assert answer.headers["Reason"] == "NoDivisionAccess"
    assert message(answer) == "Forbidden - User division is not within division scope"
    control.grant_division(other)
    assert client.get("system/Divisions", other).status_code == 200


def test_unknown_division(client: Client) -> None:
    assert client.get("system/Divisions", 7).headers["Reason"] == "NoDivisionAccess"


def test_blocked_and_archived_divisions(client: Client, control: Control, division: int) -> None:
    control.block_division(division)
    answer = client.get("hrm/Costunits", division)
    assert (answer.status_code, answer.headers["Reason"]) == (403, "DivisionBlocked")
    control.unblock_division(division)
    control.archive_division(division)
    row = next(row for row in client.rows("system/Divisions", division) if row["Code"] == division)
    assert (row["Status"], row["BlockingStatus"]) == (2, 0)
    assert row["ArchiveDate"] is not None


def test_current_division_follows_what_the_user_opens(
    client: Client, control: Control, division: int
) -> None:
    control.open_division(division)
    assert page(client.get("current/Me"))[0][0]["CurrentDivision"] == division


def test_missing_scope(client: Client, control: Control, division: int) -> None:
    control.forbid(scope="Organization administration")
    answer = client.get("system/Divisions", division)
    assert answer.status_code == 403
    assert message(answer) == (
        "Forbidden - Application Scope Violated.\nCannot read 'organization.administration' scope."
    )
    assert answer.headers["Reason"] == "Forbidden - Application Scope Violated."
    assert client.get("hrm/Costunits", division).status_code == 200
    control.options(error_body="text")
    assert client.get("sync/Deleted", division).text.startswith("Forbidden - Application Scope Violated.")
    control.allow()
    assert client.get("system/Divisions", division).status_code == 200


def test_missing_right_of_the_user(client: Client, control: Control, division: int) -> None:
    control.forbid(ACCOUNTS, division=division, reason="BlockedUser")
    answer = client.get(ACCOUNTS, division)
    assert (answer.status_code, answer.headers["Reason"], message(answer)) == (
        403,
        "BlockedUser",
        "Forbidden",
    )
    other = control.add_division()
    assert client.get(ACCOUNTS, other).status_code == 200
    control.forbid("*", reason="LicenseExpired")
    assert client.get("current/Me").headers["Reason"] == "LicenseExpired"


@pytest.mark.parametrize("path", ["sync/Deleted", "system/Divisions", "hrm/Costunits"])
def test_a_right_may_be_missing_silently(client: Client, control: Control, division: int, path: str) -> None:
    assert client.rows(path, division)
    control.forbid(path, silent=True)
    answer = client.get(path, division)
    assert (answer.status_code, page(answer)) == (200, ([], None))
    assert client.get(path, division, select="Nonsense").status_code == 400
    control.allow()
    assert client.rows(path, division)


@pytest.mark.parametrize("path", ["sync/CRM/Account", "crm/Accounts", "sync", "current/Me"])
def test_unknown_endpoints(client: Client, division: int, path: str) -> None:
    answer = client.get(path, division)
    assert answer.status_code == 404
    assert message(answer)
    assert "Reason" in answer.headers


def test_a_row_by_its_key_is_no_page(client: Client, control: Control, division: int) -> None:
    key = f"guid'{control.rows(division, 'hrm/Costunits')[0]['ID']}'"
    assert client.get(f"hrm/Costunits({key})", division).status_code == 404
    assert client.get(f"hrm/Costunits({key})", division, skiptoken=key).status_code == 200


def test_an_endpoint_needs_its_division(client: Client) -> None:
    assert client.get("system/Divisions").status_code == 404


def test_letter_case_of_paths_does_not_matter(client: Client, division: int) -> None:
    assert (
        client.fetch(client.url("SYNC/crm/aCCounts", division).replace("/api/v1", "/API/V1")).status_code
        == 200
    )


def test_only_reading_is_possible(client: Client, division: int) -> None:
    assert client.session.post(client.url(ACCOUNTS, division), json={}, timeout=10).status_code == 405
