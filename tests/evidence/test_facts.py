"""The facts of a run, and those that the doctor looks for: against a sandbox with planted content."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import Sandbox, running
from tests.doctor.patient import Patient
from tests.evidence.planted import TEXTS, plant
from tests.singer import Run, Tap, tap_for

DEBUG = {"TAP_EXACT_ONLINE_LOGLEVEL": "DEBUG"}
LINES = "sync/Financial/TransactionLines"
FIRST = 1000001


@pytest.fixture
def world(tmp_path: Path) -> Iterator[Sandbox]:
    with running(tmp_path, {"rows": 70, "divisions": 2, "refresh_after": 0}) as started:
        plant(started)
        yield started


@pytest.fixture
def tap(world: Sandbox, tmp_path: Path) -> Tap:
    return tap_for(world, tmp_path)


def facts_of(run: Run) -> dict[str, dict[str, int]]:
    """Return what the line of JSON at the end of a run says."""
    [line] = [line for line in run.log.splitlines() if "| facts {" in line]
    found: dict[str, dict[str, int]] = json.loads(line.partition("facts ")[2])
    return found


def test_a_run_at_debug_tells_the_facts_and_no_content(tap: Tap) -> None:
    run = tap.run(catalog=tap.catalog(["accounts", "transaction_lines", "journals"]), env=DEBUG)
    assert run.exit_code == 0, run.log
    facts = facts_of(run)
    assert facts["row_order"] == {"ascending": 4}
    assert facts["envelope"]["sync: results"] == 4
    assert facts["limits"] == {"5000 a day": 7, "60 a minute": 7}
    told = [line for line in run.log.splitlines() if " facts " in line]
    assert len(told) > 20
    assert any(line.endswith("facts row_order (guess): ascending (4)") for line in told)
    assert not [planted for planted in TEXTS if planted in "\n".join(told)]


def test_a_run_at_another_level_says_nothing_of_them(tap: Tap) -> None:
    run = tap.run(catalog=tap.catalog(["transaction_lines"]))
    assert run.exit_code == 0, run.log
    assert " facts " not in run.log
    assert "back_rows" not in json.dumps(run.state)


@pytest.mark.parametrize("comes", [False, True])
def test_a_row_that_comes_late_is_a_fact(world: Sandbox, tap: Tap, comes: bool) -> None:  # noqa: FBT001
    catalog = tap.catalog(["transaction_lines"])
    handle = world.control.begin(FIRST, LINES)
    world.control.change(FIRST, LINES, 3)
    first = tap.run(catalog=catalog, env=DEBUG)
    assert "late_rows" not in facts_of(first)  # nothing to compare with
    if comes:
        world.control.commit(FIRST, handle)
    second = tap.run(catalog=catalog, state=first.state, env=DEBUG)
    assert facts_of(second)["late_rows"] == ({"came late": 1, "none": 1} if comes else {"none": 2})
    third = tap.run(catalog=catalog, state=second.state)
    assert "back_rows" not in json.dumps(third.state)  # a count of rows that nobody keeps up would mislead


def patient(world: Sandbox, folder: Path) -> Patient:
    return Patient(world, folder, "curious", {"refresh_token": world.control.new_login("curious")})


def asked(found: list[dict[str, Any]], fact: str) -> dict[str, int]:
    [seen] = [each["seen"] for each in found if each["fact"] == fact]
    return dict(seen)


def test_the_doctor_looks_at_a_few_pages(world: Sandbox, tmp_path: Path) -> None:
    ended = patient(world, tmp_path).run("doctor", "--facts", "--json")
    assert ended.exit_code == 0, ended.err
    document = json.loads(ended.out)
    assert [*document] == ["version", "tap", "at", "calls", "facts"]
    assert {*document["facts"][0]} == {"fact", "mark", "believed", "unit", "seen"}
    assert asked(document["facts"], "wordings") == {"400 unknown_field_of_type": 2}
    assert asked(document["facts"], "row_order") == {"ascending": 8}
    assert not [planted for planted in TEXTS if planted in ended.out]
    stats = world.control.stats()
    # One for each of the 13 streams, a second page of the two that have one, two that are meant to be refused, and two
    # to find the divisions.
    assert document["calls"] == stats["calls"] == 13 + 2 + 2 + 2
    assert {code for code in stats["by_division_endpoint"] if code} == {str(FIRST)}
    assert sum(stats["client_errors"]["400"].values()) == 2


def test_the_doctor_tells_a_person(world: Sandbox, tmp_path: Path) -> None:
    ended = patient(world, tmp_path).run("doctor", "--facts", "--streams", "journals,accounts")
    assert ended.exit_code == 0, ended.err
    assert "What the service showed, in 6 calls" in ended.out
    for line in ("row_order", "ascending (1)", "not seen"):
        assert line in ended.out
    assert not [planted for planted in TEXTS if planted in ended.out]
    assert all(len(line) <= 80 for line in ended.out.splitlines())


def test_a_division_that_is_closed_is_not_looked_at(world: Sandbox, tmp_path: Path) -> None:
    someone = patient(world, tmp_path)
    world.control.open_division(1000002)
    world.control.block_division(FIRST)
    document = json.loads(someone.run("doctor", "--facts", "--json", "--streams", "journals").out)
    assert asked(document["facts"], "refusals") == {"DivisionBlocked, error object": 1}
    assert asked(document["facts"], "envelope")["other: results"] >= 1


def test_what_may_not_be_read_is_no_reason_to_stop(world: Sandbox, tmp_path: Path) -> None:
    someone = patient(world, tmp_path)
    world.control.forbid(path="sync/CRM/Accounts")
    document = json.loads(someone.run("doctor", "--facts", "--json", "--streams", "accounts,journals").out)
    assert asked(document["facts"], "wordings") == {"400 unknown_field_of_type": 1, "403 no_scope": 1}


@pytest.mark.parametrize(
    ("settings", "code"),
    [({"region": "mars"}, 2), ({"refresh_token": "stampNL001.dead"}, 3), ({"exclude_divisions": "[1000001,1000002]"}, 2)],
)  # fmt: skip
def test_without_a_connection_there_are_no_facts(
    world: Sandbox, tmp_path: Path, settings: dict[str, str], code: int
) -> None:
    someone = patient(world, tmp_path)
    someone.settings |= settings
    ended = someone.run("doctor", "--facts")
    assert ended.exit_code == code
    assert "What the service showed" not in ended.out
