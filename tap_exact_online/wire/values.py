"""What a value of each type is on the wire, and what it becomes: data in two tables, and what follows from them."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from typing import Annotated, Any

from msgspec import Meta

from tap_exact_online.edm import Property
from tap_exact_online.wire.dates import instant, is_date, wall_clock

# What is not finite or does not fit into 64 bits is no value of its type: JSON has no way to write it on, and no loader to
# keep it. msgspec checks the bounds while it parses; NaN fails both.
_Integer = Annotated[int, Meta(ge=-(2**63), le=2**63 - 1)]
_Float = Annotated[float, Meta(ge=-sys.float_info.max, le=sys.float_info.max)]

type_of: Mapping[str, Any] = {
    "Guid": str,
    "String": str,
    "Binary": str,
    "DateTime": str,
    "Int64": _Integer,
    "Int32": _Integer,
    "Int16": _Integer,
    "Byte": _Integer,
    "Double": _Float,
    "Boolean": bool,
}
"""What a value of each EDM type is decoded to; a type that is not here is nested data."""

INSTANTS: Mapping[str, str] = {
    "Created": "seen",
    "Modified": "seen",
    "Approved": "seen",  # of orders: the moment at which somebody approved
    "CreatedDate": "guess",
    "ModifiedDate": "guess",
    "DeletedDate": "guess",
    "syscreated": "guess",
    "sysmodified": "guess",
}
"""DateTimes that Exact itself records, with how sure that is. Every other one is a day or an hour that a person chose."""

PADDED: Mapping[str, str] = {
    "*Code": "seen",  # of accounts: to 18 characters, on the left; VAT codes to 3, search codes to 9, on the right
    "*Country": "seen",  # "NL "
    "CountryOfOrigin": "guess",
    "Unit": "seen",  # "pc      ", which is "pc" as a UnitCode
    "Language": "seen",  # to 10
    "State": "seen",  # to 3
    "Legislation": "seen",  # of divisions: a country, to 3
}
"""Strings that Exact fills up with blanks, by name or by the end of it, with how sure that is."""

_PADDED_ENDS = tuple(name.removeprefix("*") for name in PADDED if name.startswith("*"))


def is_instant(name: str) -> bool:
    """Tell whether a DateTime of that name is a moment in time rather than a day or an hour of the books."""
    return name in INSTANTS


def is_padded(name: str) -> bool:
    """Tell whether a string of that name may be padded: a join needs it stripped."""
    return name.endswith(_PADDED_ENDS) or name in PADDED


def converter(fact: Property) -> Callable[[Any], Any] | None:
    """Return what turns a decoded value into its final form, or None where it has that already.

    It raises `ValueError` or `RecursionError` for a value that has none.
    """
    if fact.type == "DateTime":
        return instant if is_instant(fact.name) else wall_clock
    if fact.type == "String" and is_padded(fact.name):
        return str.strip
    return None if fact.type in type_of else _plain


def _plain(value: Any) -> Any:
    """Strip nested data of what is not data: links to follow, type names, envelopes."""
    if isinstance(value, list):
        return [_plain(item) for item in value]
    if isinstance(value, dict):
        if "__deferred" in value:
            return None
        if isinstance(value.get("results"), list):
            return _plain(value["results"])
        return {name: _plain(item) for name, item in value.items() if name != "__metadata"}
    if isinstance(value, str):
        return wall_clock(value) if is_date(value) else value.replace("\0", "")
    return value
