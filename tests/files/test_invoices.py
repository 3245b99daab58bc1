"""The query of the docs that finds the PDFs of sales invoices, on real databases, against what the sandbox knows."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import duckdb
import psycopg
import pytest

from demo.postgres import Postgres
from tap_exact_online.sandbox.filing import ATTACHMENTS, DOCUMENTS
from tests.docs.pages import page
from tests.faults.quick import narrow, only
from tests.files.world import FILES, World
from tests.singer import Run

COLUMNS: dict[str, dict[str, str]] = {
    "sales_invoices": {"InvoiceNumber": "bigint", "LineNumber": "bigint"},
    "transaction_lines": {"EntryID": "text", "InvoiceNumber": "bigint", "Type": "bigint"},
    "documents": {"SalesInvoiceNumber": "bigint", "FinancialTransactionEntryID": "text"},
    "document_attachments": {"Document": "text"},
    FILES: {"Document": "text", "FileName": "text", "ContentType": "text", "Place": "text"},
}
[QUERY] = (block.body for block in page("files.md").blocks if block.mark == "invoices")

Execute = Callable[..., Any]


@pytest.fixture(params=["postgres", "duckdb"])
def execute(request: pytest.FixtureRequest) -> Iterator[Execute]:
    """Return what runs a statement in an empty database."""
    if request.param == "duckdb":
        with duckdb.connect() as connection:
            yield connection.execute
        return
    server: Postgres = request.getfixturevalue("token_database")
    with psycopg.connect(server.conninfo, autocommit=True) as postgres:
        yield lambda text, *values: postgres.execute(text.replace("?", "%s") if values else text, *values)


def load(execute: Execute, run: Run) -> None:
    """Put what a run wrote into tables, as a loader does."""
    for stream, more in COLUMNS.items():
        columns = {"Division": "bigint", "ID": "text", **more}
        names = ", ".join(f'"{name}"' for name in columns)
        types = ", ".join(f'"{name}" {kind}' for name, kind in columns.items())
        execute(f"CREATE TABLE {stream} ({types})")
        blanks = ", ".join("?" * len(columns))
        for row in run.table(stream).values():
            values = [row[name] for name in columns]
            execute(f"INSERT INTO {stream} ({names}) VALUES ({blanks})", values)  # noqa: S608  names of this test


def expected(world: World) -> set[tuple[int, int, str]]:
    """Return what is to be found, by the sandbox's own tables."""
    rows = world.control.rows
    division = world.division
    numbers = {row["InvoiceNumber"] for row in rows(division, "sync/SalesInvoice/SalesInvoices")}
    of_entry = {
        row["EntryID"]: row["InvoiceNumber"]
        for row in rows(division, "sync/Financial/TransactionLines")
        if row["Type"] in {20, 21} and row["InvoiceNumber"] in numbers
    }
    of_document = {
        row["ID"]: row["SalesInvoiceNumber"]
        if row["SalesInvoiceNumber"] in numbers
        else of_entry.get(row["FinancialTransactionEntryID"])
        for row in rows(division, DOCUMENTS)
    }
    return {
        (division, number, row["FileName"])
        for row in rows(division, ATTACHMENTS)
        if (number := of_document[row["Document"]]) and row["FileName"].endswith(".pdf")
    }


def test_the_query_finds_the_pdfs_of_sales_invoices(world: World, execute: Execute) -> None:
    catalog = narrow(only(world.every, *COLUMNS), {name: {*more} for name, more in COLUMNS.items()})
    run = world.run(catalog=catalog)
    assert run.exit_code == 0, run.log
    load(execute, run)
    found = execute(QUERY).fetchall()
    wanted = expected(world)
    assert {(division, number, name) for division, number, name, _ in found} == wanted
    assert len(found) == len(wanted) >= 8
    places = {row["Place"] for row in run.records[FILES] if row["ContentType"] == "application/pdf"}
    assert {place for *_, place in found} <= places
    by_number = {
        row["ID"] for row in world.control.rows(world.division, DOCUMENTS) if row["SalesInvoiceNumber"]
    }
    ways = {row["Document"] in by_number for row in run.records[FILES]}
    assert ways == {True, False}  # both ways lead to some
