"""The databases that a ledger can be in: asked for rows, and what they complain of told in our words."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tap_exact_online.errors import ConfigurationError, TapError
from tap_exact_online.spoken import spoken
from tap_exact_online.surroundings import how_to_build, postgres_extra

if TYPE_CHECKING:
    from tap_exact_online.ledger.reading import Query

_PATIENCE = 10  # seconds until a database that does not answer is not there


@contextmanager
def in_postgres(url: str, schema: str) -> Iterator[Query]:
    """Ask PostgreSQL, and change nothing.

    Args:
        url: Its address; empty: as PGHOST, PGUSER and so on say.
        schema: Where the ledger is, for what is said of it.

    Raises:
        ConfigurationError: psycopg is not installed, the address is none, or there is no ledger.
        TapError: The database cannot be reached, or refuses.
    """
    with postgres_extra():
        import psycopg  # noqa: PLC0415 - needs the extra

        from tap_exact_online.auth.stores.postgres import plain_address, unreached  # noqa: PLC0415 - the same
    address = plain_address(url)
    try:
        with psycopg.connect(
            address, connect_timeout=_PATIENCE, fallback_application_name="tap-exact-online"
        ) as connection:
            # Both tables as of one moment, also while the ledger is being built again.
            connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
            connection.read_only = True
            yield lambda question: connection.execute(question.encode())
    except (
        psycopg.errors.UndefinedTable,
        psycopg.errors.InvalidSchemaName,
        psycopg.errors.UndefinedColumn,
    ) as error:
        raise _not_built(schema, spoken(error.diag.message_primary)) from None
    except psycopg.OperationalError as error:
        raise TapError(unreached(error, url)) from None
    except psycopg.Error as error:
        reason = spoken(error.diag.message_primary or type(error).__name__)
        msg = f"The database refuses to show the ledger: {reason}"
        raise TapError(msg) from None


def parts_of(url: str) -> tuple[dict[str, str], dict[str, str]]:
    """Return what libpq reads in an address, and the variable of each such part, both as libpq names them.

    Raises:
        ConfigurationError: psycopg is not installed, or the address is none.
    """
    with postgres_extra():
        from psycopg.conninfo import conninfo_to_dict  # noqa: PLC0415 - needs the extra
        from psycopg.pq import Conninfo  # noqa: PLC0415 - the same

        from tap_exact_online.auth.stores.postgres import plain_address  # noqa: PLC0415 - the same
    told = conninfo_to_dict(plain_address(url))
    parts = {name: str(value) for name, value in told.items() if value is not None}
    defaults = Conninfo.get_defaults()
    return parts, {
        each.keyword.decode(): each.envvar.decode() for each in defaults if each.envvar is not None
    }


@contextmanager
def in_duckdb(file: Path, schema: str) -> Iterator[Query]:
    """Ask a DuckDB file, and change nothing.

    Args:
        file: The file.
        schema: Where the ledger is, for what is said of it.

    Raises:
        ConfigurationError: duckdb is not installed, the file is not there or none of DuckDB's, or there is no ledger in it.
        TapError: DuckDB refuses.
    """
    try:
        import duckdb  # noqa: PLC0415 - needs the extra
    except ImportError as error:
        msg = f'--duckdb needs one more package: pip install "tap-exact-online[duckdb]" ({error})'
        raise ConfigurationError(msg) from None
    if not file.is_file():
        msg = f"--duckdb: there is no file {file}."
        raise ConfigurationError(msg)
    try:
        connection: Any = duckdb.connect(str(file), read_only=True)
    except duckdb.Error as error:
        msg = f"--duckdb: {file} cannot be opened: {_first_line(error)}"
        raise ConfigurationError(msg) from None
    try:
        yield lambda question: connection.execute(question).fetchall()
    except (duckdb.CatalogException, duckdb.BinderException) as error:
        raise _not_built(schema, _first_line(error)) from None
    except duckdb.Error as error:
        msg = f"The database refuses to show the ledger: {_first_line(error)}"
        raise TapError(msg) from None
    finally:
        with suppress(duckdb.Error):
            connection.close()


def _not_built(schema: str, reason: str) -> ConfigurationError:
    return ConfigurationError(
        f"There is no certificate in the schema {spoken(schema)}: run `{how_to_build()}` first (in a dbt project of your own `dbt build`,"
        f" with the package of this version). --schema names another place. The database says: {reason}"
    )


def _first_line(error: Exception) -> str:
    return spoken(str(error).partition("\n")[0])
