"""The table of streams against the facts and against what was promised."""

from __future__ import annotations

import re
from collections import Counter

import pytest

from tap_exact_online import edm
from tap_exact_online.catalog.filed import FILED
from tap_exact_online.catalog.resources import (
    BY_NAME,
    FILES,
    OWN,
    RESOURCES,
    STREAMS,
    Kind,
    Resource,
    stream_of_deleted,
)
from tap_exact_online.catalog.schemas import schema_of

PROMISED_NAMES = [
    "divisions",
    "deleted",
    "transaction_lines",
    "gl_accounts",
    "gl_classifications",
    "payment_terms",
    "accounts",
    "contacts",
    "addresses",
    "items",
    "documents",
    "document_attachments",
    "sales_invoices",
    "sales_order_headers",
    "sales_order_lines",
    "goods_deliveries",
    "goods_delivery_lines",
    "purchase_orders",
    "projects",
    "subscriptions",
    "subscription_lines",
    "stock_positions",
    "material_issues",
    "cost_centers",
    "cost_units",
    "financial_periods",
    "journals",
    "vat_codes",
    "payroll_bank_accounts",
]
SELECTED_BY_DEFAULT = [
    "divisions",
    "deleted",
    "transaction_lines",
    "gl_accounts",
    "gl_classifications",
    "payment_terms",
    "accounts",
    "documents",
    "document_attachments",
    "cost_centers",
    "cost_units",
    "financial_periods",
    "journals",
    "vat_codes",
]

every_resource = pytest.mark.parametrize("resource", RESOURCES, ids=lambda resource: resource.name)


def test_there_is_a_stream_for_every_sync_endpoint() -> None:
    assert len([resource for resource in RESOURCES if resource.kind is Kind.SYNC]) == 60
    streamed = {resource.path for resource in RESOURCES}
    assert not {path for path in edm.paths() if path.startswith("sync/")} - streamed


def test_names_and_paths_are_unique_and_names_are_snake_case() -> None:
    assert Counter(resource.name for resource in RESOURCES).most_common(1)[0][1] == 1
    assert Counter(resource.path for resource in RESOURCES).most_common(1)[0][1] == 1
    assert not [r.name for r in RESOURCES if not re.fullmatch(r"[a-z]+(_[a-z]+)*", r.name)]
    assert [*BY_NAME] == [resource.name for resource in STREAMS]
    assert [*STREAMS] == [*RESOURCES, *FILES, *OWN]


@pytest.mark.parametrize("name", PROMISED_NAMES)
def test_a_promised_name_is_there(name: str) -> None:
    assert BY_NAME[name].name == name


def test_the_default_selection_is_the_finance_core() -> None:
    assert {r.name for r in RESOURCES if r.selected} == {*SELECTED_BY_DEFAULT}


@every_resource
def test_a_key_is_the_identity_that_the_facts_name(resource: Resource) -> None:
    assert resource.key in resource.endpoint.properties
    assert resource.key == resource.endpoint.stable_id
    assert resource.key not in {"Timestamp", "Modified"}


@every_resource
def test_the_deleted_number_is_the_one_of_the_facts(resource: Resource) -> None:
    assert resource.deleted_type == resource.endpoint.deleted_type
    assert resource.deleted_type is None or resource.deleted_type in edm.deleted_entities()


@every_resource
def test_the_primary_key_is_within_the_division(resource: Resource) -> None:
    expected = ("Code",) if resource.name == "divisions" else ("Division", resource.key)
    assert resource.primary_keys == expected
    schema = schema_of(resource)
    assert "Division" in schema["properties"]
    assert {*resource.primary_keys} <= {*schema["properties"]}
    assert schema["required"] == [*expected]


@every_resource
def test_the_replication_key_follows_from_the_kind(resource: Resource) -> None:
    facts = resource.endpoint.properties
    match resource.kind:
        case Kind.SYNC:
            assert resource.replication_key == "Timestamp"
            assert facts["Timestamp"].type == "Int64"
        case Kind.MODIFIED:
            assert resource.replication_key == "Modified"
            assert facts["Modified"].type == "DateTime"
        case Kind.FULL:
            assert resource.replication_key is None
            assert "Modified" not in facts
        case Kind.DIVISIONS:
            assert resource.replication_key is None


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("divisions", Kind.DIVISIONS),
        ("deleted", Kind.SYNC),
        ("transaction_lines", Kind.SYNC),
        ("payroll_bank_accounts", Kind.SYNC),
        ("journals", Kind.MODIFIED),
        ("financial_periods", Kind.MODIFIED),
        ("currencies", Kind.MODIFIED),
        ("receivables_list", Kind.FULL),
        ("payables_list", Kind.FULL),
        ("reporting_balance", Kind.FULL),
        ("document_attachment_files", Kind.FILES),
        ("item_pictures", Kind.FILES),
    ],
)
def test_the_kind_of_a_stream(name: str, kind: Kind) -> None:
    assert BY_NAME[name].kind is kind


@pytest.mark.parametrize(
    ("number", "stream"),
    [
        pytest.param(1, "transaction_lines", id="transaction-lines"),
        pytest.param(4, "document_attachments", id="Exact-calls-them-attachments"),
        pytest.param(16, "goods_deliveries", id="goods-deliveries"),
        pytest.param(53, "material_issues", id="material-issues"),
        pytest.param(8, None, id="sales-and-purchase-prices-share-a-number"),
        pytest.param(11, None, id="no-such-stream-any-more"),
        pytest.param(52, None, id="a-number-that-Exact-skips"),
        pytest.param(9999, None, id="a-number-of-the-future"),
        pytest.param(0, None, id="zero"),
        pytest.param(None, None, id="no-number"),
    ],
)
def test_the_stream_behind_a_deleted_number(number: int | None, stream: str | None) -> None:
    assert stream_of_deleted(number) == stream


def test_only_the_price_streams_share_a_deleted_number() -> None:
    numbers = Counter(r.deleted_type for r in RESOURCES if r.deleted_type is not None)
    assert [number for number, times in numbers.items() if times > 1] == [8]
    for resource in RESOURCES:
        if resource.deleted_type not in {None, 8}:
            assert stream_of_deleted(resource.deleted_type) == resource.name


def test_a_number_that_exact_names_but_no_stream_has_is_one_of_the_withdrawn_endpoints() -> None:
    unclaimed = {*edm.deleted_entities()} - {r.deleted_type for r in RESOURCES}
    assert unclaimed == {11, 12}


@pytest.mark.parametrize("resource", FILES, ids=lambda resource: resource.name)
def test_a_stream_of_files_asks_for_what_names_them_and_nothing_else(resource: Resource) -> None:
    filed = FILED[resource.name]
    asked = {*resource.endpoint.properties}
    assert asked == {resource.key, "Timestamp", filed.url, *filed.fields}
    assert asked <= {*edm.load(resource.path).properties}
    assert {filed.name, *filter(None, [filed.size, filed.document])} <= asked
    assert resource.replication_key == "Timestamp"
    assert resource.primary_keys == ("Division", "ID")
    assert not resource.selected
    assert {*FILED} == {each.name for each in FILES}


def test_no_row_of_the_log_of_deletes_is_about_a_file() -> None:
    """What is kept stays: it may be another row's content, too."""
    assert stream_of_deleted(4) == "document_attachments"
    assert not [resource.name for resource in FILES if resource.deleted_type is not None]
