"""`exact-online plan`: what it says that the next run reads is what the next run reads."""

from __future__ import annotations

import json
import os
import re
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tap_exact_online.board import given, opened_hints
from tap_exact_online.catalog import BY_NAME
from tests.conftest import Sandbox, StartSandbox
from tests.processes import run
from tests.singer import Run, Tap, tap_for

DIVISIONS = 7
STREAMS = ("accounts", "gl_accounts", "journals", "units")
NO_LIMITS = {"minute_limit": 10**6, "day_limit": 10**6, "contract_limit": 10**6}
_OF_NONE = {"current/Me", "system/Divisions"}

Pairs = set[tuple[str, int]]


@dataclass
class Company:
    """A connection, the command and the tap on it."""

    sandbox: Sandbox
    tap: Tap
    contract_calls: int = 0

    @property
    def codes(self) -> list[int]:
        return [row["Code"] for row in self.sandbox.control.divisions()]

    def ended(
        self, *options: str, given: bytes = b"", **settings: object
    ) -> subprocess.CompletedProcess[str]:
        """Run the command to its end."""
        known = {**self.tap.config, "contract_calls": self.contract_calls, "spread": "false", **settings}
        env = {
            **{
                name: value for name, value in os.environ.items() if not name.startswith(("TAP_", "MELTANO_"))
            },
            **{
                f"TAP_EXACT_ONLINE_{name.upper()}": value if isinstance(value, str) else json.dumps(value)
                for name, value in known.items()
            },
            "COLUMNS": "120",
        }
        return run("exact-online", ["plan", *options], given=given, env=env)

    def plan(self, *options: str, state: Any = None, **settings: object) -> dict[str, Any]:
        """Return what it says in JSON."""
        given = b"" if state is None else json.dumps(state).encode()
        more = ["--state", "-"] * (state is not None) + ["--streams", ",".join(STREAMS)] * (
            "--catalog" not in options
        )
        done = self.ended("--json", *more, *options, given=given, **settings)
        assert done.returncode == 0, done.stderr
        found: dict[str, Any] = json.loads(done.stdout)
        return found

    def read(self, state: Mapping[str, Any] | None = None, **settings: object) -> Run:
        """Run the tap; what was asked for before is forgotten."""
        self.sandbox.control.reset_stats()
        done = self.tap.run(
            catalog=self.tap.catalog(STREAMS),
            state=state,
            contract_calls=self.contract_calls,
            spread=False,
            **settings,
        )
        assert done.exit_code == 0, done.log
        return done

    def asked(self) -> list[tuple[str, int]]:
        """Return which streams of which divisions were asked for, in that order."""
        names = {BY_NAME[stream].path: stream for stream in STREAMS}
        calls = [each for each in self.sandbox.control.asked() if each["path"] not in _OF_NONE]
        return [*dict.fromkeys((names[each["path"]], int(each["division"])) for each in calls)]

    def new_day(self) -> None:
        """Let no call of the contract be used."""
        for file in self.tap.folder.glob("store.json.*.calls"):
            file.unlink()


@pytest.fixture
def company(start_sandbox: StartSandbox, tmp_path: Path) -> Company:
    sandbox = start_sandbox(divisions=DIVISIONS, rows=20, **NO_LIMITS)
    return Company(sandbox, tap_for(sandbox, tmp_path))


def planned(plan: Mapping[str, Any]) -> Pairs:
    return {(each["stream"], each["division"]) for each in plan["pairs"] if each["planned"]}


def everything(company: Company) -> Pairs:
    return {(stream, code) for stream in STREAMS for code in company.codes}


def older(state: dict[str, Any], hours: int) -> dict[str, Any]:
    """Return a state that was left so many hours ago."""
    found = json.loads(json.dumps(state))
    for stream in found["bookmarks"].values():
        for part in stream.get("partitions", ()):
            if "read" in part:
                part["read"][0] -= hours * 60
    return dict(found)


# --- What the next run reads ---------------------------------------------------------------------------------


def test_what_it_says_is_what_the_next_run_reads(company: Company) -> None:
    """Five runs of which none reads everything; between them happens what moves pairs to the front."""
    company.contract_calls = 11
    state: dict[str, Any] = {}
    seen: Pairs = set()
    control, codes = company.sandbox.control, company.codes

    def step(**settings: object) -> dict[str, Any]:
        nonlocal state
        company.new_day()
        said = company.plan(state=state, **settings)
        done = company.read(state, **settings)
        asked = company.asked()
        assert planned(said) == {*asked}
        assert said["next_run"]["streams"] == [*dict.fromkeys(stream for stream, _ in asked)]
        assert said["next_run"]["pairs"] == len(asked) < len(everything(company))
        seen.update(asked)
        state = older(done.state, 30)
        age_hints(company, 30)
        return said

    first = step()
    assert first["next_run"]["reasons"]["never_read"] == 9, (
        "two of eleven calls find out which divisions there are"
    )
    for _ in range(3):
        step()
    assert seen == everything(company)

    note_hints(company, f"{codes[3]} accounts\n{codes[3]} units\n{codes[6]} journals\n")
    said = step()
    assert said["next_run"]["reasons"]["hint"] == 3
    assert {("accounts", codes[3]), ("units", codes[3]), ("journals", codes[6])} <= planned(said)

    # They are used up by that read.
    assert step()["next_run"]["reasons"]["hint"] == 0

    control.move_division(codes[2])
    said = step()
    assert said["next_run"]["reasons"]["never_read"] == 2, "its Sync streams are read anew"
    bound = step(at_most_old='{"gl_accounts": "24h"}')
    assert bound["next_run"]["reasons"]["bound"] >= 4
    step(reread={"streams": ["journals"], "divisions": [codes[0], codes[1]]})
    step(shard="1/2")


def note_hints(company: Company, lines: str) -> None:
    """Note hints, an hour ago: the state tells of reads by the minute."""
    config = company.tap.folder / "hint.json"
    config.write_text(json.dumps(company.tap.config))
    done = run("exact-online", ["hint", "--config", str(config)], given=lines.encode())
    assert done.stdout == "3 hints noted.\n"
    age_hints(company, 1)


def age_hints(company: Company, hours: int) -> None:
    """Let hints be as if they had been given so many hours before."""
    for file in company.tap.folder.glob("store.json.*.hints"):
        hints = opened_hints(file.read_bytes())
        moved = {hint: at - hours * 3600 for hint, at in hints.items()}
        content = None
        for hint, at in moved.items():
            content = given(content, [hint], at)
        file.write_bytes(content or b"{}")


def test_without_a_limit_everything_is_read(company: Company) -> None:
    said = company.plan()
    assert planned(said) == everything(company)
    assert said["next_run"]["calls"] == said["everything"]["calls"] == DIVISIONS * len(STREAMS)
    assert said["everything"]["contract_calls"] is None
    assert said["everything"]["affordable_hours"] is None
    assert {each["never_read"] for each in said["streams"]} == {DIVISIONS}
    done = company.read()
    assert {*company.asked()} == planned(said)
    state = older(done.state, 5)
    next_one = company.plan(state=state)
    assert {each["never_read"] for each in next_one["streams"]} == {0}
    assert {each["oldest_hours"] for each in next_one["streams"]} <= {5.0, 5.1}
    company.read(state)
    assert {*company.asked()} == planned(next_one)


def test_what_is_not_due_is_not_read(company: Company) -> None:
    cadence = {"journals": "weekly", "units": "daily"}
    done = company.read(cadence=cadence)
    said = company.plan(state=done.state, cadence=cadence)
    assert {stream for stream, _ in planned(said)} == {"accounts", "gl_accounts"}
    company.read(done.state, cadence=cadence)
    assert {*company.asked()} == planned(said)


@pytest.mark.parametrize("around", ["bare", "meltano", "halves", "file"])
def test_a_state_is_taken_in_every_form(around: str, company: Company, tmp_path: Path) -> None:
    state = company.read().state
    documents = {
        "meltano": {"singer_state": state},
        "halves": {"completed": {"singer_state": state}, "partial": {}},
    }
    document = documents.get(around, state)
    if around == "file":
        file = tmp_path / "state of the last run.json"
        file.write_text(json.dumps(document))
        said = company.plan("--state", str(file))
    else:
        said = company.plan(state=document)
    assert {each["never_read"] for each in said["streams"]} == {0}


def test_streams_come_from_a_catalog(company: Company, tmp_path: Path) -> None:
    file = tmp_path / "chosen.json"
    file.write_text(json.dumps(company.tap.catalog(["journals", "divisions", "reads", "current_user"])))
    said = company.plan("--catalog", str(file))
    assert {stream for stream, _ in planned(said)} == {"journals"}


# --- What it costs -------------------------------------------------------------------------------------------


def test_a_bound_that_can_be_kept_and_one_that_cannot(company: Company) -> None:
    company.contract_calls = 14
    said = company.plan(at_most_old="96h")["everything"]
    assert said["calls"] == 28
    assert said["hours"] == 48.0
    assert said["affordable_hours"] == 96, "two days, and a day from one run to the next on either side"
    assert said["bounds_cost_a_day"] == 7
    company.new_day()
    said = company.plan(at_most_old="24h")["everything"]
    assert said["bounds_cost_a_day"] == 28


def test_it_costs_a_call_where_no_list_is_kept(
    company: Company, start_sandbox: StartSandbox, tmp_path: Path
) -> None:
    control = company.sandbox.control
    company.plan()
    assert control.stats()["by_endpoint"] == {"current/Me": 1, "system/Divisions": 1}
    folder = tmp_path / "many"
    folder.mkdir()
    sandbox = start_sandbox(divisions=61, rows=1, **NO_LIMITS)
    many = Company(sandbox, tap_for(sandbox, folder), 20_000)
    for _ in range(2):
        many.plan()
    assert sandbox.control.stats()["by_endpoint"]["system/Divisions"] == 2
    # What it has read serves the run.
    many.tap.run(catalog=many.tap.catalog(["divisions"]), contract_calls=0)
    assert sandbox.control.stats()["by_endpoint"]["system/Divisions"] == 2


def test_used_up_calls_leave_the_divisions_of_an_earlier_run(company: Company) -> None:
    state = company.read().state
    company.contract_calls = 1
    company.plan()
    done = company.ended("--json", "--state", "-", "--streams", "journals", given=json.dumps(state).encode())
    assert done.returncode == 0
    assert "The divisions are those of an earlier run. The 1 calls of this day" in done.stderr
    said = json.loads(done.stdout)
    assert said["next_run"]["pairs"] == 0
    assert said["everything"]["pairs"] == DIVISIONS
    without = company.ended("--json")
    assert without.returncode == 4
    assert without.stdout == ""


# --- What a person reads -------------------------------------------------------------------------------------


def test_a_person_reads_a_table_and_what_follows_from_it(company: Company) -> None:
    company.contract_calls = 11
    first = company.ended("--streams", ",".join(STREAMS))
    assert first.returncode == 0, first.stderr
    assert re.search(r"journals +7 +7 +0 +0\n", first.stdout) or re.search(r"journals +7 +7 ", first.stdout)
    assert "The next run reads 9 of 28 pairs: 9 calls or more, " in first.stdout
    assert "  9 never read before" in first.stdout
    assert "Shown as a first run: give the state of the last one with --state" in " ".join(
        first.stdout.split()
    )
    assert "To read everything once takes 28 calls or more, of the 11 of a day: 61 h." in first.stdout
    company.contract_calls = 0
    state = older(company.read().state, 80)
    late = company.ended(
        "--streams", "journals", "--state", "-", given=json.dumps(state).encode(), at_most_old="72h"
    )
    assert re.search(r"journals +7 +0 +80 h +80 h \(!\) +72 h +7 +7\n", late.stdout), late.stdout
    assert "  7 near the bound" in late.stdout
    assert "Shown as a first run" not in late.stdout
    assert "`at_most_old` takes 2 calls a day." in late.stdout
    assert "To read everything once takes 7 calls or more." in late.stdout


@pytest.mark.parametrize(
    ("options", "given", "said"),
    [
        (
            ["--streams", "items", "--catalog", "x"],
            b"",
            "--streams and --catalog both say which streams to look at",
        ),
        (["--streams", "item"], b"", "--streams: there is no stream 'item'. Did you mean 'items'?"),
        (["--state", "-"], b"[]", "--state: standard input does not hold a JSON object."),
        (["--state", "-"], b'{"bookmarks": {"foo": {}}}', "The state is not one of this tap"),
        (
            ["--state", "-"],
            b'{"bookmarks": {"journals": {"partitions": []}}, "belongs_to": {"shard": "2/4"}}',
            "The state belongs to shard 2/4",
        ),
        (["--state", "nowhere.json"], b"", "--state: nowhere.json cannot be read"),
    ],
)
def test_what_cannot_be_used_is_told_before_anything_is_sent(
    options: list[str], given: bytes, said: str, company: Company
) -> None:
    done = company.ended(*options, given=given)
    assert done.returncode == 2
    assert said in done.stderr
    assert company.sandbox.control.stats()["calls"] == 0


def test_what_reread_names_has_to_be_read(company: Company) -> None:
    done = company.ended("--streams", "journals", reread={"streams": ["items"]})
    assert done.returncode == 2
    assert "`reread` names streams that are not selected: items." in done.stderr
