"""The columns of every stream: how they follow from the facts, and a snapshot of all of them.

One file a stream in `snapshots/`, one column on a line: `*` before a column that is selected by default, `+` before
one that is always read. After a change that is meant, write them anew and review the difference:

    UPDATE_SNAPSHOTS=1 pytest tests/catalog/test_schemas.py
"""

from __future__ import annotations

import difflib
import json
import os
import signal
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from tap_exact_online.catalog.resources import BY_NAME, RESOURCES, STREAMS, Kind, Resource
from tap_exact_online.catalog.schemas import column, needed, schema_of, selected_by_default
from tap_exact_online.edm import Property
from tap_exact_online.tap import TapExactOnline

SNAPSHOTS = Path(__file__).parent / "snapshots"

every_name = pytest.mark.parametrize("name", [resource.name for resource in STREAMS])


@pytest.fixture(scope="module")
def catalog() -> Mapping[str, Any]:
    """The catalog of `--discover`, by stream. Making a tap takes over the signals, so they are given back."""
    kept = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    tap = TapExactOnline(config={"client_id": "an-id", "client_secret": "a-secret"})
    for number, handler in kept.items():
        signal.signal(number, handler)
    return {entry["tap_stream_id"]: entry for entry in tap.catalog_dict["streams"]}


def _spelled(schema: dict[str, Any]) -> str:
    """Write a column: its types, what else limits its values, and what is said of it."""
    kinds, said = schema.pop("type"), schema.pop("description", "")
    limits = [f"{name}={json.dumps(value)}" for name, value in sorted(schema.items())]
    return " ".join(
        filter(None, (*([kinds] if isinstance(kinds, str) else kinds), *limits, said and f"- {said}"))
    )


def rendered(entry: Mapping[str, Any]) -> str:
    """Write one stream of the catalog, one column on a line."""
    metadata = {tuple(item["breadcrumb"]): item["metadata"] for item in entry["metadata"]}
    lines = [
        f"key: {', '.join(entry['key_properties'])}",
        f"replication key: {entry.get('replication_key')}",
        f"selected by default: {metadata[()]['selected-by-default']}",
        "",
    ]
    for name, schema in entry["schema"]["properties"].items():
        about = metadata["properties", name]
        mark = "*" if about.get("selected-by-default", True) else " "  # unsaid: as the stream
        mark = "+" if about["inclusion"] == "automatic" else mark
        lines.append(f"{mark} {name} {_spelled(dict(schema))}")
    return "\n".join(lines) + "\n"


@every_name
def test_the_columns_are_those_of_the_snapshot(name: str, catalog: Mapping[str, Any]) -> None:
    file, now = SNAPSHOTS / f"{name}.txt", rendered(catalog[name])
    if os.environ.get("UPDATE_SNAPSHOTS"):
        file.write_text(now, encoding="utf-8")
    then = file.read_text(encoding="utf-8") if file.exists() else ""
    difference = "\n".join(
        difflib.unified_diff(then.splitlines(), now.splitlines(), str(file), "now", lineterm="", n=1)
    )
    assert now == then, f"the columns of {name} changed; if that is meant, see this file's head\n{difference}"


def test_there_is_no_snapshot_of_a_stream_that_is_gone(catalog: Mapping[str, Any]) -> None:
    assert {file.stem for file in SNAPSHOTS.glob("*.txt")} == {*catalog}


@pytest.mark.parametrize(
    ("kind", "schema"),
    [
        ("Guid", {"type": ["string", "null"], "format": "uuid"}),
        ("String", {"type": ["string", "null"]}),
        ("Binary", {"type": ["string", "null"], "contentEncoding": "base64"}),
        ("Int64", {"type": ["integer", "null"]}),
        ("Int32", {"type": ["integer", "null"]}),
        ("Int16", {"type": ["integer", "null"]}),
        ("Byte", {"type": ["integer", "null"]}),
        ("Double", {"type": ["number", "null"]}),
        ("Boolean", {"type": ["boolean", "null"]}),
        ("Collection(Notes)", {"type": ["array", "null"]}),
        ("Exact.Web.Api.Models.HRM.DivisionClass", {"type": ["object", "null"]}),
    ],
)
def test_the_json_type_of_an_edm_type(kind: str, schema: Mapping[str, Any]) -> None:
    assert column(Property("Anything", kind)) == schema


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("Created", "instant"),
        ("Modified", "instant"),
        ("CreatedDate", "instant"),
        ("DeletedDate", "instant"),
        ("sysmodified", "instant"),
        ("DueDate", "wall clock"),
        ("InvoiceDate", "wall clock"),
        ("StartTime", "wall clock"),
        ("DivisionMoveDate", "wall clock"),
    ],
)
def test_a_datetime_column_says_whose_time_it_is(name: str, said: str) -> None:
    schema = column(Property(name, "DateTime"))
    assert (schema["type"], schema["format"]) == (["string", "null"], "date-time")
    assert said in schema["description"]


def test_a_key_column_is_never_null() -> None:
    assert column(Property("ID", "Guid"), key=True) == {"type": "string", "format": "uuid"}


@pytest.mark.parametrize(
    ("fact", "selected"),
    [
        pytest.param(Property("A", "String"), True, id="plain"),
        pytest.param(Property("A", "String", inferred=True), True, id="type-concluded"),
        pytest.param(Property("A", "String", obsolete=True), False, id="obsolete"),
        pytest.param(Property("A", "String", absent=True), False, id="no-longer-documented"),
        pytest.param(Property("A", "Binary"), False, id="binary"),
        pytest.param(Property("A", "Collection(Notes)"), False, id="collection"),
        pytest.param(Property("A", "Exact.Web.Api.Models.HRM.DivisionClass"), False, id="nested"),
    ],
)
def test_what_is_selected_by_default(fact: Property, selected: bool) -> None:  # noqa: FBT001  a column of the table
    assert selected_by_default(fact) is selected


def test_division_comes_first_then_the_key() -> None:
    for resource in STREAMS:
        columns = [*schema_of(resource)["properties"]]
        first = resource.primary_keys if resource.name != "divisions" else ("Division", "Code")
        assert tuple(columns[: len(first)]) == first, resource.name
        if resource.kind is not Kind.OWN:
            assert len(columns) == len({*columns, *resource.endpoint.properties}), resource.name


@pytest.mark.parametrize("resource", RESOURCES, ids=lambda resource: resource.name)
def test_keys_and_bookmarks_are_read_whatever_is_selected(
    resource: Resource, catalog: Mapping[str, Any]
) -> None:
    always = {*resource.keys, resource.replication_key} - {None}
    assert always <= needed(resource) <= {*resource.endpoint.properties}
    automatic = {
        item["breadcrumb"][1]
        for item in catalog[resource.name]["metadata"]
        if item["breadcrumb"] and item["metadata"]["inclusion"] == "automatic"
    }
    assert always <= automatic


def test_the_log_of_deleted_rows_carries_two_names_of_our_own() -> None:
    columns = schema_of(BY_NAME["deleted"])["properties"]
    assert columns["EntityName"]["type"] == ["string", "null"]
    assert columns["StreamName"]["type"] == ["string", "null"]
    assert [r.name for r in STREAMS if "StreamName" in schema_of(r)["properties"]] == ["deleted"]


def test_two_streams_share_no_part_of_a_schema_that_one_could_change() -> None:
    first, second = schema_of(BY_NAME["deleted"]), schema_of(BY_NAME["deleted"])
    first["properties"]["Division"]["type"] = "changed"
    first["properties"]["EntityName"]["type"] = "changed"
    assert second["properties"]["Division"]["type"] == "integer"
    assert second["properties"]["EntityName"]["type"] == ["string", "null"]
