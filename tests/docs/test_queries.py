"""Every query of the docs is run against books whose answer is known.

A block of SQL that has no answer here fails the suite: whoever writes a query writes down what it comes to.
"""

from __future__ import annotations

import datetime as dt
import json
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import duckdb
import psycopg
import pytest

from demo.postgres import Postgres
from tap_exact_online.catalog import BY_NAME, Kind
from tap_exact_online.sandbox.control import Control
from tests.conftest import Sandbox, running
from tests.docs.pages import PAGES, ROOT
from tests.files.test_invoices import expected as expected_files
from tests.loaded import load
from tests.singer import Run, tap_for

STREAMS = (
    *("divisions", "deleted", "reads", "code_lists", "accounts", "gl_accounts", "transaction_lines"),
    *("payment_terms", "receivables", "sales_invoices", "documents", "document_attachments"),
    "document_attachment_files",
)
Row = tuple[Any, ...]
PROFIT_AND_LOSS = 110
"""From this type on an account of the ledger is one of revenue or costs."""
QUERIES = [
    (str(each.file.relative_to(ROOT)), number, block.body)
    for each in PAGES
    for number, block in enumerate(block for block in each.blocks if block.kind == "sql")
    # Those need the ledger: `tests/ledger/test_questions.py` runs them.
    if each.file != ROOT / "docs" / "ledger.md"
]


@dataclass(frozen=True)
class Books:
    """A sandbox, what a run read of it, and the database that it was loaded into."""

    sandbox: Sandbox
    database: Postgres
    run: Run

    @property
    def control(self) -> Control:
        return self.sandbox.control

    @property
    def divisions(self) -> list[int]:
        return [row["Code"] for row in self.control.divisions()]

    def rows(self, stream: str) -> Iterator[tuple[int, dict[str, Any]]]:
        """Yield the sandbox's own rows of a stream, with their division."""
        for division in self.divisions:
            yield from ((division, row) for row in self.control.iter_rows(division, BY_NAME[stream].path))


@pytest.fixture(scope="module")
def books(tmp_path_factory: pytest.TempPathFactory, postgres_server: Postgres) -> Iterator[Books]:
    folder = tmp_path_factory.mktemp("books")
    generous = {"minute_limit": 10**6, "day_limit": 10**6, "contract_limit": 10**6}
    with running(folder, {"rows": 400, **generous}) as sandbox:
        database = postgres_server.create_database("docs_queries")
        run = load(tap_for(sandbox, folder), database, STREAMS, files=str(folder / "files"))
        yield Books(sandbox, database, run)


@pytest.fixture
def connection(books: Books) -> Iterator[psycopg.Connection]:
    """Return a connection whose changes nobody else sees."""
    with psycopg.connect(books.database.conninfo) as connected:
        connected.execute("SET search_path TO exact_online")
        yield connected
        connected.rollback()


Answer = Callable[[Books, psycopg.Connection, str], None]


def asked(connection: psycopg.Connection, query: str) -> list[Row]:
    return connection.execute(query.encode()).fetchall()


def trial_balance(books: Books, connection: psycopg.Connection, query: str) -> None:
    """By account, bank and VAT among them; each company's adds up to nothing."""
    wanted: dict[tuple[int, str], float] = defaultdict(float)
    lines = Counter[tuple[int, str]]()
    for division, row in books.rows("transaction_lines"):
        if row["FinancialYear"] == 2025:
            wanted[division, row["GLAccountCode"].strip()] += row["AmountDC"]
            lines[division, row["GLAccountCode"].strip()] += 1
    found = {(division, code): float(balance) for division, code, balance in asked(connection, query)}
    assert found == {key: pytest.approx(amount, abs=0.006) for key, amount in wanted.items()}
    assert {division for division, _ in found} == {*books.divisions}
    for division in books.divisions:
        assert round(sum(balance for (of, _), balance in found.items() if of == division), 2) == 0
    # Accounts that are in headers only, or in the special lines only, are not left out.
    for few in (lambda number: number == 0, lambda number: number >= 9000):
        codes = {
            (division, row["GLAccountCode"].strip())
            for division, row in books.rows("transaction_lines")
            if row["FinancialYear"] == 2025 and few(row["LineNumber"])
        }
        assert codes
        assert codes <= found.keys()
    _before_the_closing(books, connection, query)


def _before_the_closing(books: Books, connection: psycopg.Connection, query: str) -> None:
    """As the page says: a closed year shows its result only without the entry that closed it."""
    clause = 'AND "Type" <> 310'
    assert clause in (ROOT / "docs" / "getting-started.md").read_text(encoding="utf-8")
    result = {
        (division, row["Code"].strip())
        for division, row in books.rows("gl_accounts")
        if row["Type"] >= PROFIT_AND_LOSS
    }
    closed = {
        division
        for division, row in books.rows("transaction_lines")
        if (row["Type"], row["FinancialYear"]) == (310, 2024)
    }
    assert closed
    query = query.replace("2025", "2024")
    for added, nothing in (("", True), (clause, False)):
        rows = asked(connection, query.replace("GROUP BY", f"{added}\nGROUP BY"))
        balances = [
            amount for division, code, amount in rows if division in closed and (division, code) in result
        ]
        assert all(amount == 0 for amount in balances) is nothing


def adds_up(books: Books, connection: psycopg.Connection, query: str) -> None:
    years = {(division, row["FinancialYear"]) for division, row in books.rows("transaction_lines")}
    assert {
        (division, year): float(total) for division, year, total in asked(connection, query)
    } == dict.fromkeys(years, 0.0)


def payment_terms(books: Books, connection: psycopg.Connection, query: str) -> None:
    meanings = {
        int(code["Code"]): code["Meaning"]
        for code in books.run.records["code_lists"]
        if (code["Stream"], code["Field"]) == ("payment_terms", "Status")
    }
    wanted = Counter((row["AmountDC"], meanings.get(row["Status"])) for _, row in books.rows("payment_terms"))
    found = Counter((float(amount), meaning) for _, amount, meaning in asked(connection, query))
    assert found == wanted
    assert any(meaning for _, meaning in found)


def names_of_accounts(books: Books, connection: psycopg.Connection, query: str) -> None:
    names = {row["ID"]: row["Name"] for _, row in books.rows("accounts")}
    wanted = Counter(
        (row["EntryNumber"], names.get(row["Account"])) for _, row in books.rows("transaction_lines")
    )
    found = Counter((number, name) for number, _, name in asked(connection, query))
    assert {number for number, _ in found} == {number for number, _ in wanted}
    assert sum(found.values()) == sum(wanted.values())
    assert sum(1 for _, name in found if name) == sum(1 for _, name in wanted if name) > 1


def delete_by_log(books: Books, connection: psycopg.Connection, query: str) -> None:
    del books
    before = {row for (row,) in asked(connection, 'SELECT "ID" FROM transaction_lines')}
    gone, came_back, other = sorted(before)[:3]
    insert = """
        INSERT INTO deleted ("Division", "ID", "EntityKey", "EntityType", "Timestamp")
        SELECT "Division", gen_random_uuid()::text, %s, %s, "Timestamp" + %s FROM transaction_lines WHERE "ID" = %s"""
    insert = insert.replace("gen_random_uuid()::text", _same_type(connection, "deleted", "ID"))
    for key, number, newer in ((gone, 1, 0), (came_back, 1, -1), (other, 2, 0)):
        connection.execute(insert.encode(), (key, number, newer, key))
    connection.execute(query.encode())
    assert before - {row for (row,) in asked(connection, 'SELECT "ID" FROM transaction_lines')} == {gone}


def _same_type(connection: psycopg.Connection, table: str, column: str) -> str:
    """Return a made-up key of the type that the loader chose."""
    (kind,) = connection.execute(
        "SELECT data_type FROM information_schema.columns WHERE table_schema = 'exact_online'"
        " AND table_name = %s AND column_name = %s",
        (table, column),
    ).fetchone() or ("",)
    return f"gen_random_uuid()::{kind}"


def delete_by_reads(books: Books, connection: psycopg.Connection, query: str) -> None:
    del books
    before = {row for (row,) in asked(connection, 'SELECT "ID" FROM receivables')}
    connection.execute(query.encode())
    assert {row for (row,) in asked(connection, 'SELECT "ID" FROM receivables')} == before
    gone = min(before)
    connection.execute(
        "UPDATE receivables SET _sdc_extracted_at = _sdc_extracted_at - INTERVAL '1 day' WHERE \"ID\" = %s",
        (gone,),
    )
    connection.execute(query.encode())
    assert before - {row for (row,) in asked(connection, 'SELECT "ID" FROM receivables')} == {gone}


def files_of_invoices(books: Books, connection: psycopg.Connection, query: str) -> None:
    wanted: set[Row] = set()
    for division in books.divisions:
        wanted |= expected_files(cast("Any", SimpleNamespace(control=books.control, division=division)))
    assert {row[:3] for row in asked(connection, query)} == wanted
    assert all(Path(place).is_file() for *_, place in asked(connection, query))
    assert wanted


def read_streams() -> set[str]:
    """Return the streams that `reads` tells of: those that a read of a division brings."""
    return {name for name in STREAMS if BY_NAME[name].divided or BY_NAME[name].kind is Kind.SYNC}


def age_of_streams(books: Books, connection: psycopg.Connection, query: str) -> None:
    found = {stream: (companies, oldest) for stream, companies, oldest in asked(connection, query)}
    assert found.keys() == read_streams()
    assert {companies for companies, _ in found.values()} == {len(books.divisions)}
    assert all(dt.timedelta(0) < oldest < dt.timedelta(hours=1) for _, oldest in found.values())


def old_reads(books: Books, connection: psycopg.Connection, query: str) -> None:
    assert asked(connection, query) == []
    connection.execute(
        'UPDATE reads SET "BeganAt" = "BeganAt" - INTERVAL \'81 hours\' WHERE "Stream" = \'accounts\''
    )
    assert {row[:2] for row in asked(connection, query)} == {(each, "accounts") for each in books.divisions}


def age_of_all(books: Books, connection: psycopg.Connection, query: str) -> None:
    first = books.divisions[0]
    connection.execute('DELETE FROM reads WHERE "Stream" = %s AND "Division" = %s', ("accounts", first))
    found = asked(connection, query)
    assert len(found) == len(read_streams()) * len(books.divisions)
    assert (found[0][:2], found[0][3]) == (("accounts", first), None)
    assert all(dt.timedelta(0) < row[3] < dt.timedelta(hours=1) for row in found[1:])


def since_the_last_run(books: Books, connection: psycopg.Connection, query: str) -> None:
    del books
    ((age,),) = asked(connection, query)
    assert dt.timedelta(0) < age < dt.timedelta(hours=1)


ANSWERS: Mapping[tuple[str, int], Answer] = {
    ("docs/getting-started.md", 0): trial_balance,
    ("docs/getting-started.md", 1): adds_up,
    ("docs/data.md", 0): payment_terms,
    ("docs/data.md", 1): names_of_accounts,
    ("docs/deletes.md", 0): delete_by_log,
    ("docs/deletes.md", 1): delete_by_reads,
    ("docs/files.md", 0): files_of_invoices,
    ("docs/many-companies.md", 0): age_of_streams,
    ("docs/many-companies.md", 1): old_reads,
    ("docs/running.md", 0): since_the_last_run,
    ("docs/streams/reads.md", 0): age_of_all,
}
"""What each query comes to: the page, which of its queries, and what holds its answer against the sandbox's books."""

OF_DUCKDB = ("docs/meltano.md", 0)


def test_every_query_is_run() -> None:
    """A new query needs an answer, in `ANSWERS`."""
    assert {(file, number) for file, number, _ in QUERIES} == {*ANSWERS, OF_DUCKDB}


@pytest.mark.parametrize(
    ("key", "query"),
    [
        pytest.param((file, number), query, id=f"{file}:{number}")
        for file, number, query in QUERIES
        if (file, number) in ANSWERS
    ],
)
def test_what_a_query_comes_to(
    books: Books, connection: psycopg.Connection, key: tuple[str, int], query: str
) -> None:
    ANSWERS[key](books, connection, query)


def test_the_query_of_duckdb(books: Books, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (query,) = (query for file, number, query in QUERIES if (file, number) == OF_DUCKDB)
    lines = books.run.records["transaction_lines"]
    changed = {**lines[0], "Description": "changed", "Timestamp": lines[0]["Timestamp"] + 10**9}
    (tmp_path / "output").mkdir()
    file = tmp_path / "output" / "transaction_lines.jsonl"
    file.write_text("".join(f"{json.dumps(row)}\n" for row in (*lines, changed, lines[1])))
    monkeypatch.chdir(tmp_path)
    with duckdb.connect() as connection:
        connection.execute(query)
        found = connection.execute('SELECT "ID"::text, "Description" FROM transaction_lines').fetchall()
    wanted = {row["ID"]: row["Description"] for row in (*lines, changed)}
    assert dict(found) == wanted
    assert len(found) == len(wanted)
