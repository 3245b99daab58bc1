"""What becomes of rows that a whole read did not find any more, in every database and with the types that loaders choose."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable
from pathlib import Path

import psycopg
import pytest

from tap_exact_online.mirror.plan import Mode, Plan, mirrored
from tests.cover import cover
from tests.mirror.engines import BigQuery, Engine, Postgres
from tests.mirror.rows import FIRST, SECOND, entry, plan, row, uuid

# An hour is less than any zone of the tests is from UTC.
HOUR = dt.timedelta(hours=1)
BEGAN = dt.datetime(2024, 7, 10, 12, 30, 15, 250_000, tzinfo=dt.UTC)
BEFORE, AFTER = BEGAN - HOUR, BEGAN + HOUR
A_MICROSECOND = dt.timedelta(microseconds=1)


def apply(engine: Engine, mode: Mode, *streams: str) -> None:
    """Apply a plan twice: the second time no row may be written any more."""
    chosen = plan(mode, *streams or ("accounts", "receivables", "banks"))
    engine.apply(chosen)
    assert engine.apply(chosen) == 0


def gone(engine: Engine, stream: str, mode: Mode, rows: set[tuple[int, str]]) -> set[tuple[int, str]]:
    """Return which of the rows that were loaded are gone, or marked."""
    if mode is Mode.MARK:
        assert {each[:2] for each in engine.rows(stream)} == rows
        return set(engine.marks(stream))
    return rows - {each[:2] for each in engine.rows(stream)}


@pytest.mark.parametrize("mode", Mode)
def test_rows_that_the_last_whole_read_did_not_find(engine: Engine, mode: Mode) -> None:
    engine.create_reads()
    engine.create("receivables", "banks")
    loaded = {
        row("long before", 1): BEGAN - 24 * HOUR,
        row("before", 1): BEFORE,
        row("just before", 1): BEGAN - A_MICROSECOND,
        row("at once", 1): BEGAN,
        row("after", 1): AFTER,
        row("other division", 1, division=2): BEFORE,
        row("never read whole", 1, division=3): BEFORE,
        row("unknown division", 1, division=4): BEFORE,
        row("unknown time", 1): None,
    }
    for each, at in loaded.items():
        engine.load("receivables", [each], at)
        engine.load("banks", [each], at)
    engine.read("receivables", BEGAN)
    engine.read("receivables", BEFORE, division=2)
    engine.read("receivables", None, division=3)
    apply(engine, mode)
    keys = {each[:2] for each in loaded}
    found = gone(engine, "receivables", mode, keys)
    assert found == {(1, uuid(name)) for name in ("long before", "before", "just before")}
    assert engine.rows("banks") == set(loaded)
    if mode is Mode.MARK:
        assert set(engine.marks("receivables").values()) == {BEGAN}
        assert engine.marks("banks") == {}


def test_a_row_that_is_read_again_loses_its_mark_and_can_go_again(engine: Engine) -> None:
    engine.create_reads()
    engine.create("receivables")
    engine.load("receivables", [row("once", 1), row("other", 1)], BEFORE)
    engine.read("receivables", BEGAN)
    apply(engine, Mode.MARK)
    assert engine.marks("receivables") == {(1, uuid("once")): BEGAN, (1, uuid("other")): BEGAN}
    engine.load("receivables", [row("once", 1)], AFTER)
    engine.read("receivables", AFTER)
    apply(engine, Mode.MARK)
    assert engine.marks("receivables") == {(1, uuid("other")): BEGAN}
    engine.read("receivables", AFTER + HOUR)
    apply(engine, Mode.MARK)
    assert engine.marks("receivables") == {(1, uuid("once")): AFTER + HOUR, (1, uuid("other")): BEGAN}


def test_a_mark_stays_where_no_read_is_known_any_more(engine: Engine) -> None:
    engine.create_reads()
    engine.create("receivables")
    engine.load("receivables", [row("gone", 1)], BEFORE)
    engine.read("receivables", BEGAN)
    apply(engine, Mode.MARK)
    engine.read("receivables", None)
    apply(engine, Mode.MARK)
    engine.connection.execute("DELETE FROM exact_online.reads")
    apply(engine, Mode.MARK)
    assert engine.marks("receivables") == {(1, uuid("gone")): BEGAN}


@pytest.mark.parametrize("mode", Mode)
def test_both_rules_together(engine: Engine, mode: Mode) -> None:
    engine.create_reads()
    engine.create("accounts")
    stays = [row("came back", 30), row("there", 10)]
    old = [row("vanished", 10), row("both", 10), row("came back and vanished", 30), row("no date", 10)]
    engine.load("accounts", stays, AFTER)
    engine.load("accounts", [row("logged", 10)], AFTER)
    engine.load("accounts", old, BEFORE)
    engine.log([entry(name, 20) for name in ("logged", "came back", "both", "came back and vanished")])
    engine.log([entry("no date", 20, None)])
    engine.read("accounts", BEGAN)
    before = dt.datetime.now(dt.UTC) - dt.timedelta(seconds=5)
    apply(engine, mode)
    if mode is Mode.REMOVE:
        assert engine.rows("accounts") == set(stays)
        return
    marks = engine.marks("accounts")
    assert before < marks.pop((1, uuid("no date"))) < before + dt.timedelta(minutes=10)
    assert marks == {
        (1, uuid("logged")): FIRST,
        (1, uuid("both")): FIRST,
        (1, uuid("vanished")): BEGAN,
        (1, uuid("came back and vanished")): BEGAN,
    }
    # A later read changes no mark of what is still gone.
    engine.read("accounts", AFTER)
    apply(engine, mode)
    assert {key: date for key, date in engine.marks("accounts").items() if key in marks} == marks


def test_the_log_decides_whether_a_row_that_it_speaks_of_came_back(engine: Engine) -> None:
    engine.create_reads()
    engine.create("accounts")
    engine.log([entry("as it was", 20), entry("back", 20)])
    engine.load("accounts", [row("as it was", 10), row("back", 10)], BEFORE)
    engine.read("accounts", BEGAN)
    apply(engine, Mode.MARK)
    assert engine.marks("accounts") == {(1, uuid("as it was")): FIRST, (1, uuid("back")): FIRST}
    engine.load("accounts", [row("as it was", 10), row("back", 30)], AFTER)
    apply(engine, Mode.MARK)
    assert engine.marks("accounts") == {(1, uuid("as it was")): FIRST}


def test_an_entry_that_comes_later_tells_the_time(engine: Engine) -> None:
    engine.create_reads()
    engine.create("accounts")
    engine.load("accounts", [row("gone", 10)], BEFORE)
    engine.read("accounts", BEGAN)
    apply(engine, Mode.MARK)
    engine.log([entry("gone", 20, SECOND)])
    apply(engine, Mode.MARK)
    assert engine.marks("accounts") == {(1, uuid("gone")): SECOND}


def test_a_mark_of_a_lost_log_stays_on_a_row_that_was_read_before_it(engine: Engine) -> None:
    engine.create_reads()
    engine.create("accounts")
    deleted = BEGAN + 2 * HOUR
    engine.load("accounts", [row("deleted since", 10), row("there again", 10)], AFTER)
    engine.log([entry("deleted since", 20, deleted), entry("there again", 20, deleted)])
    engine.read("accounts", BEGAN)
    apply(engine, Mode.MARK)
    engine.connection.execute("DELETE FROM exact_online.deleted")
    engine.load("accounts", [row("there again", 30)], deleted + HOUR)
    apply(engine, Mode.MARK)
    assert engine.marks("accounts") == {(1, uuid("deleted since")): deleted}


def test_the_statement_of_the_docs(make_engine: Callable[[str], Engine]) -> None:
    text = (Path(__file__).parents[2] / "docs" / "deletes.md").read_text(encoding="utf-8")
    (statement,) = [
        block for block in re.findall(r"```sql\n(.*?)```", text, re.DOTALL) if "WholeBeganAt" in block
    ]
    engine = make_engine("postgres")
    engine.create_reads()
    engine.create("receivables")
    engine.load("receivables", [row("before", 1), row("other division", 1, division=2)], BEFORE)
    engine.load("receivables", [row("at once", 1)], BEGAN)
    engine.read("receivables", BEGAN)
    engine.read("banks", BEGAN, division=2)
    engine.connection.execute("SET search_path TO exact_online")
    engine.connection.execute(statement)
    assert engine.rows("receivables") == {row("other division", 1, division=2), row("at once", 1)}


@pytest.mark.parametrize("mode", Mode)
def test_nothing_vanishes_where_the_reads_were_not_loaded(usual: Engine, mode: Mode) -> None:
    usual.create("accounts", "receivables")
    usual.load("accounts", [row("old", 10), row("logged", 10)], BEFORE)
    usual.load("receivables", [row("old", 10)], BEFORE)
    usual.log([entry("logged", 20)])
    apply(usual, mode)
    keys = {(1, uuid("old")), (1, uuid("logged"))}
    assert gone(usual, "accounts", mode, keys) == {(1, uuid("logged"))}
    assert usual.rows("receivables") == {row("old", 10)}


@pytest.mark.parametrize("mode", Mode)
def test_a_table_that_does_not_tell_when_its_rows_were_read(usual: Engine, mode: Mode) -> None:
    usual.create_reads()
    usual.create("accounts", "receivables", extracted=False)
    usual.create("banks")
    usual.load("accounts", [row("old", 10), row("logged", 10)])
    usual.load("receivables", [row("old", 10)])
    usual.load("banks", [row("old", 10)], BEFORE)
    for stream in ("accounts", "receivables", "banks"):
        usual.read(stream, BEGAN)
    usual.log([entry("logged", 20)])
    apply(usual, mode)
    keys = {(1, uuid("old")), (1, uuid("logged"))}
    assert gone(usual, "accounts", mode, keys) == {(1, uuid("logged"))}
    assert usual.rows("receivables") == {row("old", 10)}
    assert gone(usual, "banks", mode, {(1, uuid("old"))}) == {(1, uuid("old"))}
    tables = usual.connection.execute(
        "SELECT table_name FROM information_schema.columns WHERE column_name = '_sdc_extracted_at'"
    ).fetchall()
    assert {name for (name,) in tables} == {"banks"}


def test_postgresql_says_which_tables_do_not_tell(make_engine: Callable[[str], Engine]) -> None:
    engine = make_engine("postgres")
    engine.create_reads()
    engine.create("accounts", "receivables", extracted=False)
    engine.create("banks")
    assert isinstance(engine, Postgres)
    engine.apply(plan())
    assert engine.said == [
        "Without a column _sdc_extracted_at, only the log tells what is gone: receivables, accounts"
    ]


@pytest.mark.parametrize("mode", Mode)
def test_by_the_log_alone_where_that_is_wanted(usual: Engine, mode: Mode) -> None:
    usual.create_reads()
    usual.create("accounts", "receivables")
    usual.load("accounts", [row("old", 10), row("logged", 10)], BEFORE)
    usual.load("receivables", [row("old", 10)], BEFORE)
    usual.read("accounts", BEGAN)
    usual.read("receivables", BEGAN)
    usual.log([entry("logged", 20)])
    usual.apply(Plan(mirrored(vanishing=False), mode, extracted=""))
    keys = {(1, uuid("old")), (1, uuid("logged"))}
    assert gone(usual, "accounts", mode, keys) == {(1, uuid("logged"))}
    assert usual.rows("receivables") == {row("old", 10)}


@pytest.mark.parametrize("mode", Mode)
def test_a_stream_that_is_not_logged_needs_no_log(usual: Engine, mode: Mode) -> None:
    usual.connection.execute("DROP TABLE exact_online.deleted")
    usual.create_reads()
    usual.create("receivables", "banks")
    for stream in ("receivables", "banks"):
        usual.load(stream, [row("old", 1)], BEFORE)
        usual.read(stream, BEGAN)
    apply(usual, mode, "receivables")
    assert gone(usual, "receivables", mode, {(1, uuid("old"))}) == {(1, uuid("old"))}
    assert usual.rows("banks") == {row("old", 1)}


@pytest.mark.parametrize("mode", Mode)
def test_every_stream_by_its_own_key_and_read(usual: Engine, mode: Mode) -> None:
    streams = [stream for stream in mirrored() if stream.keys != ("Division",)]  # of which there is one row
    if isinstance(usual, BigQuery):
        # Each statement has to be translated first. That all of them parse is in `test_scripts.py`.
        few = cover(streams)
        streams = [stream for stream in streams if stream.name in few]
    usual.create_reads()
    usual.create(*(stream.name for stream in streams))
    for place, stream in enumerate(streams):
        usual.load(stream.name, [row("stays", 1), row("goes", 1)], BEGAN + place * HOUR - HOUR)
        usual.load(stream.name, [row("stays", 1)], BEGAN + place * HOUR)
        usual.read(stream.name, BEGAN + place * HOUR)
    usual.apply(plan(mode, *(stream.name for stream in streams)))
    keys = {(1, uuid("stays")), (1, uuid("goes"))}
    for stream in streams:
        assert gone(usual, stream.name, mode, keys) == {(1, uuid("goes"))}, stream.name


@pytest.mark.parametrize("mode", Mode)
def test_where_a_loader_only_adds_the_newest_row_of_a_key_tells(usual: Engine, mode: Mode) -> None:
    moment = usual.types["extracted"]
    usual.connection.execute(
        f'CREATE TABLE exact_online.accounts ("Division" bigint, "ID" varchar, "Timestamp" bigint, "_sdc_extracted_at" {moment})'
    )
    usual.connection.execute(
        f'CREATE TABLE exact_online.reads ("Stream" varchar, "Division" bigint, "WholeBeganAt" {usual.types["began"]})'
    )
    for name, version, at in [
        ("there", 1, BEFORE - HOUR),
        ("there", 2, BEFORE),
        ("there", 3, AFTER),
        ("gone", 1, BEFORE - HOUR),
        ("gone", 2, BEFORE),
    ]:
        usual.connection.execute(
            f"INSERT INTO exact_online.accounts VALUES (1, '{uuid(name)}', {version}, '{usual.written(at, 'extracted')}')"  # noqa: S608 names of this test
        )
    for at in (BEGAN, BEFORE):
        usual.connection.execute(
            f"INSERT INTO exact_online.reads VALUES ('accounts', 1, '{usual.written(at, 'began')}'), ('accounts', 1, NULL)"  # noqa: S608 names of this test
        )
    apply(usual, mode)
    there = {row("there", version) for version in (1, 2, 3)}
    if mode is Mode.REMOVE:
        assert usual.rows("accounts") == there
        return
    assert usual.rows("accounts") == there | {row("gone", 1), row("gone", 2)}
    assert usual.marks("accounts") == {(1, uuid("gone")): BEGAN}


@pytest.mark.parametrize("kind", ["postgres", "postgres: text", "duckdb", "duckdb: text"])
@pytest.mark.parametrize("mode", Mode)
def test_the_session_keeps_its_clock(make_engine: Callable[[str], Engine], kind: str, mode: Mode) -> None:
    engine = make_engine(kind)
    engine.create_reads()
    engine.create("receivables")
    engine.load("receivables", [row("old", 1)], BEFORE)
    engine.read("receivables", BEGAN)
    if isinstance(engine.connection, psycopg.Connection):
        engine.connection.execute("BEGIN")
    engine.apply(plan(mode))
    assert engine.connection.execute("SELECT current_setting('TimeZone')").fetchone() == ("Pacific/Auckland",)


@pytest.mark.parametrize("mode", Mode)
def test_a_table_of_one_row_a_division_is_in_nobody_s_way(usual: Engine, mode: Mode) -> None:
    """Its only key is the division."""
    moment = usual.types["extracted"]
    usual.create_reads()
    usual.create("accounts")
    usual.connection.execute(
        f'CREATE TABLE exact_online.manufacturing_settings ("Division" bigint, "Timestamp" bigint, "_sdc_extracted_at" {moment})'
    )
    usual.load("accounts", [row("stays", 1), row("goes", 1)], BEFORE)
    usual.load("accounts", [row("stays", 1)], AFTER)
    usual.read("accounts", BEGAN)
    usual.apply(plan(mode, "accounts", "manufacturing_settings"))
    keys = {(1, uuid("stays")), (1, uuid("goes"))}
    assert gone(usual, "accounts", mode, keys) == {(1, uuid("goes"))}
