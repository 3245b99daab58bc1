from __future__ import annotations

import re
from collections import defaultdict
from datetime import datetime, timedelta
from decimal import Decimal
from email.utils import parsedate_to_datetime
from operator import itemgetter
from typing import Any
from xml.etree import ElementTree as ET

import pytest

from tap_exact_online import edm
from tap_exact_online.sandbox.books import APART, Book
from tap_exact_online.sandbox.control import Control
from tap_exact_online.sandbox.options import Options
from tap_exact_online.sandbox.postings import MAKERS
from tests.conftest import Sandbox, StartSandbox
from tests.sandbox.client import Client, page

LINES = "sync/Financial/TransactionLines"
ACCOUNTS = "sync/CRM/Accounts"
DIVISION = 1000001
EPOCH = datetime(1970, 1, 1)  # noqa: DTZ001 - the wall clock has no zone


@pytest.fixture(scope="module")
def signed_in(sandbox: Sandbox) -> Client:
    client = Client(sandbox, sandbox.control.new_login())
    client.refresh()
    return client


def decoded(value: Any, kind: str) -> Any:
    if kind == "DateTime" and value is not None:
        return (
            EPOCH + timedelta(milliseconds=int(value.removeprefix("/Date(").removesuffix(")/")))
        ).isoformat()
    if kind == "Int64" and value is not None:
        assert isinstance(value, str)
        return int(value)
    if isinstance(value, dict):
        assert list(value) == ["__deferred"]
        return None
    return value


def test_every_endpoint_sends_the_truth(signed_in: Client) -> None:
    for endpoint in edm.endpoints():
        if endpoint.path in APART or endpoint.parameters:
            continue
        sent = signed_in.rows(endpoint.path, DIVISION, select=",".join(endpoint.properties))
        key = itemgetter(*endpoint.keys)
        truth = {key(row): row for row in signed_in.sandbox.control.rows(DIVISION, endpoint.path)}
        assert len(sent) == len(truth) > 0, endpoint.path
        for row in sent:
            assert row.pop("__metadata")["type"].startswith("Exact.Web.Api.Models.")
            plain = {name: decoded(value, endpoint.properties[name].type) for name, value in row.items()}
            assert plain == truth[key(plain)], endpoint.path


def test_an_address_has_the_form_that_its_endpoint_has(signed_in: Client) -> None:
    front = f"{signed_in.sandbox.base_url}/api/v1"
    for path, right in (
        ("payroll/PayrollComponents", f"{front}/beta/{DIVISION}"),
        ("hrm/Costcenters", f"{front}/{DIVISION}"),
        ("current/Me", front),
    ):
        for place in (front, f"{front}/{DIVISION}", f"{front}/beta/{DIVISION}"):
            status = signed_in.fetch(f"{place}/{path}?$top=1").status_code
            assert status == (200 if place == right else 404), (path, place)


def test_a_single_row_may_come_without_a_list(signed_in: Client) -> None:
    answer = signed_in.get("manufacturing/ManufacturingSettings", DIVISION).json()
    assert answer["d"]["Division"] == DIVISION


def test_a_function_gives_the_rows_of_what_it_is_told(signed_in: Client) -> None:
    control = signed_in.sandbox.control
    path = "read/financial/ReportingBalanceByClassification"
    truth = control.rows(DIVISION, path)
    scheme = truth[0]["GLScheme"]
    url = f"{signed_in.url(path, DIVISION)}?glScheme=guid'{scheme}'&reportingYear=2022"
    rows, link = page(signed_in.fetch(url))
    while link is not None:
        more, link = page(signed_in.fetch(link))
        rows += more
    wanted = [row for row in truth if row["GLScheme"] == scheme and row["ReportingYear"] == 2022]
    assert {row["ID"] for row in rows} == {str(row["ID"]) for row in wanted}
    assert wanted
    assert signed_in.fetch(f"{signed_in.url(path, DIVISION)}?reportingYear=2022").status_code == 400
    assert signed_in.fetch(url.replace("guid'", "'")).status_code == 400
    dated = "read/payroll/EmploymentEndReasonsOnFocusDate"
    rows, _ = page(signed_in.fetch(f"{signed_in.url(dated, DIVISION)}?focusDate=datetime'2022-01-01'"))
    found = {row["ID"] for row in rows}
    for row in control.rows(DIVISION, dated):
        holds = (row["StartDate"] or "") <= "2022-01-01" <= (row["EndDate"] or "9999")
        assert (row["ID"] in found) is holds


def test_entries_balance(sandbox: Sandbox) -> None:
    balance: dict[str, Decimal] = defaultdict(Decimal)
    rows = sandbox.control.rows(DIVISION, LINES)
    for row in rows:
        balance[row["EntryID"]] += Decimal(str(row["AmountDC"]))
    assert len(balance) > 700
    assert not any(balance.values())
    numbers = {row["LineNumber"] for row in rows}
    assert {0, 1, 2, 9000, 9001} < numbers
    assert not {number for number in numbers if 100 < number < 9000}


def test_books_refer_to_each_other(sandbox: Sandbox) -> None:
    control = sandbox.control
    accounts = {row["ID"]: row for row in control.rows(DIVISION, ACCOUNTS)}
    ledger = {row["ID"]: row for row in control.rows(DIVISION, "sync/Financial/GLAccounts")}
    entries = {}
    for line in control.rows(DIVISION, LINES):
        entries[line["EntryID"]] = line["EntryNumber"]
        who = accounts.get(line["Account"], {"Code": None, "Name": None})
        assert (who["Code"], who["Name"]) == (line["AccountCode"], line["AccountName"])
        assert (line["Account"] is None) is (who["Code"] is None)
        assert ledger[line["GLAccount"]]["Code"] == line["GLAccountCode"]
    assert len({line["Account"] for line in control.rows(DIVISION, LINES)}) > len(accounts) / 10
    for term in control.rows(DIVISION, "sync/Cashflow/PaymentTerms"):
        assert entries[term["EntryID"]] == term["EntryNumber"]
        assert accounts[term["Account"]]["Code"] == term["AccountCode"]
    for invoice in control.rows(DIVISION, "sync/SalesInvoice/SalesInvoices"):
        assert accounts[invoice["InvoiceTo"]]["Name"] == invoice["InvoiceToName"]


def test_awkward_values_occur(sandbox: Sandbox) -> None:
    rows = sandbox.control.rows(DIVISION, ACCOUNTS)
    texts = {value for row in rows for value in row.values() if isinstance(value, str)}
    assert all(len(row["Code"]) == 18 for row in rows)
    assert "NL " in texts
    assert "00000000-0000-0000-0000-000000000000" in texts
    assert any("\0" in text for text in texts)
    assert any("\U0001f6b2" in text for text in texts)  # beyond the basic plane
    assert any("\u0645" in text for text in texts)  # right to left
    assert any("e\u0301" in text for text in texts)  # combining
    assert any(row["EstablishedDate"] and row["EstablishedDate"] < "1970" for row in rows)
    logos = [row["Logo"] for row in rows]
    assert logos.count(None) > len(logos) / 2
    assert any(logos)


def test_dates_are_the_wall_clock(client: Client, control: Control, division: int) -> None:
    before = control.now()
    [made] = control.add(division, ACCOUNTS)
    [row] = [row for row in client.rows(ACCOUNTS, division, select="ID,Created") if row["ID"] == made]
    milliseconds = int(re.fullmatch(r"/Date\((-?\d+)\)/", row["Created"])[1])  # type: ignore[index]
    ahead = milliseconds / 1000 - before
    assert any(abs(ahead - hours * 3600) < 60 for hours in (1, 2))  # winter or summer time


def test_date_header_is_that_of_the_sandbox(client: Client, control: Control, division: int) -> None:
    control.advance_clock(86_400)
    client.refresh()
    date = parsedate_to_datetime(client.get("hrm/Costunits", division).headers["Date"]).timestamp()
    assert abs(date - control.now()) < 5


def test_envelopes(client: Client, control: Control, division: int) -> None:
    def shapes() -> set[str]:
        found = set()
        for path in (
            "hrm/Costunits",
            "financial/Journals",
            "logistics/Units",
            "read/financial/PayablesList",
            "vat/VATCodes",
        ):
            content = client.get(path, division).json()["d"]
            found.add(
                "list" if isinstance(content, list) else "results" if "results" in content else "object"
            )
        return found

    assert shapes() == {"list", "results"}
    for shape in ("list", "results"):
        control.options(envelope=shape)
        assert shapes() == {shape}
    control.options(envelope="object")
    assert "__metadata" in client.get("hrm/Costunits", division, top="1").json()["d"]
    assert "results" in client.get(ACCOUNTS, division, top="1").json()["d"]


def test_a_list_or_results_of_one_endpoint_depend_on_top(client: Client, division: int) -> None:
    for path in ("hrm/Costunits", "logistics/Units"):
        below, at = (client.get(path, division, select="ID", top=top).json()["d"] for top in ("59", "60"))
        assert isinstance(below, list)
        assert at["results"] == below


def test_types_are_singular_and_have_a_namespace(client: Client, division: int) -> None:
    types = {
        ACCOUNTS: "Account",
        "sync/CRM/Addresses": "Address",
        LINES: "Financial.TransactionLine",
        "sync/SalesOrder/GoodsDeliveries": "SalesOrders.GoodsDelivery",
        "system/Divisions": "System.Division",
        "general/Currencies": "General.Currency",
        "vat/VATCodes": "VAT.VATCode",
        "crm/BankAccounts": "BankAccount",
        "sync/Project/ProjectWBS": "Project.ProjectWBS",
    }
    for path, name in types.items():
        rows, _ = page(client.get(path, division, top="1"))
        assert rows[0]["__metadata"]["type"] == f"Exact.Web.Api.Models.{name}"


def test_links_stand_beside_padded_codes(client: Client, division: int) -> None:
    [row], _ = page(client.get(ACCOUNTS, division, select="Code,Country,BankAccounts", top="1"))
    assert list(row["BankAccounts"]) == ["__deferred"]
    assert row["BankAccounts"]["__deferred"]["uri"] == f"{row['__metadata']['uri']}/BankAccounts"
    assert (len(row["Code"]), len(row["Country"])) == (18, 3)


WIDTHS = {
    "Unit": ("sync/Logistics/Items", 8),
    "Language": (ACCOUNTS, 10),
    "State": (ACCOUNTS, 3),
    "Legislation": ("system/Divisions", 3),
    "SearchCode": (ACCOUNTS, 9),
    "VATCode": (LINES, 3),
    "SalesVATCode": (ACCOUNTS, 3),
    "BankAccountCountry": ("financial/Journals", 3),
    "Country": (ACCOUNTS, 3),
    "Code": (ACCOUNTS, 18),
}


def test_texts_fill_the_width_of_their_columns(start_sandbox: StartSandbox) -> None:
    sandbox = start_sandbox(rows=100, padding="all")
    client = Client(sandbox, sandbox.refresh_token)
    client.refresh()
    for name, (path, width) in WIDTHS.items():
        texts = [row[name] for row in client.rows(path, DIVISION, select=name) if row[name] is not None]
        assert texts, name
        assert {len(text) for text in texts} == {width}, name
        assert any(text != text.strip() for text in texts), name
        if path != "system/Divisions":
            assert sorted(texts) == sorted(
                row[name] for row in sandbox.control.rows(DIVISION, path) if row[name] is not None
            )
    units = {row["Unit"] for row in client.rows("sync/Logistics/Items", DIVISION, select="Unit")}
    plain = {
        row["UnitCode"] for row in client.rows("sync/SalesInvoice/SalesInvoices", DIVISION, select="UnitCode")
    }
    assert {unit.strip() for unit in units} == plain  # the same units, and no join finds them


def test_only_codes_and_countries_are_padded_where_that_is_asked(start_sandbox: StartSandbox) -> None:
    sandbox = start_sandbox(rows=100, padding="codes")
    client = Client(sandbox, sandbox.refresh_token)
    client.refresh()
    rows = client.rows(ACCOUNTS, DIVISION, select="Code,Country,Language,State")
    assert {(len(row["Code"]), len(row["Country"])) for row in rows} == {(18, 3)}
    assert {row["Language"] for row in rows} == {"NL-NL"}
    assert all(row["State"] is None or row["State"] == row["State"].strip() for row in rows)


def test_int64_may_be_a_number(client: Client, control: Control, division: int) -> None:
    [row], _ = page(client.get(ACCOUNTS, division, top="1"))
    control.options(int64="number")
    [same], _ = page(client.get(ACCOUNTS, division, top="1"))
    assert same["Timestamp"] == int(row["Timestamp"])
    control.change(division, ACCOUNTS, ids=[row["ID"]])
    last = page(client.get(ACCOUNTS, division, filter=f"Timestamp gt {row['Timestamp']}L"))[0][-1]
    assert last["ID"] == row["ID"]
    assert isinstance(last["Timestamp"], int)


@pytest.mark.parametrize("accept", ["*/*", "application/atom+xml", ""])
def test_without_asking_for_json_the_answer_is_atom(signed_in: Client, accept: str) -> None:
    url = signed_in.url(ACCOUNTS, DIVISION)
    answer = signed_in.fetch(url, {"$select": "ID,Code,Logo,Timestamp", "$filter": "Timestamp gt 0L"}, accept)
    assert answer.headers["Content-Type"].startswith("application/atom+xml")
    feed = ET.fromstring(answer.content)  # noqa: S314 - the test's own server wrote it
    entries = feed.findall("{http://www.w3.org/2005/Atom}entry")
    assert len(entries) == 1000
    assert feed.find("{http://www.w3.org/2005/Atom}link") is not None
    wrong = signed_in.fetch(url, {"$select": "Nonsense"}, accept)
    assert wrong.status_code == 400
    assert ET.fromstring(wrong.content).tag.endswith("error")  # noqa: S314 - as above


def test_gzip_where_it_is_switched_on(client: Client, control: Control, division: int) -> None:
    plain = client.get(ACCOUNTS, division)
    control.options(compress=True)
    packed = client.get(ACCOUNTS, division)
    assert "Content-Encoding" not in plain.headers
    assert packed.headers["Content-Encoding"] == "gzip"
    assert packed.json() == plain.json()


def test_same_seed_same_books() -> None:
    def book(seed: int, code: int) -> list[dict[str, Any]]:
        table = Book(Options(seed=seed), code, MAKERS).table(LINES)
        return [table.row(index) for index in (2400, 0, 17, 2499)]

    assert book(1, DIVISION) == book(1, DIVISION)
    assert book(1, DIVISION) != book(2, DIVISION)
    assert book(1, DIVISION) != book(1, DIVISION + 1)
