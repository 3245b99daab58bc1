"""What an answer means, what need not be asked, how a state is read and a matrix laid out: tables of cases."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from tap_exact_online.catalog.resources import BY_NAME
from tap_exact_online.doctor.conclusions import calls, rights
from tap_exact_online.doctor.findings import Finding, Level, exit_code
from tap_exact_online.doctor.layout import arrange
from tap_exact_online.doctor.ledger import Ledger
from tap_exact_online.doctor.probes import ShortSleep
from tap_exact_online.doctor.state import deleted_log, last_run, singer_state
from tap_exact_online.doctor.verdicts import READABLE, Result, Verdict, judge
from tap_exact_online.errors import (
    ConfigurationError,
    Denied,
    LimitReached,
    LoginNeeded,
    ReadError,
    Refused,
    Unreachable,
)
from tap_exact_online.reading import Allowance
from tap_exact_online.wire.responses import Stop, classify

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
SCOPE = b"Forbidden - Application Scope Violated.\nCannot read 'crm.accounts' scope."


@pytest.mark.parametrize(
    ("status", "headers", "body", "result", "detail"),
    [
        (403, {}, SCOPE, Result.SCOPE, "Crm accounts"),
        (403, {}, SCOPE.replace(b"crm.accounts", b"else.where"), Result.SCOPE, "else.where"),
        (403, {"Reason": "Forbidden"}, b"Forbidden", Result.RIGHT, ""),
        (403, {"Reason": "Unauthorized"}, b"", Result.RIGHT, ""),
        (403, {"Reason": "NoLicenseForModule"}, b"Forbidden", Result.MODULE, ""),
        (403, {"Reason": "Forbidden"}, b"The module Projects is not active", Result.MODULE, ""),
        (403, {"Reason": "LicenseExpired"}, b"Forbidden", Result.CLOSED, "LicenseExpired"),
        (
            403,
            {},
            b"Forbidden - User division is not within division scope",
            Result.CLOSED,
            "NoDivisionAccess",
        ),
        (403, {"Reason": "too many errors"}, b"", Result.NO_CALLS, ""),
        (404, {"Reason": "Not found"}, b"", Result.REFUSED, ""),
        (400, {"Reason": "Bad"}, b"no such property", Result.REFUSED, ""),
    ],
)
def test_what_an_answer_says(
    status: int, headers: dict[str, str], body: bytes, result: Result, detail: str
) -> None:
    action = classify(status, headers, body)
    assert isinstance(action, Stop)
    verdict = judge(action.error, BY_NAME["accounts"])
    assert (verdict.result, verdict.detail) == (result, detail)


def test_what_no_answer_says() -> None:
    assert judge(Unreachable("503"), BY_NAME["accounts"]).result is Result.NO_ANSWER
    until = judge(LimitReached("the day is over", NOW), BY_NAME["accounts"])
    assert (until.result, until.until) == (Result.NO_CALLS, NOW)
    assert judge(Refused("400"), BY_NAME["accounts"]).result is Result.REFUSED


NO_SCOPE = Verdict(Result.SCOPE, "Crm accounts")
CLOSED = Verdict(Result.CLOSED, "DivisionBlocked")
BLOCKED = Verdict(Result.CLOSED, "BlockedUser")
LATER = Verdict(Result.NO_CALLS, until=NOW)
NEVER = Verdict(Result.NO_CALLS)
SILENT = Verdict(Result.NO_ANSWER)


@pytest.mark.parametrize(
    ("noted", "stream", "division", "foregone"),
    [
        pytest.param([("a", 1, NO_SCOPE), ("a", 2, NO_SCOPE)], "a", 3, None, id="two lack the scope"),
        pytest.param([("a", n, NO_SCOPE) for n in (1, 2, 3)], "a", 4, Result.SCOPE, id="three lack it"),
        pytest.param([("a", n, NO_SCOPE) for n in (1, 2, 3)], "b", 4, None, id="another stream"),
        pytest.param([("a", 1, CLOSED)], "b", 1, Result.CLOSED, id="a closed division"),
        pytest.param([("a", 1, CLOSED)], "b", 2, None, id="another division"),
        pytest.param([("a", n, CLOSED) for n in (1, 2, 3)], "a", 4, None, id="three closed divisions"),
        pytest.param([("a", n, BLOCKED) for n in (1, 2, 3)], "a", 4, Result.CLOSED, id="a blocked user"),
        pytest.param([("a", 1, LATER)], "b", 1, Result.NO_CALLS, id="a day that is over"),
        pytest.param([("a", 1, LATER)], "a", 2, None, id="the day of another division"),
        pytest.param([("a", 1, NEVER)], "b", 2, Result.NO_CALLS, id="a blocked app"),
        pytest.param([("a", n, SILENT) for n in (1, 2, 3)], "b", 4, Result.NO_ANSWER, id="out of order"),
        pytest.param(
            [("a", 1, SILENT), ("a", 2, SILENT), ("a", 3, READABLE), ("a", 4, SILENT)],
            "b",
            1,
            None,
            id="a server that stumbles",
        ),
    ],
)
def test_what_need_not_be_asked(
    noted: list[tuple[str, int, Verdict]], stream: str, division: int, foregone: Result | None
) -> None:
    ledger = Ledger(["a", "b"], [1, 2, 3, 4])
    for each in noted:
        ledger.note(*each)
    verdict = ledger.foregone(stream, division)
    assert (verdict and verdict.result) == foregone
    assert verdict is None or not verdict.asked


def test_results_with_one_cause_are_one_finding() -> None:
    ledger = Ledger(["transaction_lines", "vat_codes", "accounts"], [1, 2])
    for division in (1, 2):
        ledger.note("transaction_lines", division, Verdict(Result.SCOPE, "Financial accounting"))
        ledger.note("vat_codes", division, Verdict(Result.SCOPE, "Financial accounting"))
    ledger.note("accounts", 1, READABLE)
    ledger.note("accounts", 2, Verdict(Result.RIGHT, said="403: Forbidden"))
    check = rights(ledger)
    assert check.summary == "1 of 6 readable: 3 streams in 2 divisions, for 6 calls"
    assert [(each.kind, each.streams, each.divisions) for each in check.findings] == [
        ("missing_scope", ("transaction_lines", "vat_codes"), (1, 2)),
        ("missing_right", ("accounts",), (2,)),
    ]


@pytest.mark.parametrize(
    ("kinds", "wanted"),
    [
        ([], 0),
        (["no_calls", "refused"], 1),
        (["refused", "configuration"], 2),
        (["configuration", "login", "busy"], 3),
        (["login", "unsaved"], 5),
    ],
)
def test_the_most_urgent_decides(kinds: list[str], wanted: int) -> None:
    assert exit_code(Finding(kind, "") for kind in kinds) == wanted


@pytest.mark.parametrize("level", [Level.WARNING, Level.NOTE])
def test_only_problems_decide(level: Level) -> None:
    assert exit_code([Finding("DivisionBlocked", "", level=level)]) == 0


@pytest.mark.parametrize(
    ("left", "summary"),
    [
        ([Allowance(), Allowance()], "no division was asked, so none has told"),
        ([Allowance(day_left=7, day_limit=5000), Allowance()], "7 of 5,000 left today"),
        ([Allowance(minute_left=3)], "3 left this minute"),
        (
            [Allowance(3, 60, 0.0, 7, 5000), Allowance(60, 60, 0.0, 4000, 5000)],
            "7 to 4,000 of 5,000 left today and 3 to 60 of 60 left this minute for each division",
        ),
    ],
)
def test_the_calls_left_are_those_of_divisions_that_told(left: list[Allowance], summary: str) -> None:
    assert calls(left).summary == summary


def state(read_at: str | None = "2026-02-28T12:00:00+00:00") -> dict[str, Any]:
    note = None if read_at is None else minutes(read_at)
    partition = {"context": {"Division": 1}, "at": 5, "read": note}
    return {"bookmarks": {"deleted": {"by": "Timestamp", "partitions": [partition]}}}


def minutes(read_at: str) -> Any:
    """Return what a state notes of a read; of what is no moment, that."""
    try:
        return [int(datetime.fromisoformat(read_at).timestamp()) // 60, -1, 500]
    except ValueError:
        return read_at


def test_how_long_a_person_is_kept_waiting() -> None:
    waited: list[float] = []
    sleep = ShortSleep(waited.append)
    for seconds in (5.0, 10.0, 20.0, 40.0):  # while the token endpoint is out of order
        sleep(seconds)
    sleep.slept = 0.0
    sleep(60.0)  # the rest of a minute
    with pytest.raises(LimitReached, match="429"):
        sleep(60.0)
    with pytest.raises(LoginNeeded, match=r"Connect again with `.*login`"):
        sleep(570.0)
    assert waited == [5.0, 10.0, 20.0, 40.0, 60.0]


BARE = state()


@pytest.mark.parametrize(
    "document",
    [
        BARE,
        {"singer_state": BARE},
        {"completed": {"singer_state": BARE}, "partial": {}},
        {"completed": None, "partial": {"singer_state": BARE}},
        {
            "completed": {"singer_state": state("2026-01-01T00:00:00+00:00")},
            "partial": {"singer_state": BARE},
        },
        {"type": "STATE", "value": BARE},
    ],
)
def test_a_state_in_every_envelope(document: Any) -> None:
    assert singer_state(document) == BARE


def test_halves_of_a_state_are_merged() -> None:
    below: dict[str, Any] = {"bookmarks": {"accounts": {"partitions": []}, "deleted": {"partitions": []}}}
    merged = singer_state({"completed": {"singer_state": below}, "partial": {"singer_state": BARE}})
    assert merged["bookmarks"] == {**below["bookmarks"], **BARE["bookmarks"]}


@pytest.mark.parametrize(
    ("document", "words_of_it"),
    [
        ([], "no JSON object"),
        ({"bookmarks": {"other": {}}}, "another tap"),
        ({"bookmarks": []}, "another tap"),
        ({"singer_state": {"x": 1}}, "another tap"),
        ({"bookmarks": {"accounts": {"partitions": {}}}}, "no list of divisions"),
        (
            {"bookmarks": {"accounts": {"partitions": [{"context": {"Division": 1}, "at": "x"}]}}},
            "not a row version",
        ),
    ],
)
def test_a_state_that_is_none(document: Any, words_of_it: str) -> None:
    with pytest.raises(ConfigurationError, match=words_of_it):
        singer_state(document)


@pytest.mark.parametrize(
    ("read_at", "kind", "code"),
    [
        ("2026-03-01T11:59:00+00:00", None, 0),
        ("2026-01-11T00:00:00+00:00", None, 0),
        ("2026-01-09T12:00:00+00:00", "deleted_log_old", 0),
        ("2025-12-31T11:00:00+00:00", "deleted_log_lost", 1),
        ("2025-12-31T13:00:00+02:00", "deleted_log_lost", 1),
    ],
)
def test_the_age_of_the_log_of_deletes(read_at: str, kind: str | None, code: int) -> None:
    check, ages = deleted_log(state(read_at), [1], NOW)
    assert ages == {1: NOW - datetime.fromisoformat(read_at)}
    assert [each.kind for each in check.findings] == ([kind] if kind else [])
    assert exit_code(check.findings) == code


READ = {"read": minutes("2026-03-01T00:00:00+00:00")}


@pytest.mark.parametrize(
    ("deleted", "accounts", "divisions", "empty"),
    [
        pytest.param({1: READ, 2: READ}, {1: 9, 2: 9}, [1, 2], [1, 2], id="never a row"),
        pytest.param({1: READ, 2: {**READ, "at": 7}}, {1: 9, 2: 9}, [1, 2], [], id="a row in one"),
        pytest.param({1: READ, 2: READ}, {}, [1, 2], [], id="nothing was read"),
        pytest.param({1: READ, 2: READ}, {1: None, 2: 0}, [1, 2], [], id="nothing was there"),
        pytest.param({1: READ, 2: READ}, {2: 9}, [1, 2], [2], id="a company without rows says nothing"),
        pytest.param({1: {}, 2: {}}, {1: 9, 2: 9}, [1, 2], [], id="not read to its end"),
        pytest.param({}, {1: 9}, [1], [], id="not read"),
        pytest.param({1: READ, 2: {**READ, "at": 7}}, {1: 9}, [1], [1], id="only those to read"),
    ],
)  # fmt: skip
def test_a_log_of_deletes_that_never_held_a_row(
    deleted: dict[int, dict[str, Any]],
    accounts: dict[int, int | None],
    divisions: list[int],
    empty: list[int],
) -> None:
    given = {
        "bookmarks": {
            "deleted": {"partitions": [{"context": {"Division": n}, **each} for n, each in deleted.items()]},
            "accounts": {
                "partitions": [{"context": {"Division": n}, "at": value} for n, value in accounts.items()]
            },
            # Its rows are in no log of deletes, so they prove nothing.
            "journals": {"partitions": [{"context": {"Division": 1}, "at": "2026-01-01"}]},
        }
    }
    check, _ = deleted_log(given, divisions, NOW)
    found = [each for each in check.findings if each.kind == "deleted_log_empty"]
    assert [list(each.divisions) for each in found] == ([empty] if empty else [])
    assert exit_code(check.findings) == 0
    assert all("enter, modify and delete requests" in each.cure.english for each in found)


@pytest.mark.parametrize("read_at", [None, "yesterday"])
def test_a_log_of_deletes_whose_age_is_not_known(read_at: str | None) -> None:
    check, ages = deleted_log(state(read_at), [1], NOW)
    assert check.skipped
    assert ages == {}


def test_what_the_last_run_read() -> None:
    given = {
        "bookmarks": {
            **BARE["bookmarks"],
            "divisions": {"dates": {"1": {"DivisionMoveDate": None}}},
            "journals": {
                "partitions": [
                    {"context": {"Division": 1}, "at": "2026-02-01T00:00:00+00:00"},
                    {"context": {"Division": 7}},
                ]
            },
        }
    }
    rows: list[dict[str, Any]] = [{"Code": 1, "DivisionMoveDate": "2026-02-20T00:00:00"}, {"Code": 2}]
    check, reads = last_run(given, [BY_NAME[name] for name in ("deleted", "journals", "units")], rows, [1, 2])
    assert [(read.stream, read.read, read.never) for read in reads] == [
        ("deleted", (1,), (2,)),
        ("journals", (1,), (2,)),
    ]
    assert reads[1].newest == datetime(2026, 2, 1, tzinfo=UTC)
    assert {each.kind: each.divisions for each in check.findings} == {
        "never_read": (2,),
        "moved": (1,),
        "left_out": (7,),
    }
    assert exit_code(check.findings) == 0


def ledger_of(divisions: int, wrong: dict[int, Result], streams: int = 2) -> Ledger:
    ledger = Ledger([f"stream_{n}" for n in range(streams)], range(1, divisions + 1))
    for stream in ledger.streams:
        for division in ledger.divisions:
            result = wrong.get(division, Result.READABLE) if stream == "stream_0" else Result.READABLE
            ledger.note(stream, division, Verdict(result))
    return ledger


def test_few_divisions_have_a_column_each() -> None:
    grid = arrange(ledger_of(3, {2: Result.RIGHT}), room=5)
    assert grid.headers == ["1", "2", "3"]
    assert [cell.text for cell in grid.rows[0][1]] == ["ok", "right", "ok"]
    assert grid.groups == []
    assert [word for word, _ in grid.legend] == ["right"]


def test_equal_divisions_share_a_column() -> None:
    grid = arrange(ledger_of(200, {7: Result.RIGHT, 8: Result.SCOPE, 9: Result.SCOPE}), room=5)
    assert grid.headers == ["A", "B", "7"]
    assert [cell.text for cell in grid.rows[0][1]] == ["ok", "scope", "right"]
    assert [(label, len(divisions)) for label, divisions in grid.groups] == [("A", 197), ("B", 2)]


def test_what_does_not_fit_is_counted() -> None:
    wrong = {7: Result.RIGHT, 8: Result.SCOPE, 9: Result.CLOSED, 10: Result.NO_ANSWER}
    grid = arrange(ledger_of(200, wrong), room=3)
    assert grid.headers == ["ok", "scope", "right", "closed", "none"]
    assert [cell.text for cell in grid.rows[0][1]] == ["196", "1", "1", "1", "1"]
    assert [cell.text for cell in grid.rows[1][1]] == ["200", "", "", "", ""]


def test_many_streams_that_are_fine_are_one_row() -> None:
    grid = arrange(ledger_of(3, {2: Result.RIGHT}, streams=30), room=5)
    assert [name for name, _ in grid.rows] == ["stream_0", "the other 29 streams"]
    assert [name for name, _ in arrange(ledger_of(3, {}, streams=30), room=5).rows] == ["30 streams"]


def test_a_failure_without_a_reason_of_its_own() -> None:
    assert judge(ReadError("?"), BY_NAME["accounts"]).result is Result.REFUSED
    assert judge(Denied("403: no"), BY_NAME["accounts"]).result is Result.RIGHT


def test_every_state_survives_json() -> None:
    assert singer_state(json.loads(json.dumps({"singer_state": {}}))) == {}
