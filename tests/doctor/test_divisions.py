"""`exact-online divisions`: what is granted, and groups that agree with the setting `shard`."""

from __future__ import annotations

import csv
import io
import json
from typing import Any

import pytest

from tap_exact_online.cli.divisions import grouped, listed
from tap_exact_online.doctor.grants import Division
from tap_exact_online.reading.divisions import Choice, Shard
from tests.doctor.patient import ANSI, Patient
from tests.singer import tap_for

FIRST, SECOND, THIRD, FOURTH = 1000001, 1000002, 1000003, 1000004


def document(patient: Patient, *options: str) -> dict[str, Any]:
    ended = patient.run("divisions", "--json", *options)
    assert ended.exit_code == 0
    given: dict[str, Any] = json.loads(ended.out)
    return given


def test_what_is_granted(patient: Patient) -> None:
    control = patient.sandbox.control
    control.block_division(SECOND)
    control.withdraw_division(THIRD)
    patient.settings["exclude_divisions"] = json.dumps([FOURTH])
    rows = document(patient)["divisions"]
    assert [(row["division"], row["read"], row["blocked"]) for row in rows] == [
        (FIRST, True, False),
        (SECOND, True, True),
        (FOURTH, False, False),
    ]
    assert {row["shard"] for row in rows} == {None}
    names = {each["Code"]: each["Description"] for each in control.divisions()}
    assert [row["name"] for row in rows] == [names[row["division"]] for row in rows]

    table = patient.run("divisions")
    assert table.exit_code == 0
    assert "\x1b" not in table.out
    lines = [line.split() for line in table.out.splitlines()]
    assert [line[0] for line in lines[2:5]] == [str(FIRST), str(SECOND), str(FOURTH)]
    assert [line[-1] for line in lines[2:5]] == ["yes", "yes", "no"]
    assert table.out.splitlines()[-1] == "3 granted, 2 to read."

    rows_of_csv = [*csv.DictReader(io.StringIO(patient.run("divisions", "--csv").out))]
    assert [row["division"] for row in rows_of_csv] == [str(FIRST), str(SECOND), str(FOURTH)]
    assert [row["read"] for row in rows_of_csv] == ["true", "true", "false"]
    assert {*rows_of_csv[0]} == {*rows[0]}


def test_groups_are_what_the_tap_reads(patient: Patient) -> None:
    patient.settings["shard"] = "1/9"  # is what the groups are for, so it does not count
    given = document(patient, "--groups", "3")
    together = [code for group in given["groups"] for code in group["divisions"]]
    assert sorted(together) == [FIRST, SECOND, THIRD, FOURTH]
    assert {row["division"]: row["shard"] for row in given["divisions"]} == {
        code: group["shard"] for group in given["groups"] for code in group["divisions"]
    }
    tap = tap_for(patient.sandbox, patient.folder, patient.settings["refresh_token"])
    catalog = tap.catalog(["divisions"])
    group = given["groups"][0]
    for setting in ({"shard": group["shard"]}, {"divisions": group["divisions"]}):
        run = tap.run(catalog=catalog, **setting)
        assert [row["Code"] for row in run.records["divisions"]] == group["divisions"]

    shown = ANSI.sub("", patient.on_terminal(80, "divisions", "--groups", "3").out)
    for group in given["groups"]:
        lists = json.dumps(group["divisions"], separators=(",", ":"))
        assert f"TAP_EXACT_ONLINE_SHARD={group['shard']}" in shown
        assert f"TAP_EXACT_ONLINE_DIVISIONS={lists}" in shown


@pytest.mark.parametrize("groups", [1, 2, 7, 64])
def test_every_division_to_read_is_in_one_group(groups: int) -> None:
    divisions = [Division(code) for code in range(1000, 1100)]
    rows = listed(divisions, Choice(exclude=frozenset({1005}), shard=Shard(1, 2)), groups)
    parts = grouped(rows, groups)
    together = sorted(code for codes in parts.values() for code in codes)
    assert together == [code for code in range(1000, 1100) if code != 1005]
    assert [row.shard for row in rows if row.division.code == 1005] == [None]
    for shard, codes in parts.items():
        assert Choice(exclude=frozenset({1005}), shard=Shard.parse(shard)).pick(range(1000, 1100)) == codes
        assert codes  # an empty list would mean all


def test_without_groups_the_shard_counts() -> None:
    rows = listed([Division(code) for code in range(1000, 1020)], Choice(shard=Shard(1, 2)), None)
    assert [row.read for row in rows] == [Shard(1, 2).holds(code) for code in range(1000, 1020)]


@pytest.mark.parametrize(
    ("broken", "code", "words_of_it"),
    [
        ({"refresh_token": ""}, 3, "exact-online login"),
        ({"client_secret": "hunter2-secret"}, 2, "client_secret"),
        ({"region": "mars"}, 2, "`region`"),
    ],
)
def test_failures(patient: Patient, broken: dict[str, str], code: int, words_of_it: str) -> None:
    patient.settings |= broken
    if not broken.get("refresh_token", "set"):
        del patient.settings["refresh_token"]
    ended = patient.run("divisions", "--json")
    assert ended.exit_code == code
    assert ended.out == ""
    assert words_of_it in ended.err


def test_a_list_that_may_not_be_read(patient: Patient) -> None:
    patient.sandbox.control.forbid(path="system/Divisions")
    ended = patient.run("divisions")
    assert ended.exit_code == 1
    assert "lacks the scope" in ended.err


def test_the_help_of_both_commands(patient: Patient) -> None:
    for name in ("doctor", "divisions"):
        ended = patient.given(b"", name, "--help")
        assert ended.exit_code == 0
        assert "Exit codes: 0" in ended.out
    assert "divisions" in patient.given(b"", "--help").out
