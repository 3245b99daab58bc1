"""Columns that are called otherwise than the fields of the endpoint, from the tap on.

Within the tap every field has Exact's name: selection, bookmarks and stream maps go by it. What leaves it has the other: schemas,
records, files. So there is one place where names change, and it is the last.
"""

from __future__ import annotations

from collections.abc import Generator, Mapping
from typing import Any

import msgspec
from singer_sdk.helpers.types import Record
from singer_sdk.singerlib import RecordMessage, SchemaMessage
from typing_extensions import override

from tap_exact_online.catalog import snake
from tap_exact_online.errors import ConfigurationError
from tap_exact_online.streams.sdk.columns import ColumnsStream

_NESTED = "__"
"""What the SDK puts between the names of nested data that it flattens."""


class NamedStream(ColumnsStream):
    """A stream whose columns have names of their own where they leave the tap."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._renamed: dict[type[Any], Any] = {}

    @property
    def column_names(self) -> Mapping[str, str]:
        """What fields are called, where it is not Exact's name."""
        return {}

    def column_name(self, name: str) -> str:
        """Return what a field is called where it leaves; what a stream map has made keeps the name that it was given."""
        names = self.column_names
        if name in names:
            return names[name]
        outer, nested, inner = name.partition(_NESTED)
        return f"{names[outer]}{nested}{snake(inner)}" if nested and outer in names else name

    def renamed(self, record: Record) -> Record:
        """Return a record with the names that columns have where they leave."""
        return {self.column_name(name): value for name, value in record.items()}

    def rename(self, records: list[Any]) -> None:
        """Let structs be encoded with the names that columns have where they leave; their attributes stay as they are.

        Their class is exchanged for one that differs in nothing but the names that it is encoded with. That takes a thirtieth of
        the time that it would take to make other structs of them. Python refuses it where the two are not laid out alike.
        """
        if self.column_names and records:
            kind = type(records[0])
            other = self._renamed.get(kind)
            if other is None:
                fields = kind.__struct_fields__
                other = self._renamed[kind] = with_names(
                    kind, {each: self.column_name(each) for each in fields}
                )
            for record in records:
                record.__class__ = other

    @override
    def _generate_schema_messages(self) -> Generator[SchemaMessage, None, None]:
        for message in super()._generate_schema_messages():
            if self.column_names:
                self._rename_schema(message)
            yield message

    def _rename_schema(self, message: SchemaMessage) -> None:
        schema: dict[str, Any] = dict(message.schema)
        properties = {}
        for name, column in schema["properties"].items():
            called = self.column_name(name)
            if called in properties:
                msg = (
                    f"`stream_maps`: what it makes of '{self.name}' has a column '{called}', and so is another field called with"
                    " `column_names`. Give yours another name."
                )
                raise ConfigurationError(msg)
            properties[called] = column
        schema["properties"] = properties
        if "required" in schema:
            schema["required"] = [*map(self.column_name, schema["required"])]
        message.schema = schema
        message.key_properties = [*map(self.column_name, message.key_properties or ())]
        if message.bookmark_properties:
            message.bookmark_properties = [*map(self.column_name, message.bookmark_properties)]

    @override
    def _generate_record_messages(self, record: Record) -> Generator[RecordMessage, None, None]:
        for message in super()._generate_record_messages(record):
            if self.column_names:
                message.record = self.renamed(message.record)
            yield message


def with_names(kind: type[Any], names: Mapping[str, str]) -> Any:
    """Return a type of struct that is laid out like another one and has other names in JSON.

    Args:
        kind: The other one.
        names: The name of each of its fields in JSON.
    """
    fields = [(name, Any, msgspec.UNSET) for name in names]
    return msgspec.defstruct("renamed", fields, rename=dict(names), gc=kind.__struct_config__.gc)
