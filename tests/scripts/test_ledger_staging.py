"""What the ledger's staging calls a field, how it casts it, and that its models are as the tap's tables say."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from ledger_staging import kind_of, named, staged

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize(
    ("field", "name"),
    [
        ("ID", "id"),
        ("VATCode", "vat_code"),
        ("GLAccountCode", "gl_account_code"),
        ("GLAccount", "gl_account"),
        ("GLSchemeID", "gl_scheme_id"),
        ("AmountFC", "amount_fc"),
        ("AmountVATFC", "amount_vat_fc"),
        ("AmountVATBaseFC", "amount_vat_base_fc"),
        ("FCAmount", "fc_amount"),
        ("VATTransactionType", "vat_transaction_type"),
        ("VATCodeID", "vat_code_id"),
        ("EUSalesListing", "eu_sales_listing"),
        ("BankAccountIBAN", "bank_account_iban"),
        ("HID", "hid"),
        ("Hid", "hid"),
        ("AgeGroup1Amount", "age_group1_amount"),
        ("AccountId", "account_id"),
        ("IsMainDivision", "is_main_division"),
        ("Costcenter", "costcenter"),
        ("YourRef", "your_ref"),
        ("Timestamp", "row_version"),
        ("Date", "entry_date"),
        ("Count", "transaction_count"),
        ("Rows", "row_count"),
        ("OutstandingPayableInvoiceCount", "outstanding_payable_invoice_count"),
    ],
)
def test_names(field: str, name: str) -> None:
    assert named(field) == name


@pytest.mark.parametrize(
    ("field", "edm_type", "kind"),
    [
        ("ID", "Guid", "id"),
        ("Code", "String", "text"),
        ("Timestamp", "Int64", "integer"),
        ("Main", "Byte", "integer"),
        ("IsBlocked", "Boolean", "boolean"),
        ("AmountDC", "Double", "amount"),
        ("TotalAmount", "Double", "amount"),
        ("ResultCurrentYear", "Double", "amount"),
        ("RevenuePreviousYearPeriod", "Double", "amount"),
        ("Rate", "Double", "number"),
        ("VATPercentage", "Double", "number"),
        ("Modified", "DateTime", "moment"),
        ("Created", "DateTime", "moment"),
        ("DueDate", "DateTime", "date"),
    ],
)
def test_kinds(field: str, edm_type: str, kind: str) -> None:
    assert kind_of(field, edm_type) == kind


def test_names_of_a_stream_are_not_the_same() -> None:
    for stream, columns in staged().items():
        names = [column.name for column in columns]
        assert len({*names}) == len(names), stream
        assert names[0] == "division", stream
        assert all(column.words for column in columns), stream


def test_models_are_up_to_date() -> None:
    script = [sys.executable, "scripts/write_ledger.py", "--check"]
    done = subprocess.run(script, check=False, capture_output=True, text=True, cwd=ROOT)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
