from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from tap_exact_online import edm
from tap_exact_online.sandbox.control import Control
from tests.conftest import Sandbox
from tests.sandbox.client import Client, message, page

ACCOUNTS = "sync/CRM/Accounts"
ITEMS = "sync/Logistics/Items"  # refuses $select=*
ENTRIES = "sync/Financial/SalesEntries"  # nobody knows whether it takes $select=*
RECEIVABLES = "bulk/Cashflow/Receivables"
PERIODS = "financial/FinancialPeriods"
ENTRY_LINES = "financialtransaction/BankEntryLines"


@pytest.fixture(scope="module")
def signed_in(sandbox: Sandbox) -> Iterator[Client]:
    client = Client(sandbox, sandbox.refresh_token)
    client.refresh(sandbox.control.new_login())
    return client


ACCEPTED = [
    (ACCOUNTS, {}),
    (ACCOUNTS, {"select": "*"}),
    (ACCOUNTS, {"select": "ID,Timestamp", "filter": "Timestamp gt 0L"}),
    (ACCOUNTS, {"select": "ID, Name", "filter": "Timestamp ge 1L", "top": "5"}),
    (ITEMS, {"select": "ID"}),
    (ITEMS, {"top": "1"}),
    (RECEIVABLES, {"select": "ID"}),
    (ENTRY_LINES, {"filter": "Created ge datetime'2022-12-12T01:00:00'"}),
    (ENTRY_LINES, {"filter": "(Modified ge datetime'2022-12-12') or (Created ge datetime'2022-12-12')"}),
    (PERIODS, {"orderby": "FinYear desc, FinPeriod", "skip": "3", "expand": "Anything"}),
    (PERIODS, {"inlinecount": "none"}),
    (PERIODS, {"filter": "FinYear eq 2022"}),
    ("sync/Deleted", {"filter": "Timestamp gt 1L and EntityType eq 2"}),
    (PERIODS, {"filter": "Modified gt datetime'2022-12-12'"}),
    ("system/Divisions", {"filter": "Modified ge datetime'2022-12-12T01:00:00.500'"}),
    ("system/Divisions", {"filter": "Created ge datetime'2022-12-12'", "orderby": "Description"}),
    ("read/financial/ReceivablesList", {}),
]
REFUSED = [
    (RECEIVABLES, {"select": "ID", "filter": "Modified ge datetime'2022-12-12T01:00:00'"}, "these fields"),
    (ACCOUNTS, {"select": "ID,Nonsense"}, "Nonsense"),
    (ACCOUNTS, {"select": "id"}, "'id'"),
    (ACCOUNTS, {"filter": "Timestamp gt 0"}, "Timestamp gt 0"),
    (ACCOUNTS, {"filter": "Timestamp lt 5L"}, "only Timestamp"),
    (ACCOUNTS, {"filter": "timestamp gt 5L"}, "only Timestamp"),
    (ACCOUNTS, {"filter": "Modified ge datetime'2022-12-12'"}, "only Timestamp"),
    (ACCOUNTS, {"filter": "Timestamp gt 1L and EntityType eq 2"}, "only Timestamp"),
    ("sync/Deleted", {"filter": "EntityType eq 2"}, "only Timestamp"),
    (ACCOUNTS, {"skip": "10"}, "$skip"),
    (ACCOUNTS, {"orderby": "Timestamp"}, "$orderby"),
    (ACCOUNTS, {"expand": "BankAccounts"}, "$expand"),
    (ACCOUNTS, {"inlinecount": "allpages"}, "$inlinecount"),
    (ACCOUNTS, {"count": "true"}, "$count"),
    (PERIODS, {"skip": "-1"}, "$skip"),
    (PERIODS, {"orderby": "Nonsense"}, "'Nonsense'"),
    (PERIODS, {"orderby": "FinYear up"}, "FinYear up"),
    (PERIODS, {"filter": "FinPeriod eq 1 or FinYear eq 2022 and FinPeriod eq 2"}, "not supported"),
    (PERIODS, {"filter": "FinYear eq '2022'"}, "'2022'"),
    (PERIODS, {"filter": "Nonsense eq 2022"}, "not supported"),
    (ENTRY_LINES, {"filter": "EntryID eq '1'"}, "Edm.Guid"),
    (ACCOUNTS, {"format": "json"}, "$format"),
    (ACCOUNTS, {"top": "many"}, "$top"),
    (ACCOUNTS, {"skiptoken": "12"}, "skip token"),
    (ITEMS, {}, "Please add a $select or a $top=1 statement to the query string."),
    (ITEMS, {"select": "*"}, "$select=*"),
    (ENTRIES, {"select": "*"}, "$select=*"),
    (ENTRIES, {}, "Please add a $select"),
    (RECEIVABLES, {}, "Please add a $select"),
    (PERIODS, {"filter": "Modified ge datetime'yesterday'"}, "yesterday"),
    (PERIODS, {"filter": "Modified ge datetime'2022-12-12T01:00:00Z'"}, "2022-12-12T01:00:00Z"),
    (PERIODS, {"filter": "Modified ge '2022-12-12'"}, "Edm.DateTime"),
    (PERIODS, {"skiptoken": "guid'00000000-0000-0000-0000-000000000000'"}, "skip token"),
    ("logistics/Units", {"filter": "Modified ge datetime'2022-12-12'"}, "not supported"),
    ("read/financial/ReceivablesList", {"filter": "Modified ge datetime'2022-12-12'"}, "not supported"),
]


@pytest.mark.parametrize(("path", "query"), ACCEPTED)
def test_accepted(signed_in: Client, path: str, query: dict[str, str]) -> None:
    answer = signed_in.get(path, 1000001, **query)
    assert answer.status_code == 200, answer.text


@pytest.mark.parametrize(("path", "query", "words"), REFUSED)
def test_refused(signed_in: Client, path: str, query: dict[str, str], words: str) -> None:
    answer = signed_in.get(path, 1000001, **query)
    assert answer.status_code == 400
    assert words in message(answer)
    assert answer.headers["Reason"]
    assert set(answer.json()["error"]) == {"code", "message"}


def test_selection_gives_those_properties_and_no_others(signed_in: Client) -> None:
    rows, _ = page(signed_in.get(ACCOUNTS, 1000001, select="Name,ID,Name", top="3"))
    assert [list(row) for row in rows] == [["__metadata", "ID", "Name"]] * 3


def test_spelling_of_the_query_string(signed_in: Client) -> None:
    url = signed_in.url(ACCOUNTS, 1000001)
    for query in (
        "$select=ID&$filter=Timestamp gt 0L",
        "%24select=ID&%24filter=Timestamp%20gt%200L",
        "$select=ID&$filter=Timestamp+gt+0L",
    ):
        assert signed_in.fetch(f"{url}?{query}").status_code == 200
    assert signed_in.fetch(f"{url}?$top=1&$top=2").status_code == 400
    assert signed_in.fetch(f"{url}?select=ID").status_code == 400


def test_addresses_are_at_most_6000_characters_long(signed_in: Client) -> None:
    url = signed_in.url(ACCOUNTS, 1000001) + "?$select=" + ",".join(edm.load(ACCOUNTS).properties)
    fits = url + ",ID" * ((6000 - len(url)) // 3)
    assert signed_in.fetch(fits).status_code == 200
    assert signed_in.fetch(fits + ",ID").status_code == 414


def test_newest_reference_lacks_some_properties(client: Client, control: Control, division: int) -> None:
    assert client.get(ACCOUNTS, division, select="Source").status_code == 200
    control.options(reference="newest")
    answer = client.get(ACCOUNTS, division, select="Source")
    assert answer.status_code == 400
    assert "Source" in message(answer)
    assert "Source" not in page(client.get(ACCOUNTS, division, top="1"))[0][0]


def test_what_is_undocumented_can_be_switched(client: Client, control: Control, division: int) -> None:
    control.options(least_timestamp=1, select_required=True, mandatory_filter=[RECEIVABLES])
    assert client.get(ACCOUNTS, division, select="ID", filter="Timestamp gt 0L").status_code == 400
    assert client.get(ACCOUNTS, division, select="ID", filter="Timestamp gt 1L").status_code == 200
    assert client.get(ACCOUNTS, division, filter="Timestamp gt 1L").status_code == 400


def test_filters_that_an_endpoint_does_not_list_are_refused(
    client: Client, control: Control, division: int
) -> None:
    assert client.get(RECEIVABLES, division, select="ID", filter="InvoiceNumber eq 1").status_code == 200
    for condition, fields in (
        ("Modified ge datetime'2022-12-12'", "Modified"),
        ("Modified ge datetime'2022-12-12' or Created ge datetime'2022-12-12'", "Modified,Created"),
    ):
        answer = client.get(RECEIVABLES, division, select="ID", filter=condition)
        assert answer.status_code == 400
        assert message(answer) == f"Filtering on these fields is not supported: {fields}"
    assert client.get(PERIODS, division, filter="Modified ge datetime'2022-12-12'").status_code == 200
    assert client.rows(RECEIVABLES, division, select="ID")
    control.options(filter_refusal="resource", refused_filters=[PERIODS])
    assert client.get(PERIODS, division, filter="FinYear eq 2022").status_code == 400
    answer = client.get(RECEIVABLES, division, select="ID", filter="Modified ge datetime'2022-12-12'")
    assert message(answer) == "This $filter parameter is not supported for this resource"


def test_a_missing_filter_is_refused_with_names_that_are_not_at_fault(
    client: Client, control: Control, division: int
) -> None:
    control.options(mandatory_filter=[ACCOUNTS])
    said = message(client.get(ACCOUNTS, division, select="ID"))
    words, _, names = said.partition(" in the url:")
    assert words == (
        "This endpoint has mandatory filtering applied. A GET request for this endpoint must have a $filter parameter"
        " with one of the following fields"
    )
    assert names.split(",") == list(edm.load(ACCOUNTS).properties)[:70]
    assert client.get(ACCOUNTS, division, select="ID", filter="Timestamp gt 1L").status_code == 200


WORDINGS = [
    ("sync", ACCOUNTS, "Type 'Exact.Web.Api.Models.AccountSync' does not have a property named 'X'."),
    (
        "sync",
        "sync/Financial/GLAccounts",
        "Type 'Exact.Web.Api.Models.GLAccountSync' does not have a property named 'X'.",
    ),
    (
        "odata",
        "financial/Journals",
        "Could not find a property named 'X' on type 'Exact.Web.Api.Models.Financial.Journal'.",
    ),
    (
        "write",
        "sync/CRM/Contacts",
        "The property name 'X' specified for type 'Exact.Web.Api.Models.Contact' is not valid.",
    ),
    ("silent", ACCOUNTS, "Bad Request"),
]


def test_wordings_of_a_refused_property(client: Client, control: Control, division: int) -> None:
    for wording, path, said in WORDINGS:
        control.options(unknown_property=wording)
        answer = client.get(path, division, select="ID,X")
        assert (answer.status_code, message(answer)) == (400, said)
        assert answer.headers["Reason"] == said


def test_sorting(client: Client, control: Control, division: int) -> None:
    path = "financial/Journals"
    control.set_row(division, path, {"Code": "70", "Description": "another", "Type": None})
    truth = control.rows(division, path)
    rows = client.rows(path, division, select="Code,Description", orderby="Code desc,Description asc")
    expected = sorted(truth, key=lambda row: str(row["Description"]))
    expected.sort(key=lambda row: str(row["Code"]), reverse=True)
    assert [row["Description"] for row in rows] == [row["Description"] for row in expected]
    first = client.rows(path, division, select="Type", orderby="Type", top="1")
    assert first[0]["Type"] is None  # what is missing comes first
    pages = client.pages(
        "hrm/Costcenters", division, select="Active,Modified", orderby="Active,Modified desc"
    )
    assert [len(rows) for rows in pages] == [60, 10]  # a next link goes on in the same order
    centers = control.rows(division, "hrm/Costcenters")
    centers.sort(key=lambda row: str(row["Modified"]), reverse=True)
    centers.sort(key=lambda row: (row["Active"] is not None, row["Active"]))
    assert [row["Active"] for rows in pages for row in rows] == [row["Active"] for row in centers]
    moments = [int(row["Modified"][6:-2]) for rows in pages for row in rows]
    expected = [datetime.fromisoformat(row["Modified"]).replace(tzinfo=UTC) for row in centers]
    assert moments == [round(moment.timestamp() * 1000) for moment in expected]


def test_skipping_and_counting(client: Client, control: Control, division: int) -> None:
    path = "hrm/Costcenters"
    count = control.count(division, path)
    all_rows = [row["ID"] for row in client.rows(path, division, select="ID")]
    pages = client.pages(path, division, select="ID", skip="5")
    assert [row["ID"] for rows in pages for row in rows] == all_rows[5:]
    asked = {"select": "ID", "filter": "Created ge datetime'2022-01-01'", "inlinecount": "allpages"}
    answer = client.get(path, division, **asked, top="2").json()["d"]
    wanted = [row for row in control.rows(division, path) if row["Created"] >= "2022-01-01"]
    assert len(answer["results"]) == 2
    assert 2 < len(wanted) < count
    assert answer["__count"] == str(len(wanted))
    assert client.get(path, division, count="true").json()["d"]["__count"] == str(count)
    assert "__count" not in client.get(path, division, inlinecount="none").json()["d"]


def test_filters_give_what_passes_them(client: Client, control: Control, in_months: int) -> None:
    truth = control.rows(in_months, PERIODS)
    for condition, wanted in (
        ("FinYear eq 2022", {2022}),
        ("FinYear lt 2022 or FinYear gt 2024", {2021, 2025}),
        ("FinYear ge 2022 and FinYear le 2023", {2022, 2023}),
        ("FinYear ne 2021", {2022, 2023, 2024, 2025}),
    ):
        rows = client.rows(PERIODS, in_months, select="ID,FinYear", filter=condition)
        assert {row["FinYear"] for row in rows} == wanted
        assert len(rows) == len([row for row in truth if row["FinYear"] in wanted])
    entries = [row["EntryID"] for row in control.rows(in_months, ENTRY_LINES)][:3]
    condition = " or ".join(f"EntryID eq guid'{entry}'" for entry in entries)
    rows = client.rows(ENTRY_LINES, in_months, select="ID,EntryID", filter=condition)
    assert {row["EntryID"] for row in rows} == {*entries}


def test_an_endpoint_may_not_exist(client: Client, control: Control, division: int) -> None:
    control.options(absent=[ENTRIES])
    assert client.get(ENTRIES, division, select="ID").status_code == 404
    assert client.get(ACCOUNTS, division, select="ID").status_code == 200
