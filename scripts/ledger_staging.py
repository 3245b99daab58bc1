"""How the ledger's staging names and types what the tap gives. Pure."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from tap_exact_online.catalog import BY_NAME, schema_of, snake, words_of
from tap_exact_online.catalog.own import COLUMNS
from tap_exact_online.wire import is_instant

_TABLE = Path(__file__).with_name("ledger_columns.toml")

# Words that a database keeps for itself, or that say too little.
_RENAMED: Mapping[str, str] = {
    "Timestamp": "row_version",
    "Date": "entry_date",
    "Count": "transaction_count",
    "Rows": "row_count",
}
_KINDS: Mapping[str, str] = {
    "Guid": "id",
    "String": "text",
    "Int64": "integer",
    "Int32": "integer",
    "Int16": "integer",
    "Byte": "integer",
    "Boolean": "boolean",
}
_AMOUNT = re.compile(r"Amount|^(Costs|Result|Revenue)[CP]")

_OWN_KINDS: Mapping[str, str] = {
    "integer": "integer",
    "number": "number",
    "boolean": "boolean",
    "string": "text",
}


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a staging model.

    Attributes:
        field: What the tap calls it.
        name: What the ledger calls it.
        kind: How it is cast: id, text, integer, number, amount, boolean, date or moment.
        words: What it holds.
    """

    field: str
    name: str
    kind: str
    words: str


def named(field: str) -> str:
    """Return what the ledger calls a field."""
    return _RENAMED.get(field) or snake(field)


def kind_of(field: str, edm_type: str) -> str:
    """Return how a field of an endpoint is cast."""
    if edm_type == "DateTime":
        return "moment" if is_instant(field) else "date"
    if edm_type == "Double":
        return "amount" if _AMOUNT.search(field) else "number"
    return _KINDS[edm_type]


def staged() -> Mapping[str, Sequence[Column]]:
    """Return the columns of each stream that the ledger uses, its company first.

    Raises:
        ValueError: A field is none of the stream.
    """
    table: Mapping[str, str] = tomllib.loads(_TABLE.read_text(encoding="utf-8"))
    found = {}
    for stream, fields in table.items():
        names = fields.split()
        known = schema_of(BY_NAME[stream])["properties"]
        if strange := sorted(set(names) - set(known)):
            msg = f"{_TABLE.name}: {stream} has no {', '.join(strange)}"
            raise ValueError(msg)
        company = [] if stream == "divisions" else ["Division"]
        if missing := set(BY_NAME[stream].primary_keys) - {*company, *names}:
            msg = f"{_TABLE.name}: {stream} lacks {', '.join(sorted(missing))} of its key"
            raise ValueError(msg)
        found[stream] = [_column(stream, name) for name in [*company, *names]]
    return found


def _column(stream: str, field: str) -> Column:
    if stream == "divisions" and field == "Code":
        return Column("Code", "division", "integer", "Number of the company.")
    if field == "Division":
        return Column("Division", "division", "integer", "Number of the company that the row belongs to.")
    if stream in COLUMNS:
        schema = COLUMNS[stream][field]
        (kind, *_) = [schema["type"]] if isinstance(schema["type"], str) else schema["type"]
        cast = "moment" if schema.get("format") == "date-time" else _OWN_KINDS[kind]
        return Column(field, named(field), cast, schema["description"])
    resource = BY_NAME[stream]
    fact = resource.endpoint.properties[field]
    return Column(field, named(field), kind_of(field, fact.type), words_of(resource.path, field))
