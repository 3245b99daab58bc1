"""What one answer shows: a table from answers to what is told of them, which never holds a value."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tap_exact_online.evidence.answers import answered, both
from tap_exact_online.evidence.facts import FACTS, Facts, told
from tap_exact_online.evidence.showing import shown

BASE = "https://start.exactonline.nl"
SYNC = f"{BASE}/api/v1/7/sync/CRM/Accounts?$filter=Timestamp%20gt%201L&$select=ID,Timestamp"
OTHER = f"{BASE}/api/v1/7/financial/Journals?$select=ID"
BULK = f"{BASE}/api/v1/7/bulk/Cashflow/Payments?$filter=Modified%20ge%20datetime'2024-01-01'"
GUID = "6cb1df13-4a5c-4a3b-a8b0-7b5a0e3c9b6e"


def seen(url: str, body: Any, status: int = 200, **headers: str) -> dict[str, dict[str, int]]:
    """Return what an answer shows, by fact."""
    facts = Facts()
    text = body if isinstance(body, str) else json.dumps(body)
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    facts(url, status, named, text.encode("utf-8", "surrogatepass"))
    return {each["fact"]: each["seen"] for each in facts.document() if each["seen"]}


def rows(*given: dict[str, Any], link: str | None = None) -> dict[str, Any]:
    return {"d": {"results": [*given], **({} if link is None else {"__next": link})}}


@pytest.mark.parametrize(
    ("url", "body", "fact", "wanted"),
    [
        (SYNC, rows({"Timestamp": "1"}, {"Timestamp": "2"}), "row_order", {"ascending": 1}),
        (SYNC, rows({"Timestamp": 3}, {"Timestamp": 2}), "row_order", {"not ascending": 1}),
        (SYNC, rows({"Timestamp": "2"}, {"Timestamp": "2"}), "row_order", {"not ascending": 1}),
        (SYNC, rows({"Timestamp": "1"}, {"Timestamp": 2}), "int64", {"Timestamp: number": 1, "Timestamp: string": 1}),
        (SYNC, rows({"ID": GUID}), "left_out", {"sync/CRM/Accounts Timestamp": 1}),
        (OTHER, {"d": [{"ID": GUID}]}, "envelope", {"other: list": 1}),
        (OTHER, {"d": {"ID": GUID}}, "envelope", {"other: object": 1}),
        (OTHER, {"d": {"ID": None}}, "envelope", {"other: object of nulls": 1}),
        (BULK, rows(), "envelope", {"bulk: results": 1}),
        (OTHER, {"d": None}, "envelope", {"other: null": 1}),
        (OTHER, {"d": 5}, "envelope", {"other: something else": 1}),
        (OTHER, rows({}, {}, link=f"{OTHER}&$skiptoken=guid'{GUID}'"), "page_rows", {"other": 2}),
        (OTHER, rows(link=f"{OTHER}&$skiptoken=guid'{GUID}'"), "skiptoken", {"other: guid'…'": 1}),
        (SYNC, rows(link=f"{SYNC}&$skiptoken=12L"), "skiptoken", {"sync: number with L": 1}),
        (SYNC, rows(link=f"{SYNC}&$skiptoken=(12)"), "skiptoken", {"sync: number, in parentheses": 1}),
        (SYNC, rows(link=f"{SYNC}&$skiptoken=datetime'2024-01-01T00%3a00%3a00',guid'{GUID}'"), "skiptoken", {"sync: datetime'…',guid'…'": 1}),
        (SYNC, rows(link=f"{SYNC}&$skiptoken=Jan"), "skiptoken", {"sync: something else": 1}),
        (SYNC, rows(link=f"{SYNC}&p=2"), "skiptoken", {"sync: none": 1}),
        (SYNC, rows(link=f"{SYNC}"), "next_path", {"the same": 1}),
        (SYNC, rows(link=f"{SYNC}".lower()), "next_path", {"other letter case": 1}),
        (SYNC, rows(link="http://[jan"), "next_path", {"no address": 1}),
        (OTHER, rows(link=SYNC), "next_path", {"another": 1}),
        (f"{OTHER}&$skiptoken=1", rows(), "empty_last_page", {"other": 1}),
        (f"{BASE}/api/v1/7/sync/Deleted", rows(), "deleted_log", {"empty": 1}),
        (OTHER, {"d": [{"Modified": None}, {"Modified": "/Date(0)/"}]}, "modified", {"other: has a value": 1, "other: null": 1}),
        (SYNC, {"d": [{"Code": "   Jan", "Country": "NL "}, {"Code": " Jan"}]}, "padding", {"Code left": 3, "Country right": 1}),
        (SYNC, {"d": [{"StartDate": "/Date(1)/", "Created": "/Date(1)/"}]}, "time_of_day", {"StartDate": 1}),
        (SYNC, {"d": [{"StartDate": "/Date(1+0100)/"}, {"StartDate": "soon"}]}, "dates", {"another form": 1, "with an offset": 1}),
        (SYNC, {"d": [{"ID": GUID}, {"ID": GUID.upper()}, {"ID": "0000-00"}]}, "guids", {"capitals": 1, "small letters": 1, "zeros": 1}),
        (SYNC, {"d": [{"__metadata": {"type": "Exact.Web.Api.Models.Account"}}, {"__metadata": {"type": "Jan"}}]}, "type_names", {"Exact.Web.Api.Models.Account": 1}),
        (SYNC, {"d": [{"BankAccounts": {"__deferred": {"uri": "Jan"}}}]}, "deferred", {"BankAccounts": 1}),
        (SYNC, {"d": [{"Division": 7}, {"Division": 8}]}, "other_division", {"sync/CRM/Accounts": 1}),
        (SYNC, {"d": [{"Name": "a\0"}, {"Name": "a\x01"}, {"Name": "\ud83d"}, {"Name": "a\nb"}]}, "odd_texts", {"Name: U+0000": 1, "Name: a control character": 1, "Name: half a character": 1}),
        (SYNC, '{"d":[{"Name":"a\x01"}]}', "odd_texts", {"Name: a control character": 1}),
    ],
)  # fmt: skip
def test_a_page(url: str, body: Any, fact: str, wanted: dict[str, int]) -> None:
    assert seen(url, body)[fact] == wanted


@pytest.mark.parametrize(
    ("body", "form"),
    [
        ("", "empty"),
        (" ", "empty"),
        ("<!DOCTYPE html><p>Jan", "HTML"),
        ("Forbidden Jan", "text"),
        ('{"error":{}}', "error object"),
        ('{"d":[],"error":{}}', "error object beside d"),
        ('{"fault":{}}', "fault object"),
        ('{"d":[]}', "d"),
        ('{"Jan":1}', "other JSON"),
        ("[]", "other JSON"),
        ('{"d":["\x01"]}', "JSON that is not quite"),
        ('{"d":[]}{}', "JSON that is broken"),
    ],
)
def test_the_form_of_a_body(body: str, form: str) -> None:
    assert seen(SYNC, body, status=503)["answers"] == {f"503 {form}": 1}


def error(said: str) -> dict[str, Any]:
    return {"error": {"code": "", "message": {"lang": "", "value": said}}}


@pytest.mark.parametrize(
    ("status", "body", "headers", "fact", "wanted"),
    [
        (403, error("Forbidden"), {"Reason": "NoDivisionAccess"}, "refusals", {"NoDivisionAccess, error object": 1}),
        (403, "<html>Jan", {}, "refusals", {"no Reason, HTML": 1}),
        (403, "", {"Reason": "Jan"}, "refusals", {"another Reason, empty": 1}),
        (400, error("Type 'Jan' does not have a property named 'X'."), {}, "wordings", {"400 unknown_field_of_type": 1}),
        (400, error("Jan does not like 'City' of Vries"), {}, "wordings", {"400 xxx does not xxxx 'City' of xxxxx": 1}),
        (500, error(""), {}, "answers", {"500 error object": 1}),
        (429, "", {"X-RateLimit-Limit": "5000"}, "limits_of_429", {"day": 1}),
        (429, "", {"X-RateLimit-Minutely-Limit": "60", "Retry-After": "5"}, "limits_of_429", {"minute and Retry-After": 1}),
        (429, "", {}, "limits_of_429", {"nothing": 1}),
        (200, rows(), {"X-RateLimit-Limit": "9000", "X-RateLimit-Minutely-Limit": "100"}, "limits", {"100 a minute": 1, "9000 a day": 1}),
        (200, rows(), {"Date": "Jan", "X-Jan": "1", "retry-after": "1"}, "headers", {"Date": 1, "Retry-After": 1}),
        (200, rows({"Modified": "/Date(7200000)/"}), {"Date": "Thu, 01 Jan 1970 01:00:00 GMT"}, "clock", {"the newest moment": 60}),
    ],
)  # fmt: skip
def test_what_an_answer_says_of_itself(
    status: int, body: Any, headers: dict[str, str], fact: str, wanted: dict[str, int]
) -> None:
    assert seen(SYNC, body, status, **headers)[fact] == wanted


def test_a_refused_filter() -> None:
    said = error("Filtering on these fields is not supported: Modified")
    found = seen(BULK, said, 400)["refused_filters"]
    assert found == {"bulk/Cashflow/Payments: filter_refused_by_field": 1}


@pytest.mark.parametrize(
    "body",
    ['{"d":{"results":7}}', '{"d":[1]}', "[]", '{"d":[{"__metadata":7}]}', '{"d":{"results":[],"__next":7}}'],
)
def test_an_answer_of_another_form_is_survived(body: str) -> None:
    assert seen(SYNC, body)["answers"]


def test_an_endpoint_that_is_not_known() -> None:
    assert "left_out" not in seen(f"{BASE}/api/v1/7/jan/Vries?$select=ID", {"d": [{"Jan": " Vries"}]})


def test_no_fact_that_is_shown_is_missing_in_the_table() -> None:
    names = [fact.name for fact in FACTS]
    assert len({*names}) == len(names)
    answer = answered(SYNC, 200, {}, json.dumps(rows({"Timestamp": "1"})).encode())
    assert answer is not None
    assert {name for name, _, _ in shown(answer)} <= {*names}


def test_of_each_endpoint_and_division_one_large_page_is_looked_at() -> None:
    facts = Facts()
    large = json.dumps(rows(*[{"Timestamp": str(n)} for n in range(1000)])).encode()
    for url in (SYNC, SYNC.replace("CRM/Accounts", "crm/accounts"), f"{SYNC}&$skiptoken=1L"):
        facts(url, 200, {}, large)
    facts(SYNC, 500, {}, large)
    facts(f"{SYNC}&$skiptoken=1L", 200, {}, b'{"d":{"results":[]}}')
    facts(SYNC.replace("/7/", "/8/"), 200, {}, large)
    facts(f"{BASE}/api/oauth2/token", 200, {}, b"{}")
    found = {each["fact"]: each["seen"] for each in facts.document()}
    assert found["answers"] == {"200 d": 3, "500 d": 1}
    assert found["page_bytes"] == {"sync": len(large)}
    assert found["int64"] == {"Timestamp: string": 2000}


def test_how_it_reads() -> None:
    facts = Facts()
    facts.note("late_rows", "came late", 2)
    facts.note("padding", "Code left", 17)
    facts.note("padding", "Code left", 3)
    first, *lines = facts.summary()
    assert json.loads(first) == {"late_rows": {"came late": 2}, "padding": {"Code left": 17}}
    assert len(lines) == len(FACTS)
    assert "late_rows (guess): came late (2)" in lines
    assert "padding (seen): Code left (17 blanks)" in lines
    assert "row_order (guess): not seen" in lines
    assert [told(each) for each in facts.document() if each["fact"] == "padding"] == ["Code left (17 blanks)"]


def test_several_may_watch() -> None:
    told_to: list[str] = []
    watch = both(lambda *_: told_to.append("one"), None, lambda *_: told_to.append("two"))
    assert watch is not None
    watch(SYNC, 200, {}, b"")
    assert told_to == ["one", "two"]
    assert both(None, None) is None
