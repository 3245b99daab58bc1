"""What columns are called in the way of databases: one name for each field of an endpoint, and always the same."""

from __future__ import annotations

import re

import pytest

from tap_exact_online import edm
from tap_exact_online.catalog import STREAMS, ColumnNames, Resource, schema_of, snake


@pytest.mark.parametrize(
    ("field", "name"),
    [
        ("ID", "id"),
        ("Id", "id"),
        ("Division", "division"),
        ("Timestamp", "timestamp"),
        ("VATCode", "vat_code"),
        ("SalesVatCode", "sales_vat_code"),
        ("GLAccountCode", "gl_account_code"),
        ("GLAccount", "gl_account"),
        ("VATGLAccountType", "vat_gl_account_type"),
        ("GLSchemeID", "gl_scheme_id"),
        ("GLAP", "gl_ap"),
        ("IsSales", "is_sales"),
        ("AmountDC", "amount_dc"),
        ("AmountVATFC", "amount_vat_fc"),
        ("AmountVATBaseFC", "amount_vat_base_fc"),
        ("AmountFCExclVAT", "amount_fc_excl_vat"),
        ("SEPAMandate", "sepa_mandate"),
        ("BankAccountUseSEPA", "bank_account_use_sepa"),
        ("BICCode", "bic_code"),
        ("BankAccountIBAN", "bank_account_iban"),
        ("Class_01", "class_01"),
        ("Class_01_ID", "class_01_id"),
        ("FreeTextField_10", "free_text_field_10"),
        ("AddressLine1", "address_line1"),
        ("AgeGroup1Amount", "age_group1_amount"),
        ("EUSalesListing", "eu_sales_listing"),
        ("EMail", "email"),
        ("CustomerPONumber", "customer_po_number"),
        ("CustomerPOnumber", "customer_po_number"),
        ("CADDrawingURL", "cad_drawing_url"),
        ("Costcenter", "costcenter"),
        ("NewsADay", "news_a_day"),
        ("Sha256", "sha256"),
        ("syscreated", "syscreated"),
        ("_sdc_extracted_at", "_sdc_extracted_at"),
        ("_deleted_at", "_deleted_at"),
    ],
)
def test_names(field: str, name: str) -> None:
    assert snake(field) == name
    assert ColumnNames.SNAKE.of(field) == name
    assert ColumnNames.EXACT.of(field) == field


def test_no_two_fields_of_an_endpoint_have_one_name() -> None:
    for endpoint in edm.endpoints():
        assert len({*map(snake, endpoint.properties)}) == len(endpoint.properties), endpoint.path


@pytest.mark.parametrize("resource", STREAMS, ids=lambda resource: resource.name)
def test_no_two_columns_of_a_stream_have_one_name(resource: Resource) -> None:
    columns = schema_of(resource)["properties"]
    names = [snake(column) for column in columns]
    assert len({*names}) == len(columns)
    for name in names:
        assert re.fullmatch(r"[a-z][a-z0-9]*(_[a-z0-9]+)*", name), name
        assert snake(name) == name
