"""The fields that tell of a person, and what a run does with them.

Special are those that tell what is nobody's business: citizen's numbers, birth, gender, nationality, marriage, health, pay, private
addresses and pictures of people. They are not read unless somebody names them. A test holds the table here against the facts of all
endpoints.

Names, business addresses, bank accounts and remarks are personal, too, and are what many a stream is for. Which fields these are is in
`personal.json`, written by `scripts/write_personal.py` by the rule in `scripts/marking.py`.
"""

from __future__ import annotations

import enum
import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path

_FILE = Path(__file__).with_name("personal.json")


class Tells(enum.Enum):
    """What a field tells of a person."""

    SPECIAL = "special"
    NAME = "name"
    CONTACT = "contact"
    BANK = "bank"
    NUMBER = "number"
    TEXT = "free text"


class Personal(enum.Enum):
    """What becomes of such fields: the setting `personal_data`."""

    KEEP = "keep"
    HASH = "hash"
    DROP = "drop"


_Kinds = Mapping[str, tuple[str, ...]]
"""Names of properties, by what they tell."""

_EVERYWHERE: _Kinds = {
    "citizen's number": (
        "BSN",
        "SocialSecurityNumber",
        "TaxIdentificationNumber",
        "UniqueTaxpayerReference",
        "OBNumber",  # of a Dutch sole trader it is the BSN with a suffix
        "IdentificationDocument",
        "IdentificationDate",
        "IdentificationUser",
    ),
    "birth": ("BirthDate", "BirthName", "BirthNamePrefix", "BirthPlace"),
    "gender": ("Gender",),
    "nationality": ("Nationality",),
    "marriage": ("MaritalDate", "MaritalStatus", "NameComposition", "PartnerName", "PartnerNamePrefix"),
    # Why an employment ended: illness and death are among the reasons. A type of income can be a benefit for the ill.
    "health": (
        "PercentageDisablement",
        "ReasonEnd",
        "ReasonEndDescription",
        "ReasonEndFlex",
        "ReasonEndFlexDescription",
        "TypeOfIncome",
        "TypeOfIncomeDescription",
    ),
    # Scale and step of a labour agreement are a salary that is looked up; what an hour costs within is made of one.
    "pay": (
        "FulltimeAmount",
        "HourlyWage",
        "InternalRate",
        "ParttimeAmount",
        "Scale",
        "WageScale",
        "WageScalePeriod",
        "WageScaleStep",
    ),
    "private address": ("PrivateEmail",),
    "picture": ("PersonPictureThumbnailUrl", "ThumbnailPicture"),
}
"""Names that mean the same wherever they stand."""

_TITLE = ("Title", "TitleAbbreviation", "TitleDescription")  # Mr or Mrs: as good as the gender
_PICTURE = ("Picture", "PictureFileName", "PictureName", "PictureThumbnailUrl", "PictureUrl")
# Of whom there are business addresses besides, these are the private ones.
_HOME = (
    "AddressLine2",
    "AddressLine3",
    "AddressStreet",
    "AddressStreetNumber",
    "AddressStreetNumberSuffix",
    "City",
    "Country",
    "Email",
    "Mobile",
    "Phone",
    "PhoneExtension",
    "Postcode",
    "State",
)
_PERSON: _Kinds = {"gender": _TITLE, "private address": _HOME, "picture": _PICTURE}
_LEAVE = ("LeaveType", "LeaveTypeCode", "LeaveTypeDescription")  # for a birth, for the care of the ill

_AT: Mapping[str, _Kinds] = {
    "current/Me": {"gender": ("Title",), "picture": ("PictureUrl",)},
    "payroll/PayrollTransactionsByPayrollYear": {
        "pay": (
            "CalculatedAmount",
            "CalculatedBaseValue",
            "CalculatedFranchise",
            "CalculatedMaximum",
            "CalculatedNumber",
            "EntryAmount",
            "EntryBase",
            "EntryNumber",
            "EntryPercentage",
            "EntryPercentage2",
        )
    },
    "payroll/VariableMutations": {"pay": ("Description", "Notes", "Value")},
    "read/crm/OpportunityContacts": _PERSON,
    "sync/CRM/Contacts": _PERSON,
    "sync/HRM/AbsenceRegistrationTransactions": {"health": ("Notes",)},
    "sync/HRM/AbsenceRegistrations": {
        "health": (
            "AbsenceRegistrationTransactions",
            "Cause",
            "CauseCode",
            "CauseDescription",
            "Kind",
            "KindCode",
            "KindDescription",
            "Notes",
        )
    },
    # Whether an hour away was leave or illness.
    "sync/HRM/LeaveAbsenceHoursByDay": {"health": ("ExternalLeaveAbsenceType", "Type")},
    "sync/HRM/LeaveRegistrations": {"health": ("Description", *_LEAVE, "Notes")},
    "sync/Payroll/BankAccounts": {"pay": ("BankAccountHolderName", "Number")},
    "sync/Payroll/Employees": {**_PERSON, "health": ("Notes",)},
    # A code for relatives of the owner.
    "sync/Payroll/EmploymentTaxAuthoritiesGeneral": {
        "marriage": ("InfluenceInsuranceObligation", "InfluenceInsuranceObligationDescription")
    },
}
"""Names that mean it at one endpoint only, by its path."""


def _by_name(kinds: _Kinds) -> Mapping[str, str]:
    return {name: kind for kind, names in kinds.items() for name in names}


_KIND_EVERYWHERE = _by_name(_EVERYWHERE)
_KIND_AT: Mapping[str, Mapping[str, str]] = {path: _by_name(kinds) for path, kinds in _AT.items()}


def special(path: str, name: str) -> str:
    """Return what a property tells of a person that is nobody's business, in a word, or nothing.

    Args:
        path: The endpoint's path.
        name: The property.
    """
    return _KIND_AT.get(path, {}).get(name) or _KIND_EVERYWHERE.get(name, "")


@cache
def _marks() -> Mapping[str, Mapping[str, Tells]]:
    found: Mapping[str, Mapping[str, str]] = json.loads(_FILE.read_bytes())
    return {
        path: {name: Tells(tells) for tells, names in classes.items() for name in names.split()}
        for path, classes in found.items()
    }


def marked(path: str) -> Mapping[str, Tells]:
    """Return the properties of an endpoint that tell of a person, with what they tell.

    Args:
        path: The endpoint's path.
    """
    return _marks().get(path, {})
