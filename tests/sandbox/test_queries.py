from __future__ import annotations

from collections.abc import Iterator

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
    (RECEIVABLES, {"select": "ID", "filter": "Modified ge datetime'2022-12-12T01:00:00'"}),
    ("sync/Deleted", {"filter": "Timestamp gt 1L and EntityType eq 2"}),
    (PERIODS, {"filter": "Modified gt datetime'2022-12-12'"}),
    ("system/Divisions", {"filter": "Modified ge datetime'2022-12-12T01:00:00.500'"}),
    ("read/financial/ReceivablesList", {}),
]
REFUSED = [
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
    (PERIODS, {"filter": "Modified ge '2022-12-12'"}, "not supported"),
    (PERIODS, {"filter": "FinYear eq 2022"}, "not supported"),
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
    assert "mandatory filtering" in message(client.get(RECEIVABLES, division, select="ID"))
