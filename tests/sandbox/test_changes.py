from __future__ import annotations

import pytest

from tap_exact_online.sandbox.control import Control, ControlError
from tests.sandbox.client import Client

ACCOUNTS = "sync/CRM/Accounts"
LINES = "sync/Financial/TransactionLines"
DELETED = "sync/Deleted"
CENTERS = "hrm/Costcenters"
HOURS = "sync/HRM/LeaveAbsenceHoursByDay"
SYNC_TIMESTAMP = "read/sync/Sync/SyncTimestamp"


def newest(client: Client, division: int, path: str) -> int:
    rows = client.rows(path, division, select="Timestamp", filter="Timestamp gt 0L")
    return max((int(row["Timestamp"]) for row in rows), default=0)


def since(client: Client, division: int, path: str, stamp: int, select: str = "ID") -> list[dict[str, str]]:
    return client.rows(path, division, select=select, filter=f"Timestamp gt {stamp}L")


def test_added_rows(client: Client, control: Control, division: int) -> None:
    before = newest(client, division, ACCOUNTS)
    count = control.count(division, ACCOUNTS)
    made = control.add(division, ACCOUNTS, 3)
    assert [row["ID"] for row in since(client, division, ACCOUNTS, before)] == made
    assert control.count(division, ACCOUNTS) == count + 3 == len(control.rows(division, ACCOUNTS))
    truth = {row["ID"]: row for row in control.rows(division, ACCOUNTS)}
    assert truth[made[0]]["Created"] == truth[made[0]]["Modified"]


def test_added_lines_balance_in_pairs(control: Control, division: int) -> None:
    made = control.add(division, LINES, 4)
    rows = [row for row in control.rows(division, LINES) if row["ID"] in made]
    assert len({row["EntryID"] for row in rows}) == 2
    assert sum(row["AmountDC"] for row in rows) == pytest.approx(0)


def test_changed_rows_keep_their_identity(client: Client, control: Control, division: int) -> None:
    before = newest(client, division, ACCOUNTS)
    old = {row["ID"]: row for row in control.rows(division, ACCOUNTS)}
    changed = control.change(division, ACCOUNTS, 2)
    assert [row["ID"] for row in since(client, division, ACCOUNTS, before)] == changed
    new = {row["ID"]: row for row in control.rows(division, ACCOUNTS)}
    assert old.keys() == new.keys()
    for identity in changed:
        different = {name for name, value in new[identity].items() if value != old[identity][name]}
        assert {"Timestamp", "Modified"} < different


def test_all_streams_of_a_division_share_the_counter(client: Client, control: Control, division: int) -> None:
    control.change(division, LINES, 1)
    between = newest(client, division, LINES)
    control.change(division, ACCOUNTS, 1)
    assert newest(client, division, ACCOUNTS) > between


def test_deleted_rows_are_gone_and_logged(client: Client, control: Control, division: int) -> None:
    before = newest(client, division, DELETED)
    [gone] = control.delete(division, ACCOUNTS, 1)
    assert gone not in {row["ID"] for row in client.rows(ACCOUNTS, division, select="ID")}
    [logged] = since(client, division, DELETED, before, "EntityKey,EntityType,Division,Timestamp,DeletedDate")
    assert (logged["EntityKey"], logged["EntityType"], logged["Division"]) == (gone, 2, division)
    control.delete(division, LINES, 1, entity_type=52)
    control.delete(division, LINES, 1, logged=False)
    control.delete(division, CENTERS, 1)  # has no number in the log
    kinds = [row["EntityType"] for row in since(client, division, DELETED, before, "EntityType")]
    assert kinds == [2, 52]
    only = client.rows(
        DELETED, division, select="EntityKey", filter=f"Timestamp gt {before}L and EntityType eq 2"
    )
    assert [row["EntityKey"] for row in only] == [gone]


def test_log_starts_with_known_and_unknown_types(client: Client, division: int) -> None:
    kinds = {row["EntityType"] for row in client.rows(DELETED, division)}
    assert {1, 2, 52} <= kinds


def test_log_is_kept_two_months(client: Client, control: Control, division: int) -> None:
    control.delete(division, ACCOUNTS, 1)
    control.advance_clock(60 * 86_400)
    client.refresh(control.new_login())
    assert len(client.rows(DELETED, division)) == 1
    control.advance_clock(2 * 86_400)
    client.refresh(control.new_login())
    assert client.rows(DELETED, division) == []


def test_late_commit_appears_below_what_was_read(client: Client, control: Control, division: int) -> None:
    handle = control.begin(division, ACCOUNTS)
    control.change(division, ACCOUNTS, 1)
    high = newest(client, division, ACCOUNTS)
    assert handle < high
    late = control.commit(division, handle)
    assert since(client, division, ACCOUNTS, high) == []
    assert late in {row["ID"] for row in since(client, division, ACCOUNTS, handle - 1)}


def test_hand_made_rows(client: Client, control: Control, division: int) -> None:
    identity = "11111111-2222-4333-8444-555555555555"
    row = {
        "ID": identity,
        "Name": "nul\0 and \U0001f600",
        "EstablishedDate": "1899-12-31",
        "CreditLineSales": -0.01,
    }
    assert control.set_row(division, ACCOUNTS, row) == identity
    control.set_row(division, ACCOUNTS, {"ID": identity, "City": None})
    select = "ID,Name,EstablishedDate,CreditLineSales,City"
    [found] = [each for each in client.rows(ACCOUNTS, division, select=select) if each["ID"] == identity]
    assert found["Name"] == row["Name"]
    assert found["EstablishedDate"] == "/Date(-2209075200000)/"
    assert (found["CreditLineSales"], found["City"]) == (-0.01, None)
    control.set_row(division, ACCOUNTS, {"ID": identity, "Timestamp": 5})
    assert client.rows(ACCOUNTS, division, select="ID,Timestamp")[0]["ID"] == identity
    control.change(division, ACCOUNTS, ids=[identity])
    assert client.rows(ACCOUNTS, division, select="ID,Timestamp")[-1]["ID"] == identity
    with pytest.raises(ControlError, match="Nonsense"):
        control.set_row(division, ACCOUNTS, {"Nonsense": 1})


def test_rest_rows_change_where_they_stand(client: Client, control: Control, division: int) -> None:
    before = [row["ID"] for row in client.rows(CENTERS, division, select="ID")]
    control.change(division, CENTERS, ids=[before[3]])
    [gone] = control.delete(division, CENTERS, ids=[before[5]])
    assert [row["ID"] for row in client.rows(CENTERS, division, select="ID")] == [
        i for i in before if i != gone
    ]


def test_rows_with_other_keys(client: Client, control: Control, division: int) -> None:
    assert control.change(division, "general/Currencies", ids=["USD"]) == ["USD"]
    made = control.add(division, "general/Currencies", 2)
    assert {"EUR", "USD", *made} <= {row["Code"] for row in client.rows("general/Currencies", division)}
    [hid] = control.delete(division, "read/financial/PayablesList", 1)
    assert str(hid) not in {row["HID"] for row in client.rows("read/financial/PayablesList", division)}


def test_moved_division_has_new_timestamps(client: Client, control: Control, division: int) -> None:
    control.change(division, ACCOUNTS, 3)
    before = {row["ID"]: row["Timestamp"] for row in client.rows(ACCOUNTS, division, select="ID,Timestamp")}
    control.advance_clock(1)
    control.move_division(division)
    rows = client.rows(ACCOUNTS, division, select="ID,Timestamp")
    after = {row["ID"]: row["Timestamp"] for row in rows}
    assert list(before) == list(after)
    assert not set(before.values()) & set(after.values())
    listed = {row["Code"]: row for row in control.divisions()}
    assert listed[division]["DivisionMoveDate"]
    assert listed[division]["DivisionHRLinkUnlinkDate"] is None


def test_hr_link_gives_hours_new_ids_too(client: Client, control: Control, division: int) -> None:
    before = {row["ID"] for row in client.rows(HOURS, division, select="ID")}
    stamps = {row["Timestamp"] for row in client.rows(ACCOUNTS, division, select="ID,Timestamp")}
    control.hr_link_division(division)
    after = {row["ID"] for row in client.rows(HOURS, division, select="ID")}
    assert len(before) == len(after)
    assert not before & after
    assert not stamps & {row["Timestamp"] for row in client.rows(ACCOUNTS, division, select="ID,Timestamp")}
    listed = {row["Code"]: row for row in control.divisions()}
    assert listed[division]["DivisionHRLinkUnlinkDate"]


def timestamp_of(client: Client, division: int, modified: str, name: str) -> object:
    url = f"{client.url(SYNC_TIMESTAMP, division)}?modified=datetime'{modified}'&endPoint='{name}'"
    answer = client.fetch(url)
    return answer.json()["d"] if answer.status_code == 200 else answer.status_code


def test_sync_timestamp(client: Client, control: Control, division: int) -> None:
    rows = control.rows(division, LINES)
    moment = rows[200]["Modified"]
    first = next(row for row in rows if row["Modified"] >= moment)
    [answer] = timestamp_of(client, division, moment, "TransactionLines")  # type: ignore[misc]
    assert answer["TimeStampAsBigInt"] == str(first["Timestamp"])
    assert answer["API"] == "TransactionLines"
    assert answer["Modified"].startswith("/Date(")
    read = client.rows(LINES, division, select="ID", filter=f"Timestamp ge {answer['TimeStampAsBigInt']}L")
    assert read[0]["ID"] == first["ID"]
    [changed] = control.change(division, LINES, 1)
    [answer] = timestamp_of(client, division, "2026-01-01", "TransactionLines")  # type: ignore[misc]
    read = client.rows(LINES, division, select="ID", filter=f"Timestamp ge {answer['TimeStampAsBigInt']}L")
    assert [row["ID"] for row in read] == [changed]


def test_sync_timestamp_of_rows_that_do_not_show_when_they_changed(client: Client, division: int) -> None:
    assert timestamp_of(client, division, "2022-01-01", "MaterialIssues")


@pytest.mark.parametrize(("shape", "nothing"), [("list", []), ("object", {}), ("results", {"results": []})])
def test_sync_timestamp_envelopes(
    client: Client, control: Control, division: int, shape: str, nothing: object
) -> None:
    control.options(synctimestamp_envelope=shape)
    assert timestamp_of(client, division, "2099-01-01", "TransactionLines") == nothing
    assert timestamp_of(client, division, "2022-01-01", "TransactionLines") != nothing


def test_sync_timestamp_knows_few_endpoints(client: Client, division: int) -> None:
    assert timestamp_of(client, division, "2022-01-01", "Accounts") == 400
    assert timestamp_of(client, division, "last year", "TransactionLines") == 400
    assert client.get(SYNC_TIMESTAMP, division).status_code == 400


def test_commands_are_listed(control: Control) -> None:
    listed = control.run("")
    assert {"rows", "withdraw_division", "stats"} <= set(listed)
    assert all(each["does"] for each in listed.values())
    assert listed["add"]["takes"] == {"division": "int", "path": "str", "count": "int = 1"}
    assert {*control.run("options")} == {*listed["options"]["takes"]}
    told = listed["add_fault"]
    number = control.run("add_fault", action=next(iter(told["actions"])))
    fault = control.run("faults")[number]
    assert {*fault} - {*told["takes"]} == {"seen", "fired"}


def test_commands_that_make_no_sense(control: Control, division: int) -> None:
    for command, arguments in (
        ("nonsense", {}),
        ("add", {"division": division}),
        ("add", {"division": 7, "path": ACCOUNTS}),
        ("change", {"division": division, "path": ACCOUNTS, "ids": ["nobody"]}),
        ("commit", {"division": division, "handle": 1}),
        ("add_division", {"code": division}),
        ("add_fault", {"action": "nonsense"}),
        ("options", {"nonsense": 1}),
        ("options", {"seed": 2}),
        ("options", {"envelope": "nonsense"}),
        ("options", {"minute_limit": "many"}),
        ("options", {"minute_seconds": 0}),
        ("forbid", {}),
    ):
        with pytest.raises(ControlError):
            control.run(command, **arguments)
