"""From EDM types to JSON Schema, and which fields are asked for by default."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from tap_exact_online.catalog.described import description_of
from tap_exact_online.catalog.filed import FILED
from tap_exact_online.catalog.own import COLUMNS
from tap_exact_online.catalog.personal import Personal, Tells, marked, special
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


def schema_of(resource: Resource, personal: Personal = Personal.KEEP) -> dict[str, Any]:
    """Return the JSON Schema of a stream, its key first.

    Args:
        resource: The stream.
        personal: What becomes of the fields that tell of a person.
    """
    schema = _whole_schema(resource)
    columns, becomes = schema["properties"], treated(resource, personal)
    for name in becomes.dropped & columns.keys():
        del columns[name]
    for name in becomes.hashed:
        columns[name] = _hashed(columns[name])
    return schema


class Treated(NamedTuple):
    """What becomes of the fields of a stream that tell of a person.

    Attributes:
        hashed: In whose place a hash is written.
        dropped: That are not written.
    """

    hashed: frozenset[str] = frozenset()
    dropped: frozenset[str] = frozenset()


def treated(resource: Resource, personal: Personal) -> Treated:
    """Return what becomes of the fields that tell of a person: the one place that says so.

    A hash stands in place of a plain text only. That of an amount, a date or nested rows is of no use to anybody, and as a text it
    would change the type of a column, which loaders refuse.

    Args:
        resource: The stream.
        personal: What is set.
    """
    if personal is Personal.KEEP:
        return Treated()
    told = frozenset(marked(resource.path))
    texts = frozenset(name for name in told if _is_text(_marked_column(resource, name)))
    return Treated(dropped=told) if personal is Personal.DROP else Treated(texts, told - texts)


def _marked_column(resource: Resource, name: str) -> Mapping[str, Any]:
    """Return the schema of one column; nothing where the stream has none of that name."""
    if (ours := _own(resource)) is not None:
        return ours.get(name, {})
    fact = resource.endpoint.properties.get(name)
    return column(fact) if fact else {}


def _own(resource: Resource) -> Mapping[str, Mapping[str, Any]] | None:
    """Return the columns of a stream whose rows the tap makes itself."""
    if resource.kind is Kind.OWN:
        return COLUMNS[resource.name]
    return FILED[resource.name].columns if resource.kind is Kind.FILES else None


def _is_text(schema: Mapping[str, Any]) -> bool:
    """Tell whether a column is plain text, which its hash is too."""
    types = schema.get("type", ())
    plain = {types} if isinstance(types, str) else {*types} - {"null"}
    return plain == {"string"} and not schema.keys() & {"format", "contentEncoding"}


def _hashed(schema: Mapping[str, Any]) -> dict[str, Any]:
    """Return the schema of a column in whose place its hash stands."""
    said = schema.get("description")
    hashed = "Hashed, as `personal_data` says: a text of 64 hexadecimal digits; null and empty stay so."
    return {"type": ["string", "null"], "description": f"{said} {hashed}" if said else hashed}


def _whole_schema(resource: Resource) -> dict[str, Any]:
    if (ours := _own(resource)) is not None:
        own = {name: dict(schema) for name, schema in ours.items()}
        for name in marked(resource.path).keys() & own.keys():
            own[name]["description"] += f" {_mark(resource.path, name)}"
        return {"type": "object", "properties": own, "required": list(resource.primary_keys)}
    facts = resource.endpoint.properties
    first = [name for name in (*resource.primary_keys, resource.replication_key) if name and name in facts]
    names = [*dict.fromkeys([*first, *facts])]
    # Whether a row that was never changed has a `Modified` is not known: such a row is loaded all the same.
    never_null = [name for name in first if resource.kind is not Kind.MODIFIED or name != resource.by]
    columns = {name: column(facts[name], key=name in never_null) for name in names}
    for name, schema in columns.items():
        said = (description_of(resource.path, name), schema.get("description"), _mark(resource.path, name))
        if text := " ".join(filter(None, said)):
            schema["description"] = text
    properties = columns
    if resource.kind is not Kind.USER:
        columns.pop("Division", None)
        properties = {"Division": dict(_DIVISION), **columns}
    if resource.name == "deleted":
        properties.update({name: dict(schema) for name, schema in DELETED_COLUMNS.items()})
    return {"type": "object", "properties": properties, "required": list(resource.primary_keys)}


def _mark(path: str, name: str) -> str:
    """Say of a column that it tells of a person."""
    tells = marked(path).get(name)
    if tells is Tells.SPECIAL:
        return f"Special personal data ({special(path, name)}): read only where the field is named."
    return f"Personal data ({tells.value})." if tells else ""


def selected_by_default(resource: Resource, fact: Property) -> bool:
    """Tell whether a field is asked for when nothing is said about it.

    Not those that are heavy or nested, nor those that Exact calls obsolete or no longer documents, nor those that tell of a
    person what is nobody's business.
    """
    usual = fact.type in _JSON and fact.type != "Binary" and not fact.obsolete and not fact.absent
    return usual and not special(resource.path, fact.name)


def needed(resource: Resource) -> frozenset[str]:
    """Return the properties that a read asks for whatever is selected: the keys, and what the reading rests on."""
    names = {*resource.primary_keys, resource.replication_key}
    if resource.kind is Kind.FILES:
        names.add(FILED[resource.name].url)
    if resource.kind is Kind.MODIFIED:
        names.add("Created")  # what stands in for `Modified` where a row was never changed
    if resource.kind is Kind.DIVISIONS:
        names |= {"Description", "Status", "BlockingStatus", "DivisionMoveDate", "DivisionHRLinkUnlinkDate"}
    if resource.name == "deleted":
        names |= {"EntityType", "EntityKey"}
    return frozenset(name for name in names if name and name in resource.endpoint.properties)
