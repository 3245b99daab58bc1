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
    GROUPS,
    OWN,
    RESOURCES,
    STREAMS,
    Cadence,
    Kind,
    Resource,
    stream_of_deleted,
)
from tap_exact_online.catalog.schemas import schema_of
from tap_exact_online.wire import is_instant

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


def test_a_key_is_the_identity_that_the_facts_name() -> None:
    for resource in RESOURCES:
        assert {*resource.keys} <= {*resource.endpoint.properties}, resource.name
        if resource.name != "reporting_balance_by_classification":  # of which one is read for each scheme
            assert resource.keys == resource.endpoint.keys, resource.name
        assert not {*resource.keys} & {"Timestamp", "Modified"}, resource.name


def test_the_deleted_number_is_the_one_of_the_facts() -> None:
    for resource in RESOURCES:
        assert resource.deleted_type == resource.endpoint.deleted_type, resource.name
        assert resource.deleted_type is None or resource.deleted_type in edm.deleted_entities()


@pytest.mark.parametrize(
    ("name", "keys"),
    [
        ("divisions", ("Code",)),
        ("current_user", ("UserID",)),
        ("accounts", ("Division", "ID")),
        ("goods_deliveries", ("Division", "EntryID")),
        ("opening_balances_current_year", ("Division", "GLAccount", "ReportingYear")),
        ("journal_statuses", ("Division", "Journal", "Year", "Period")),
        ("manufacturing_settings", ("Division",)),
        ("reads", ("Stream", "Division")),
    ],
)
def test_the_primary_key(name: str, keys: tuple[str, ...]) -> None:
    assert BY_NAME[name].primary_keys == keys


def test_the_primary_key_is_within_the_division() -> None:
    for resource in STREAMS:
        schema = schema_of(resource)
        assert {*resource.primary_keys} <= {*schema["properties"]}, resource.name
        assert schema["required"] == [*resource.primary_keys], resource.name
        if resource.divided:
            assert resource.primary_keys[0] == "Division", resource.name


def test_the_replication_key_follows_from_the_kind() -> None:
    for resource in RESOURCES:
        facts, key = resource.endpoint.properties, resource.replication_key
        if resource.kind is Kind.SYNC:
            assert (key, facts["Timestamp"].type) == ("Timestamp", "Int64"), resource.name
        elif resource.kind is Kind.MODIFIED:
            assert key in {"Modified", "ModifiedDate", "CreatedDate"}, resource.name
            assert facts[str(key)].type == "DateTime", resource.name
            assert is_instant(str(key))
        else:
            assert key is None, resource.name


def test_what_has_a_modified_is_filtered_on_it_unless_there_is_a_reason() -> None:
    whole = {r.name for r in RESOURCES if r.kind is Kind.FULL and "Modified" in r.endpoint.properties}
    listed = {r.name for r in RESOURCES if r.endpoint.filters and "Modified" not in r.endpoint.filters}
    views = {r.name for r in RESOURCES if r.path.startswith("read/")}
    assert whole <= listed | views
    assert {"payments", "receivables"} <= whole


def test_every_stream_is_in_a_group_that_says_what_it_is_about() -> None:
    assert {resource.group for resource in STREAMS} == {*GROUPS}


def test_what_is_asked_for_one_by_one_is_a_property_or_a_parameter() -> None:
    for resource in RESOURCES:
        endpoint = resource.endpoint
        assert {*resource.axes} <= endpoint.properties.keys() | endpoint.parameters.keys(), resource.name
        assert {*resource.axes} >= endpoint.parameters.keys(), resource.name


def test_headers_have_what_their_lines_are_found_by() -> None:
    lines = [resource for resource in RESOURCES if resource.header]
    assert [resource.name for resource in lines] == ["sales_entry_lines", "purchase_entry_lines"]
    for resource in lines:
        header = edm.load(resource.header)
        assert {*header.keys, "Modified", "Created"} <= header.properties.keys()
        assert {*header.keys} <= resource.endpoint.properties.keys()


def test_a_cadence_is_one_that_there_is() -> None:
    assert {resource.cadence for resource in STREAMS} == {cadence.value for cadence in Cadence}
    assert not [resource.name for resource in STREAMS if resource.selected and resource.cadence != "always"]


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
        ("reporting_balance", Kind.PARTS),
        ("sales_entry_lines", Kind.LINES),
        ("payments", Kind.FULL),
        ("by_product_receipts", Kind.MODIFIED),
        ("opportunity_contacts", Kind.FULL),
        ("current_user", Kind.USER),
        ("reads", Kind.OWN),
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
