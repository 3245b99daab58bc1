"""From EDM types to JSON Schema, and which fields are asked for by default."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tap_exact_online.catalog.described import description_of
from tap_exact_online.catalog.own import COLUMNS
from tap_exact_online.catalog.resources import Kind, Resource
from tap_exact_online.edm import Property
from tap_exact_online.wire import is_instant

_JSON: Mapping[str, Mapping[str, Any]] = {
    "Guid": {"type": "string", "format": "uuid"},
    "String": {"type": "string"},
    "Binary": {"type": "string", "contentEncoding": "base64"},
    "DateTime": {"type": "string", "format": "date-time"},
    "Int64": {"type": "integer"},
    "Int32": {"type": "integer"},
    "Int16": {"type": "integer"},
    "Byte": {"type": "integer"},
    "Double": {"type": "number"},
    "Boolean": {"type": "boolean"},
}
_DIVISION = {"type": "integer", "description": "The number of the administration in Exact Online."}

# What the log of deleted rows cannot say itself: which entity, and which of our streams, a number stands for.
DELETED_COLUMNS: Mapping[str, Mapping[str, Any]] = {
    "EntityName": {
        "type": ["string", "null"],
        "description": "What Exact calls the kind of row that is gone; null for a number it has not published.",
    },
    "StreamName": {
        "type": ["string", "null"],
        "description": "The stream whose row is gone; null where the number is unknown or fits two streams.",
    },
}


def column(fact: Property, *, key: bool = False) -> dict[str, Any]:
    """Return the JSON Schema of one column.

    Args:
        fact: What is known about the property.
        key: Whether the column is part of the key and so never null.
    """
    known = _JSON.get(fact.type)
    if known is None:
        shape = "array" if fact.type.startswith("Collection(") else "object"
        return {"type": [shape, "null"]}
    schema = dict(known)
    if not key:
        schema["type"] = [known["type"], "null"]
    if fact.type == "DateTime":
        schema["description"] = (
            "An instant, in UTC." if is_instant(fact.name) else "A Dutch wall clock, without an offset."
        )
    return schema


def schema_of(resource: Resource) -> dict[str, Any]:
    """Return the JSON Schema of a stream, its key first."""
    if resource.kind is Kind.OWN:
        properties = {name: dict(schema) for name, schema in COLUMNS[resource.name].items()}
        return {"type": "object", "properties": properties, "required": list(resource.primary_keys)}
    facts = resource.endpoint.properties
    first = [name for name in (*resource.primary_keys, resource.replication_key) if name and name in facts]
    names = [*dict.fromkeys([*first, *facts])]
    # Whether a row that was never changed has a `Modified` is not known: such a row is loaded all the same.
    never_null = [name for name in first if name != "Modified"]
    columns = {name: column(facts[name], key=name in never_null) for name in names}
    for name, schema in columns.items():
        if said := " ".join(filter(None, (description_of(resource.path, name), schema.get("description")))):
            schema["description"] = said
    properties = columns
    if resource.kind is not Kind.USER:
        columns.pop("Division", None)
        properties = {"Division": dict(_DIVISION), **columns}
    if resource.name == "deleted":
        properties.update({name: dict(schema) for name, schema in DELETED_COLUMNS.items()})
    return {"type": "object", "properties": properties, "required": list(resource.primary_keys)}


def selected_by_default(fact: Property) -> bool:
    """Tell whether a field is asked for when nothing is said about it.

    Not those that are heavy or nested, nor those that Exact calls obsolete or no longer documents.
    """
    return fact.type in _JSON and fact.type != "Binary" and not fact.obsolete and not fact.absent


def needed(resource: Resource) -> frozenset[str]:
    """Return the properties that a read asks for whatever is selected: the keys, and what the reading rests on."""
    names = {*resource.primary_keys, resource.replication_key}
    if resource.kind is Kind.MODIFIED:
        names.add("Created")  # what stands in for `Modified` where a row was never changed
    if resource.kind is Kind.DIVISIONS:
        names |= {"Description", "Status", "BlockingStatus", "DivisionMoveDate", "DivisionHRLinkUnlinkDate"}
    if resource.name == "deleted":
        names |= {"EntityType", "EntityKey"}
    return frozenset(name for name in names if name and name in resource.endpoint.properties)
