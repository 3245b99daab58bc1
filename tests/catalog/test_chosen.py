"""What the user chose: by what Meltano was told, and by a catalog alone."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from tap_exact_online.catalog import BY_NAME, Entry, Told, chosen, schema_of
from tap_exact_online.errors import ConfigurationError
from tests.catalog.rules import told

DEFAULT = {name for name, resource in BY_NAME.items() if resource.selected}
EVERY_STREAM = ["*.*"]


def everything(**streams: bool) -> dict[str, Entry]:
    """Return a catalog as Meltano makes it where it was told nothing, but for some streams."""
    return {
        name: Entry(streams.get(name, True), dict.fromkeys(schema_of(resource)["properties"], True))
        for name, resource in BY_NAME.items()
    }


def only(*names: str) -> dict[str, Entry]:
    """Return a catalog that selects all fields of some streams."""
    return everything(**{name: name in names for name in BY_NAME})


def streams(catalog: Mapping[str, Entry], said: Told | None, *, all_meant: bool = False) -> set[str]:
    found = chosen(catalog, said, everything=all_meant)
    return {name for name, read in found.streams.items() if read}


@pytest.mark.parametrize(
    ("catalog", "said", "read"),
    [
        pytest.param(everything(), None, DEFAULT, id="everything-given"),
        pytest.param(everything(), told(EVERY_STREAM), DEFAULT, id="nothing-told"),
        pytest.param(everything(), told(["*"]), DEFAULT, id="everything-in-other-words"),
        pytest.param(only("units"), told(EVERY_STREAM, ["units"]), {"units"}, id="one-run-of-one"),
        pytest.param(
            everything(accounts=False),
            told(EVERY_STREAM, ["!accounts"]),
            DEFAULT - {"accounts"},
            id="one-run-without-one",
        ),
        pytest.param(
            everything(),
            told(EVERY_STREAM, units={"selected": True}, accounts={"replication-method": "FULL_TABLE"}),
            DEFAULT | {"units"},
            id="a-stream-by-metadata",
        ),
        pytest.param(
            everything(employees=False, accounts=False),
            told(EVERY_STREAM, **{"emp*ees": {"selected": False}, "accounts": {"selected": False}}),
            DEFAULT - {"accounts"},
            id="not-a-stream-by-metadata",
        ),
        pytest.param(
            {**everything(), "gone": Entry(selected=True, fields={"ID": True})},
            told(EVERY_STREAM),
            DEFAULT,
            id="an-old-catalog",
        ),
    ],
)
def test_where_nothing_was_chosen_the_default_is_read(
    catalog: Mapping[str, Entry], said: Told | None, read: set[str]
) -> None:
    found = chosen(catalog, said, everything=False)
    assert found.nothing
    assert {name for name, each in found.streams.items() if each} == read
    for stream in read:
        fields = found.fields[stream]
        assert fields["Division"]
        assert not {"BSN", "Logo", "BirthDate"} & {name for name, each in fields.items() if each}


@pytest.mark.parametrize(
    ("catalog", "said", "read"),
    [
        pytest.param(only("units", "accounts"), None, {"units", "accounts"}, id="given"),
        pytest.param(
            {name: Entry(selected=True, fields={"ID": name != "units"}) for name in BY_NAME},
            None,
            {*BY_NAME},
            id="all-but-a-field-given",
        ),
        pytest.param(everything(units=False), None, {*BY_NAME} - {"units"}, id="all-but-one-given"),
        pytest.param(only("accounts"), told(["accounts.*"]), {"accounts"}, id="told"),
        pytest.param(only("accounts"), told(["accounts"]), {"accounts"}, id="told-without-fields"),
        pytest.param(
            everything(units=False), told(["*.*", "!units.*"]), {*BY_NAME} - {"units"}, id="all-but-one-told"
        ),
        pytest.param(everything(), told(["*.*", "!accounts.Logo"]), {*BY_NAME}, id="all-but-a-field-told"),
        pytest.param(only(), told([]), set(), id="told-to-read-nothing"),
        pytest.param(only("units"), told(EVERY_STREAM), {"units"}, id="another-catalog-than-meltanos"),
    ],
)
def test_what_was_chosen_is_read(catalog: Mapping[str, Entry], said: Told | None, read: set[str]) -> None:
    found = chosen(catalog, said, everything=False)
    assert not found.nothing
    assert {name for name, each in found.streams.items() if each} == read


@pytest.mark.parametrize("said", [None, told(EVERY_STREAM)], ids=["given", "told"])
def test_everything_is_read_where_that_is_meant(said: Told | None) -> None:
    assert streams(everything(), said, all_meant=True) == {*BY_NAME}


def test_a_custom_catalog_is_not_of_meltanos_making() -> None:
    environment = {"MELTANO_EXTRACT__SELECT": '["*.*"]', "MELTANO_EXTRACT__CATALOG": "my.json"}
    assert Told.of(environment) is None
    assert Told.of({}) is None


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("MELTANO_EXTRACT__SELECT", "*.*"),
        ("MELTANO_EXTRACT__SELECT", "[1]"),
        ("MELTANO_EXTRACT__SELECT_FILTER", "{}"),
        ("MELTANO_EXTRACT__METADATA", "[]"),
    ],
)
def test_what_meltano_does_not_say_is_not_believed(variable: str, value: str) -> None:
    with pytest.raises(ConfigurationError, match=variable):
        Told.of({"MELTANO_EXTRACT__SELECT": '["*.*"]', variable: value})


SPECIAL = {"BSN", "UniqueTaxpayerReference"}


@pytest.mark.parametrize(
    ("said", "taken"),
    [
        pytest.param(None, SPECIAL, id="by-the-catalog"),
        pytest.param(told(["accounts.*"]), set(), id="by-a-pattern"),
        pytest.param(told(["accounts"]), set(), id="with-the-stream"),
        pytest.param(told(["accounts.*", "accounts.BS*"]), set(), id="by-a-narrower-pattern"),
        pytest.param(told(["accounts.*", "accounts.BSN"]), {"BSN"}, id="by-name"),
        pytest.param(told(["accounts.*", "acc*.BSN"]), {"BSN"}, id="by-name-in-many-streams"),
        pytest.param(told(["accounts.*", "contacts.BSN"]), set(), id="by-name-elsewhere"),
        pytest.param(told(["accounts.*"], accounts={"BSN": {"selected": True}}), {"BSN"}, id="by-metadata"),
    ],
)
def test_a_special_field_is_read_where_it_is_named(said: Told | None, taken: set[str]) -> None:
    catalog = only("accounts") if said is None else everything(**{name: said.takes(name) for name in BY_NAME})
    found = chosen(catalog, said, everything=False)
    assert SPECIAL - taken == {name for name, read in found.fields.get("accounts", {}).items() if not read}
    assert set(found.unnamed.get("accounts", ())) == SPECIAL - taken
    assert bool(found.warnings) is bool(SPECIAL - taken)


def test_a_special_field_is_not_read_because_an_older_catalog_had_it_by_default() -> None:
    found = chosen(
        {"accounts": Entry(selected=True, fields={"BSN": None, "Name": None})}, None, everything=False
    )
    assert found.fields == {"accounts": dict.fromkeys(SPECIAL, False)}
    assert found.warnings == ()


def test_a_special_field_that_is_named_is_read_beside_the_default() -> None:
    said = told(EVERY_STREAM, accounts={"BSN": {"selected": True}, "Name": {"selected": False}})
    fields = chosen(everything(), said, everything=False).fields["accounts"]
    assert (fields["BSN"], fields["UniqueTaxpayerReference"], fields["Name"]) == (True, False, False)


def test_metadata_of_all_fields_names_none() -> None:
    said = told(EVERY_STREAM, accounts={"*": {"selected": True}})
    fields = chosen(everything(), said, everything=False).fields["accounts"]
    assert (fields["Logo"], fields["BSN"]) == (True, False)


def test_what_is_read_instead_is_said_with_how_to_choose() -> None:
    (words,) = chosen(everything(), told(EVERY_STREAM), everything=False).warnings
    assert all(name in words for name in DEFAULT)
    assert "employees" not in words
    assert "meltano select tap-exact-online accounts '*'" in words
    assert "`select_everything`" in words
