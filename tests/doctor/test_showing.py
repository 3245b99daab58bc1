"""How it looks: on terminals, in a log, in JSON; and how little it asks of two hundred divisions."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import Sandbox, running
from tests.doctor.conftest import GENEROUS
from tests.doctor.patient import ANSI, Patient
from tests.processes import run as start
from tests.singer import tap_for

FIRST, SECOND, THIRD = 1000001, 1000002, 1000003
LONG_AGO = [28_401_120, -1, 500]  # minutes: the first of January 2024


@pytest.fixture(scope="module")
def many(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    """Return a sandbox with 200 divisions of which some are not as they should be."""
    options: dict[str, object] = {"divisions": 200, "rows": 2, **GENEROUS}
    with running(tmp_path_factory.mktemp("many"), options) as started:
        control = started.control
        control.forbid(path="sync/Financial/TransactionLines")
        control.archive_division(FIRST + 9)
        for number in range(20, 50):
            control.forbid(path="sync/CRM/Accounts", division=FIRST + number, reason="Forbidden")
        for number in range(100, 103):
            control.block_division(FIRST + number)
        yield started


def test_two_hundred_divisions(many: Sandbox, connected: Callable[[Sandbox], Patient]) -> None:
    patient = connected(many)
    many.control.reset_stats()
    many.control.reset_limits()
    said = patient.doctor("--streams", "transaction_lines,gl_accounts,accounts,documents,journals")
    assert said.exit_code == 1
    assert said.results("accounts").count("missing_right") == 30
    assert said.results("transaction_lines").count("missing_scope") == 200  # it is the app that lacks it
    assert said.results("gl_accounts").count("readable") == 197
    assert len(said.findings["missing_right"]["divisions"]) == 30
    stats = many.control.stats()
    calls = stats["by_endpoint"]
    assert calls == {
        "current/Me": 1,
        "system/Divisions": 4,  # pages of 60
        "sync/Financial/TransactionLines": 3,
        # the blocked ones are asked for the first stream that is asked in all
        "sync/Financial/GLAccounts": 200,
        "financial/Journals": 197,
        "sync/CRM/Accounts": 197,
        "sync/Documents/Documents": 197,
    }
    assert said.document["calls"] == stats["calls"] - 5
    assert {
        count
        for paths in stats["by_division_endpoint"].values()
        for path, count in paths.items()
        if path != "system/Divisions"
    } == {1}
    assert stats["most_in_flight"]["overall"] == 1
    assert sum(stats["client_errors"]["403"].values()) == 3 + 3 + 30


def test_two_hundred_divisions_eight_at_once(many: Sandbox, connected: Callable[[Sandbox], Patient]) -> None:
    found = []
    for concurrency in ("1", "8"):
        patient = connected(many)
        patient.settings["concurrency"] = concurrency
        many.control.reset_stats()
        many.control.reset_limits()
        said = patient.doctor("--streams", "transaction_lines,gl_accounts,accounts,documents,journals")
        found.append([(each["stream"], each["results"]) for each in said.document["rights"]])
    assert found[0] == found[1]
    stats = many.control.stats()
    assert 1 < stats["most_in_flight"]["overall"] <= 8
    assert set(stats["most_in_flight"]["by_division"].values()) == {1}
    # Those that are under way when the third refusal comes are not taken back.
    assert 3 <= stats["by_endpoint"]["sync/Financial/TransactionLines"] <= 3 + 7


@pytest.mark.parametrize("columns", [80, 140])
def test_two_hundred_divisions_on_a_terminal(
    many: Sandbox, connected: Callable[[Sandbox], Patient], columns: int
) -> None:
    ended = connected(many).on_terminal(columns, "doctor", "--streams", "gl_accounts,accounts")
    assert ended.exit_code == 1
    assert "\x1b[31m" in ended.out  # colours
    text = ANSI.sub("", ended.out).partition("exact-online doctor")[2]  # behind the progress
    lines = text.splitlines()
    # only addresses, which must not be broken, are wider than the window
    assert all(len(line.rstrip()) <= columns or "https://" in line for line in lines)
    assert len(lines) < 80
    assert "A: 167 divisions: 1000001, 1000002, 1000003, 1000004, 1000005 and 162 more" in text
    assert "B: 30 divisions" in text
    assert "C: 3 divisions: 1000101, 1000102, 1000103" in text
    assert [line.split() for line in lines if line.startswith("accounts  ")] == [
        ["accounts", "ok", "right", "closed"]
    ]
    assert "archived" in text


def test_a_log_has_no_trace_of_a_terminal(patient: Patient) -> None:
    patient.sandbox.control.forbid(path="sync/CRM/Accounts", division=SECOND)
    for env in ({}, {"FORCE_COLOR": "1", "TTY_COMPATIBLE": "1", "CLICOLOR_FORCE": "1"}):
        ended = patient.run("doctor", "--streams", "accounts,journals", env=env)
        assert ended.exit_code == 1
        assert "\x1b" not in ended.out + ended.err
        assert not [line for line in ended.out.splitlines() if line != line.rstrip()]
        assert all(len(line) <= 80 or "https://" in line for line in ended.out.splitlines())
        words_of_it = " ".join(ended.out.split())
        assert "problem Rights 7 of 8 readable: 2 streams in 4 divisions, for 8 calls" in words_of_it
        assert (
            "accounts: not readable in division 1000002; the app registration lacks the scope" in words_of_it
        )
        assert "EN Exact Online App Centre" in words_of_it
        assert "NL Exact Online App Centre" in words_of_it
        assert "doctor.md#a-scope-is-missing" in ended.out
        assert "Consistency check" in words_of_it
        assert ended.out.splitlines()[-1] == "1 problem. Exit code 1."


def test_a_terminal_that_takes_no_colours(patient: Patient) -> None:
    ended = patient.on_terminal(100, "doctor", "--streams", "divisions", env={"NO_COLOR": "1"})
    assert ended.exit_code == 0
    assert "\x1b[3" not in ended.out


def test_a_name_cannot_steer_the_terminal(patient: Patient) -> None:
    body = {"error": {"message": {"value": "no \x1b[2J\x1b]0;title\x07 [bold]way[/bold]"}}}
    patient.sandbox.control.fault(
        "status", path="financial/Journals", division=FIRST, status=400, body=json.dumps(body)
    )
    ended = patient.run("doctor", "--streams", "journals")
    assert "\x1b" not in ended.out
    assert "\x07" not in ended.out
    assert "[bold]way[/bold]" in " ".join(ended.out.split())


def test_a_log_that_knows_ascii_only(patient: Patient) -> None:
    for command in (["doctor", "--streams", "journals"], ["divisions"], ["divisions", "--csv"]):
        ended = patient.run(*command, env={"PYTHONIOENCODING": "ascii", "PYTHONUTF8": "0"})
        assert ended.exit_code == 0
        assert ended.out.isascii()
        assert "?" in ended.out  # the names of some companies have other letters


def test_the_form_of_the_json(patient: Patient) -> None:
    patient.sandbox.control.forbid(path="sync/CRM/Accounts", division=SECOND)
    document = patient.doctor("--streams", "accounts").document
    assert document["version"] == 1
    assert [*document] == [
        *("version", "at", "exit_code", "server", "calls"),
        *("checks", "divisions", "rights", "last_run", "findings"),
    ]
    assert {*document["checks"][0]} == {"check", "status", "summary"}
    assert {*document["divisions"][0]} == {
        *("division", "name", "status", "blocked", "moved", "hr_linked"),
        *("calls_left_today", "calls_a_day", "calls_left_this_minute", "calls_a_minute"),
        "deleted_log_read_days_ago",
    }
    assert document["rights"] == [
        {
            "stream": "accounts",
            "endpoint": "sync/CRM/Accounts",
            "scope": "Crm accounts",
            "results": {
                "1000001": "readable",
                "1000002": "missing_scope",
                "1000003": "readable",
                "1000004": "readable",
            },
        }
    ]
    assert {*document["findings"][0]} == {
        *("finding", "level", "text", "streams", "divisions", "exit_code", "cure", "link")
    }
    assert {*document["findings"][0]["cure"]} == {"en", "nl"}


def test_without_settings_the_json_has_the_same_form(patient: Patient) -> None:
    whole = patient.doctor("--streams", "accounts").document
    patient.settings["region"] = "mars"
    assert [*patient.doctor().document] == [*whole]


def test_the_state_of_a_real_run(patient: Patient, tmp_path: Path) -> None:
    tap = tap_for(patient.sandbox, tmp_path, patient.settings["refresh_token"])
    assert tap.config["store"] == patient.settings["store"]
    run = tap.run()
    assert run.exit_code == 0
    file = tmp_path / "state of a run.json"
    file.write_text(json.dumps(run.state))
    said = patient.doctor("--state", str(file))
    assert said.exit_code == 0
    assert said.checks["last_run"] == said.checks["deleted_log"] == "ok"
    assert said.document["findings"] == []
    assert {each["stream"]: each["divisions_read"] for each in said.document["last_run"]}["accounts"] == 4
    assert {each["deleted_log_read_days_ago"] for each in said.document["divisions"]} == {0.0}

    patient.sandbox.control.move_division(THIRD)
    envelope = {"completed": {"singer_state": run.state}, "partial": {"singer_state": {}}}
    for partition in run.state["bookmarks"]["deleted"]["partitions"][:2]:
        partition["read"] = LONG_AGO
    given = patient.given(
        json.dumps(envelope).encode(), "doctor", "--state", "-", "--json", "--streams", "deleted,journals"
    )
    assert given.exit_code == 1, given.err
    found = {each["finding"]: each for each in json.loads(given.out)["findings"]}
    assert found["moved"]["divisions"] == [THIRD]
    assert found["deleted_log_lost"]["divisions"] == [FIRST, SECOND]
    cure = """TAP_EXACT_ONLINE_REREAD='{"divisions": [1000001, 1000002]}' meltano run tap-exact-online"""
    assert all(cure in found["deleted_log_lost"]["cure"][language] for language in ("en", "nl"))

    shown = patient.given(
        json.dumps(envelope).encode(), "doctor", "--state", "-", "--streams", "deleted,journals"
    )
    assert "Deletes read" in shown.out
    assert "Newest change" in shown.out


def test_a_log_of_deletes_that_is_empty_everywhere(patient: Patient, tmp_path: Path) -> None:
    tap = tap_for(patient.sandbox, tmp_path, patient.settings["refresh_token"])
    for division in patient.sandbox.control.divisions():
        # As Exact answers where the right is missing.
        patient.sandbox.control.fault(
            "status", path="sync/Deleted", division=division["Code"], status=200, body='{"d":{"results":[]}}'
        )
    run = tap.run(catalog=tap.catalog(["deleted", "accounts"]))
    assert run.exit_code == 0, run.log
    given = patient.given(json.dumps(run.state).encode(), "doctor", "--state", "-", "--json")
    assert given.exit_code == 0, given.err
    document = json.loads(given.out)
    [found] = [each for each in document["findings"] if each["finding"] == "deleted_log_empty"]
    assert (found["level"], found["divisions"]) == ("warning", [FIRST, SECOND, THIRD, 1000004])
    assert "enter, modify and delete requests" in found["cure"]["en"]


@pytest.mark.parametrize("note", [{"read": LONG_AGO}, {"read_at": "2024-01-01T00:00:00+00:00"}])
def test_a_state_is_looked_at_without_a_connection(patient: Patient, note: dict[str, Any]) -> None:
    partition = {"context": {"Division": 5}, **note}
    state = {"singer_state": {"bookmarks": {"deleted": {"partitions": [partition]}}}}
    del patient.settings["refresh_token"]
    given = patient.given(json.dumps(state).encode(), "doctor", "--state", "-", "--json")
    assert given.exit_code == 3
    found = {each["finding"] for each in json.loads(given.out)["findings"]}
    assert {"login", "deleted_log_lost"} <= found


@pytest.mark.parametrize("text", [b"", b"{", b"[]", b'{"bookmarks": {"somebody_elses": {}}}', b"\xff"])
def test_a_state_that_cannot_be_used(patient: Patient, text: bytes) -> None:
    before = patient.sandbox.control.stats()["calls"]
    given = patient.given(text, "doctor", "--state", "-", "--json", "--streams", "divisions")
    assert (given.exit_code, given.out) == (2, "")
    assert given.err.startswith("Error: ")
    assert patient.sandbox.control.stats()["calls"] == before


@pytest.mark.parametrize(
    ("option", "value", "said"),
    [
        ("--streams", "jurnals", "there is no stream 'jurnals'"),
        ("--divisions", "one", "--divisions: 'one' is not a list of numbers"),
        ("--catalog", "nowhere.json", "--catalog: nowhere.json cannot be read"),
        ("--state", "nowhere.json", "--state: nowhere.json cannot be read"),
    ],
)
def test_an_option_that_cannot_be_used_ends_it_before_anything_is_asked(
    patient: Patient, option: str, value: str, said: str
) -> None:
    before = patient.sandbox.control.stats()["calls"]
    given = patient.given(b"", "doctor", option, value)
    assert (given.exit_code, given.out) == (2, "")
    assert said in given.err
    assert patient.sandbox.control.stats()["calls"] == before


def test_what_is_missing_is_said_once(patient: Patient) -> None:
    kept = {
        name: value for name, value in patient.env().items() if not name.startswith("TAP_EXACT_ONLINE_CLIENT")
    }
    given = start("exact-online", ["doctor", "--json"], given=b"", env=kept)
    assert given.returncode == 2
    [found] = json.loads(given.stdout)["findings"]
    for name in ("client_id", "client_secret"):
        assert f"`{name}` is not set" in found["text"]
        assert f"TAP_EXACT_ONLINE_{name.upper()}=" in found["text"]
    for words in (found["cure"]["en"], found["cure"]["nl"]):
        assert "TAP_EXACT_ONLINE" not in words
        assert "App Centre" in words


def test_the_streams_of_a_catalog(patient: Patient, tmp_path: Path) -> None:
    tap = tap_for(patient.sandbox, tmp_path, patient.settings["refresh_token"])
    file = tmp_path / "catalog.json"
    file.write_text(json.dumps(tap.catalog(["divisions", "items", "projects"])))
    said = patient.doctor("--catalog", str(file))
    assert [each["stream"] for each in said.document["rights"]] == ["items", "projects"]
    both = patient.run("doctor", "--catalog", str(file), "--streams", "items")
    assert both.exit_code == 2
    assert "give one of them" in both.err
