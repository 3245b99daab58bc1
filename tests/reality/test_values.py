"""Values as recorded answers have them: paddings, moments, control characters, numbers that are none."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tap_exact_online.catalog.resources import BY_NAME
from tests.conftest import Sandbox
from tests.faults.quick import narrow, only
from tests.reality.conftest import Read

LEDGER = "gl_accounts"
PATH = BY_NAME[LEDGER].path
KEY = "00000000-0000-0000-0000-000000000001"


def page(division: int, description: bytes) -> str:
    record = json.dumps({"ID": KEY, "Timestamp": "5", "Division": division, "Code": "1", "Description": "@"})
    return '{"d":{"results":[' + record.replace("@", description.decode("latin-1")) + "]}}"


@pytest.fixture
def catalog(every: dict[str, Any]) -> dict[str, Any]:
    return narrow(only(every, LEDGER), {LEDGER: {"Code", "Description"}})


def test_raw_control_characters_that_last_are_what_exact_holds(
    books: Sandbox, read: Read, catalog: dict[str, Any], divisions: tuple[int, int]
) -> None:
    body = page(divisions[0], b"a\x01b\tc")
    books.control.fault("status", status=200, body=body, path=PATH, division=divisions[0], times=None)
    run = read(catalog)
    assert run.exit_code == 0, run.log
    [record] = [each for each in run.records[LEDGER] if each["Division"] == divisions[0]]
    assert record["Description"] == "a\x01b\tc"
    assert "texts with raw control characters came twice" in run.log


def test_raw_control_characters_that_pass_are_a_broken_answer(
    books: Sandbox, read: Read, catalog: dict[str, Any], divisions: tuple[int, int]
) -> None:
    whole = read(catalog)
    for broken in (b"a\x01b", b"a\x02b"):  # not the same bytes twice
        books.control.fault(
            "status", status=200, body=page(divisions[0], broken), path=PATH, division=divisions[0]
        )
    run = read(catalog)
    assert run.exit_code == 0, run.log
    assert run.table(LEDGER) == whole.table(LEDGER)
    assert "control characters came twice" not in run.log


@pytest.mark.parametrize("number", ["NaN", "-Infinity", "1e400", '"NaN"', '"INF"'])
def test_a_number_that_is_none_is_a_value_of_another_type(
    books: Sandbox, read: Read, every: dict[str, Any], divisions: tuple[int, int], number: str
) -> None:
    stream = "transaction_lines"
    good = {"ID": KEY, "Timestamp": "5", "Division": divisions[0], "AmountDC": 1.5}
    odd = {**good, "ID": KEY.replace("1", "2"), "AmountDC": "@"}
    body = json.dumps({"d": {"results": [good, odd]}}).replace('"@"', number)
    books.control.fault(
        "status", status=200, body=body, path=BY_NAME[stream].path, division=divisions[0], times=None
    )
    run = read(narrow(only(every, stream), {stream: {"AmountDC"}}))
    assert run.exit_code == 1, run.log
    assert [r["AmountDC"] for r in run.records[stream] if r["Division"] == divisions[0]] == [1.5]
    assert f"a row was left out: ID {odd['ID']}" in run.log
    assert "NaN" not in json.dumps(run.lines)


def test_units_languages_and_states_lose_their_padding_and_names_keep_it(
    books: Sandbox, read: Read, every: dict[str, Any], divisions: tuple[int, int]
) -> None:
    books.control.set_row(
        divisions[0],
        BY_NAME["items"].path,
        {"ID": KEY, "Unit": "pc      ", "Code": "   A1", "Description": " pc "},
    )
    books.control.set_row(
        divisions[0],
        BY_NAME["accounts"].path,
        {
            "ID": KEY,
            "Language": "NL        ",
            "State": "ZH ",
            "Country": "NL ",
            "SearchCode": "ABC      ",
            "Name": " ABC ",
        },
    )
    run = read(only(every, "items", "accounts"))
    assert run.exit_code == 0, run.log
    [item] = [each for each in run.records["items"] if each["ID"] == KEY]
    assert (item["Unit"], item["Code"], item["Description"]) == ("pc", "A1", " pc ")
    [account] = [each for each in run.records["accounts"] if each["ID"] == KEY]
    assert [account[name] for name in ("Language", "State", "Country", "SearchCode", "Name")] == [
        "NL",
        "ZH",
        "NL",
        "ABC",
        " ABC ",
    ]


def test_approved_is_a_moment(
    books: Sandbox, read: Read, every: dict[str, Any], divisions: tuple[int, int]
) -> None:
    path = BY_NAME["purchase_orders"].path
    books.control.set_row(divisions[0], path, {"ID": KEY, "Approved": "2026-06-25T16:16:40"})
    run = read(only(every, "purchase_orders"))
    [order] = [each for each in run.records["purchase_orders"] if each["ID"] == KEY]
    assert order["Approved"] == "2026-06-25T14:16:40+00:00"
