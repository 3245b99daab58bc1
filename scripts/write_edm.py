#!/usr/bin/env python3
"""Write the committed endpoint facts in `tap_exact_online/edm/`.

Two sources give files of the same form:

    scripts/write_edm.py reference endpoints.json              # every endpoint of the catalog
    scripts/write_edm.py reference endpoints.json crm/Opportunities
    scripts/write_edm.py reference endpoints.json --forms streams-to-be.json
    scripts/write_edm.py metadata metadata.xml crm/Opportunities   # an OData $metadata document

The first is a collection made from Exact's reference pages, with `--forms` together with what is known of addresses,
parameters and page sizes beside them. What neither has is in `endpoints_seen.json` beside this script. The second is what
someone with an account can download from `/api/v1/{division}/<service>/$metadata`; it knows names and types but neither scopes
nor flags, so those are kept from the committed file where there is one.
"""

from __future__ import annotations

import argparse
import json
import sys
import xml.etree.ElementTree as ET
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from tap_exact_online import edm
from tap_exact_online.catalog.resources import RESOURCES

_FORMS = {"/api/v1/{division}/": "division", "/api/v1/beta/{division}/": "beta", "/api/v1/": "user"}
_SEEN = Path(__file__).parent / "endpoints_seen.json"
_NOT_STREAMS = (
    "read/sync/Sync/SyncTimestamp",
    "financial/FinancialPeriods",
    "read/financial/JournalStatusList",
    "documents/Documents",
)


def from_reference(entry: Mapping[str, Any], beside: Mapping[str, Any] | None = None) -> edm.Endpoint:
    """Turn one entry of the reference collection into an endpoint.

    Args:
        entry: The entry.
        beside: What is known of it beside the reference: parameters, page size, whether it has one row.
    """
    beside = beside or {}
    form, path = _place(entry)
    flagged = {
        flag: set(entry.get(key, ()))
        for flag, key in (
            ("obsolete", "obsolete"),
            ("absent", "absent_from_newest_reference"),
            ("inferred", "type_inferred"),
        )
    }
    return edm.Endpoint(
        path=path,
        # The reference sorts the names of a key by the alphabet.
        stable_id=entry.get("stable_id") or " ".join(beside.get("key") or entry["keys"]),
        form=form,
        single="single object" in beside.get("flags", ()),
        filters=tuple(beside.get("filters_supported", ())),
        parameters={
            name.removesuffix("?"): kind + "?" * name.endswith("?")
            for name, kind in beside.get("parameters", {}).items()
        },
        scope=None if entry.get("scope") in {None, "-"} else entry["scope"],
        scope_inferred=entry.get("scope_inferred", False),
        page_size=beside.get("page_size") or entry.get("page_size"),
        select_star=entry.get("select_star_supported"),
        select_required=entry.get("select_required", False),
        deleted_type=entry.get("deleted_entity_type"),
        synctimestamp=entry.get("synctimestamp_endpoint"),
        properties={
            name: edm.Property(
                name,
                kind.removeprefix("Edm."),
                **{flag: name in names for flag, names in flagged.items()},
            )
            for name, kind in entry["properties"].items()
        },
    )


def _place(entry: Mapping[str, Any]) -> tuple[str, str]:
    """Return the form of an entry's address, and its path."""
    address = str(entry["path"])
    front, form = next((front, form) for front, form in _FORMS.items() if address.startswith(front))
    return form, address.removeprefix(front)


def from_metadata(document: str | bytes, path: str, known: edm.Endpoint | None = None) -> edm.Endpoint:
    """Read one endpoint out of an OData `$metadata` (CSDL) document.

    Args:
        document: The XML text.
        path: The endpoint's path; its last part is the name of the entity set.
        known: Facts that the document does not hold, kept where the document says nothing.

    Raises:
        SystemExit: The document describes no such entity set.
    """
    # The document is the user's own download, read by a development script; entities are not expanded.
    root = ET.fromstring(document)  # noqa: S314
    wanted = path.rsplit("/", 1)[-1]
    types = {element.get("Name"): element for element in _named(root, "EntityType")}
    sets = {element.get("Name"): element.get("EntityType", "") for element in _named(root, "EntitySet")}
    if wanted not in sets or sets[wanted].rsplit(".", 1)[-1] not in types:
        names = ", ".join(sorted(name for name in sets if name))
        sys.exit(f"the document has no entity set {wanted!r}; it has: {names}")
    entity = types[sets[wanted].rsplit(".", 1)[-1]]
    old = known.properties if known else {}
    properties = {}
    for element in _named(entity, "Property"):
        name, kind = element.get("Name", ""), element.get("Type", "")
        properties[name] = edm.Property(
            name, kind.removeprefix("Edm."), obsolete=name in old and old[name].obsolete
        )
    for name, fact in old.items():
        if name not in properties:
            properties[name] = replace(fact, absent=True)
    keys = [element.get("Name", "") for element in _named(entity, "PropertyRef")]
    # Sync endpoints name Timestamp as their key, which changes with the row: the identity is another property.
    stable = next(
        (name for name in (*keys, "ID", "EntryID") if name != "Timestamp" and name in properties), "ID"
    )
    base = known or edm.Endpoint(
        path=path, stable_id=stable, page_size=1000 if path.startswith("sync/") else 60
    )
    return replace(base, properties=properties)


def _named(root: ET.Element, name: str) -> Iterator[ET.Element]:
    """Yield the elements of that local name: the CSDL namespace differs from version to version."""
    return (element for element in root.iter() if element.tag.rsplit("}", 1)[-1] == name)


def write(endpoint: edm.Endpoint, folder: Path) -> None:
    """Write one endpoint's file, making folders on the way."""
    file = edm.file_of(endpoint.path, folder)
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(edm.dump(endpoint), encoding="utf-8")


def main(arguments: Iterable[str] | None = None) -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("source", choices=("reference", "metadata"))
    parser.add_argument("file", type=Path)
    parser.add_argument(
        "path", nargs="*", help="endpoint paths; for `reference`, default: those of the catalog"
    )
    parser.add_argument(
        "--forms", type=Path, help="for `reference`: what is known of addresses and parameters beside it"
    )
    parser.add_argument("--into", type=Path, default=Path(edm.__file__).parent, help="folder to write to")
    args = parser.parse_args(None if arguments is None else list(arguments))

    if args.source == "metadata":
        if not args.path:
            parser.error("name the endpoint paths to take from the document")
        for path in args.path:
            file = edm.file_of(path, args.into)
            known = edm.parse(file.read_bytes()) if file.exists() else None
            write(from_metadata(args.file.read_bytes(), path, known), args.into)
        return

    reference = json.loads(args.file.read_bytes())
    seen = json.loads(_SEEN.read_bytes())["endpoints"]
    entries = {_place(entry)[1]: entry for entry in (*seen, *reference["endpoints"])}
    forms = json.loads(args.forms.read_bytes())["endpoints"] if args.forms else ()
    beside = {each["path"]: each for each in forms}
    for path in args.path or [*(resource.path for resource in RESOURCES), *_NOT_STREAMS]:
        if path not in entries:
            parser.error(f"{args.file} has no endpoint {path!r}")
        write(from_reference(entries[path], beside.get(path)), args.into)
    names = {int(number): name for number, name in reference["deleted_entity_types"].items()}
    lines = ",\n".join(f' "{number}": {json.dumps(name)}' for number, name in sorted(names.items()))
    (args.into / "deleted.json").write_text(f"{{\n{lines}\n}}\n", encoding="utf-8")


if __name__ == "__main__":
    main()
