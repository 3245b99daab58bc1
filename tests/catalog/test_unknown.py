"""Names that somebody selected and that do not exist."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from tap_exact_online.catalog import BY_NAME, Entry, Told, check_rules, unknown_in
from tap_exact_online.errors import ConfigurationError
from tests.catalog.rules import told


@pytest.mark.parametrize(
    "said",
    [
        told(["*.*"]),
        told(["*"]),
        told(["accounts.*", "accounts.BSN", "!accounts.Logo"]),
        told(["accounts.BankAccounts.ID"]),  # a part of a nested field
        told(["sales_*.*", "*.Modified", "accounts.Ad*"]),
        told(["reads.*", "divisions.Code", "deleted.StreamName", "document_attachment_files.*"]),
        told(["*.*"], ["units"], units={"selected": True}),
        told(["accounts.*"], accounts={"Name": {"selected": True}}),
    ],
    ids=lambda said: str([f"{each.stream}.{each.field}" for each in said.select]),
)
def test_rules_that_meet_something_are_taken(said: Told) -> None:
    assert check_rules(said) == []


@pytest.mark.parametrize(
    ("said", "names"),
    [
        (told(["sales_invoces.*"]), "the stream `sales_invoces` (did you mean `sales_invoices`?)"),
        (told(["Accounts.*"]), "the stream `Accounts` (did you mean `accounts`?)"),
        (told(["zzz.*"]), "the stream `zzz`. "),
        (told(["zzz*.*"]), "the stream `zzz*`. "),
        (told(["accounts.name"]), "the field `accounts.name` (did you mean `accounts.Name`?)"),
        (told(["accounts.Zzz*"]), "the field `accounts.Zzz*`. "),
        (told(["accounts.*", "*.Zzz"]), "the field `*.Zzz`. "),
        (told(["*.*"], ["unitz"]), "the stream `unitz` (did you mean `units`?)"),
        (told(["*.*"], unitz={"selected": True}), "the stream `unitz` (did you mean `units`?)"),
        (
            told(["*.*"], units={"Cod": {"selected": True}}),
            "the field `units.Cod` (did you mean `units.Code`?)",
        ),
        (told(["zzz.*", "zzz.ID", "yyy.*"]), "the stream `zzz`, the stream `yyy`. "),
        (told([f"zzz{number}.*" for number in range(40)]), "`zzz9` and 30 more. "),
    ],
)
def test_rules_that_select_what_there_is_not_are_refused(said: Told, names: str) -> None:
    with pytest.raises(ConfigurationError) as raised:
        check_rules(said)
    assert names in str(raised.value)
    assert "TAP_EXACT_ONLINE__SELECT" in str(raised.value)


def test_rules_that_exclude_what_there_is_not_are_told() -> None:
    (warning,) = check_rules(told(["accounts.*", "!accounts.BNS", "!employes.*", "!accounts.Logo"]))
    assert "the field `accounts.BNS` (did you mean `accounts.BSN`?)" in warning
    assert "the stream `employes` (did you mean `employees`?)" in warning
    assert "Logo" not in warning


@pytest.mark.parametrize(
    ("catalog", "says", "warns"),
    [
        ({"accounts": Entry(selected=True, asked=frozenset({"Name", "Division"}))}, "", ""),
        ({"acounts": Entry(selected=False)}, "", ""),
        ({"acounts": Entry(selected=True)}, "the stream `acounts` (did you mean `accounts`?)", ""),
        (
            {"accounts": Entry(selected=True, asked=frozenset({"Nmae"}), columns=frozenset({"Name"}))},
            "the field `accounts.Nmae` (did you mean `accounts.Name`?)",
            "",
        ),
        (
            {"accounts": Entry(selected=True, asked=frozenset({"Old"}), columns=frozenset({"Old"}))},
            "",
            "the field `accounts.Old`",
        ),
    ],
)
def test_what_a_catalog_selects(catalog: Mapping[str, Entry], says: str, warns: str) -> None:
    found = unknown_in(catalog)
    if says:
        with pytest.raises(ConfigurationError, match="The catalog selects") as raised:
            found.check()
        assert says in str(raised.value)
    else:
        found.check()
    assert warns in "".join(found.warnings)
    assert bool(warns) == bool(found.warnings)


def test_what_exact_withdrew_is_still_known() -> None:
    absent = [
        f"{name}.{fact.name}"
        for name in ("accounts", "divisions", "transaction_lines", "sales_invoices")
        for fact in BY_NAME[name].endpoint.properties.values()
        if fact.absent
    ]
    assert absent
    assert check_rules(told(absent)) == []
