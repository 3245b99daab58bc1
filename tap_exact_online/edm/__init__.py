"""The committed facts about Exact Online's endpoints.

One JSON file for each endpoint, in a folder tree that mirrors the API's own paths, one property on a line so
that a change reads well in a diff. The files are written by `scripts/write_edm.py` and only ever read here.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

_FOLDER = Path(__file__).parent


@dataclass(frozen=True, slots=True)
class Property:
    """One property of an endpoint.

    Attributes:
        name: The name Exact gives it, which is also the column's name.
        type: The EDM type as Exact writes it, without the `Edm.` in front: `Guid`, `Int64`, `Collection(Notes)`.
        obsolete: The reference says that it is no longer used.
        absent: Published once, but not in the newest reference: the service may refuse it.
        inferred: The reference gives no type; this one is concluded from endpoints that share the name.
    """

    name: str
    type: str
    obsolete: bool = False
    absent: bool = False
    inferred: bool = False


@dataclass(frozen=True, slots=True)
class Endpoint:
    """What is known about one endpoint.

    Attributes:
        path: The path behind `/api/v1/{division}/`, in the reference's own letter case.
        stable_id: The property that identifies a row for as long as it lives; where it takes several, their names with spaces
            between them.
        form: Where its address is: `division` (`/api/v1/{division}/...`), `beta` (`/api/v1/beta/{division}/...`), or `user`
            (`/api/v1/...`, for the user who connected, without a division).
        single: It has one row, which may come without a list around it.
        filters: The only properties that it may be filtered on; empty where the reference lists none.
        parameters: What it has to be told in the query string, by name, as EDM types; one that can be left out ends in `?`.
        scope: The app scope that a read needs, in the words of the app registration; None where unknown.
        scope_inferred: The scope is concluded from the neighbouring endpoints.
        page_size: Rows in a full page; None where undocumented.
        select_star: Whether `$select=*` is accepted; None where unknown.
        select_required: Whether a call without `$select` is refused.
        deleted_type: The `EntityType` under which its rows appear in `sync/Deleted`, or None.
        synctimestamp: The name under which SyncTimestamp knows it, or None.
        properties: Its properties, by name, in the reference's order.
    """

    path: str
    stable_id: str
    form: str = "division"
    single: bool = False
    filters: tuple[str, ...] = ()
    parameters: Mapping[str, str] = field(default_factory=dict)
    scope: str | None = None
    scope_inferred: bool = False
    page_size: int | None = None
    select_star: bool | None = None
    select_required: bool = False
    deleted_type: int | None = None
    synctimestamp: str | None = None
    properties: Mapping[str, Property] = field(default_factory=dict)

    @property
    def keys(self) -> tuple[str, ...]:
        """The properties that identify a row."""
        return tuple(self.stable_id.split())


_FLAGS = ("obsolete", "absent", "inferred")


def dump(endpoint: Endpoint) -> str:
    """Write an endpoint as JSON text with one property on a line. Defaults are left out."""
    lines = [
        f' "{name}": {json.dumps(value, ensure_ascii=False)},'
        for name, value in (
            ("path", endpoint.path),
            ("stable_id", endpoint.stable_id),
            ("form", None if endpoint.form == "division" else endpoint.form),
            ("single", endpoint.single or None),
            ("filters", " ".join(endpoint.filters) or None),
            ("parameters", endpoint.parameters or None),
            ("scope", endpoint.scope),
            ("scope_inferred", endpoint.scope_inferred or None),
            ("page_size", endpoint.page_size),
            ("select_star", endpoint.select_star),
            ("select_required", endpoint.select_required or None),
            ("deleted_type", endpoint.deleted_type),
            ("synctimestamp", endpoint.synctimestamp),
        )
        if value is not None
    ]
    properties = ",\n".join(
        f'  "{p.name}": {json.dumps(" ".join([p.type, *(flag for flag in _FLAGS if getattr(p, flag))]))}'
        for p in endpoint.properties.values()
    )
    return "{\n" + "\n".join(lines) + f'\n "properties": {{\n{properties}\n }}\n}}\n'


def parse(text: str | bytes) -> Endpoint:
    """Read what `dump` wrote."""
    facts: dict[str, Any] = json.loads(text)
    properties = {}
    for name, spelled in facts.pop("properties").items():
        kind, *flags = spelled.split(" ")
        properties[name] = Property(name, kind, **dict.fromkeys(flags, True))
    filters = tuple(facts.pop("filters", "").split())
    return Endpoint(properties=properties, filters=filters, **facts)


def file_of(path: str, folder: Path = _FOLDER) -> Path:
    """Return the file that holds the facts of an endpoint path."""
    return folder.joinpath(*path.split("/")).with_suffix(".json")


@cache
def load(path: str) -> Endpoint:
    """Return the facts of one endpoint.

    Args:
        path: The path behind `/api/v1/{division}/`, for example `sync/CRM/Accounts`.

    Raises:
        KeyError: No facts are committed for that path.
    """
    try:
        text = file_of(path).read_bytes()
    except FileNotFoundError:
        msg = f"No facts for endpoint '{path}': add them with scripts/write_edm.py"
        raise KeyError(msg) from None
    return parse(text)


def paths() -> Iterator[str]:
    """Yield the path of every endpoint that has committed facts, in alphabetical order."""
    for file in sorted(_FOLDER.rglob("*.json")):
        if file.parent != _FOLDER:
            yield file.relative_to(_FOLDER).with_suffix("").as_posix()


def endpoints(chosen: Iterable[str] | None = None) -> Iterator[Endpoint]:
    """Yield the facts of the chosen paths, or of every committed one."""
    for path in paths() if chosen is None else chosen:
        yield load(path)


@cache
def deleted_entities() -> Mapping[int, str]:
    """Return the names that Exact's reference gives to the `EntityType` numbers of `sync/Deleted`."""
    return {int(number): name for number, name in json.loads((_FOLDER / "deleted.json").read_bytes()).items()}
