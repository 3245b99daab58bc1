"""The tap as a process against a real sandbox: what comes out, and what it costs."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from tap_exact_online.catalog.resources import BY_NAME, RESOURCES, Kind
from tests.conftest import Sandbox, StartSandbox
from tests.expected import expected_rows
from tests.singer import Run, Tap, tap_for

QUICK = {"minute_limit": 100_000, "day_limit": 100_000, "contract_limit": 100_000}
STREAMS = [resource.name for resource in RESOURCES if resource.divided]


@pytest.fixture(scope="module")
def whole(sandbox: Sandbox, tmp_path_factory: pytest.TempPathFactory) -> Run:
    """Every field of every stream, from a sandbox of two divisions with tables of several pages."""
    tap = tap_for(sandbox, tmp_path_factory.mktemp("tap"), sandbox.control.new_login("reading"))
    files = {
        "files": str(tap.folder / "files"),
        "files_most": 20,
    }  # these have a folder of tests of their own
    catalog = tap.catalog(lambda _: True, every_field=True)
    return tap.run(catalog=catalog, select_everything=True, **files)


def test_a_whole_run_is_complete(whole: Run) -> None:
    assert whole.exit_code == 0, whole.log
    assert sorted(whole.schemas) == sorted(BY_NAME)


def test_every_stream_holds_exactly_what_exact_holds(whole: Run, sandbox: Sandbox) -> None:
    divisions = [row["Code"] for row in sandbox.control.divisions()]
    for stream in STREAMS:
        expected = expected_rows(sandbox.control, BY_NAME[stream], divisions)
        table = whole.table(stream)
        if stream == "deleted":
            names = ("EntityName", "StreamName")
            table = {key: {k: v for k, v in row.items() if k not in names} for key, row in table.items()}
        assert expected, stream
        assert table == expected, stream


def test_nothing_is_refused_when_all_is_asked_for(whole: Run) -> None:
    # `reads` would lack what was; the log would tell of it.
    told = {(row["Stream"], row["Division"]) for row in whole.records["reads"]}
    assert told == {(stream, division) for stream in STREAMS for division in (1000001, 1000002)}
    assert "WARNING" not in whole.log, whole.log


def test_the_user_who_connected_is_read_once(whole: Run, sandbox: Sandbox) -> None:
    [user] = whole.records["current_user"]
    [stored] = sandbox.control.rows(1000001, "current/Me")
    assert user["UserID"] == stored["UserID"]
    assert "Division" not in user


def test_divisions_are_those_granted(whole: Run, sandbox: Sandbox) -> None:
    assert sorted(whole.table("divisions")) == sorted((row["Code"],) for row in sandbox.control.divisions())


def test_the_deleted_log_names_entity_and_stream(whole: Run) -> None:
    named = {row["EntityType"]: (row["EntityName"], row["StreamName"]) for row in whole.records["deleted"]}
    assert named
    for number, (entity, stream) in named.items():
        if stream is not None:
            assert BY_NAME[stream].deleted_type == number
            assert entity


def test_the_bookmark_is_the_highest_row_version(whole: Run) -> None:
    for resource in RESOURCES:
        if resource.kind is Kind.SYNC:
            highest: dict[int, int] = {}
            for record in whole.records[resource.name]:
                highest[record["Division"]] = max(highest.get(record["Division"], 0), record["Timestamp"])
            assert whole.bookmarks(resource.name) == highest, resource.name


class TestAgain:
    """Runs over a world that changes between them."""

    @pytest.fixture
    def world(self, start_sandbox: StartSandbox) -> Sandbox:
        return start_sandbox(rows=1500, **QUICK)

    @pytest.fixture
    def tap(self, world: Sandbox, tmp_path: Path) -> Tap:
        return tap_for(world, tmp_path)

    def test_a_second_run_reads_what_changed_and_no_more(self, world: Sandbox, tap: Tap) -> None:
        first = tap.run()
        division = world.control.divisions()[0]["Code"]
        path = "sync/Financial/TransactionLines"
        touched = {
            *world.control.add(division, path, 3),
            *world.control.change(division, path, 2),
        }
        second = tap.run(state=first.state, late_commits=False)
        assert second.exit_code == 0, second.log
        assert {record["ID"] for record in second.records["transaction_lines"]} == touched
        expected = expected_rows(world.control, BY_NAME["transaction_lines"], [division])
        merged = {**first.table("transaction_lines"), **second.table("transaction_lines")}
        fields = set(next(iter(merged.values())))
        kept = {key: row for key, row in merged.items() if key[0] == division}
        assert kept == {key: {k: v for k, v in row.items() if k in fields} for key, row in expected.items()}

    def test_a_run_makes_the_calls_it_needs(self, world: Sandbox, tap: Tap) -> None:
        run = tap.run()
        stats = world.control.stats()
        divisions = [row["Code"] for row in world.control.divisions()]
        expected: dict[str, int] = {"current/Me": 1, "system/Divisions": 1}
        for resource in RESOURCES:
            if resource.name in run.schemas and resource.kind is not Kind.DIVISIONS:
                size = resource.endpoint.page_size or 60
                rows = [world.control.count(division, resource.path) for division in divisions]
                # A count that is a multiple of the page size gives one more, empty page.
                expected[resource.path] = sum(count // size + 1 for count in rows)
        assert stats["by_endpoint"] == expected
        assert stats["most_in_flight"]["overall"] == 1
        assert stats["tokens"]["redemptions"] == 1
        assert stats["client_errors"] == {}

    def test_the_token_is_kept_from_run_to_run(self, world: Sandbox, tap: Tap) -> None:
        assert tap.run().exit_code == 0
        assert tap.run().exit_code == 0
        assert world.control.stats()["tokens"]["redemptions"] == 1

    def test_a_withdrawn_division_is_dropped_and_keeps_its_bookmark(self, world: Sandbox, tap: Tap) -> None:
        first = tap.run()
        gone, *rest = [row["Code"] for row in world.control.divisions()]
        world.control.withdraw_division(gone)
        new = world.control.add_division()
        second = tap.run(state=first.state)
        assert second.exit_code == 0, second.log
        assert {row["Code"] for row in second.records["divisions"]} == {*rest, new}
        bookmarks = second.bookmarks("transaction_lines")
        assert bookmarks[gone] == first.bookmarks("transaction_lines")[gone]
        assert set(bookmarks) == {gone, *rest, new}

    def test_deselected_streams_and_fields_cost_nothing(self, world: Sandbox, tap: Tap) -> None:
        catalog = tap.catalog(["gl_accounts"])
        for stream in catalog["streams"]:
            for entry in stream["metadata"]:
                if entry["breadcrumb"] and entry["breadcrumb"][1] not in {
                    "ID",
                    "Division",
                    "Timestamp",
                    "Code",
                }:
                    entry["metadata"]["selected"] = False
        run = tap.run(catalog=catalog)
        assert set(run.records["gl_accounts"][0]) == {"ID", "Division", "Timestamp", "Code"}
        stats = world.control.stats()
        assert set(stats["by_endpoint"]) == {"current/Me", "system/Divisions", "sync/Financial/GLAccounts"}

    def test_start_date_limits_what_exact_can_limit(self, world: Sandbox, tap: Tap) -> None:
        rows = world.control.rows(world.control.divisions()[0]["Code"], "sync/Financial/TransactionLines")
        day = sorted(row["Modified"] for row in rows)[len(rows) // 2][:10]
        run = tap.run(
            catalog=tap.catalog(["transaction_lines", "gl_accounts", "cost_centers"]), start_date=day
        )
        assert run.exit_code == 0, run.log
        for stream in ("transaction_lines", "gl_accounts", "cost_centers"):
            resource, table = BY_NAME[stream], run.table(stream)
            everything = expected_rows(
                world.control, resource, [row["Code"] for row in world.control.divisions()]
            )
            since = {key for key, row in everything.items() if _wall(row["Modified"]) >= day}
            assert since <= set(table), stream
            if stream == "gl_accounts":  # SyncTimestamp does not know it
                assert set(table) == set(everything)
            else:
                assert len(table) < len(everything)

    def test_a_sync_bookmark_is_never_a_date(self, tap: Tap) -> None:
        run = tap.run(start_date="2024-01-01")
        assert all(isinstance(value, int) for value in run.bookmarks("gl_accounts").values())
        assert "starting_replication_value" not in str(run.state)


def _wall(moment: Any) -> str:
    return str(moment.astimezone(ZoneInfo("Europe/Amsterdam")).isoformat())


def test_test_makes_one_cheap_call_and_reads_one_page(start_sandbox: StartSandbox, tmp_path: Path) -> None:
    world = start_sandbox(divisions=70)
    run = tap_for(world, tmp_path).run("--test")
    assert run.exit_code == 0, run.log
    assert world.control.stats()["by_endpoint"] == {"current/Me": 1, "system/Divisions": 1}
    assert len(run.records["divisions"]) == 60
