"""`exact-online verify`: rows go from the database or come into it, and are named."""

from __future__ import annotations

import dataclasses
import json
from urllib.parse import parse_qsl

import pytest
from click.testing import CliRunner
from typing_extensions import override

from demo.postgres import Postgres
from tap_exact_online.catalog import BY_NAME, Resource
from tap_exact_online.cli import main
from tap_exact_online.doctor.probes import Line
from tap_exact_online.mirror.plan import Plan
from tap_exact_online.settings import parse
from tap_exact_online.verify.checking import planned, verify
from tap_exact_online.verify.database import Database, opened
from tap_exact_online.verify.keys import Key
from tests.loaded import load
from tests.verify.conftest import STREAMS, Case, rows_of

FIRST, SECOND = 1000001, 1000002
NOBODY = "00000000-0000-4000-8000-00000000abcd"
COMPARED = ("accounts", "gl_accounts", "journals", "receivables_list")


def test_what_was_just_loaded_is_equal(case: Case) -> None:
    control = case.books.control
    control.reset_stats()
    found = case.verified(0)
    assert {(each["stream"], each["division"]) for each in found["tables"]} == {
        (name, division) for name in COMPARED for division in (FIRST, SECOND)
    }
    for each in found["tables"]:
        assert (
            each["exact"] == each["database"] == control.count(each["division"], BY_NAME[each["stream"]].path)
        )
    assert {*found["not_compared"]} == {"deleted", "reads"}
    # Nothing is read but keys and what tells since when a row is so: a page each, and what finds the divisions.
    assert found["calls"] == control.stats()["calls"]
    for asked in control.asked():
        names = {*dict(parse_qsl(asked["query"])).get("$select", "").split(",")}
        if asked["path"] in {BY_NAME[name].path for name in COMPARED}:
            assert names <= {"ID", "HID", "Timestamp", "Modified", "Created"}


def test_columns_may_be_called_in_the_way_of_databases(case: Case, postgres_server: Postgres) -> None:
    names = {"column_names": "snake_case"}
    snake = dataclasses.replace(case, database=postgres_server.create_database("verify_snake"))
    load(case.books.tap, snake.database, STREAMS, **names)
    snake.sql(
        "DELETE FROM exact_online.accounts WHERE id::text = (SELECT max(id::text) FROM exact_online.accounts)"
    )
    ended = snake.verify("--yes", "--json", TAP_EXACT_ONLINE_COLUMN_NAMES="snake_case")
    assert ended.exit_code == 1, ended.err
    tables = json.loads(ended.out)["tables"]
    assert {each["stream"] for each in tables} == {*COMPARED}
    (differs,) = (each for each in tables if not each["equal"])
    assert (differs["stream"], differs["missing"]["rows"]) == ("accounts", 1)


def test_rows_that_went_and_came_are_named_and_the_advice_cures(case: Case) -> None:
    control, url = case.books.control, case.database.url
    lost = [str(row["ID"]) for row in control.rows(FIRST, "sync/CRM/Accounts")[:2]]
    newest = str(
        max(control.rows(SECOND, "sync/Financial/GLAccounts"), key=lambda row: row["Timestamp"])["ID"]
    )
    case.sql('DELETE FROM exact_online.accounts WHERE "ID"::text = ANY(%s)', lost)
    case.sql('DELETE FROM exact_online.gl_accounts WHERE "ID"::text = %s', newest)
    case.sql(
        'INSERT INTO exact_online.journals ("Division", "ID", _sdc_extracted_at) VALUES (%s, %s, now())',
        SECOND,
        NOBODY,
    )
    found = case.verified(1)
    assert rows_of(found, "accounts", FIRST)["missing"] == {"rows": 2, "keys": sorted(lost)}
    assert rows_of(found, "gl_accounts", SECOND)["missing"] == {"rows": 1, "keys": [newest]}
    assert rows_of(found, "journals", SECOND)["surplus"] == {"rows": 1, "keys": [NOBODY]}
    assert [each["equal"] for each in found["tables"]].count(False) == 3
    ended = case.verify("--yes")
    assert ended.exit_code == 1
    said = " ".join(ended.out.split())
    for key in (*lost, newest, NOBODY):
        assert key in said
    assert "3 differ from what Exact has" in said

    (advice,) = found["advice"]
    reread = json.loads(advice.split("REREAD='")[1].split("'")[0])
    assert reread == {"streams": ["gl_accounts", "journals", "accounts"], "divisions": [FIRST, SECOND]}
    case.books.load(case.database, reread=reread)
    mirrored = CliRunner().invoke(main, ["deletes", "--apply", "--url", url])
    assert mirrored.exit_code == 0, mirrored.output
    assert case.verified(0)["advice"] == []


def test_what_changed_at_exact_since_the_run_is_no_difference(case: Case) -> None:
    control = case.books.control
    accounts = BY_NAME["accounts"].path
    control.add(SECOND, accounts, 2)
    control.delete(SECOND, accounts, 1)
    control.delete(SECOND, BY_NAME["receivables_list"].path, 1, logged=False)
    found = case.verified(0, "--divisions", str(SECOND))
    row = rows_of(found, "accounts", SECOND)
    assert (row["new"]["rows"], row["leaving"]["rows"]) == (2, 1)
    assert rows_of(found, "receivables_list", SECOND)["leaving"]["rows"] == 1
    ended = case.verify("--yes", "--divisions", str(SECOND))
    said = " ".join(ended.out.split())
    assert f"accounts in division {SECOND}: 2 rows new (made or changed since the last run" in said
    assert f"accounts in division {SECOND}: 1 row leaving (deleted at Exact since the last run)" in said
    assert "Equal: 4 tables of streams and divisions" in ended.out

    # Loaded, the delete is in the log, and it is told to mirror it; marked, the row counts as gone.
    case.books.load(case.database)
    found = case.verified(1, "--divisions", str(SECOND), "--streams", "accounts")
    assert rows_of(found, "accounts", SECOND)["gone"]["rows"] == 1
    assert found["advice"] == [
        "Gone: mirror the deletes, meltano run exact-online:deletes, or exact-online deletes --apply"
    ]
    marked = CliRunner().invoke(main, ["deletes", "--apply", "--mode=mark", "--url", case.database.url])
    assert marked.exit_code == 0, marked.output
    found = case.verified(0, "--divisions", str(SECOND))
    assert rows_of(found, "accounts", SECOND)["gone"]["rows"] == 0


def test_without_the_reads_a_missing_row_is_unclear(case: Case) -> None:
    case.sql("DROP TABLE exact_online.reads")
    case.sql(
        'DELETE FROM exact_online.journals WHERE ctid = (SELECT min(ctid) FROM exact_online.journals WHERE "Division" = %s)',
        FIRST,
    )
    found = case.verified(1, "--streams", "journals", "--divisions", str(FIRST))
    row = rows_of(found, "journals", FIRST)
    assert (row["missing"]["rows"], row["unclear"]["rows"]) == (0, 1)
    assert found["advice"][0].startswith("Unclear: run, and verify again")


def test_the_calls_are_told_and_asked_for(case: Case) -> None:
    control = case.books.control
    ended = case.verify("--divisions", str(FIRST))
    assert ended.exit_code == 2
    assert "every key is read: 4 streams in 1 division, at least " in ended.err
    assert "There is no terminal to ask on: confirm with --yes." in ended.err
    control.reset_stats()
    options = ("verify", "--divisions", str(FIRST), "--streams", "accounts")
    with case.patient.start(*options, terminal=True, env=case.where()) as running:
        running.type("n")
        ended = case.patient.checked(running)
    assert (ended.exit_code, control.stats()["calls"]) == (1, 0)
    assert "1 stream in 1 division, at least 1 call" in ended.err
    with case.patient.start(*options, terminal=True, env=case.where()) as running:
        running.type("y")
        ended = case.patient.checked(running)
    assert (ended.exit_code, control.stats()["calls"]) == (0, 1)


def test_what_may_not_be_read_is_told_in_the_words_of_the_doctor(case: Case) -> None:
    case.books.control.forbid(path="financial/Journals", reason="NoRight")
    found = case.verified(1, "--divisions", str(FIRST))
    (finding,) = found["findings"]
    assert (finding["finding"], finding["streams"]) == ("missing_right", ["journals"])
    assert len(found["tables"]) == len(COMPARED) - 1


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--streams", "units"], "there is no table of units in the schema exact_online"),
        (["--streams", "reads"], "reads cannot be compared: made by the tap itself"),
        (["--schema", "elsewhere"], "There is nothing to compare: the schema elsewhere holds no table"),
        (["--schema", 'a"b'], "a name is made of letters"),
        (["--url", "nonsense"], "it is no address of a PostgreSQL database"),
    ],
)
def test_what_cannot_be_compared(case: Case, options: list[str], message: str) -> None:
    ended = case.verify("--yes", "--divisions", str(FIRST), *options)
    assert ended.exit_code == 2
    assert message in ended.err


def test_a_database_that_is_not_there(case: Case) -> None:
    ended = case.verify("--yes", EXACT_ONLINE_DELETES_URL="postgresql://me:hunter2@127.0.0.1:9/books")
    assert ended.exit_code == 1
    assert "The database cannot be reached" in ended.err
    assert "hunter2" not in ended.err
    assert "; Is the server" not in ended.err


def test_where_nothing_could_be_compared_nothing_is_called_equal(case: Case) -> None:
    ended = case.verify("--yes", "--divisions", "99")
    assert ended.exit_code == 1
    assert "Nothing could be compared, for " in ended.out
    assert "equal" not in ended.out


def test_who_waits_sees_each_call(case: Case) -> None:
    control = case.books.control
    settings = parse({**case.patient.settings})
    line = Line.of(settings, control.now, lambda _: None)
    with opened(case.database.url, Plan(())) as database:
        plan = planned(settings, line, database, ["accounts", "receivables_list"], [FIRST, SECOND])
        before, told = line.client.calls, list[tuple[int, str, int]]()
        verify(settings, line, database, plan, lambda *step: told.append(step))
    assert len(told) == plan.calls - before
    assert [*dict.fromkeys(told)] == [
        (plan.least_calls, pair.resource.name, pair.division) for pair in plan.pairs
    ]


def test_rows_that_move_while_they_are_counted_are_moving(case: Case) -> None:
    """Between the two looks a row comes, and one goes, at Exact as in the database."""
    control, path = case.books.control, BY_NAME["journals"].path
    settings = parse({**case.patient.settings})
    line = Line.of(settings, control.now, lambda _: None)

    class Busy(Database):
        looks = 0

        @override
        def keys(self, resource: Resource, division: int) -> set[Key]:
            type(self).looks += 1
            found = super().keys(resource, division)
            if self.looks == 1:
                return found - {next(iter(found))}  # a run is about to load it
            control.delete(division, path, 1, logged=False)
            return found

    with opened(case.database.url, Plan(())) as database:
        busy = Busy(database.connection, database.plan)
        plan = planned(settings, line, busy, ["journals"], [FIRST])
        verify(settings, line, busy, plan, lambda *_: None)
    (checked,) = plan.checked
    assert Busy.looks == 2
    assert not checked.outcome.differs
    assert plan.equal
