"""Recorded answers, written by hand, given again over HTTP."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from tap_exact_online.cli import main
from tests.conftest import StartSandbox
from tests.sandbox.client import Client, page

ACCOUNTS = "sync/CRM/Accounts"
NEXT = "{base}/api/v1/1/sync/crm/accounts?$select=ID&$skiptoken=5L"


def record(path: str, division: int | None, body: Any, status: int = 200, **more: Any) -> dict[str, Any]:
    return {
        "path": path,
        "division": division,
        "query": {"$select": "ID"},
        "status": status,
        "headers": {},
        "body": body,
        **more,
    }


RECORDED = [
    record("current/Me", None, {"d": {"results": [{"CurrentDivision": 1}]}}),
    record("system/Divisions", 1, {"d": {"results": [{"Code": 1}, {"Code": 2}]}}),
    record(
        ACCOUNTS,
        1,
        {"d": {"results": [{"ID": "a", "Share": 1.50}], "__next": NEXT}},
        headers={"X-RateLimit-Remaining": "4711", "Content-Encoding": "gzip", "Content-Length": "7"},
    ),
    record("sync/crm/accounts", 1, {"d": {"results": [{"ID": "b"}]}}),
    record(ACCOUNTS, 2, {"d": {"results": [{"ID": "c"}]}}),
    record(
        "hrm/Costunits", 1, {"error": {"message": {"value": "no"}}}, 403, headers={"Reason": "BlockedUser"}
    ),
    record("hrm/Costcenters", 1, None, 503, text="The service is unavailable."),
    record("hrm/Costcenters", 1, None, 429),
]


def written(folder: Path, records: list[dict[str, Any]]) -> Path:
    folder.mkdir()
    for number, each in enumerate(records, 1):
        (folder / f"{number:06d}.json").write_text(json.dumps(each), encoding="utf-8")
    return folder


@pytest.fixture
def replayed(tmp_path: Path, start_sandbox: StartSandbox) -> Client:
    sandbox = start_sandbox(replay=written(tmp_path / "recorded", RECORDED))
    client = Client(sandbox, sandbox.refresh_token)
    assert client.refresh().status_code == 200
    return client


def test_answers_come_in_the_order_of_the_recording(replayed: Client) -> None:
    assert page(replayed.get("current/Me"))[0] == [{"CurrentDivision": 1}]
    assert [row["Code"] for row in replayed.rows("system/Divisions", 1)] == [1, 2]
    first = replayed.get(ACCOUNTS, 1, select="Name", filter="Timestamp gt 1L")
    rows, link = page(first)
    assert rows == [{"ID": "a", "Share": 1.5}]
    assert first.headers["X-RateLimit-Remaining"] == "4711"
    assert first.headers["Content-Type"].startswith("application/json")
    assert link == NEXT.replace("{base}", replayed.sandbox.base_url)
    assert page(replayed.get(ACCOUNTS, 2))[0] == [{"ID": "c"}]  # each division has its own
    assert page(replayed.fetch(link)) == ([{"ID": "b"}], None)


def test_when_all_is_given_pages_are_empty_and_refusals_stay(replayed: Client) -> None:
    for _ in range(2):
        replayed.get(ACCOUNTS, 1)
    for _ in range(2):
        assert page(replayed.get(ACCOUNTS, 1)) == ([], None)
    for _ in range(12):  # more than block an app, but what is blocked is in the recording
        refused = replayed.get("HRM/costunits", 1)
        assert (refused.status_code, refused.headers["Reason"]) == (403, "BlockedUser")
    statuses = [replayed.get("hrm/Costcenters", 1) for _ in range(3)]
    assert [(answer.status_code, answer.text) for answer in statuses] == [
        (503, "The service is unavailable."),
        (429, ""),
        (429, ""),
    ]


def test_what_was_not_recorded_is_not_found(replayed: Client) -> None:
    for path, division in ((ACCOUNTS, 3), ("hrm/Departments", 1), ("system/Divisions", None)):
        answer = replayed.get(path, division)
        assert answer.status_code == 404
        assert "recorded" in answer.headers["Reason"]


def test_tokens_and_scripted_failures_work_as_usual(replayed: Client) -> None:
    assert replayed.refresh().json()["error"] == "access_denied"  # too early
    replayed.sandbox.control.fault("html", path=ACCOUNTS)
    assert replayed.get(ACCOUNTS, 1).headers["Content-Type"].startswith("text/html")
    assert page(replayed.get(ACCOUNTS, 1))[0] == [{"ID": "a", "Share": 1.5}]
    assert replayed.sandbox.control.stats()["by_endpoint"] == {ACCOUNTS: 2}
    replayed.sandbox.control.expire_access()
    assert replayed.get(ACCOUNTS, 1).status_code == 401


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (None, "holds no recorded answers"),
        ("{", "000001.json holds no recorded answer"),
        ('{"path": "current/Me", "status": 200, "headers": {}}', "division"),
        ('{"path": "current/Me", "division": null, "status": "ok", "headers": {}}', "status"),
    ],
)
def test_a_folder_that_holds_no_recording_is_said(tmp_path: Path, content: str | None, words: str) -> None:
    folder = written(tmp_path / "recorded", [])
    if content is not None:
        (folder / "000001.json").write_text(content, encoding="utf-8")
    result = CliRunner().invoke(main, ["sandbox", "--port", "0", "--replay", str(folder)])
    assert result.exit_code == 2
    assert "Error: Cannot replay: " in result.output
    assert words in result.output
