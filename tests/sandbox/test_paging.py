from __future__ import annotations

import re
from datetime import datetime, timedelta
from urllib.parse import parse_qs, urlsplit

import pytest

from tap_exact_online.sandbox.control import Control
from tests.sandbox.client import Client, page

LINES = "sync/Financial/TransactionLines"
SCHEDULES = "sync/HRM/Schedules"
PERIODS = "financial/FinancialPeriods"
START = {"select": "ID,Timestamp", "filter": "Timestamp gt 0L"}


def numbers(rows: list[dict[str, str]]) -> list[int]:
    return [int(row["Timestamp"]) for row in rows]


@pytest.fixture
def large(control: Control) -> int:
    """Return a division with 2,400 schedules: two full pages of 1,000 and a part."""
    division = control.add_division()
    control.add(division, SCHEDULES, 2400 - control.count(division, SCHEDULES))
    return division


def test_sync_pages(client: Client, control: Control, large: int) -> None:
    pages = client.pages(SCHEDULES, large, **START)
    assert [len(rows) for rows in pages] == [1000, 1000, 400]
    stamps = [stamp for rows in pages for stamp in numbers(rows)]
    assert stamps == sorted(set(stamps))
    assert stamps[0] > 13_000_000_000
    assert {row["ID"] for rows in pages for row in rows} == {
        row["ID"] for row in control.rows(large, SCHEDULES)
    }


def test_next_link(client: Client, control: Control, large: int) -> None:
    rows, link = page(client.get(SCHEDULES, large, **START))
    assert link is not None
    parts = urlsplit(link)
    assert link.startswith(client.sandbox.base_url)
    assert parts.path == f"/api/v1/{large}/sync/hrm/schedules"
    assert parse_qs(parts.query) == {
        "$select": [START["select"]],
        "$filter": [START["filter"]],
        "$skiptoken": [rows[-1]["Timestamp"] + "L"],
    }
    control.options(next_path="same")
    _, link = page(client.get(SCHEDULES, large, **START))
    assert urlsplit(str(link)).path.endswith("/sync/HRM/Schedules")


def test_exact_multiple_of_the_page_size_gives_an_empty_page(
    client: Client, control: Control, large: int
) -> None:
    control.delete(large, SCHEDULES, 400)
    assert [len(rows) for rows in client.pages(SCHEDULES, large, **START)] == [1000, 1000, 0]
    months = next(code for code in range(large, large - 4, -1) if control.count(code, PERIODS) == 60)
    assert [len(rows) for rows in client.pages(PERIODS, months)] == [60, 0]


def test_a_row_changed_while_pages_are_read_comes_back(client: Client, control: Control, large: int) -> None:
    rows, link = page(
        client.get(SCHEDULES, large, select="ID,Timestamp,Description", filter="Timestamp gt 0L")
    )
    first = rows[0]
    assert control.change(large, SCHEDULES, ids=[first["ID"]]) == [first["ID"]]
    rest = []
    while link is not None:
        rows, link = page(client.fetch(link))
        rest += rows
    again = [row for row in rest if row["ID"] == first["ID"]]
    assert len(again) == 1
    assert again[0]["Description"] != first["Description"]
    assert int(again[0]["Timestamp"]) == max(numbers(rest))


def test_filter_continues_where_a_reader_stopped(client: Client, large: int) -> None:
    stamps = numbers(client.rows(SCHEDULES, large, **START))
    after = client.rows(SCHEDULES, large, select="Timestamp", filter=f"Timestamp gt {stamps[1700]}L")
    assert numbers(after) == stamps[1701:]
    since = client.rows(SCHEDULES, large, select="Timestamp", filter=f"Timestamp ge {stamps[1700]}L")
    assert numbers(since) == stamps[1700:]
    assert client.rows(SCHEDULES, large, select="Timestamp", filter=f"Timestamp gt {stamps[-1]}L") == []


def test_rows_within_a_page_may_come_in_any_order(client: Client, control: Control, large: int) -> None:
    control.options(row_order="shuffled")
    pages = client.pages(SCHEDULES, large, **START)
    stamps = [numbers(rows) for rows in pages]
    assert stamps[0] != sorted(stamps[0])
    assert max(stamps[0]) < min(stamps[1])
    assert len({stamp for each in stamps for stamp in each}) == 2400


def test_top_spans_pages(client: Client, large: int) -> None:
    assert [len(rows) for rows in client.pages(SCHEDULES, large, **START, top="1500")] == [1000, 500]
    assert [len(rows) for rows in client.pages(SCHEDULES, large, **START, top="1000")] == [1000]
    assert [len(rows) for rows in client.pages(SCHEDULES, large, **START, top="0")] == [0]


def test_other_endpoints_have_pages_of_60(client: Client, control: Control, division: int) -> None:
    pages = client.pages("hrm/Costcenters", division, select="ID")
    assert [len(rows) for rows in pages] == [60, 10]
    assert {row["ID"] for rows in pages for row in rows} == {
        row["ID"] for row in control.rows(division, "hrm/Costcenters")
    }


def test_rows_come_as_sql_server_sorts_guids(client: Client, control: Control, division: int) -> None:
    # the last group counts most, and of the first three the bytes are turned around
    given = [
        "000000ff-0000-0000-0000-000000000001",
        "01000000-0000-0000-0000-000000000001",
        "00000000-0000-ff00-0000-000000000001",
        "00000000-0000-0001-0000-000000000001",
        "00000000-0000-0000-0001-000000000001",
        "00000000-0000-0000-0000-000000000002",
        "00000000-0000-0000-0000-010000000000",
    ]
    path = "hrm/Costcenters"
    control.delete(division, path, control.count(division, path))
    for identity in reversed(given):
        control.set_row(division, path, {"ID": identity})
    found = [row["ID"] for row in client.rows(path, division, select="ID")]
    # SELECT over these values in SQL Server: 0x01 of the first group is its last byte
    assert found == [given[1], given[0], *given[2:]]


@pytest.mark.parametrize(
    ("form", "pattern"),
    [
        ("guid", r"hrm/costcenters\?.*guid'[0-9a-f-]{36}'$"),
        ("number", r"hrm/costcenters\?.*[0-9]+$"),
        ("datetime_guid", r"hrm/costcenters\?.*datetime'20[0-9T:%A-]+',guid'[0-9a-f-]{36}'$"),
        ("lower", r"hrm/costcenters\(guid'[0-9a-f-]{36}'\)\?.*guid'[0-9a-f-]{36}'$"),
    ],
)
def test_forms_of_skip_tokens(
    client: Client, control: Control, division: int, form: str, pattern: str
) -> None:
    control.options(skiptoken=form)
    path = "hrm/Costcenters"
    rows, link = page(client.get(path, division, select="ID"))
    assert re.search(pattern, str(link))
    control.delete(division, path, ids=[rows[-1]["ID"]])  # the row that the token names may be gone
    rest, last = page(client.fetch(str(link)))
    assert last is None
    found = [row["ID"] for row in rows + rest]
    assert len(found) == len(set(found)) == 70
    assert {row["ID"] for row in control.rows(division, path)} < set(found)


def test_bulk_pages_have_1000_rows(client: Client, control: Control, division: int) -> None:
    path = "bulk/Cashflow/Payments"
    control.add(division, path, 1100 - control.count(division, path))
    assert [len(rows) for rows in client.pages(path, division, select="ID")] == [1000, 100]


def test_divisions_have_pages_too(client: Client, control: Control, division: int) -> None:
    for _ in range(60):
        control.add_division()
    pages = client.pages("system/Divisions", division, select="Code")
    assert len(pages[0]) == 60
    listed = [row["Code"] for rows in pages for row in rows]
    assert listed == [row["Code"] for row in control.divisions() if row["granted"]]


def test_modified_filter(client: Client, control: Control, division: int) -> None:
    path = "hrm/Costcenters"
    truth = sorted(row["Modified"] for row in control.rows(division, path))
    moment = truth[40]
    since = client.rows(path, division, select="Modified", filter=f"Modified ge datetime'{moment}'")
    later = client.rows(path, division, select="Modified", filter=f"Modified gt datetime'{moment}'")
    assert (len(since), len(later)) == (30, 29)
    half = datetime.fromisoformat(moment) + timedelta(milliseconds=500)
    filter_of = "Modified {} datetime'{}'".format  # whole seconds are compared
    assert len(client.rows(path, division, filter=filter_of("ge", half.isoformat()))) == 30
    assert len(client.rows(path, division, filter=filter_of("gt", half.isoformat()))) == 29
    changed = control.change(division, path, 2) + control.add(division, path, 1)
    newest = client.rows(path, division, select="ID", filter="Modified ge datetime'2026-01-01'")
    assert {row["ID"] for row in newest} == set(changed)


def test_created_filter(client: Client, control: Control, division: int) -> None:
    path = "hrm/Costcenters"
    truth = control.rows(division, path)
    moment = sorted(row["Created"] for row in truth)[40]
    since = client.rows(path, division, select="ID", filter=f"Created ge datetime'{moment}'")
    assert {row["ID"] for row in since} == {row["ID"] for row in truth if row["Created"] >= moment}
    [changed] = control.change(division, path, 1)
    [made] = control.add(division, path, 1)
    now = "datetime'2026-01-01'"
    newest = client.rows(path, division, select="ID", filter=f"Created ge {now}")
    either = client.rows(path, division, select="ID", filter=f"Modified ge {now} or Created ge {now}")
    assert [row["ID"] for row in newest] == [made]
    assert {row["ID"] for row in either} == {changed, made}


def test_new_rows_may_lack_modified(client: Client, control: Control, division: int) -> None:
    control.options(null_modified=True)
    path = "hrm/Costcenters"
    [made] = control.add(division, path, 1)
    modified, created = ({"filter": f"{name} ge datetime'2026-01-01'"} for name in ("Modified", "Created"))
    assert client.rows(path, division, **modified) == []
    [row] = client.rows(path, division, **created)
    assert (row["ID"], row["Modified"]) == (made, None)
    control.change(division, path, ids=[made])
    [row] = client.rows(path, division, **modified)
    assert row["Modified"] is not None
    handle = control.begin(division, LINES)
    late = control.commit(division, handle)
    lines = client.rows(LINES, division, select="ID,Modified", filter=f"Timestamp gt {handle - 1}L")
    assert [(row["ID"], row["Modified"]) for row in lines] == [(late, None)]
    stamp = client.fetch(
        f"{client.url('read/sync/Sync/SyncTimestamp', division)}?modified=datetime'2026-01-01'&endPoint='TransactionLines'"
    )
    assert page(stamp)[0] == []
