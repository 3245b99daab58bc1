"""The rules that describe a field, by tables."""

from __future__ import annotations

import pytest
from describing import FieldWords, description, descriptions, noun_of, words_of

from tap_exact_online.edm import Endpoint, Property

WORDS = FieldWords(
    names={
        "Account": "Customer, supplier or other relation.",
        "DeliverTo": "Relation to deliver to.",
        "Blocked": "Whether it is blocked.",
        "Frequency": "How often it comes back.",
        "Status": "State of the row.",
        "GLToPay": "Ledger account for VAT to pay.",
        "VATCode": "VAT code.",
        "Subscription": "Subscription (contract).",
        "InvoiceDate": "Date of the invoice.",
    },
    of={"a/B.Account": "Who pays.", "a/B.AccountName": "Name of who pays."},
    unsure=frozenset({"PartnerKey"}),
)


def said(path: str = "x/Y", words: FieldWords = WORDS, /, **fields: str) -> str | None:
    """Describe the last of these fields, which are those of an endpoint."""
    properties = {name: Property(name, kind) for name, kind in fields.items()}
    endpoint = Endpoint(path, "ID", properties=properties)
    return description(endpoint, [*properties.values()][-1], words)


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("DirectDebitMandate", "direct debit mandate"),
        ("GLAccount", "ledger account"),
        ("VATCode", "VAT code"),
        ("ProjectWBS", "project WBS"),
        ("Workcenter", "work center"),
        ("Class_01_ID", "class 01 id"),
        ("ID", "id"),
    ],
)
def test_a_name_is_taken_apart(name: str, words: str) -> None:
    assert words_of(name) == words


@pytest.mark.parametrize(
    ("description", "noun"),
    [
        ("Relation to deliver to.", "relation to deliver to"),
        ("VAT code.", "VAT code"),
        ("Subscription (contract).", "subscription"),
        ("Order; its header and lines share it.", "order"),
        ("Whether it is blocked.", None),
        ("How often it comes back.", None),
        ("1 where the item is kept by batch.", None),
    ],
)
def test_what_others_can_be_said_to_be_of(description: str, noun: str | None) -> None:
    assert noun_of(description) == noun


@pytest.mark.parametrize(
    ("fields", "text"),
    [
        pytest.param({"Account": "Guid"}, "Customer, supplier or other relation.", id="own-words"),
        pytest.param(
            {"DeliverTo": "Guid", "DeliverToName": "String"}, "Name of the relation to deliver to.", id="name"
        ),
        pytest.param(
            {"GLToPay": "Guid", "GLToPayCode": "String"},
            "Code of the ledger account for VAT to pay.",
            id="code",
        ),
        pytest.param(
            {"ItemGroup": "Guid", "ItemGroupDescription": "String"}, "Name of the item group.", id="of-a-rule"
        ),
        pytest.param(
            {"StockCountID": "Guid", "StockCountNumber": "Int32"},
            "Number of the stock count.",
            id="beside-ID",
        ),
        pytest.param({"Manual": "Guid", "ManualFullName": "String"}, "Name of the manual.", id="full-name"),
        pytest.param({"Manual": "Guid", "ManualHID": "Int32"}, "Number of the manual.", id="number"),
        pytest.param({"Manual": "Guid", "ManualSubject": "String"}, "Subject of the manual.", id="subject"),
        pytest.param(
            {"Status": "Int16", "StatusDescription": "String"}, "State of the row, in words.", id="a-number"
        ),
        pytest.param(
            {"Frequency": "String", "FrequencyDescription": "String"},
            "How often it comes back, in words.",
            id="how",
        ),
        pytest.param({"Blocked": "Boolean", "BlockedName": "String"}, None, id="of-no-thing"),
        pytest.param({"NothingName": "String"}, None, id="of-nothing-beside"),
        pytest.param({"Name": "String"}, None, id="of-nothing-at-all"),
        pytest.param({"Department": "Guid"}, "ID of the department.", id="a-guid"),
        pytest.param({"DepartmentID": "Guid"}, "ID of the department.", id="a-guid-that-says-so"),
        pytest.param({"Department": "String"}, None, id="a-text"),
        pytest.param({"TransferNumber": "Int32"}, "Number of the transfer.", id="a-number-of-its-own"),
        pytest.param({"TransferDate": "DateTime"}, "Day of the transfer.", id="a-day"),
        pytest.param({"TransferDate": "String"}, None, id="a-day-as-text"),
        pytest.param(
            {"TotalCostDC": "Double"}, "Total cost, in the currency of the company.", id="default-currency"
        ),
        pytest.param(
            {"TotalCostFC": "Double"},
            "Total cost, in the currency of the transaction.",
            id="foreign-currency",
        ),
        pytest.param(
            {"LogoUrl": "String"}, "Where the logo can be fetched, with the access token.", id="address"
        ),
        pytest.param({"IsBlocked": "Boolean"}, "Whether it is blocked.", id="a-participle"),
        pytest.param({"IsBlocked": "Byte"}, "Whether it is blocked.", id="a-participle-as-a-number"),
        pytest.param({"IsPilot": "Boolean"}, None, id="no-participle"),
        pytest.param({"FreeTextField_01": "String"}, "Free field 1 for text.", id="free-text"),
        pytest.param({"FreeNumberField_08": "Double"}, "Free field 8 for a number.", id="free-number"),
        pytest.param({"FreeBoolField_01": "Boolean"}, "Free field 1 for yes or no.", id="free-yes-or-no"),
        pytest.param({"FreeDateField_05": "DateTime"}, "Free field 5 for a date.", id="free-date"),
        pytest.param({"Class_10": "String"}, "Class 10, of those that the company made itself.", id="class"),
        pytest.param(
            {"Lines": "Collection(SalesEntryLines)"}, "Nested rows: sales entry lines.", id="rows-in-it"
        ),
        pytest.param({"Account": "Collection(Accounts)"}, "Nested rows: accounts.", id="rows-before-words"),
        pytest.param({"Class": "Exact.Web.Api.Models.HRM.DivisionClass"}, "Nested data.", id="nested"),
        pytest.param({"PartnerKey": "Guid"}, None, id="not-sure"),
        pytest.param({"PartnerKey": "Guid", "PartnerKeyName": "String"}, None, id="of-what-is-not-sure"),
    ],
)
def test_what_a_field_is(fields: dict[str, str], text: str | None) -> None:
    assert said(**fields) == text


def test_one_field_of_one_endpoint_may_be_something_else() -> None:
    assert said("a/B", Account="Guid") == "Who pays."
    assert said("a/B", Account="Guid", AccountName="String") == "Name of who pays."
    assert said("a/B", Account="Guid", AccountCode="String") is None  # "who pays" is no thing that has a code


def test_what_most_endpoints_have_is_said_of_the_name() -> None:
    found = descriptions(FieldWords(names={}, of={"sync/CRM/Accounts.PriceList": "The prices."}))
    assert found["PriceList"] == "ID of the price list."
    assert found["sync/CRM/Accounts.PriceList"] == "The prices."
    assert found["ItemGroup"] == "ID of the item group."
    assert found["sync/Logistics/Items.Class_01"] == "Class 1, of those that the company made itself."
    assert found["mailbox/MailMessagesSent.Operation"] == ""
    assert [*found] == sorted(found)
