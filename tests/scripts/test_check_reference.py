"""The weekly look at Exact's reference, with pages of the form that its pages had when this was written."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Mapping
from dataclasses import replace
from html import escape
from pathlib import Path

import pytest

from tap_exact_online import edm
from tap_exact_online.catalog.resources import RESOURCES
from tests.serving import serving

SCRIPT = Path(__file__).parents[2] / "scripts" / "check_reference.py"
LIST = "/docs/HlpRestAPIResources.aspx"


def endpoints() -> dict[str, edm.Endpoint]:
    """Return what the reference says where it says what is committed."""
    known = {resource.path: resource.endpoint for resource in RESOURCES}
    listed = {
        path: {name: fact for name, fact in endpoint.properties.items() if not fact.absent}
        for path, endpoint in known.items()
    }
    return {path: replace(known[path], properties=facts) for path, facts in listed.items()}


def pages(reference: Mapping[str, edm.Endpoint]) -> dict[str, str]:
    rows = "".join(
        f"<tr><td>service<td><a href='HlpRestAPIResourcesDetails.aspx?name={path}'>{path}</a>"
        f"<td>/api/v1/{{division}}/{path}<td>GET</tr>"
        for path in reference
    )
    found = {
        LIST: f"<table id=referencetable><tr><th>Service<th>Endpoint<th>URI<th>Methods</tr>{rows}</table>"
    }
    for path, endpoint in reference.items():
        lines = "".join(
            f"<tr class='filter'><td><input type=checkbox></td><td><img title='Key'/> {fact.name}\n</td><td>&nbsp;</td>"
            f"<td>{escape(kind(fact))}</td><td>A <b>text</b><br>of two lines</td></tr>"
            for fact in endpoint.properties.values()
        )
        head = "<tr><th></th><th>Name</th><th>Mandatory</th><th>Type</th><th>Description</th></tr>"
        found[f"/docs/HlpRestAPIResourcesDetails.aspx?name={path}"] = (
            f"<table><tr><td>menu</td></tr></table><table id='referencetable'>{head}{lines}</table>"
        )
    return found


def kind(fact: edm.Property) -> str:
    return fact.type if "(" in fact.type or "." in fact.type else f"Edm.{fact.type}"


def check(documents: Mapping[str, str]) -> tuple[int, list[str]]:
    with serving(lambda _: documents) as address:
        done = subprocess.run(
            [sys.executable, SCRIPT, address + LIST], check=False, capture_output=True, text=True
        )
    assert not done.stderr
    return done.returncode, done.stdout.splitlines()


def test_nothing_has_changed() -> None:
    code, (head, *rest) = check(pages(endpoints()))
    assert (code, rest) == (0, [])
    assert head.startswith("0 differences")


def test_what_has_changed_is_listed() -> None:
    reference = endpoints()
    accounts, journals = reference["sync/CRM/Accounts"], reference.pop("financial/Journals")
    facts = dict(accounts.properties)
    del facts["Fax"]
    facts["Phone"] = replace(facts["Phone"], type="Int64")
    facts["Mood"] = edm.Property("Mood", "String")
    gone = next(fact for fact in edm.load(accounts.path).properties.values() if fact.absent)
    facts[gone.name] = gone
    reference[accounts.path] = replace(accounts, properties=facts)
    reference["sync/Pets/Cats"] = replace(journals, path="sync/Pets/Cats")
    code, (head, *changes) = check(pages(reference))
    assert code == 1
    assert head.startswith("6 differences")
    assert sorted(changes) == sorted(
        [
            "- `financial/Journals` is no longer listed",
            "- `sync/CRM/Accounts`: `Fax` is gone",
            "- `sync/CRM/Accounts`: `Mood` (String) is new",
            "- `sync/CRM/Accounts`: `Phone` is Int64, was String",
            f"- `sync/CRM/Accounts`: `{gone.name}` is there again",
            "- `sync/Pets/Cats` is a Sync endpoint that no stream reads",
        ]
    )


@pytest.mark.parametrize(
    ("path", "page", "told"),
    [
        (LIST, "<html>maintenance</html>", "has no table 'referencetable' of endpoints any more"),
        (
            "/docs/HlpRestAPIResourcesDetails.aspx?name=crm/BankAccounts",
            "<table id='referencetable'></table>",
            "any more",
        ),
    ],
)
def test_a_page_of_another_form_is_no_drift(path: str, page: str, told: str) -> None:
    code, lines = check({**pages(endpoints()), path: page})
    assert code == 2
    assert told in lines[0]


def test_a_reference_that_cannot_be_had_is_no_drift() -> None:
    code, lines = check({})
    assert code == 2
    assert "404" in lines[0]
