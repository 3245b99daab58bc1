"""The certificate out of its two tables, whichever database they are in."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime
from typing import Any, TypeVar

import msgspec

from tap_exact_online.errors import ConfigurationError, TapError
from tap_exact_online.ledger.certificate import Certificate, Group, Why, Year, made
from tap_exact_online.spoken import spoken, unstopped

DEFAULT_SCHEMA = "exact_online_ledger"
"""The schema that the profile of the package names."""

Query = Callable[[str], Iterable[Sequence[Any]]]
"""Runs a question and returns the rows of the answer."""

_NAME = re.compile(r"[\w -]+")
_YEARS, _GROUPS = "exact_online__completeness", "exact_online__reconciliation"
_MOMENTS = frozenset({"lines_read_at", "balances_read_at"})

_Row = TypeVar("_Row", Year, Group)


def read(query: Query, schema: str, at: datetime) -> Certificate:
    """Read the certificate.

    Args:
        query: Asks the database.
        schema: Where the models of the package are.
        at: Now, in UTC.

    Raises:
        ConfigurationError: The schema has no name that can be used.
        TapError: A row holds what no version of the package known here writes.
    """
    if not _NAME.fullmatch(schema):
        msg = "--schema: a name is made of letters, digits, blanks, '_' and '-'."
        raise ConfigurationError(msg)
    unequal = ", ".join(f"'{why.value}'" for why in Why)
    return made(
        at,
        [_row(Year, each) for each in query(_question(Year, schema, _YEARS))],
        [
            _row(Group, each)
            for each in query(f"{_question(Group, schema, _GROUPS)} WHERE verdict IN ({unequal})")
        ],
    )


def _question(kind: type[Year | Group], schema: str, table: str) -> str:
    """Ask for every column as text: so numbers of all kinds, and moments with a zone or without, come alike everywhere."""
    columns = ", ".join(f"CAST({name} AS varchar)" for name in kind.__struct_fields__)
    return f'SELECT {columns} FROM "{schema}".{table}'  # noqa: S608  names of this package, and one that is checked


def _row(kind: type[_Row], cells: Sequence[str | None]) -> _Row:
    """Make a row of texts into what it is; what is null has its default.

    Raises:
        TapError: A column holds something else.
    """
    texts = {name: cell for name, cell in zip(kind.__struct_fields__, cells, strict=True) if cell is not None}
    try:
        values = {name: _moment(text) if name in _MOMENTS else text for name, text in texts.items()}
        return msgspec.convert(values, kind, strict=False)
    except (ValueError, msgspec.ValidationError) as error:
        msg = (
            f"The certificate holds what this version cannot read: {unstopped(spoken(error))}. Build the ledger anew with the package of this"
            " version: exact-online ledger init writes it."
        )
        raise TapError(msg) from None


def _moment(text: str) -> datetime:
    """Read a moment; without a zone it is in UTC, as all moments of the package are."""
    moment = datetime.fromisoformat(text)
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
