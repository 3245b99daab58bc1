"""The columns that a stream's rows have: those that Exact does not give are left out of the schema, not set to nothing.

A loader takes a column that is in the SCHEMA message and not in a row for empty, and overwrites what it has. A column that is
not in the schema it leaves alone (seen with target-postgres).
"""

from __future__ import annotations

import ast
from collections.abc import Generator, Iterable, Mapping
from fnmatch import fnmatchcase
from itertools import groupby
from typing import Any

import msgspec
from singer_sdk.helpers.types import Record
from singer_sdk.mapper import CustomStreamMap
from singer_sdk.singerlib import RecordMessage, SchemaMessage
from typing_extensions import override

from tap_exact_online.errors import ConfigurationError
from tap_exact_online.streams.sdk.bookkeeping import BookkeepingStream


def by_columns(records: list[Any], lacks: frozenset[str]) -> list[tuple[frozenset[str], list[Any]]]:
    """Divide rows, in their order, into runs of those that lack the same columns.

    Args:
        records: The rows, as structs: `UNSET` is what they lack.
        lacks: What all of them lack.
    """

    def missing(record: Any) -> frozenset[str]:
        return lacks | {name for name in record.__struct_fields__ if getattr(record, name) is msgspec.UNSET}

    return [(lacking, [*rows]) for lacking, rows in groupby(records, missing)]


class ColumnsStream(BookkeepingStream):
    """A stream whose columns may become fewer while it is read, and more again."""

    _lacks: frozenset[str] = frozenset()
    _prepared = False

    def prepare(self) -> None:
        """Find out what to leave out from the first schema on. Called once, before that or before the first read."""

    def prepare_once(self) -> None:
        """Prepare, unless that has been done."""
        if not self._prepared:
            self._prepared = True
            self.prepare()

    def fit_columns(self, lacks: frozenset[str]) -> None:
        """Write the schema anew where the rows that come next have other columns than those before.

        Args:
            lacks: The columns that they do not have.
        """
        if lacks != self._lacks:
            self._lacks = lacks
            self._write_schema_message()

    def begin_without(self, lacks: frozenset[str]) -> None:
        """Leave columns out from the first schema on."""
        self._lacks = lacks

    @override
    def _generate_schema_messages(self) -> Generator[SchemaMessage, None, None]:
        """Leave out of the schema what the rows do not have; the SDK knows the whole schema only."""
        self.prepare_once()
        for message in super()._generate_schema_messages():
            if gone := self._gone(message.schema.get("properties", {})):
                properties = {
                    name: each for name, each in message.schema["properties"].items() if name not in gone
                }
                message.schema = {**message.schema, "properties": properties}
            yield message

    @override
    def _generate_record_messages(self, record: Record) -> Generator[RecordMessage, None, None]:
        """Let stream maps find what a row lacks, but pass on nothing that they made of it."""
        if not self._lacks:
            yield from super()._generate_record_messages(record)
            return
        mapped = any(isinstance(each, CustomStreamMap) for each in self.stream_maps)
        found = {**dict.fromkeys(self._lacks), **record} if mapped else record
        for message in super()._generate_record_messages(found):
            for name in self._gone(message.record):
                del message.record[name]
            yield message

    def _gone(self, names: Iterable[str]) -> list[str]:
        """Return those of the names of a message that are columns, or made of columns, that the rows lack."""
        if not self._lacks:
            return []
        made = made_of(self._lacks, self.name, self._tap.mapper.stream_maps_dict)
        beginnings = tuple(f"{name}__" for name in self._lacks)  # nested data that was flattened
        return [name for name in names if name in self._lacks or name in made or name.startswith(beginnings)]


def made_of(lacks: frozenset[str], stream: str, maps: Mapping[str, Any]) -> frozenset[str]:
    """Return the columns that stream maps make of columns that rows lack.

    Args:
        lacks: What the rows lack.
        stream: The stream.
        maps: The setting `stream_maps`.

    Raises:
        ConfigurationError: A filter looks at one of them: which rows it would keep cannot be told.
    """
    made = set()
    for pattern, definition in maps.items():
        if not isinstance(definition, Mapping) or not fnmatchcase(
            stream, definition.get("__source__", pattern)
        ):
            continue
        for name, expression in definition.items():
            if isinstance(expression, str) and (used := lacks & _named(expression)):
                if name == "__filter__":
                    msg = (
                        f"`stream_maps`: the filter of '{stream}' looks at {', '.join(sorted(used))}, which Exact does not"
                        " give (any more). Which rows it would keep cannot be told: change the filter."
                    )
                    raise ConfigurationError(msg)
                made.add(name)
    return frozenset(made)


def _named(expression: str) -> frozenset[str]:
    """Return every name and every text that an expression holds: `Name`, and the one in `record['Name']`."""
    try:
        nodes = [*ast.walk(ast.parse(expression))]
    except SyntaxError:  # the SDK refuses it, too
        return frozenset()
    names = {node.id for node in nodes if isinstance(node, ast.Name)}
    return frozenset(
        names
        | {node.value for node in nodes if isinstance(node, ast.Constant) and isinstance(node.value, str)}
    )
