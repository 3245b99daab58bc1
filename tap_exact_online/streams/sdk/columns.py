"""The columns that a stream's rows have: those that Exact does not give are left out of the schema, not set to nothing.

A loader takes a column that is in the SCHEMA message and not in a row for empty, and overwrites what it has. A column that is
not in the schema it leaves alone (seen with target-postgres).
"""

from __future__ import annotations

import ast
from collections.abc import Generator, Iterable, Iterator, Mapping
from contextlib import contextmanager
from fnmatch import fnmatchcase
from itertools import groupby
from typing import Any

import msgspec
from singer_sdk.exceptions import MappingError
from singer_sdk.helpers._catalog import get_selected_schema
from singer_sdk.helpers.types import Record
from singer_sdk.mapper import CustomStreamMap, PluginMapper, StreamMap
from singer_sdk.singerlib import RecordMessage, SchemaMessage
from typing_extensions import override

from tap_exact_online.errors import ConfigurationError
from tap_exact_online.spoken import spoken
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

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._narrow_maps: dict[frozenset[str], list[StreamMap]] = {}

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

    def tell_schema(self) -> None:
        """Write the schema, with every column that is selected: what Exact does not give shows only when rows are read."""
        self._prepared = True
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
    def _process_record(self, record: Record, *args: Any, **kwargs: Any) -> None:
        # The filter is asked here, before it is asked again for the message.
        with self._telling_failed_maps():
            super()._process_record(record, *args, **kwargs)

    @override
    def _generate_record_messages(self, record: Record) -> Generator[RecordMessage, None, None]:
        with self._telling_failed_maps():
            messages = list(super()._generate_record_messages(record))
        yield from messages

    @contextmanager
    def _telling_failed_maps(self) -> Iterator[None]:
        """Say of a map that fails on a row whose it is; the SDK raises what Python raised, with the row's value in it."""
        try:
            yield
        except Exception as error:
            if not any(isinstance(each, CustomStreamMap) for each in self.stream_maps):
                raise
            # Its own words about the expression hold no value of the row; those of Python do: int('…').
            why = spoken(error) if isinstance(error, MappingError) else type(error).__name__
            msg = f"`stream_maps`: what it makes of '{self.name}' fails on a row: {why}"
            raise ConfigurationError(msg) from None

    @property
    @override
    def stream_maps(self) -> list[StreamMap]:
        """The user's maps, without what they make of columns that the rows lack: an expression would fail on every row."""
        whole: list[StreamMap] = super().stream_maps
        if not self._lacks or not any(isinstance(each, CustomStreamMap) for each in whole):
            return whole
        if self._lacks not in self._narrow_maps:
            self._narrow_maps[self._lacks] = self._without()
        return self._narrow_maps[self._lacks]

    def _without(self) -> list[StreamMap]:
        # Not the schema that the whole maps have: the SDK adds what they make to that itself.
        schema = get_selected_schema(self.name, self.schema, self.mask)
        maps = without(self._lacks, self.name, self._tap.mapper.stream_maps_dict)
        mapper = PluginMapper({**self.config, "stream_maps": maps}, self.logger)
        properties = {name: each for name, each in schema["properties"].items() if name not in self._lacks}
        mapper.register_raw_stream_schema(self.name, {**schema, "properties": properties}, self.primary_keys)
        return mapper.stream_maps[self.name]

    def _gone(self, names: Iterable[str]) -> list[str]:
        """Return those of the names of a message that are columns that the rows lack."""
        if not self._lacks:
            return []
        beginnings = tuple(f"{name}__" for name in self._lacks)  # nested data that was flattened
        return [name for name in names if name in self._lacks or name.startswith(beginnings)]


def without(lacks: frozenset[str], stream: str, maps: Mapping[str, Any]) -> dict[str, Any]:
    """Return stream maps without the columns that they make of columns that a stream's rows lack.

    Args:
        lacks: What the rows lack.
        stream: The stream.
        maps: The setting `stream_maps`.

    Raises:
        ConfigurationError: A filter looks at one of them: which rows it would keep cannot be told.
    """
    narrow = dict(maps)
    for pattern, definition in maps.items():
        if not isinstance(definition, Mapping) or not fnmatchcase(
            stream, definition.get("__source__", pattern)
        ):
            continue
        made = {
            name: used
            for name, expression in definition.items()
            if isinstance(expression, str) and (used := lacks & _named(expression))
        }
        if filtered := made.get("__filter__"):
            msg = (
                f"`stream_maps`: the filter of '{stream}' looks at {', '.join(sorted(filtered))}, which Exact does not give (any"
                " more). Which rows it would keep cannot be told: change the filter."
            )
            raise ConfigurationError(msg)
        narrow[pattern] = {name: each for name, each in definition.items() if name not in made}
    return narrow


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
