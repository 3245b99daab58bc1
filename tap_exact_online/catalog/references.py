"""Where the fields of a stream lead to: the column of another stream, or of its own, that holds the same value.

Two rows join where they are of the same `Division` too. Names that mean the same everywhere are in `references.json` once; a field of
one endpoint that leads elsewhere, or nowhere, stands under `path.Name`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from tap_exact_online.catalog.resources import BY_NAME, RESOURCES, Resource
from tap_exact_online.edm import Property
from tap_exact_online.edm.codes import twins

_FILE = Path(__file__).parent / "references.json"


@dataclass(frozen=True, slots=True)
class Reference:
    """A column that a field leads to.

    Attributes:
        stream: The stream that has it.
        column: The column.
    """

    stream: str
    column: str


@cache
def references() -> Mapping[str, tuple[Reference, ...]]:
    """Return what each name leads to: more than one column where they are of different types."""
    found: Mapping[str, str] = json.loads(_FILE.read_bytes())
    return {
        name: tuple(Reference(*target.split(".")) for target in targets.split())
        for name, targets in found.items()
    }


def references_of(resource: Resource) -> dict[str, Reference]:
    """Return where the fields of a stream lead to, by field."""
    if not resource.divided:  # it tells of Exact's own customers and users
        return {}
    found = {}
    for fact in resource.endpoint.properties.values():
        if (target := _target(resource, fact)) and target != Reference(resource.name, fact.name):
            found[fact.name] = target
    return found


def _target(resource: Resource, fact: Property) -> Reference | None:
    known = references()
    targets = known.get(f"{resource.path}.{fact.name}", known.get(fact.name, ()))
    for target in targets:
        there = BY_NAME[target.stream].endpoint.properties[target.column]
        if there.type == fact.type:
            return target
    return None


def replaced_by(resource: Resource) -> list[str]:
    """Return the paths of the endpoints that give the same rows and are not read."""
    return [path for path, twin in twins().items() if twin == resource.path]


@cache
def stands_for() -> Mapping[str, str]:
    """Return the stream to take instead of an endpoint that none reads, by the endpoint's path."""
    names = {resource.path: resource.name for resource in RESOURCES}
    return {path: names[twin] for path, twin in twins().items()}
