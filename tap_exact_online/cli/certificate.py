"""`exact-online certificate`: what the ledger says of its own completeness."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click

from tap_exact_online.cli.console import show, survive
from tap_exact_online.errors import ConfigurationError
from tap_exact_online.ledger.certificate import Certificate, narrowed
from tap_exact_online.ledger.databases import in_duckdb, in_postgres
from tap_exact_online.ledger.document import document
from tap_exact_online.ledger.page import page
from tap_exact_online.ledger.reading import DEFAULT_SCHEMA, read
from tap_exact_online.spoken import unstopped

_ON_THE_TERMINAL, _ON_THE_PAGE = 10, 100


def of_a_ledger(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command the options that say where the ledger is: `url`, `duckdb` and `schema`."""
    for option in (
        click.option(
            "--schema",
            default=DEFAULT_SCHEMA,
            show_default=True,
            envvar="EXACT_ONLINE_LEDGER_SCHEMA",
            metavar="NAME",
            help="Where the models of the ledger are.",
        ),
        click.option(
            "--duckdb",
            type=click.Path(dir_okay=False, path_type=Path),
            envvar="EXACT_ONLINE_LEDGER_DUCKDB",
            metavar="FILE",
            help="The ledger is in this DuckDB file, not in PostgreSQL.",
        ),
        click.option(
            "--url",
            envvar=["EXACT_ONLINE_LEDGER_URL", "EXACT_ONLINE_DELETES_URL"],
            help="The address of the database, as postgresql://USER:PASSWORD@HOST/DATABASE. Better kept in"
            " EXACT_ONLINE_LEDGER_URL. Default: EXACT_ONLINE_DELETES_URL, or PGHOST, PGUSER, PGPASSWORD, PGDATABASE and so on.",
        ),
    ):
        command = option(command)
    return command


def certificate_of(url: str | None, duckdb: Path | None, schema: str) -> Certificate:
    """Read the certificate from where it is.

    Args:
        url: The address of PostgreSQL; None: as PGHOST and so on say.
        duckdb: The DuckDB file that it is in instead.
        schema: Where the models are.

    Raises:
        ConfigurationError: It is not there.
        TapError: It cannot be read.
    """
    database = in_duckdb(duckdb, schema) if duckdb else in_postgres(url or "", schema)
    with database as query:
        return read(query, schema, datetime.now(UTC))


def show_certificate(found: Certificate, exit_code: int, most: int | None = None) -> None:
    """Print a certificate for a person.

    Args:
        found: The certificate.
        exit_code: What the command ends with.
        most: How many accounts and periods are named for each year.
    """

    def draw(console: Any) -> None:
        from tap_exact_online.ledger import drawing  # noqa: PLC0415 - needs rich, which takes a tenth of a second

        drawing.draw(console, found, _ON_THE_TERMINAL if most is None else most, exit_code)

    show(draw, sys.stdout)


@click.command("certificate")
@click.option(
    "--division",
    "divisions",
    type=int,
    multiple=True,
    metavar="N",
    help="Only this company; can be repeated.",
)
@click.option(
    "--year", "years", type=int, multiple=True, metavar="N", help="Only this financial year; can be repeated."
)
@click.option(
    "--groups",
    "most",
    type=click.IntRange(0),
    metavar="N",
    help="How many accounts and periods that are off are named for each company and year, largest first, and groups with"
    f" --json. Default: {_ON_THE_TERMINAL}, {_ON_THE_PAGE} accounts on the page, all with --json.",
)
@click.option("--json", "as_json", is_flag=True, help="Write one JSON object, for monitoring.")
@click.option(
    "--html",
    "file",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Write a page, too, which needs nothing from elsewhere and can be printed.",
)
@click.option(
    "--strict",
    is_flag=True,
    help="End with 1 unless all is complete: also where a year moves or was not compared.",
)
@of_a_ledger
def command(  # noqa: PLR0913 - one for each option
    *,
    divisions: tuple[int, ...],
    years: tuple[int, ...],
    most: int | None,
    as_json: bool,
    file: Path | None,
    strict: bool,
    url: str | None,
    duckdb: Path | None,
    schema: str,
) -> None:
    """Show whether the books in the database are all that Exact has, by Exact's own totals.

    For each company and year it tells how many groups are equal, what is booked, what differs, what the witnesses say, how
    old Exact's totals are, and the verdict; then the accounts and periods that are off. It reads what the ledger's last build
    found, from PostgreSQL, which needs the extra [postgres], or with --duckdb from a file, which needs the extra [duckdb].

    Exit codes: 0 nothing differs; 1 something differs, nothing was compared at all, or the database cannot be asked; 2 an
    option cannot be used, or there is no ledger yet.
    """
    found = narrowed(certificate_of(url, duckdb, schema), divisions, years)
    exit_code = found.exit_code(strict=strict)
    if file is not None:
        _write(file, page(found, _ON_THE_PAGE if most is None else most))
    if as_json:
        survive(sys.stdout)
        click.echo(json.dumps(document(found, exit_code, most), indent=1))
    else:
        show_certificate(found, exit_code, most)
        if file is not None:
            click.echo(f"The page is in {file}.")
    raise SystemExit(exit_code)


def _write(file: Path, text: str) -> None:
    """Write the page.

    Raises:
        ConfigurationError: The file cannot be written.
    """
    try:
        file.write_text(text, encoding="utf-8")
    except OSError as error:
        msg = f"--html: {file} cannot be written: {unstopped(error.strerror)}."
        raise ConfigurationError(msg) from None
