"""`exact-online deletes`: make the SQL that mirrors deletes, or run it on PostgreSQL."""

from __future__ import annotations

import click

from tap_exact_online import mirror
from tap_exact_online.catalog import ColumnNames
from tap_exact_online.errors import ConfigurationError, TapError
from tap_exact_online.mirror.plan import (
    DEFAULT_COLUMN,
    DEFAULT_EXTRACTED,
    DEFAULT_SCHEMA,
    Case,
    Mode,
    Plan,
    mirrored,
)
from tap_exact_online.spoken import spoken, unstopped

_ENVIRONMENT = "EXACT_ONLINE_DELETES_"


def _values(kind: type[Mode | Case | ColumnNames]) -> click.Choice[str]:
    return click.Choice([str(each.value) for each in kind])


@click.command("deletes")
@click.option(
    "--dialect", type=click.Choice([*mirror.DIALECTS]), help="The database. With --apply it is postgres."
)
@click.option(
    "--mode",
    type=_values(Mode),
    default=Mode.REMOVE.value,
    show_default=True,
    envvar=_ENVIRONMENT + "MODE",
    help="Remove the rows that are gone in Exact, or mark them in a column.",
)
@click.option(
    "--schema",
    default=None,
    envvar=_ENVIRONMENT + "SCHEMA",
    metavar="NAME",
    help=f"Where the tables are: a schema, DATABASE.SCHEMA, or PROJECT.DATASET. Default: {DEFAULT_SCHEMA}. '.': wherever"
    " the session looks.",
)
@click.option(
    "--streams",
    default="",
    envvar=_ENVIRONMENT + "STREAMS",
    metavar="A,B",
    help="Only these streams. Default: all; tables that are not there are passed over.",
)
@click.option(
    "--prefix",
    default="",
    envvar=_ENVIRONMENT + "PREFIX",
    help="What the loader puts in front of the tables' names.",
)
@click.option(
    "--case",
    type=_values(Case),
    envvar=_ENVIRONMENT + "CASE",
    help="How the loader spells names, of columns too. Default: upper for snowflake, as-is for the others.",
)
@click.option(
    "--column-names",
    "names",
    type=_values(ColumnNames),
    default=ColumnNames.EXACT.value,
    show_default=True,
    envvar=[_ENVIRONMENT + "COLUMN_NAMES", "TAP_EXACT_ONLINE_COLUMN_NAMES"],
    help="What the tap calls columns: its setting `column_names`.",
)
@click.option(
    "--column",
    default=DEFAULT_COLUMN,
    show_default=True,
    envvar=_ENVIRONMENT + "COLUMN",
    metavar="NAME",
    help="With --mode mark: the column that tells since when a row is gone; it is added where it is missing.",
)
@click.option(
    "--extracted",
    default=DEFAULT_EXTRACTED,
    show_default=True,
    envvar=_ENVIRONMENT + "EXTRACTED",
    metavar="NAME",
    help="The column that tells when the tap read a row: one that the last whole read of its stream did not find any"
    " more is gone. '' or '.': only the log tells what is gone.",
)
@click.option("--apply", "run", is_flag=True, help="Run it on PostgreSQL instead of printing it.")
@click.option(
    "--url",
    envvar=_ENVIRONMENT + "URL",
    help="With --apply: the address of the database, as postgresql://USER:PASSWORD@HOST/DATABASE. Better kept in"
    f" {_ENVIRONMENT}URL. Default: PGHOST, PGUSER, PGPASSWORD, PGDATABASE and so on.",
)
def command(  # noqa: PLR0913 - one for each option
    *,
    dialect: str | None,
    mode: str,
    schema: str | None,
    streams: str,
    prefix: str,
    case: str | None,
    names: str,
    column: str,
    extracted: str,
    run: bool,
    url: str | None,
) -> None:
    """Make the SQL that mirrors deletes, by what the streams `deleted` and `reads` have loaded.

    An entry of the log `deleted` concerns the row with its key in its division, unless the row's Timestamp is higher. By
    `reads`, a row is gone that the last whole read did not find any more. The SQL can be run again at any time.

    With --apply it is run on PostgreSQL at once, which needs the extra [postgres].

    Exit codes: 0 printed, or run; 1 the database cannot be reached, or refuses; 2 an option cannot be used.
    """
    dialect = dialect or ("postgres" if run else None)
    if dialect is None:
        msg = f"--dialect: say for which database: {', '.join(mirror.DIALECTS)}."
        raise ConfigurationError(msg)
    if run and dialect != "postgres":
        msg = f"--apply: runs on PostgreSQL only. Print the SQL for {dialect} and run it there."
        raise ConfigurationError(msg)
    chosen = [name.strip() for name in streams.split(",") if name.strip()]
    extracted = "" if extracted == "." else extracted  # a variable that is empty counts as none
    plan = Plan(
        streams=mirrored(chosen, vanishing=bool(extracted)),
        mode=Mode(mode),
        schema="" if schema == "." else schema or DEFAULT_SCHEMA,
        prefix=prefix,
        case=Case(case) if case else mirror.usual_case(dialect),
        column=column,
        extracted=extracted,
        names=ColumnNames(names),
    )
    script = mirror.script(dialect, plan)
    if run:
        _apply(script, url or "")
    else:
        click.echo(script, nl=False)


def _apply(script: str, url: str) -> None:
    """Run a script on PostgreSQL, and say what it did.

    Raises:
        ConfigurationError: psycopg is not installed, or the address is none.
        TapError: The database cannot be reached, or refuses.
    """
    try:
        import psycopg  # noqa: PLC0415 - needs the extra

        from tap_exact_online.auth.stores.postgres import plain_address, unreached  # noqa: PLC0415 - the same
    except ImportError as error:
        msg = f'--apply needs one more package: pip install "tap-exact-online[postgres]" ({error})'
        raise ConfigurationError(msg) from None
    address = plain_address(url)
    said: list[str] = []
    try:
        with psycopg.connect(
            address, autocommit=True, fallback_application_name="tap-exact-online"
        ) as connection:
            connection.add_notice_handler(lambda notice: said.append(spoken(notice.message_primary)))
            connection.execute(script.encode())
    except psycopg.OperationalError as error:
        raise TapError(unreached(error, url)) from None
    except psycopg.errors.UndefinedColumn as error:
        msg = (
            f"The tables have columns of other names: {unstopped(spoken(error.diag.message_primary or ''))}. Say with --column-names what"
            " the tap calls them, as its setting `column_names` does, or with --case how the loader spells them. Nothing was changed."
        )
        raise ConfigurationError(msg) from None
    except psycopg.Error as error:
        reason = spoken(error.diag.message_primary or type(error).__name__)
        msg = f"The database refuses, and nothing was changed: {reason}"
        raise TapError(msg) from None
    click.echo("\n".join(said) or "There was nothing to change.")
