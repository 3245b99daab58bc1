"""Where fields lead to, and which stream stands for an endpoint that none reads."""

from __future__ import annotations

import pytest

from tap_exact_online import edm
from tap_exact_online.catalog import BY_NAME, RESOURCES, Reference, references_of, replaced_by, stands_for
from tap_exact_online.catalog.references import references
from tap_exact_online.sandbox.books import HEADERS, REFERENCES

BY_PATH = {resource.path: resource for resource in RESOURCES}


def test_every_reference_leads_to_a_column_that_there_is() -> None:
    for name, targets in references().items():
        for target in targets:
            assert target.column in BY_NAME[target.stream].endpoint.properties, f"{name}: {target}"


def test_a_field_leads_to_a_column_of_its_own_type() -> None:
    for resource in RESOURCES:
        for name, target in references_of(resource).items():
            there = BY_NAME[target.stream].endpoint.properties[target.column]
            assert there.type == resource.endpoint.properties[name].type, f"{resource.name}.{name}"
            assert target != Reference(resource.name, name)


def test_no_reference_is_idle() -> None:
    """What is listed leads somewhere in at least one stream, and each of its columns is one that something leads to."""
    used: dict[str, set[Reference]] = {}
    for resource in RESOURCES:
        for name, target in references_of(resource).items():
            own = f"{resource.path}.{name}"
            used.setdefault(own if own in references() else name, set()).add(target)
    for name, targets in references().items():
        assert used.get(name, set()) == {*targets}, name


def test_what_stands_for_one_endpoint_is_a_field_of_it() -> None:
    for place in references():
        path, _, name = place.rpartition(".")
        if path:
            assert name in BY_PATH[path].endpoint.properties, place


@pytest.mark.parametrize(
    ("stream", "field", "target"),
    [
        pytest.param("transaction_lines", "Account", "accounts.ID", id="by-guid"),
        pytest.param("transaction_lines", "JournalCode", "journals.Code", id="by-code"),
        pytest.param("transaction_lines", "CostCenter", "cost_centers.Code", id="text-leads-to-a-code"),
        pytest.param("purchase_orders", "CostCenter", "cost_centers.ID", id="the-same-name-as-a-guid"),
        pytest.param("transaction_lines", "Type", "gl_transaction_types.ID", id="a-field-of-one-stream"),
        pytest.param("gl_accounts", "Type", None, id="the-same-name-elsewhere"),
        pytest.param("payment_terms", "EntryID", "transaction_lines.EntryID", id="an-entry"),
        pytest.param("transaction_lines", "EntryID", None, id="not-to-itself"),
        pytest.param(
            "goods_delivery_lines", "EntryID", "goods_deliveries.EntryID", id="not-every-entry-is-one"
        ),
        pytest.param("goods_deliveries", "EntryID", None, id="its-own-key"),
        pytest.param("subscription_lines", "EntryID", "subscriptions.EntryID", id="a-subscription"),
        pytest.param("accounts", "Parent", "accounts.ID", id="to-another-row-of-its-own"),
        pytest.param("divisions", "Customer", None, id="customers-of-Exact-are-no-accounts"),
        pytest.param("bank_entry_lines", "EntryID", "bank_entries.EntryID", id="a-line-to-its-header"),
        pytest.param("mail_messages_sent", "Operation", None, id="a-name-that-means-something-else"),
    ],
)
def test_where_a_field_leads(stream: str, field: str, target: str | None) -> None:
    assert field in BY_NAME[stream].endpoint.properties
    found = references_of(BY_NAME[stream]).get(field)
    assert (found and f"{found.stream}.{found.column}") == target


def test_the_sandbox_leads_to_the_same_rows() -> None:
    for resource in RESOURCES:
        for name, target in references_of(resource).items():
            if name in REFERENCES:
                assert BY_NAME[target.stream].path == REFERENCES[name], f"{resource.name}.{name}"
    led = {name for resource in RESOURCES for name in references_of(resource)}
    assert {*REFERENCES} <= led
    for lines, header in HEADERS.items():
        target = references_of(BY_PATH[lines])["EntryID"]
        assert BY_NAME[target.stream].path in {header, "sync/Financial/TransactionLines"}


def test_what_is_not_read_has_a_stream_that_stands_for_it() -> None:
    assert len(stands_for()) == 74
    assert not {*stands_for()} & {resource.path for resource in RESOURCES}
    assert not {*stands_for()} & {*edm.paths()}
    assert {*stands_for().values()} <= {*BY_NAME}


@pytest.mark.parametrize(
    ("path", "stream"),
    [
        ("crm/Accounts", "accounts"),
        ("bulk/CRM/Accounts", "accounts"),
        ("cashflow/Receivables", "payment_terms"),
        ("salesinvoice/SalesInvoiceLines", "sales_invoices"),
        ("system/AllDivisions", "divisions"),
    ],
)
def test_the_stream_that_stands_for_an_endpoint(path: str, stream: str) -> None:
    assert stands_for()[path] == stream
    assert path in replaced_by(BY_NAME[stream])


def test_most_streams_stand_for_none() -> None:
    assert replaced_by(BY_NAME["journals"]) == []
