"""An answer rewritten: what a reader of the JSON needs stays to the letter, and nothing else of it."""

from __future__ import annotations

import json
import re
from typing import Any

import msgspec
import pytest

from tap_exact_online.evidence.scrubbing import Scrubber

BASE = "https://start.exactonline.nl"
GUID = "6cb1df13-4a5c-4a3b-a8b0-7b5a0e3c9b6e"
ACCOUNTS = f"{BASE}/api/v1/1234567/sync/CRM/Accounts?$filter=Timestamp%20gt%2012L&$select=ID,Name"
NAMES = {"path", "division", "query", "status", "headers", "body", "text"}
PLANTED = ("Jan", "Vries", "10012", "1234567", "13419952052", GUID, "1234.50", "NL91", "1782404200637")


@pytest.fixture
def scrubber() -> Scrubber:
    return Scrubber(BASE, b"a secret")


def entry(
    scrubber: Scrubber, body: str, url: str = ACCOUNTS, status: int = 200, **headers: str
) -> dict[str, Any]:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    written = scrubber.entry(url, status, named, body.encode("utf-8", "surrogatepass"))
    assert written is not None
    found: dict[str, Any] = json.loads(written)
    assert {*found} == NAMES
    return found


ROW = {
    "__metadata": {
        "uri": f"{BASE}/api/v1/1234567/sync/CRM/Accounts(13419952052L)",
        "type": "Exact.Web.Api.Models.Account",
    },
    "ID": GUID,
    "Timestamp": "13419952052",
    "Division": 1234567,
    "Code": "             10012",
    "Name": "Jan de Vries",
    "Modified": "/Date(1782404200637)/",
    "StartDate": "/Date(1782345600000)/",
    "CreditLineSales": -1234.5,
    "Blocked": False,
    "Website": None,
    "Parent": "00000000-0000-0000-0000-000000000000",
    "BankAccounts": {
        "__deferred": {"uri": f"{BASE}/api/v1/1234567/sync/CRM/Accounts(13419952052L)/BankAccounts"}
    },
}


def test_a_page(scrubber: Scrubber) -> None:
    link = ACCOUNTS.replace("sync/CRM/Accounts", "sync/crm/accounts") + "&$skiptoken=13419952052L"
    found = entry(
        scrubber,
        json.dumps({"d": {"results": [ROW], "__next": link}}),
        X_RateLimit_Remaining="4999",
        Set_Cookie="Jan",
        Content_Type="application/json;charset=utf-8",
    )
    assert found["path"] == "sync/CRM/Accounts"
    assert (found["division"], found["status"], found["text"]) == (1, 200, None)
    assert found["headers"] == {
        "X-RateLimit-Remaining": "4999",
        "Content-Type": "application/json;charset=utf-8",
    }
    [row] = found["body"]["d"]["results"]
    version = int(row["Timestamp"])
    [after] = re.fullmatch(r"Timestamp gt (\d+)L", found["query"]["$filter"]).groups()  # type: ignore[union-attr]
    assert version - int(after) == 13419952052 - 12
    assert found["query"]["$select"] == "ID,Name"
    assert found["body"]["d"]["__next"] == (
        "{base}/api/v1/1/sync/crm/accounts?$filter=Timestamp%20gt%20"
        f"{after}L&$select=ID,Name&$skiptoken={version}L"
    )
    root = f"{{base}}/api/v1/1/sync/CRM/Accounts({version}L)"
    assert row["__metadata"] == {"uri": root, "type": "Exact.Web.Api.Models.Account"}
    assert row["BankAccounts"] == {"__deferred": {"uri": f"{root}/BankAccounts"}}
    assert (row["Division"], row["Code"], row["Name"]) == (1, "             99999", "xxxxxxxxxxxx")
    assert (row["CreditLineSales"], row["Blocked"], row["Website"]) == (-1111.1, False, None)
    assert row["Parent"] == ROW["Parent"]
    assert not [each for each in PLANTED if each in json.dumps(found)]


@pytest.mark.parametrize(
    ("text", "written"),
    [
        pytest.param('{"d":[{"CreditLineSales":1234.50}]}', '"CreditLineSales":1111.11}', id="decimals"),
        pytest.param('{"d":[{"CreditLineSales": 100}]}', '"CreditLineSales": 111}', id="no point"),
        pytest.param('{"d":[{"Created":"\\/Date(0)\\/"}]}', r'"Created":"\/Date(', id="escaped slashes"),
        pytest.param('{"d":[{"Name":"a\\u0000b"}]}', r'"Name":"x\u0000x"', id="NUL"),
        pytest.param('{"d":[{"Name":"ab \\ud83d"}]}', r'"Name":"xxx\ud83d"', id="half a character"),
        pytest.param('{"d":[{"Hid":"123"}]}', '"Hid":"999"', id="an unknown number in a text"),
        pytest.param('{"d":{"Name":null,"City":null}}', '{"d":{"Name":null,"City":null}}', id="nulls"),
        pytest.param('{"d":{"UserHasRights":true}}', '{"d":{"UserHasRights":true}}', id="a function"),
        pytest.param('{ "d" : [ ] }', '{ "d" : [ ] }', id="blanks"),
    ],
)
def test_the_way_it_is_written_stays(scrubber: Scrubber, text: str, written: str) -> None:
    found = scrubber.entry(ACCOUNTS, 200, {}, text.encode())
    assert found is not None
    assert written in found


@pytest.mark.parametrize(
    "broken",
    [
        pytest.param(lambda text: text[:-40], id="cut short"),
        pytest.param(lambda text: text[: text.index("Jan") + 2], id="cut within a text"),
        pytest.param(lambda text: text + text, id="a second document"),
        pytest.param(lambda text: text.replace("-1234.5", "NaN"), id="no number"),
        pytest.param(lambda text: text.replace("Jan de", "Jan\tde"), id="a control character"),
        pytest.param(lambda text: text.replace("Jan de", "Jan\\qde"), id="an escape that is none"),
        pytest.param(lambda text: text.replace('"Jan de', "Jan de"), id="a quote missing"),
        pytest.param(lambda text: text.replace('"Name": ', '"Jan Vries": '), id="content for a name"),
    ],
)
def test_what_is_wrong_with_a_body_stays_and_its_content_goes(scrubber: Scrubber, broken: Any) -> None:
    text = broken(json.dumps({"d": {"results": [ROW]}}))
    found = entry(scrubber, text)
    kept = json.dumps(found)
    assert not [each for each in PLANTED if each in kept]
    shape = found["text"]
    if found["body"] is None:
        with pytest.raises(msgspec.DecodeError):
            msgspec.json.decode(shape)
        assert shape.startswith('{"d": {"results": [{"__metadata"')
        assert ("\t" in shape) == ("\t" in text)
        assert ("NaN" in shape) == ("NaN" in text)


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        *(
            (each, each)
            for each in (
                "Type 'Exact.Web.Api.Models.GLAccountSync' does not have a property named 'City'.",
                "The property name 'City' specified for type 'Exact.Web.Api.Models.Contact' is not valid.",
                "Filtering on these fields is not supported: City",
                "This $filter parameter is not supported for this resource",
                "Forbidden - Application Scope Violated.\nCannot read 'crm.accounts' scope.",
                "Forbidden - User division is not within division scope",
                "Please add a $select or a $top=1 statement to the query string.",
                "A GET request for this endpoint must have a $filter parameter with one of the following fields in the url:City,Code",
            )
        ),
        ("The account Jan de Vries is not valid.", "The xxxxxxx xxx xx xxxxx is not valid."),
        ("bank@type.nl", "xxxxxxxxxxxx"),
        ("access token expired for stampNL001.jHaG!IAAAA", "access token expired for xxxxxxx999xxxxx!xxxxx"),
        ("no such division 1234567", "no xxxx division 9999999"),
    ],
)
def test_what_an_error_says(scrubber: Scrubber, said: str, kept: str) -> None:
    body = {"error": {"code": "", "message": {"lang": "", "value": said}}}
    found = entry(scrubber, json.dumps(body), status=400, Reason=said)
    assert found["body"] == {"error": {"code": "", "message": {"lang": "", "value": kept}}}
    assert found["headers"] == {"Reason": kept}
    assert entry(scrubber, said, status=403)["text"] == kept


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        ("", ""),
        (
            "<html><head><title>Access Denied</title></head>Jan</html>",
            "<html><head><title>Access Denied</title></head>xxx</html>",
        ),
        ('{"fault":{"faultstring":"Jan Internal"}}', None),
    ],
)
def test_what_is_not_exacts(scrubber: Scrubber, said: str, kept: str | None) -> None:
    found = entry(scrubber, said, status=503)
    assert found["text"] == kept
    if kept is None:
        assert found["body"] == {"fault": {"faultstring": "xxx Internal"}}


def test_an_error_among_rows(scrubber: Scrubber) -> None:
    said = "An unexpected error occurred. Jan"
    found = entry(scrubber, json.dumps({"d": [ROW, {"error": {"message": {"value": said}}}]}))
    assert found["body"]["d"][1] == {"error": {"message": {"value": "An unexpected error occurred. xxx"}}}


WWW = 'Bearer error="invalid_token", error_description="message expired at 12:00"'


def test_the_header_of_an_expired_token(scrubber: Scrubber) -> None:
    found = entry(scrubber, "", status=401, WWW_Authenticate=WWW)
    assert found["headers"]["WWW-Authenticate"] == WWW.replace("at 12:00", "xx 99:99")


@pytest.mark.parametrize(
    ("url", "query"),
    [
        pytest.param(
            f"financial/Journals?$skiptoken=guid'{GUID}'", {"$skiptoken": "guid'{guid}'"}, id="a guid"
        ),
        pytest.param(f"financial/Journals?$skiptoken=(guid'{GUID}')", {"$skiptoken": "(guid'{guid}')"}, id="in parentheses"),
        pytest.param(f"financial/Journals?$skiptoken={GUID}", {"$skiptoken": "{guid}"}, id="a bare guid"),
        pytest.param("system/Divisions?$skiptoken=1234567", {"$skiptoken": "1"}, id="a division"),
        pytest.param("general/Currencies?$skiptoken='EUR'", {"$skiptoken": "'xxx'"}, id="a text"),
        pytest.param("read/financial/PayablesList?$skiptoken=4711L", {"$skiptoken": "1000L"}, id="a number"),
        pytest.param("sync/Deleted?$filter=Timestamp%20gt%201L%20and%20EntityType%20eq%202", {"$filter": "Timestamp gt 1L and EntityType eq 2"}, id="codes stay"),
        pytest.param("sync/Deleted?$filter=Timestamp+gt+9223372036854775807L", {"$filter": "Timestamp gt 9223372036854775807L"}, id="behind the last"),
        pytest.param("vat/VATCodes?$filter=Division%20eq%201234567", {"$filter": "Division eq 1"}, id="in a filter"),
        pytest.param("vat/VATCodes?$filter=Code%20eq%20'Jan'", {"$filter": "Code eq 'xxx'"}, id="a text in a filter"),
        pytest.param("vat/VATCodes?$top=1", {"$top": "1"}, id="top"),
        pytest.param("vat/VATCodes?name=Jan", {"xxxx": "xxx"}, id="an unknown option"),
        pytest.param(
            "read/sync/Sync/SyncTimestamp?modified=datetime'0001-01-01'&endPoint='TransactionLines'",
            {"modified": "datetime'0001-01-01'", "endPoint": "'TransactionLines'"},
            id="a date",
        ),
    ],
)  # fmt: skip
def test_queries(scrubber: Scrubber, url: str, query: dict[str, str]) -> None:
    keys = json.dumps({"d": [{"ID": GUID, "Division": 1234567}]})
    [row] = entry(scrubber, keys)["body"]["d"]
    found = entry(scrubber, '{"d":[]}', url=f"{BASE}/api/v1/1234567/{url}")
    assert found["query"] == {name: value.format(guid=row["ID"]) for name, value in query.items()}


def test_a_token_names_the_row_that_it_names(scrubber: Scrubber) -> None:
    link = f"{BASE}/api/v1/1234567/x/Y?$skiptoken=datetime'2022-01-01T10%3a20%3a30',guid'{GUID}'"
    body = {"d": {"results": [{"ID": GUID, "Modified": "/Date(1641032430000)/"}], "__next": link}}
    found = entry(scrubber, json.dumps(body))["body"]["d"]
    assert f"guid'{found['results'][0]['ID']}'" in found["__next"]
    assert "T10%3A20%3A30" in found["__next"]
    assert "x/Y" not in found["__next"]  # what is no endpoint may be anything


@pytest.mark.parametrize(
    ("link", "other"),
    [
        (f"{BASE}/docs/SysAttachment.aspx?ID={GUID}&_Division_=1234567&Stamp=Jan12", "{base}/docs/SysAttachment.aspx?ID={guid}&_Division_=1&Stamp=xxx99"),
        ("https://elsewhere.example/api/v1/1234567/vat/VATCodes", "https://elsewhere.invalid/api/v1/1/vat/VATCodes"),
        ("https://start.exactonline.nl.jan.example/api", "https://elsewhere.invalid/api"),
        ("//jan.example/x", "https://elsewhere.invalid/x"),
        ("no address at all", "xxxxxxxxxxxxxxxxx"),
    ],
)  # fmt: skip
def test_links(scrubber: Scrubber, link: str, other: str) -> None:
    [row] = entry(scrubber, json.dumps({"d": [{"ID": GUID}]}))["body"]["d"]
    found = entry(scrubber, json.dumps({"d": {"results": [], "__next": link}}))
    assert found["body"]["d"]["__next"] == other.replace("{guid}", row["ID"])


@pytest.mark.parametrize(
    "url", [f"{BASE}/docs/SysAttachment.aspx?ID={GUID}", f"{BASE}/api/oauth2/token", "no address"]
)
def test_only_answers_of_the_api_are_told(scrubber: Scrubber, url: str) -> None:
    assert scrubber.entry(url, 200, {}, b"{}") is None
