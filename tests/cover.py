"""A few streams that stand for all: together they have every trait by which streams differ, but for their names."""

from __future__ import annotations

from collections.abc import Iterable

from tap_exact_online.catalog.resources import STREAMS, Resource


def traits(resource: Resource) -> set[tuple[str, object]]:
    """Return by what a stream may be asked for, read or written in another way than others."""
    endpoint = resource.endpoint
    kinds = {name: _kind(fact.type) for name, fact in endpoint.properties.items()}
    return {
        ("kind", resource.kind),
        ("replication key", resource.replication_key),
        ("page size", endpoint.page_size),
        ("keys", tuple(kinds.get(key) for key in resource.keys)),
        ("axes", resource.axes),
        ("cadence", resource.cadence),
        ("shown to its user", resource.per_user),
        ("form", (endpoint.form, endpoint.single, endpoint.select_required)),
        ("parameters", tuple(endpoint.parameters.values())),
        *(("column", (resource.kind, kind)) for kind in kinds.values()),
    }


def _kind(edm_type: str) -> str:
    """Return the type of a column, whatever it is a list of or is named."""
    return "list" if edm_type.startswith("Collection(") else "object" if "." in edm_type else edm_type


def cover(resources: Iterable[Resource]) -> list[str]:
    """Return names of streams that have all traits of all of them; those first that have most of what is missing."""
    left = {resource.name: traits(resource) for resource in resources}
    missing = frozenset().union(*left.values())
    names = []
    while missing:
        name = max(left, key=lambda each: len(left[each] & missing))
        missing -= left.pop(name)
        names.append(name)
    return names


FEW = cover(STREAMS)
