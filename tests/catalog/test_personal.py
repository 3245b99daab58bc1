"""Which fields tell of a person what is nobody's business, held against the facts of every endpoint.

A property of a new endpoint that looks like one has to be put into the table or among the reviewed here, before it is read.
"""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from tap_exact_online import edm
from tap_exact_online.catalog import (
    BY_NAME,
    RESOURCES,
    STREAMS,
    Kind,
    Personal,
    Resource,
    Tells,
    marked,
    needed,
    references_of,
    schema_of,
    selected_by_default,
    treated,
)
from tap_exact_online.catalog.personal import special

ROOT = Path(__file__).parents[2]

# What such a name may hold.
SUSPICIOUS = re.compile(
    "BSN|RSIN|OBNumber|Social|Identif|Passport|Licen[cs]e|Taxpayer|TaxIdent|TaxRef|PayrollTax|Citizen"
    "|Birth|Born|Age$|Gender|Sex|National|Ethni|Religi|Denomin|Union|Politic|Crimin"
    "|Marital|Marri|Partner|Spouse|Children|Famil"
    "|Health|Illness|Sick|Disab|Absence|Cause$|CauseCode|CauseDesc|Medic|Pregn|Insurance|Pension|ReasonEnd|LeaveType|TypeOfIncome"
    "|Salar|Wage|Hourly|Fulltime|Parttime|InternalRate|ExternalRate|IntercompanyRate|LaborRate|Scale$|Compensation|Loan|Garnish"
    "|Private|HomeAddress|HomePhone|^Person(?!$)|Picture(?!Format)|Photo|Portrait|IPAddress|Latitude|Longitude"
)
# Looked at, and none: by name, with the reason.
ORDINARY = {
    **dict.fromkeys(["AgeGroup"], "of an invoice"),
    "RSIN": "the number of a legal person",
    **dict.fromkeys(["TaxReferenceNumber", "PayrollTaxesNumber"], "the company's own, as an employer"),
    **dict.fromkeys(["PeppolIdentifier", "PeppolIdentifierType"], "an address for invoices"),
    "PaymentServiceAccountIdentifier": "of the company's own account",
    "PartnerKey": "the app that sent a mail",
    **dict.fromkeys(["PrivateGLAccount", "PrivatePercentage", "PrivateUsePercentage"], "of a ledger account"),
    **dict.fromkeys(["Latitude", "Longitude"], "of a relation's business address, or of a province"),
    "SenderIPAddress": "of the program that sent a mail",
    **dict.fromkeys(["PersonEmail", "PersonPhone", "PersonPhoneExtension"], "of an accountant at work"),
    "LeaveHoursCompensation": "hours of a schedule",
    "PaymentParttimeFactor": "hours of a schedule",
    "ParttimeFactor": "hours of a contract",
    **dict.fromkeys(["ExternalRate", "IntercompanyRate"], "what others are asked for an hour"),
    **dict.fromkeys(["RunLaborRate", "SetupLaborRate"], "what an hour of a work center costs"),
    **dict.fromkeys(
        ["EmploymentSalaryType", "EmploymentSalaryTypeDescription"], "how pay is reckoned, not how much"
    ),
    **dict.fromkeys(["SalaryBasedType", "SalaryBasedTypeDescription"], "how pay is reckoned, not how much"),
    "Salary": "the key of a row of employment_salaries",
    "AbsenceRegistration": "the key of a row of absence_registrations",
    **dict.fromkeys(
        [
            "PensionDeclarationClassification",
            "PensionDeclarationClassificationDescription",
            "PensionDeclarationSubclassification",
            "PensionDeclarationSubclassificationDescription",
            "WageListClassification",
            "WageListClassificationDescription",
        ],
        "of a payroll component, in a list of the company",
    ),
}
# Looked at, and none: pictures of things, and leave that is built up.
ORDINARY_AT = {
    "assets/Assets": {"Picture", "PictureFileName"},
    "sync/Logistics/Items": {"Picture", "PictureName", "PictureThumbnailUrl", "PictureUrl"},
    "read/manufacturing/ShopOrderRoutingStepPlansAvailableToWork": {"PictureThumbnailPath"},
    "sync/HRM/LeaveBuildUpRegistrations": {"LeaveType", "LeaveTypeCode", "LeaveTypeDescription"},
}
ABOUT_PEOPLE = re.compile(
    r"(^|/)(payroll|hrm|users|current)/|Contacts$|Employee(?!RestrictionItems)|EmploymentInternal",
    re.IGNORECASE,
)


def test_every_property_that_looks_special_was_looked_at() -> None:
    unclear = [
        (endpoint.path, name)
        for endpoint in edm.endpoints()
        for name in endpoint.properties
        if SUSPICIOUS.search(name)
        and not name.startswith("Item")
        and name not in ORDINARY
        and name not in ORDINARY_AT.get(endpoint.path, ())
        and not special(endpoint.path, name)
    ]
    assert unclear == []


def looked_at() -> dict[str, set[str]]:
    """Return the properties that are listed as ordinary, by endpoint; those that are so everywhere under `*`."""
    text = (Path(__file__).parent / "ordinary.txt").read_text(encoding="utf-8")
    found: dict[str, set[str]] = {}
    for path, names in re.findall(r"^([\w/*]+):((?: +\w+|\n(?= ))*)", text, re.MULTILINE):
        found[path] = set(names.split())
    return found


def test_every_property_of_people_was_looked_at() -> None:
    """Also those that bear no suspicious name: a phone is private here, and a company's elsewhere."""
    known = looked_at()
    for endpoint in edm.endpoints():
        if ABOUT_PEOPLE.search(endpoint.path):
            ordinary = {name for name in endpoint.properties if not special(endpoint.path, name)}
            assert ordinary <= known["*"] | known.get(endpoint.path, set()), endpoint.path


def test_what_is_listed_as_ordinary_is_not_special_and_exists() -> None:
    known = looked_at()
    everywhere = [endpoint for endpoint in edm.endpoints() if ABOUT_PEOPLE.search(endpoint.path)]
    names = {name for endpoint in everywhere for name in endpoint.properties}
    assert known["*"] <= names
    assert not [n for e in everywhere for n in known["*"] & {*e.properties} if special(e.path, n)]
    for path in known.keys() - {"*"}:
        assert not [name for name in known[path] if special(path, name)]
        assert known[path] <= {*edm.load(path).properties}
    assert ORDINARY.keys() <= {name for endpoint in edm.endpoints() for name in endpoint.properties}


@pytest.mark.parametrize(
    ("path", "name", "kind"),
    [
        ("sync/CRM/Accounts", "BSN", "citizen's number"),
        ("sync/Payroll/Employees", "BirthDate", "birth"),
        ("sync/CRM/Contacts", "Gender", "gender"),
        ("current/Me", "Nationality", "nationality"),
        ("sync/HRM/AbsenceRegistrations", "CauseDescription", "health"),
        ("sync/Payroll/EmploymentSalaries", "FulltimeAmount", "pay"),
        ("sync/Payroll/Employees", "AddressStreet", "private address"),
        ("sync/CRM/Addresses", "AddressLine1", ""),
        ("sync/Payroll/Employees", "BusinessPhone", ""),
        ("sync/Payroll/Employees", "Phone", "private address"),
        ("sync/CRM/Accounts", "Phone", ""),
        ("sync/Logistics/Items", "PictureUrl", ""),
    ],
)
def test_what_a_property_tells(path: str, name: str, kind: str) -> None:
    assert special(path, name) == kind


@pytest.mark.parametrize("resource", RESOURCES, ids=lambda resource: resource.name)
def test_no_special_field_is_read_by_default(resource: Resource) -> None:
    columns = schema_of(resource)["properties"]
    for name, fact in resource.endpoint.properties.items():
        kind = special(resource.path, name)
        assert ("Special personal data" in columns[name].get("description", "")) is bool(kind)
        if kind:
            assert not selected_by_default(resource, fact)
            assert name not in needed(resource)


# --- All that is marked --------------------------------------------------------------------------------------


def test_the_list_is_the_one_that_the_script_writes() -> None:
    script = [sys.executable, "scripts/write_personal.py", "--check"]
    done = subprocess.run(script, cwd=ROOT, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 0, done.stderr


def test_all_that_is_special_is_marked_and_nothing_else_as_special() -> None:
    for endpoint in edm.endpoints():
        told = {name for name, tells in marked(endpoint.path).items() if tells is Tells.SPECIAL}
        assert told == {name for name in endpoint.properties if special(endpoint.path, name)}, endpoint.path
        assert marked(endpoint.path).keys() <= endpoint.properties.keys()


@pytest.mark.parametrize("resource", STREAMS, ids=lambda resource: resource.name)
def test_no_key_and_nothing_that_joins_is_marked(resource: Resource) -> None:
    """A hash in its place would break loading, going on from a bookmark, or a join."""
    told = marked(resource.path).keys()
    assert told.isdisjoint({*resource.primary_keys, resource.replication_key, *resource.axes})
    assert told.isdisjoint(references_of(resource))
    assert not needed(resource) & told or resource.kind is Kind.DIVISIONS
    for target in references_of(resource).values():
        assert target.column not in marked(BY_NAME[target.stream].path)


def test_an_id_is_marked_only_where_it_is_special() -> None:
    for endpoint in edm.endpoints():
        for name, tells in marked(endpoint.path).items():
            assert endpoint.properties[name].type != "Guid" or tells is Tells.SPECIAL, (endpoint.path, name)


@pytest.mark.parametrize(
    ("path", "name", "tells"),
    [
        ("sync/CRM/Accounts", "Name", Tells.NAME),
        ("sync/CRM/Accounts", "VATNumber", Tells.NUMBER),
        ("sync/CRM/Accounts", "AddressLine1", Tells.CONTACT),
        ("sync/CRM/Accounts", "BSN", Tells.SPECIAL),
        ("sync/CRM/Accounts", "BankAccounts", Tells.BANK),
        ("sync/CRM/Accounts", "Code", None),
        ("sync/CRM/Accounts", "Country", None),
        ("sync/CRM/Contacts", "BusinessPhone", Tells.CONTACT),
        ("crm/BankAccounts", "IBAN", Tells.BANK),
        ("current/Me", "UserName", Tells.NAME),
        ("sync/Financial/TransactionLines", "Description", Tells.TEXT),
        ("sync/Financial/TransactionLines", "CreatorFullName", Tells.NAME),
        ("sync/Financial/TransactionLines", "AccountCode", None),
        ("sync/Financial/TransactionLines", "YourRef", None),
        ("sync/Logistics/Items", "Description", None),
        ("sync/Logistics/Items", "Notes", None),
        ("system/Divisions", "Description", Tells.NAME),
    ],
)
def test_what_a_property_is_marked_as(path: str, name: str, tells: Tells | None) -> None:
    assert marked(path).get(name) is tells


@pytest.mark.parametrize("resource", STREAMS, ids=lambda resource: resource.name)
def test_each_marked_field_is_hashed_or_dropped(resource: Resource) -> None:
    told = marked(resource.path).keys()
    hashed, dropped = treated(resource, Personal.HASH)
    assert hashed | dropped == told
    assert not hashed & dropped
    assert treated(resource, Personal.DROP) == (frozenset(), told)
    assert treated(resource, Personal.KEEP) == (frozenset(), frozenset())


@pytest.mark.parametrize(
    ("stream", "name", "is_hashed"),
    [
        ("accounts", "Name", True),
        ("accounts", "Latitude", False),
        ("accounts", "BankAccounts", False),
        ("contacts", "BirthDate", False),
        ("contacts", "Picture", False),  # a text in JSON, and bytes for a loader that knows them
        ("contacts", "IdentificationDocument", False),
        ("employment_salaries", "HourlyWage", False),
        ("divisions", "Description", True),
        ("divisions", "Class_01", False),
    ],
)
def test_a_hash_is_for_plain_texts(stream: str, name: str, *, is_hashed: bool) -> None:
    hashed, dropped = treated(BY_NAME[stream], Personal.HASH)
    assert name in (hashed if is_hashed else dropped)


@pytest.mark.parametrize("resource", STREAMS, ids=lambda resource: resource.name)
def test_a_schema_says_what_is_marked_and_what_becomes_of_it(resource: Resource) -> None:
    def columns(personal: Personal) -> Mapping[str, Mapping[str, str]]:
        found: Mapping[str, Mapping[str, str]] = schema_of(resource, personal)["properties"]
        return found

    kept, told = columns(Personal.KEEP), marked(resource.path)
    for name, schema in kept.items():
        said = schema.get("description", "")
        assert ("ersonal data (" in said) is (name in told), name
    hashed = columns(Personal.HASH)
    for name, schema in kept.items():
        if name not in told:
            assert hashed[name] == schema
        elif {*schema} == {"type", "description"} and schema["type"] == ["string", "null"]:
            assert hashed[name]["type"] == schema["type"]
            assert "Hashed" in hashed[name]["description"]
        else:
            assert name not in hashed  # no column has another type with the setting than without
    assert hashed.keys() <= kept.keys()
    assert columns(Personal.DROP) == {name: schema for name, schema in kept.items() if name not in told}
