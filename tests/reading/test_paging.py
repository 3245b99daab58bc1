"""Page after page: every link is followed as it is, and none to a stranger."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import requests
import requests_mock

from tap_exact_online.errors import UnsafeLink
from tap_exact_online.reading.client import Client
from tests.fakes import BASE, rows
from tests.reading.asking import CALL, DECODER, URL, read


def test_pages_are_followed_to_the_end_empty_ones_too(
    client: Client, requests_mock: requests_mock.Mocker
) -> None:
    requests_mock.get(URL, **rows("a", link=f"{URL}?$skiptoken=1L"))
    requests_mock.get(f"{URL}?$skiptoken=1L", **rows(link=f"{URL}?$skiptoken=2L"))
    requests_mock.get(f"{URL}?$skiptoken=2L", **rows("b", link=f"{URL}?$skiptoken=3L"))
    requests_mock.get(f"{URL}?$skiptoken=3L", **rows())
    assert read(client) == ["a", "b"]
    assert requests_mock.call_count == 4


def test_the_next_page_is_asked_for_only_when_the_last_is_used(
    client: Client, requests_mock: requests_mock.Mocker
) -> None:
    requests_mock.get(URL, **rows("a", link=f"{URL}?$skiptoken=1L"))
    pages = client.pages(CALL, DECODER)
    assert next(pages).rows == [{"ID": "a"}]
    assert requests_mock.call_count == 1


@pytest.mark.parametrize(
    ("link", "asked"),
    [
        pytest.param(f"{URL}?$skiptoken=13419952052L", "/api/v1/7/sync/CRM/Accounts", id="as-it-is"),
        pytest.param(f"{URL.lower()}?$skiptoken=1L", "/api/v1/7/sync/crm/accounts", id="path-in-lower-case"),
        pytest.param(
            URL.replace(BASE, BASE.upper()) + "?x", "/api/v1/7/sync/CRM/Accounts", id="host-in-upper-case"
        ),
        pytest.param(
            URL.replace(BASE, f"{BASE}:443") + "?x", "/api/v1/7/sync/CRM/Accounts", id="default-port"
        ),
    ],
)
def test_a_next_link_is_followed_as_it_is(
    link: str, asked: str, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    urls: list[str] = []
    monkeypatch.setattr(requests.Session, "get", scripted(urls, [rows("a", link=link), rows("b")]))
    assert read(client) == ["a", "b"]
    assert urls == [URL, link]
    assert asked in link


@pytest.mark.parametrize(
    "link",
    [
        pytest.param("https://evil.example/api/v1/7/sync/CRM/Accounts", id="another-host"),
        pytest.param("https://start.exactonline.be/api/v1/7/x", id="another-region"),
        pytest.param("https://start.exactonline.nl:8443/api/v1/7/x", id="another-port"),
        pytest.param("http://start.exactonline.nl/api/v1/7/x", id="another-scheme"),
        pytest.param("ftp://start.exactonline.nl/x", id="no-http"),
        pytest.param("https://start.exactonline.nl@evil.example/x", id="our-host-as-a-user"),
        pytest.param("https://evil.example\\@start.exactonline.nl/x", id="a-backslash-before-our-host"),
        pytest.param("https://start.exactonline.nl.evil.example/x", id="our-host-as-a-beginning"),
        pytest.param("https://evilstart.exactonline.nl/x", id="our-host-as-an-end"),
        pytest.param("//evil.example/x", id="no-scheme"),
        pytest.param("/api/v1/7/x", id="relative"),
        pytest.param("", id="empty"),
        pytest.param("http://[::1", id="no-address"),
        pytest.param("https://start.exactonline.nl:port/x", id="a-port-that-is-none"),
        pytest.param(" https://start.exactonline.nl/x", id="a-space-before-it"),
    ],
)
def test_a_link_that_leads_elsewhere_is_never_given_the_token(
    link: str, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    urls: list[str] = []
    monkeypatch.setattr(requests.Session, "get", scripted(urls, [rows("a", link=link), rows("b")]))
    pages = client.pages(CALL, DECODER)
    assert next(pages).next_link == link
    with pytest.raises(UnsafeLink, match="not followed"):
        next(pages)
    assert urls == [URL]


def test_a_link_that_leads_back_ends_the_read(client: Client, requests_mock: requests_mock.Mocker) -> None:
    requests_mock.get(URL, **rows("a", link=f"{URL}?$skiptoken=1L"))
    requests_mock.get(f"{URL}?$skiptoken=1L", **rows("b", link=URL))
    pages = client.pages(CALL, DECODER)
    assert [next(pages).rows, next(pages).rows] == [[{"ID": "a"}], [{"ID": "b"}]]
    with pytest.raises(UnsafeLink, match="back"):
        next(pages)


def test_a_link_to_itself_ends_the_read(client: Client, requests_mock: requests_mock.Mocker) -> None:
    requests_mock.get(URL, **rows("a", link=URL))
    with pytest.raises(UnsafeLink):
        read(client)
    assert requests_mock.call_count == 1


def scripted(urls: list[str], answers: list[dict[str, Any]]) -> Callable[..., requests.Response]:
    """Stand in for the session's `get`: note the address as the client gave it, answer the next."""

    def get(_: requests.Session, url: str, **__: Any) -> requests.Response:
        urls.append(url)
        with requests_mock.Mocker() as mocker:
            mocker.get(requests_mock.ANY, **answers[len(urls) - 1])
            return requests.get(URL, timeout=1, stream=True)

    return get


@pytest.mark.parametrize(
    "link",
    [
        pytest.param(f"{BASE}/api/v1/8/sync/CRM/Accounts?$skiptoken=5L", id="another-division"),
        pytest.param(f"{BASE}/api/v1/7/sync/CRM/Contacts?$skiptoken=5L", id="another-endpoint"),
        pytest.param(f"{BASE}/api/v1/7/sync/CRM/Accounts/../Contacts?$skiptoken=5L", id="a-step-up"),
        pytest.param(
            f"{BASE}/api/v1/7/sync/CRM/Accounts%2f..%2fContacts?$skiptoken=5L", id="a-step-up-encoded"
        ),
        pytest.param(f"{BASE}/api/v1/7/sync/CRM/AccountsX?$skiptoken=5L", id="a-longer-name"),
        pytest.param(f"{BASE}/api/oauth2/token?$skiptoken=5L", id="the-token-endpoint"),
    ],
)
def test_a_link_stays_under_the_path_of_the_call(
    link: str, client: Client, requests_mock: requests_mock.Mocker
) -> None:
    requests_mock.get(requests_mock_any(), **rows("a", link=link))
    with pytest.raises(UnsafeLink, match="another endpoint or division"):
        read(client)
    assert requests_mock.call_count == 1


def requests_mock_any() -> Any:
    return requests_mock.ANY


@pytest.mark.parametrize("token", ["13419952052L", "guid'8cc9e29a'", "datetime'2024-01-01',guid'8cc9'", "5"])
def test_a_token_that_stands_still_under_ever_new_addresses_is_a_loop(
    token: str, client: Client, requests_mock: requests_mock.Mocker
) -> None:
    answers = [rows("a", link=f"{URL}?$skiptoken={token}&n={number}") for number in range(9)]
    requests_mock.get(URL, answers)
    with pytest.raises(UnsafeLink, match="back"):
        read(client)
    assert requests_mock.call_count == 2


@pytest.mark.parametrize(
    "link",
    [
        f"{URL.lower()}(guid'8cc9e29a-b46f-4a0d-a9b6-2a2a2a2a2a2a')?$skiptoken=1",
        f"{URL}/?%24skiptoken=guid'8cc9'",
        f"{URL}?$skiptoken=datetime'2024-01-01T00:00:00',guid'8cc9'",
    ],
)
def test_the_forms_of_a_link_that_were_seen_are_followed(
    link: str, client: Client, requests_mock: requests_mock.Mocker
) -> None:
    requests_mock.get(requests_mock_any(), [rows("a", link=link), rows("b")])
    assert read(client) == ["a", "b"]
