"""The ledger of the demonstration: what is read for it, what it comes to, and the certificate, whole and after a loss."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec
import psycopg
from psycopg import sql

from demo.outcome import SCHEMA, layout
from demo.postgres import Postgres
from demo.processes import ProgramFailed
from demo.project import ROOT, Project
from tap_exact_online.catalog import PURPOSES
from tap_exact_online.cli.certificate import certificate_of, show_certificate
from tap_exact_online.ledger.certificate import Verdict, narrowed
from tap_exact_online.ledger.reading import DEFAULT_SCHEMA

PAGE = 1000
"""Rows in a page of transaction lines."""


class NotAsPromised(Exception):  # noqa: N818  the name says what happened
    """The certificate says something else than it should."""


def selection() -> str:
    """Return what the demonstration reads, as Meltano takes it: the default, and what the ledger needs beside it."""
    document = msgspec.yaml.decode((ROOT / "meltano.yml").read_bytes())
    default: list[str] = document["plugins"]["extractors"][0]["select"]
    chosen = {pattern.partition(".")[0] for pattern in default}
    return json.dumps([*default, *(f"{name}.*" for name in PURPOSES["ledger"] if name not in chosen)])


def build(project: Project, *tasks: str, log: Path) -> bool:
    """Run tasks of Meltano that end with the certificate, and return whether it says that all is well."""
    try:
        project.meltano("--environment=demo", "run", *tasks, log=log)
    except ProgramFailed:
        # A build that broke off shows no certificate.
        if "Exit code 1." not in log.read_text(encoding="utf-8", errors="replace"):
            raise
        return False
    return True


def show(server: Postgres, *, whole: bool, most: int, division: int | None = None) -> None:
    """Show the certificate.

    Args:
        server: The database.
        whole: Whether it has to say that everything is complete, or must not.
        most: How many accounts and periods are named for each year.
        division: Only this company; None for all.

    Raises:
        NotAsPromised: It says something else.
    """
    found = narrowed(certificate_of(server.conninfo, None, DEFAULT_SCHEMA), [division] if division else ())
    show_certificate(found, found.exit_code(), most)
    if (found.verdict is Verdict.COMPLETE) is not whole:
        msg = f"The certificate says {found.verdict.value}, and should {'not ' * (not whole)}say complete."
        raise NotAsPromised(msg)


def totals(server: Postgres) -> str:
    """Return what the trial balance of each company and year comes to."""
    query = """
        SELECT company.description, balance.financial_year, sum(balance.debit), sum(balance.credit), max(result.amount)
        FROM {ledger}.exact_online__trial_balance AS balance
        JOIN {ledger}.stg_exact_online__divisions AS company USING (division)
        LEFT JOIN (
          SELECT division, financial_year, sum(amount) AS amount FROM {ledger}.exact_online__profit_and_loss GROUP BY 1, 2
        ) AS result USING (division, financial_year)
        GROUP BY division, company.description, balance.financial_year
        ORDER BY division, balance.financial_year"""
    with psycopg.connect(server.conninfo) as connection:
        ledger = sql.Identifier(DEFAULT_SCHEMA)
        found = connection.execute(sql.SQL(query).format(ledger=ledger)).fetchall()
    head = ("company and year", "debit", "credit", "result of the year")
    rows = [
        (f"{name} {year}", *(f"{amount or 0:,.2f}" for amount in amounts)) for name, year, *amounts in found
    ]
    balanced = sum(debit == credit for _, _, debit, credit, _ in found)
    foot = (f"{balanced} of {len(found)} in balance", "", "", "")
    return f"{layout(head, rows, foot)}\nWithout the entries that open the books, which the certificate counts among what is booked."


@contextmanager
def lost_page(server: Postgres, division: int, *, give_back: bool) -> Iterator[int]:
    """Take away the first page of lines of a company, as if it had never come; yield how many lines that are.

    Where the company has few lines it is half of them.

    Args:
        server: The database.
        division: The company.
        give_back: Put them back at the end.
    """
    names = {"table": sql.Identifier(SCHEMA, "transaction_lines"), "lost": sql.Identifier("lost_lines")}
    take = sql.SQL("""
        CREATE TABLE {lost} AS SELECT * FROM {table} WHERE "Division" = {division} ORDER BY "Timestamp" LIMIT least({page}, (
          SELECT count(*) / 2 FROM {table} WHERE "Division" = {division}))""")
    lose = sql.SQL("""
        DELETE FROM {table} WHERE "Division" = {division} AND "ID" IN (SELECT "ID" FROM {lost})""")
    with psycopg.connect(server.conninfo) as connection:
        connection.execute(take.format(**names, division=division, page=PAGE))
        lost = connection.execute(lose.format(**names, division=division)).rowcount
    yield lost
    with psycopg.connect(server.conninfo) as connection:
        if give_back:
            connection.execute(sql.SQL("INSERT INTO {table} SELECT * FROM {lost}").format(**names))
        connection.execute(sql.SQL("DROP TABLE {lost}").format(**names))
