"""The keys that PostgreSQL holds of a stream, and what it knows of them. It is only read."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from tap_exact_online.catalog import READS, STREAMS, Resource
from tap_exact_online.errors import TapError
from tap_exact_online.mirror.plan import Plan
from tap_exact_online.spoken import spoken
from tap_exact_online.surroundings import postgres_extra
from tap_exact_online.verify.keys import Key

if TYPE_CHECKING:
    import psycopg
    from psycopg import sql

_PATIENCE = 10  # seconds until a database that does not answer is not there
_LOG = "deleted"


@dataclass(frozen=True, slots=True)
class Database:
    """A loader's PostgreSQL.

    Attributes:
        connection: The connection.
        plan: Where the tables are, and how the loader spells names.
    """

    connection: psycopg.Connection
    plan: Plan

    def has(self, stream: str, column: str = "") -> bool:
        """Tell whether the loader made a table for a stream, with a column of that name."""
        row = self.connection.execute(
            "SELECT to_regclass(format('%%I.%%I', coalesce(%s, current_schema()), %s::text)) IS NOT NULL AND (%s = '' OR EXISTS ("
            " SELECT FROM pg_attribute WHERE NOT attisdropped AND attname = %s"
            " AND attrelid = to_regclass(format('%%I.%%I', coalesce(%s, current_schema()), %s::text))))",
            (
                self._schema,
                self.plan.table(stream),
                column,
                column,
                self._schema,
                self.plan.table(stream),
            ),
        ).fetchone()
        return bool(row and row[0])

    def streams(self) -> list[Resource]:
        """Return the streams that have a table, in the order of the catalog."""
        found = self.connection.execute(
            "SELECT tablename FROM pg_tables WHERE schemaname = coalesce(%s, current_schema())",
            (self._schema,),
        )
        tables = {name for (name,) in found}
        return [each for each in STREAMS if self.plan.table(each.name) in tables]

    def counts(self, resource: Resource) -> dict[int, int]:
        """Return how many rows each division has of a stream; of a row that is there more than once, all."""
        query = self._sql("SELECT {division}, count(*) FROM {table} GROUP BY 1", resource)
        return dict(self.connection.execute(query).fetchall())

    def keys(self, resource: Resource, division: int) -> set[Key]:
        """Return the keys that a division has of a stream: not those of rows that are marked as gone."""
        template = "SELECT {keys} FROM {table} WHERE {division} = %s"
        if self.has(resource.name, self._own(self.plan.column)):
            template += " AND {mark} IS NULL"
        query = self._sql(template, resource)
        found = self.connection.execute(query, (division,))
        return {self._key(resource, row) for row in found}

    def logged(self, resource: Resource, division: int, keys: Iterable[Key]) -> set[Key]:
        """Return which rows the log of deletes names that was loaded: not those that came back afterwards."""
        if resource.deleted_type is None or not self.has(_LOG):
            return set()
        query = self._sql(
            "SELECT DISTINCT {keys} FROM {table} AS kept JOIN {log} AS gone ON gone.{entity_type} = %s AND gone.{division} = %s"
            " AND gone.{entity_key}::text = kept.{first}::text AND kept.{timestamp} <= gone.{timestamp}"
            " WHERE kept.{division} = %s AND kept.{first}::text = ANY(%s)",
            resource,
        )
        first = [key[0] for key in keys]
        found = self.connection.execute(query, (resource.deleted_type, division, division, first))
        return {self._key(resource, row) for row in found} & {*keys}

    def versions(self, resource: Resource, division: int, keys: Iterable[Key]) -> dict[str, int]:
        """Return the row version of each of these rows, by its key."""
        query = self._sql(
            "SELECT {first}::text, max({timestamp}) FROM {table} WHERE {division} = %s AND {first}::text = ANY(%s) GROUP BY 1",
            resource,
        )
        return dict(self.connection.execute(query, (division, [key[0] for key in keys])).fetchall())

    def log_read_to(self, division: int) -> int | None:
        """Return the highest row version of the log of deletes that was loaded; None where it holds nothing of the division."""
        if not self.has(_LOG):
            return None
        query = self._sql("SELECT max({timestamp}) FROM {log} WHERE {division} = %s")
        row = self.connection.execute(query, (division,)).fetchone()
        return row[0] if row else None

    def reads(self, resource: Resource, division: int) -> tuple[datetime | None, datetime | None]:
        """Return when the last read of a division began, and when the last one that was whole; None where that is not told."""
        if not self.has(READS, self.plan.spell("BeganAt")):
            return None, None
        query = self._sql(
            "SELECT max({began}::timestamptz), max({whole_began}::timestamptz) FROM {reads}"
            " WHERE {stream} = %s AND {division} = %s"
        )
        row = self.connection.execute(query, (resource.name, division)).fetchone()
        return (row[0], row[1]) if row else (None, None)

    def found_by(
        self, resource: Resource, division: int, keys: Iterable[Key], whole_began: datetime
    ) -> dict[Key, bool]:
        """Return of each of these rows whether a whole read found it; those that do not tell when they were read are left out.

        Args:
            resource: The stream.
            division: The division.
            keys: The rows.
            whole_began: When that read began.
        """
        if not self.has(resource.name, self._own(self.plan.extracted)):
            return {}
        query = self._sql(
            "SELECT max({extracted}::timestamptz) >= %s, {keys} FROM {table} WHERE {division} = %s"
            " AND {first}::text = ANY(%s) AND {extracted} IS NOT NULL GROUP BY {keys}",
            resource,
        )
        rows = self.connection.execute(query, (whole_began, division, [key[0] for key in keys]))
        found = {self._key(resource, row): is_found for is_found, *row in rows}
        return {key: found[key] for key in keys if key in found}

    @property
    def _schema(self) -> str | None:
        return self.plan.schema_parts[-1] if self.plan.schema else None

    def _own(self, name: str) -> str:
        """Return the name of a column that is not of the tap, but of the loader or of `exact-online deletes`."""
        return self.plan.case.spell(name)

    def _key(self, resource: Resource, row: Sequence[Any]) -> Key:
        facts = resource.endpoint.properties
        return tuple(
            text.lower() if facts[name].type == "Guid" else text
            for name, text in zip(resource.identity, row, strict=True)
        )

    def _sql(self, template: str, resource: Resource | None = None) -> sql.Composed:
        from psycopg import sql  # noqa: PLC0415 - needs the extra

        spell = self.plan.spell
        named: dict[str, str] = {
            "division": "Division",
            "timestamp": "Timestamp",
            "entity_type": "EntityType",
            "entity_key": "EntityKey",
            "stream": "Stream",
            "began": "BeganAt",
            "whole_began": "WholeBeganAt",
        }
        blanks: dict[str, sql.Composable] = {
            **{blank: sql.Identifier(spell(name)) for blank, name in named.items()},
            "extracted": sql.Identifier(self._own(self.plan.extracted or "_")),
            "mark": sql.Identifier(self._own(self.plan.column)),
        }
        tables: dict[str, str] = {"log": _LOG, "reads": READS}
        if resource is not None:
            tables["table"] = resource.name
            keys = [
                sql.SQL("{}::text").format(self._kept(spell(name), template)) for name in resource.identity
            ]
            blanks |= {"keys": sql.SQL(", ").join(keys), "first": sql.Identifier(spell(resource.identity[0]))}
        front = [self._schema] if self._schema else []
        blanks |= {blank: sql.Identifier(*front, self.plan.table(stream)) for blank, stream in tables.items()}
        return sql.SQL(template).format(**blanks)

    @staticmethod
    def _kept(column: str, template: str) -> sql.Identifier:
        """Return a column of the stream's table, where it stands beside another table."""
        from psycopg import sql  # noqa: PLC0415 - needs the extra

        return sql.Identifier("kept", column) if " AS kept" in template else sql.Identifier(column)


@contextmanager
def opened(url: str, plan: Plan) -> Iterator[Database]:
    """Connect to PostgreSQL, to read only.

    Args:
        url: The address; empty: as PGHOST, PGUSER and so on say.
        plan: Where the tables are.

    Raises:
        ConfigurationError: psycopg is not installed, or the address is none.
        TapError: The database cannot be reached, or refuses.
    """
    with postgres_extra():
        import psycopg  # noqa: PLC0415 - needs the extra

        from tap_exact_online.auth.stores.postgres import plain_address, unreached  # noqa: PLC0415 - the same
    address = plain_address(url)
    plan.check()
    try:
        # Each statement sees what is there at that moment: between two of them a run may load.
        with psycopg.connect(
            address,
            autocommit=True,
            connect_timeout=_PATIENCE,
            fallback_application_name="tap-exact-online",
            # Moments without a zone are in UTC.
            options="-c TimeZone=UTC -c default_transaction_read_only=on",
        ) as connection:
            yield Database(connection, plan)
    except psycopg.OperationalError as error:
        raise TapError(unreached(error, url)) from None
    except psycopg.Error as error:
        reason = spoken(error.diag.message_primary or type(error).__name__)
        msg = f"The database refuses to show what was loaded: {reason}"
        raise TapError(msg) from None


def estimated(counts: Mapping[int, int], division: int, page: int) -> int:
    """Return the least number of calls that reading the keys of a division takes, by the rows that were loaded. Pure."""
    return max(1, -(-counts.get(division, 0) // page))
