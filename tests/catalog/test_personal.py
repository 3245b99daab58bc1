"""Which fields tell of a person what is nobody's business, held against the facts of every endpoint.

A property of a new endpoint that looks like one has to be put into the table or among the reviewed here, before it is read.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tap_exact_online import edm
from tap_exact_online.catalog import RESOURCES, Resource, needed, schema_of, selected_by_default
from tap_exact_online.catalog.personal import special

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
