"""The committed endpoint facts, and the script that writes them."""

from __future__ import annotations

import importlib.util
import json
import re
from dataclasses import fields
from pathlib import Path
from types import ModuleType

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tap_exact_online import edm

ROOT = Path(__file__).parents[2]
SAMPLES = Path(__file__).parent / "samples"
FOLDER = Path(edm.__file__).parent
SAMPLED = ("sync/SalesOrder/GoodsDeliveries", "general/Currencies", "sync/Deleted")

_names = st.from_regex(r"[A-Za-z][A-Za-z0-9_]{0,20}", fullmatch=True)
_types = st.one_of(
    st.sampled_from(["Guid", "String", "Int64", "DateTime", "Double", "Boolean", "Binary", "Byte"]),
    _names.map(lambda name: f"Collection({name})"),
    _names.map(lambda name: f"Exact.Web.Api.Models.{name}"),
)
_properties = st.builds(
    edm.Property, _names, _types, obsolete=st.booleans(), absent=st.booleans(), inferred=st.booleans()
)
_endpoints = st.builds(
    edm.Endpoint,
    path=_names.map(lambda name: f"crm/{name}"),
    stable_id=st.lists(_names, min_size=1, max_size=3).map(" ".join),
    form=st.sampled_from(["division", "beta", "user"]),
    single=st.booleans(),
    filters=st.lists(_names, max_size=3).map(tuple),
    parameters=st.dictionaries(_names, st.sampled_from(["Guid", "DateTime?", "Int32"])),
    scope=st.none() | st.text(min_size=1),
    scope_inferred=st.booleans(),
    page_size=st.none() | st.integers(1, 5000),
    select_star=st.none() | st.booleans(),
    select_required=st.booleans(),
    deleted_type=st.none() | st.integers(0, 99),
    synctimestamp=st.none() | _names,
    properties=st.lists(_properties, unique_by=lambda p: p.name).map(
        lambda properties: {p.name: p for p in properties}
    ),
)


@pytest.fixture(scope="module")
def write_edm() -> ModuleType:
    spec = importlib.util.spec_from_file_location("write_edm", ROOT / "scripts" / "write_edm.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


# --- The form of the files -----------------------------------------------------------------------------------


@given(_endpoints)
def test_what_is_dumped_is_parsed_back_equal_and_in_the_same_order(endpoint: edm.Endpoint) -> None:
    back = edm.parse(edm.dump(endpoint))
    assert back == endpoint
    assert [*back.properties] == [*endpoint.properties]


@given(_endpoints)
def test_every_property_has_a_line_of_its_own(endpoint: edm.Endpoint) -> None:
    lines = edm.dump(endpoint).splitlines()
    for name in endpoint.properties:
        assert len([line for line in lines if line.startswith(f'  "{name}": ')]) == 1


@pytest.mark.parametrize("path", [*edm.paths()])
def test_a_committed_file_is_what_the_script_would_write(path: str) -> None:
    text = edm.file_of(path).read_text(encoding="utf-8")
    endpoint = edm.parse(text)
    assert edm.dump(endpoint) == text
    assert endpoint.path == path
    assert endpoint.keys
    assert {*endpoint.keys} <= {*endpoint.properties}


def test_types_are_written_without_their_prefix_and_flags_are_known_ones() -> None:
    flags = {f.name for f in fields(edm.Property)} - {"name", "type"}
    assert flags == {"obsolete", "absent", "inferred"}
    kinds = {fact.type for endpoint in edm.endpoints() for fact in endpoint.properties.values()}
    assert not [kind for kind in kinds if kind.startswith("Edm.")]
    assert {"Guid", "String", "Int64", "DateTime", "Double", "Boolean"} <= kinds


def test_paths_come_in_order_and_load_gives_the_same_object_again() -> None:
    paths = [*edm.paths()]
    assert paths == sorted(set(paths))
    assert "deleted" not in paths
    assert edm.load("sync/Deleted") is edm.load("sync/Deleted")
    assert [endpoint.path for endpoint in edm.endpoints(["sync/Deleted"])] == ["sync/Deleted"]
    assert len([*edm.endpoints()]) == len(paths)


@pytest.mark.parametrize("path", ["crm/Nothing", "sync", "sync/CRM", "", "crm/BankAccounts/More"])
def test_an_unknown_path_is_named_together_with_the_cure(path: str) -> None:
    with pytest.raises(KeyError, match=re.escape(f"'{path}'")) as caught:
        edm.load(path)
    assert "scripts/write_edm.py" in str(caught.value)


def test_deleted_entities_are_names_by_number() -> None:
    names = edm.deleted_entities()
    assert names[1] == "TransactionLines"
    assert names[16] == "GoodsDeliveries"
    assert 52 not in names
    assert all(isinstance(number, int) and name for number, name in names.items())


# --- The script ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", SAMPLED)
def test_the_script_makes_the_committed_file_from_the_reference(
    path: str, write_edm: ModuleType, tmp_path: Path
) -> None:
    write_edm.main(["reference", str(SAMPLES / "endpoints.json"), path, "--into", str(tmp_path)])
    assert edm.file_of(path, tmp_path).read_bytes() == edm.file_of(path).read_bytes()
    assert (tmp_path / "deleted.json").read_bytes() == (FOLDER / "deleted.json").read_bytes()
    assert len([*tmp_path.rglob("*.json")]) == 2


def test_the_script_refuses_an_endpoint_that_the_reference_lacks(
    write_edm: ModuleType, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as caught:
        write_edm.main(["reference", str(SAMPLES / "endpoints.json"), "crm/Nothing", "--into", str(tmp_path)])
    assert caught.value.code == 2
    assert "crm/Nothing" in capsys.readouterr().err


def test_without_paths_the_script_wants_the_whole_catalog(
    write_edm: ModuleType, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        write_edm.main(["reference", str(SAMPLES / "endpoints.json"), "--into", str(tmp_path)])
    assert "system/Divisions" in capsys.readouterr().err


def test_the_reference_flags_become_words_behind_the_type(write_edm: ModuleType, tmp_path: Path) -> None:
    entry = {
        "path": "/api/v1/{division}/crm/Opportunities",
        "stable_id": "ID",
        "scope": "-",
        "properties": {"ID": "Edm.Guid", "Old": "Edm.String", "Gone": "Edm.Int32", "Unsaid": "Edm.Byte"},
        "obsolete": ["Old"],
        "absent_from_newest_reference": ["Old", "Gone"],
        "type_inferred": ["Unsaid"],
    }
    endpoint = write_edm.from_reference(entry)
    write_edm.write(endpoint, tmp_path)
    text = edm.file_of("crm/Opportunities", tmp_path).read_text(encoding="utf-8")
    assert endpoint.scope is None
    assert json.loads(text)["properties"] == {
        "ID": "Guid",
        "Old": "String obsolete absent",
        "Gone": "Int32 absent",
        "Unsaid": "Byte inferred",
    }


def test_metadata_gives_a_new_endpoint(write_edm: ModuleType, tmp_path: Path) -> None:
    arguments = ["metadata", str(SAMPLES / "metadata.xml"), "crm/Opportunities", "--into", str(tmp_path)]
    write_edm.main(arguments)
    assert edm.parse(edm.file_of("crm/Opportunities", tmp_path).read_bytes()) == edm.Endpoint(
        "crm/Opportunities",
        "ID",
        page_size=60,
        properties={
            "ID": edm.Property("ID", "Guid"),
            "Amount": edm.Property("Amount", "Double"),
            "CloseDate": edm.Property("CloseDate", "DateTime"),
            "Notes": edm.Property("Notes", "Collection(Exact.Web.Api.Models.Note)"),
        },
    )


def test_metadata_of_a_sync_endpoint_never_takes_the_row_version_for_the_identity(
    write_edm: ModuleType, tmp_path: Path
) -> None:
    path = "sync/SalesOrder/GoodsDeliveries"
    write_edm.main(["metadata", str(SAMPLES / "metadata.xml"), path, "--into", str(tmp_path)])
    endpoint = edm.parse(edm.file_of(path, tmp_path).read_bytes())
    assert (endpoint.stable_id, endpoint.page_size) == ("EntryID", 1000)


def test_metadata_keeps_what_it_does_not_know_and_marks_what_it_no_longer_names(
    write_edm: ModuleType, tmp_path: Path
) -> None:
    path = "sync/SalesOrder/GoodsDeliveries"
    write_edm.main(["reference", str(SAMPLES / "endpoints.json"), path, "--into", str(tmp_path)])
    write_edm.main(["metadata", str(SAMPLES / "metadata.xml"), path, "--into", str(tmp_path)])
    endpoint = edm.parse(edm.file_of(path, tmp_path).read_bytes())
    assert (endpoint.scope, endpoint.deleted_type, endpoint.synctimestamp) == (
        "Logistics wms",
        16,
        "GoodsDeliveries",
    )
    assert endpoint.properties["Weight"] == edm.Property("Weight", "Double")
    assert not endpoint.properties["Remarks"].absent
    assert endpoint.properties["Description"] == edm.Property("Description", "String", absent=True)


@pytest.mark.parametrize("path", ["crm/Contacts", "crm/Orphans"])
def test_metadata_without_the_entity_set_names_those_that_are_there(
    path: str, write_edm: ModuleType, tmp_path: Path
) -> None:
    with pytest.raises(SystemExit, match=r"it has: GoodsDeliveries, Opportunities, Orphans"):
        write_edm.main(["metadata", str(SAMPLES / "metadata.xml"), path, "--into", str(tmp_path)])
    assert not [*tmp_path.rglob("*.json")]


def test_metadata_wants_the_paths_named(
    write_edm: ModuleType, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        write_edm.main(["metadata", str(SAMPLES / "metadata.xml"), "--into", str(tmp_path)])
    assert "name the endpoint paths" in capsys.readouterr().err
