"""The rule that says which properties tell of a person, and of what class that is. Pure.

A relation of a company is a person as often as a firm, and nothing in a row says which. So the name, the address and the numbers of a
relation are marked like those of a person. Where the rule is wrong, `personal_fields.toml` says so, with the reason. What it comes to
is committed as `catalog/personal.json`, so that every change of it shows.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from tap_exact_online import edm
from tap_exact_online.catalog.personal import Tells, special

_RULES: Mapping[Tells, re.Pattern[str]] = {
    Tells.NAME: re.compile(
        r"\w*Full[nN]ame|(?:First|Middle|Last|Nick|Trade|User)Name|Initials"
        r"|\w*(?:Account|Accountant|Contact|Customer|Supplier|Reseller|Division|DeliverTo|DeliveredTo|InvoiceTo|OrderedBy)Name"
        r"|DecisionMakingUnitName|SupplierDescription|(?:For)?DivisionDescription"
    ),
    Tells.CONTACT: re.compile(
        r"\w*(?:E[mM]ail|Phone|PhoneExtension|Mobile|Fax)|Website|Address(?:Line\d|Street\w*)|IncotermAddress\w*"
        r"|(?:Account)?City|Postcode|Latitude|Longitude|SenderIPAddress|(?:Sender|Recipient)?Mailbox(?:Description)?"
    ),
    Tells.BANK: re.compile(
        r"\w*IBAN|\w*BICCode|(?:Account)?BankAccount(?:Number|IncludingMask|HolderName|Description)?"
        r"|PaymentServiceAccountIdentifier|DirectDebitMandateReference"
    ),
    Tells.NUMBER: re.compile(
        r"\w*V(?:AT|at)Number|ChamberOfCommerce\w*|\w*SiretNumber|DunsNumber|EORINumber|PeppolIdentifier|GlnNumber|NicNumber"
        r"|PayAsYouEarn|PayrollTaxesNumber|TaxReferenceNumber|Datev(?:Accountant|Client)Number"
    ),
    Tells.TEXT: re.compile(
        r"\w*Notes?|\w*Remarks?|Body|\w*Subject|Message|Complaint|NextAction|CustomField|Free(?:Text|Date|Number)Field_\d+"
        r"|(?:Attachment|Presentation)?FileName|Attachment|PresentationFile"
        r"|(?:Project|Subscription|Invoice|DirectDebitMandate|Delivery)Description|OpportunityName"
    ),
}
"""What the whole name of a property says, whatever endpoint it is of."""

# Flags are no text, and what identifies a row or leads to one is no personal data by itself.
_NEVER = frozenset({"Boolean", "Byte", "Guid"})
_BELONGS_TO = frozenset(
    {
        *("Account", "AccountId", "Customer", "Supplier", "Contact", "Employee", "OrderedBy", "InvoiceTo"),
        *("OrderAccount", "DeliveryAccount", "User"),
    }
)
"""What a row has that belongs to a relation or to a person: its description is written for that one, as that of a line is."""


@dataclass(frozen=True, slots=True)
class Exceptions:
    """What `personal_fields.toml` says.

    Attributes:
        marked: The class of properties that the rule does not see, by `path.Name`.
        ordinary: Properties that the rule marks and that tell nothing, by `path.Name`, with the reason; `*` for every path.
        things: Endpoints that are about things: what is noted there is noted of them.
    """

    marked: Mapping[str, str] = field(default_factory=dict)
    ordinary: Mapping[str, str] = field(default_factory=dict)
    things: frozenset[str] = frozenset()

    @classmethod
    def read(cls, file: Path) -> Exceptions:
        """Read the file."""
        said = tomllib.loads(file.read_text(encoding="utf-8"))
        return cls(said["marked"], said["ordinary"], frozenset(said["things"]))


def mark(endpoint: edm.Endpoint, fact: edm.Property, exceptions: Exceptions) -> Tells | None:
    """Return what a property tells of a person, None where it tells nothing.

    Args:
        endpoint: The endpoint.
        fact: The property.
        exceptions: Where the rule is wrong.
    """
    path, name = endpoint.path, fact.name
    if special(path, name):
        return Tells.SPECIAL
    if (said := exceptions.marked.get(f"{path}.{name}")) is not None:
        return Tells(said)
    if fact.type in _NEVER or f"{path}.{name}" in exceptions.ordinary or f"*.{name}" in exceptions.ordinary:
        return None
    if fact.type.startswith("Collection(") or "." in fact.type:
        return Tells.TEXT  # rows within a row, with names and notes of their own
    found = next((tells for tells, rule in _RULES.items() if rule.fullmatch(name)), None)
    described = path.endswith("Lines") or _BELONGS_TO & endpoint.properties.keys()
    if found is None and name == "Description" and described:
        found = Tells.TEXT
    return None if found is Tells.TEXT and path in exceptions.things else found


def marks(exceptions: Exceptions) -> dict[str, dict[str, list[str]]]:
    """Return the properties that are marked, by endpoint and class."""
    found: dict[str, dict[str, list[str]]] = {}
    for endpoint in edm.endpoints():
        for fact in endpoint.properties.values():
            if (tells := mark(endpoint, fact, exceptions)) is not None:
                found.setdefault(endpoint.path, {}).setdefault(tells.value, []).append(fact.name)
    return {
        path: {each.value: known[each.value] for each in Tells if each.value in known}
        for path, known in found.items()
    }
