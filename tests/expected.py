"""What a stream must hold, worked out from the sandbox's own tables by the rules of the README, not by the tap's code."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from tap_exact_online import edm
from tap_exact_online.catalog.resources import Resource
from tap_exact_online.sandbox.control import Control

_MOMENTS = {
    *("Created", "Modified", "Approved", "CreatedDate", "ModifiedDate", "DeletedDate", "syscreated"),
    "sysmodified",
}
# Texts that come filled up with spaces to the width of their column, beside all that are named ...Code or ...Country.
_PADDED = {"CountryOfOrigin", "Unit", "Language", "State", "Legislation"}
_DUTCH = ZoneInfo("Europe/Amsterdam")


def expected_value(fact: edm.Property, value: Any) -> Any:
    """Return what a stored value must come out as; a moment is an aware datetime, a wall clock a naive one."""
    if value is None:
        return None
    if fact.type == "DateTime":
        moment = datetime.fromisoformat(value)
        return moment.replace(tzinfo=_DUTCH).astimezone(UTC) if fact.name in _MOMENTS else moment
    if fact.type == "String":
        text = value.replace("\0", "")
        padded = fact.name.endswith(("Code", "Country")) or fact.name in _PADDED
        return text.strip() if padded else text
    if fact.type.startswith("Collection(") or "." in fact.type:
        return None  # the sandbox gives a link to follow, which is not data
    return value


def expected_rows(
    control: Control, resource: Resource, divisions: Iterable[int], fields: Iterable[str] | None = None
) -> dict[tuple[Any, ...], dict[str, Any]]:
    """Return the rows that a stream must hold, by primary key."""
    facts = resource.endpoint.properties
    chosen = list(facts) if fields is None else [name for name in fields if name in facts]
    rows = {}
    for division in divisions:
        for stored in control.iter_rows(division, resource.path):
            if resource.each == "focusDate" and not _holds(stored):
                continue
            row = {name: expected_value(facts[name], stored[name]) for name in chosen}
            row["Division"] = division
            rows[tuple(row[key] for key in resource.primary_keys)] = row
    return rows


def _holds(stored: Mapping[str, Any]) -> bool:
    """Tell whether a row holds on a first of January since 2020, or today."""
    today = datetime.now(UTC)
    days = [f"{year}-01-01" for year in range(2020, today.year + 1)] + [f"{today:%Y-%m-%d}"]
    start, end = (stored["StartDate"] or "0001")[:10], (stored["EndDate"] or "9999")[:10]
    return any(start <= day <= end for day in days)


def comparable(schema: dict[str, Any], value: Any) -> Any:
    """Return a value of a record in the form of `expected_value`."""
    return (
        datetime.fromisoformat(value) if value is not None and schema.get("format") == "date-time" else value
    )
