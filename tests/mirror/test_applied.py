"""What becomes of rows that the log names, in every database and with the types that loaders choose."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

import psycopg
import pytest

from tap_exact_online.mirror.plan import Mode, mirrored
from tests.mirror.engines import Engine
from tests.mirror.rows import FIRST, LEDGER, SECOND, UNKNOWN, entry, plan, row, uuid

LIVE = [
    row("untouched", 10),
    row("came back", 30),
    row("came back twice", 50),
    row("other division", 10, division=2),
    row("other type", 10),
    row("unknown type", 10),
    row("no type", 10),
]
GONE = [
    row("gone", 10),
    row("gone at once", 20),
    row("gone twice", 25),
    row("both divisions", 1, division=1),
    row("both divisions", 1, division=2),
]
LOG = [
    entry("gone", 20),
    entry("gone at once", 20),
    entry("gone twice", 40, SECOND),
    entry("gone twice", 20),
    entry("came back", 20),
    entry("came back twice", 20),
    entry("came back twice", 40, SECOND),
    entry("other division", 99),
    entry("both divisions", 5),
    entry("both divisions", 5, division=2),
    entry("other type", 99, kind=LEDGER),
    entry("unknown type", 99, kind=UNKNOWN),
    entry("no type", 99, kind=None),
    entry("never loaded", 99),
    entry(None, 99),
]
MARKS = {(1, uuid(name)): FIRST for name in ("gone", "gone at once", "both divisions")} | {
    (2, uuid("both divisions")): FIRST,
    (1, uuid("gone twice")): SECOND,
}


def test_rows_that_are_gone_are_removed_and_no_others(engine: Engine) -> None:
    engine.create("accounts")
    engine.load("accounts", LIVE + GONE)
    engine.log(LOG)
    assert engine.apply(plan()) == len(GONE)
    assert engine.rows("accounts") == set(LIVE)
    assert engine.apply(plan()) == 0
    assert engine.rows("accounts") == set(LIVE)


def test_rows_that_are_gone_are_marked_with_the_time_of_their_last_deletion(engine: Engine) -> None:
    engine.create("accounts")
    engine.load("accounts", LIVE + GONE)
    engine.log(LOG)
    for written in (len(GONE), 0):
        assert engine.apply(plan(Mode.MARK)) == written
        assert engine.rows("accounts") == {*LIVE, *GONE}
        assert engine.marks("accounts") == MARKS


def test_a_row_that_comes_back_loses_its_mark_and_can_go_again(engine: Engine) -> None:
    engine.create("accounts")
    engine.load("accounts", [row("once", 10), row("other", 10)])
    engine.log([entry("once", 20), entry("other", 20)])
    engine.apply(plan(Mode.MARK))
    assert engine.marks("accounts") == {(1, uuid("once")): FIRST, (1, uuid("other")): FIRST}
    engine.load("accounts", [row("once", 30)])
    engine.apply(plan(Mode.MARK))
    assert engine.marks("accounts") == {(1, uuid("other")): FIRST}
    engine.log([entry("once", 40, SECOND)])
    engine.apply(plan(Mode.MARK))
    assert engine.marks("accounts") == {(1, uuid("once")): SECOND, (1, uuid("other")): FIRST}


def test_a_row_that_is_loaded_once_more_as_it_was_goes_again(engine: Engine) -> None:
    engine.create("accounts")
    engine.log([entry("old", 20)])
    for _ in range(2):
        engine.load("accounts", [row("old", 10), row("new", 30)])
        engine.apply(plan())
        assert engine.rows("accounts") == {row("new", 30)}


def test_a_mark_stays_where_the_log_is_lost(engine: Engine) -> None:
    engine.create("accounts")
    engine.load("accounts", GONE)
    engine.log(LOG)
    engine.apply(plan(Mode.MARK))
    engine.connection.execute("DELETE FROM exact_online.deleted")
    engine.apply(plan(Mode.MARK))
    assert engine.marks("accounts") == MARKS


def test_an_entry_without_a_date_marks_with_the_present_once(engine: Engine) -> None:
    engine.create("accounts")
    engine.load("accounts", GONE)
    engine.log([entry("gone", 20, None)])
    before = dt.datetime.now(dt.UTC) - dt.timedelta(seconds=5)
    engine.apply(plan(Mode.MARK))
    marks = engine.marks("accounts")
    assert before < marks[1, uuid("gone")] < before + dt.timedelta(minutes=5)
    engine.apply(plan(Mode.MARK))
    assert engine.marks("accounts") == marks


def test_marked_rows_can_be_removed_later(engine: Engine) -> None:
    engine.create("accounts")
    engine.load("accounts", LIVE + GONE)
    engine.log(LOG)
    engine.apply(plan(Mode.MARK))
    engine.apply(plan(Mode.REMOVE))
    assert engine.rows("accounts") == set(LIVE)
    assert engine.marks("accounts") == {}


@pytest.mark.parametrize("mode", Mode)
def test_every_stream_by_its_own_key_and_number(usual: Engine, mode: Mode) -> None:
    streams = [stream for stream in mirrored() if stream.deleted_type is not None]
    usual.create(*(stream.name for stream in streams))
    # One key in all tables: only the number can tell them apart.
    for stream in streams:
        usual.load(stream.name, [row("stays", 10), row(f"number {stream.deleted_type}", 10)])
    usual.log(
        [entry(f"number {kind}", 20, kind=kind) for kind in {stream.deleted_type for stream in streams}]
    )
    usual.log([entry("stays", 20, kind=UNKNOWN)])
    usual.apply(plan(mode, *(stream.name for stream in streams)))
    for stream in streams:
        key = uuid(f"number {stream.deleted_type}")
        if mode is Mode.MARK:
            assert set(usual.marks(stream.name)) == {(1, key)}, stream.name
        else:
            assert usual.rows(stream.name) == {row("stays", 10)}, stream.name


def test_both_kinds_of_prices_share_a_number(usual: Engine) -> None:
    usual.create("sales_item_prices", "purchase_item_prices")
    usual.load("sales_item_prices", [row("sales", 1), row("stays", 1)])
    usual.load("purchase_item_prices", [row("purchase", 1), row("stays too", 1)])
    usual.log([entry("sales", 2, kind=8), entry("purchase", 2, kind=8)])
    usual.apply(plan())
    assert usual.rows("sales_item_prices") == {row("stays", 1)}
    assert usual.rows("purchase_item_prices") == {row("stays too", 1)}


@pytest.mark.parametrize("mode", Mode)
def test_tables_that_are_not_there_are_passed_over_and_not_made(usual: Engine, mode: Mode) -> None:
    usual.create("contacts")
    usual.load("contacts", [row("gone", 1), row("stays", 30)])
    usual.log([entry("gone", 2, kind=5), entry("gone", 2), entry("stays", 20, kind=5)])
    usual.apply(plan(mode))
    if mode is Mode.MARK:
        assert set(usual.marks("contacts")) == {(1, uuid("gone"))}
    else:
        assert usual.rows("contacts") == {row("stays", 30)}
    tables = usual.connection.execute(
        "SELECT table_name FROM information_schema.tables WHERE table_schema NOT IN ('pg_catalog', 'information_schema')"
    ).fetchall()
    assert {name for (name,) in tables} == {"contacts", "deleted"}


def test_only_the_streams_that_are_named(usual: Engine) -> None:
    usual.create("accounts", "contacts")
    usual.load("accounts", [row("gone", 1)])
    usual.load("contacts", [row("gone", 1)])
    usual.log([entry("gone", 2), entry("gone", 2, kind=5)])
    usual.apply(plan(Mode.REMOVE, "contacts"))
    assert usual.rows("accounts") == {row("gone", 1)}
    assert usual.rows("contacts") == set()


def test_a_table_where_a_loader_only_adds(usual: Engine) -> None:
    usual.connection.execute(
        'CREATE TABLE exact_online.accounts ("Division" bigint, "ID" varchar, "Timestamp" bigint)'
    )
    for timestamp in (10, 20, 30):
        usual.connection.execute(f"INSERT INTO exact_online.accounts VALUES (1, '{uuid('a')}', {timestamp})")  # noqa: S608 names of this test
    usual.log([entry("a", 20)])
    usual.apply(plan(Mode.MARK))
    assert set(usual.marks("accounts")) == {(1, uuid("a"))}
    usual.apply(plan())
    assert usual.rows("accounts") == {row("a", 30)}


def test_the_session_is_as_before(make_engine: Callable[[str], Engine]) -> None:
    engine = make_engine("duckdb")
    engine.connection.execute("CREATE SCHEMA mine; USE mine")
    query = (
        "SELECT current_setting('search_path'), current_setting('TimeZone'), count(*) FROM duckdb_databases()"
    )
    before = engine.connection.execute(query).fetchone()
    engine.apply(plan(Mode.MARK))
    assert engine.connection.execute(query).fetchone() == before


def test_one_transaction_in_postgres(make_engine: Callable[[str], Engine]) -> None:
    engine = make_engine("postgres")
    engine.create("accounts")
    engine.connection.execute("CREATE TABLE exact_online.contacts (broken integer)")
    engine.load("accounts", [row("gone", 1)])
    engine.log([entry("gone", 2)])
    with pytest.raises(psycopg.errors.UndefinedColumn):
        engine.apply(plan())
    assert engine.rows("accounts") == {row("gone", 1)}
