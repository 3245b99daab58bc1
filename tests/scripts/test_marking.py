"""The rule by which properties are marked as personal, held against the facts of every endpoint."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from marking import Exceptions, mark

from tap_exact_online import edm
from tap_exact_online.catalog import Tells, marked

ROOT = Path(__file__).parents[2]

# Names that may be of persons. What is marked nowhere although it bears one was looked at.
TELLING = re.compile(
    r"FullName$|Fullname$|FirstName|LastName|Initials|E[Mm]ail(?!Message)|Phone|Mobile|Fax$|AddressLine|Street|Postcode|IBAN|BICCode"
    r"|BankAccount(?!ID|Use|s$|Country)|V[Aa][Tt]Number|Notes?$|Remarks?$|AccountName$|ContactName$|Website|CustomField|Mailbox$"
)


def test_every_name_that_may_be_of_a_person_is_marked_or_has_a_reason(exceptions: Exceptions) -> None:
    unmarked = [
        (endpoint.path, name)
        for endpoint in edm.endpoints()
        for name, fact in endpoint.properties.items()
        if TELLING.search(name)
        and fact.type not in {"Guid", "Boolean", "Byte", "Int32"}
        and name not in marked(endpoint.path)
        and f"{endpoint.path}.{name}" not in exceptions.ordinary
        and endpoint.path not in exceptions.things
    ]
    assert unmarked == []


@pytest.fixture(scope="module")
def exceptions() -> Exceptions:
    return Exceptions.read(ROOT / "scripts" / "personal_fields.toml")


def test_every_exception_is_one(exceptions: Exceptions) -> None:
    """It names what there is, and the rule by itself says something else."""
    bare = Exceptions()

    def by_rule(place: str) -> Tells | None:
        path, _, name = place.rpartition(".")
        return mark(edm.load(path), edm.load(path).properties[name], bare)

    for place, tells in exceptions.marked.items():
        assert by_rule(place) is not Tells(tells), place
    for place in exceptions.ordinary:
        assert by_rule(place) is not None, place
    for path in exceptions.things:
        endpoint = edm.load(path)
        assert any(
            mark(endpoint, fact, bare) is Tells.TEXT and mark(endpoint, fact, exceptions) is None
            for fact in endpoint.properties.values()
        ), path
