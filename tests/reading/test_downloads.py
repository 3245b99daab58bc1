"""Which addresses of files may be asked."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from urllib3.util import parse_url

from tap_exact_online.errors import UnsafeLink
from tap_exact_online.reading import download
from tests.fakes import BASE

PATH = "docs/SysAttachment.aspx"
URL = f"{BASE}/{PATH}?ID=1"


def asked(url: str, **options: str) -> str:
    call = download(BASE, url, PATH, 7, options)
    assert (call.endpoint, call.division) == (PATH, 7)
    return call.url


@pytest.mark.parametrize(
    ("url", "whole"),
    [
        pytest.param(f"{URL}&_Division_=7", f"{URL}&_Division_=7&Download=1", id="as-seen"),
        pytest.param(URL, f"{URL}&_Division_=7&Download=1", id="without-a-division"),
        pytest.param(f"{URL}&_division_=7&download=0", f"{URL}&_division_=7&download=0", id="all-is-said"),
        pytest.param(f"/{PATH}?ID=1", f"{URL}&_Division_=7&Download=1", id="a-path"),
        pytest.param(f"{PATH}?ID=1", f"{URL}&_Division_=7&Download=1", id="a-path-without-a-slash"),
        pytest.param(f"{URL}&x=%20a#part", f"{URL}&x=%20a&_Division_=7&Download=1", id="more"),
        pytest.param(f"{BASE}:443/{PATH}", f"{BASE}:443/{PATH}?_Division_=7&Download=1", id="a-port"),
        pytest.param(
            f"HTTPS://START.exactonline.NL/{PATH}",
            f"https://START.exactonline.NL/{PATH}?_Division_=7&Download=1",
            id="capitals",
        ),
    ],
)
def test_an_address_of_the_same_server_is_asked(url: str, whole: str) -> None:
    assert asked(url, Download="1") == whole


@pytest.mark.parametrize(
    ("url", "words"),
    [
        pytest.param(
            "https://company.sharepoint.com/x", "leads to https://company.sharepoint.com:443", id="elsewhere"
        ),
        pytest.param(
            "http://start.exactonline.nl/x", "leads to http://start.exactonline.nl:80", id="in-the-clear"
        ),
        pytest.param(f"{BASE}:8443/x", "leads to", id="another-port"),
        pytest.param("//evil.example/x", "leads to https://evil.example:443", id="without-a-scheme"),
        pytest.param(f"{BASE}@evil.example/x", "leads to https://evil.example:443", id="a-user"),
        pytest.param(f"{BASE}.evil.example/x", "leads to", id="a-longer-name"),
        pytest.param("https://evil.example\\@start.exactonline.nl/x", "leads to", id="a-backslash"),
        pytest.param("file:///etc/passwd", "leads to no host", id="a-file"),
        pytest.param("javascript:alert(1)", "leads to no host", id="a-script"),
        pytest.param("https://[::1/x", "is none", id="no-address"),
        pytest.param(f"{URL}&_Division_=8", "is one of division 8", id="another-division"),
        pytest.param(f"{URL}&_DIVISION_=8", "is one of division 8", id="in-capitals"),
    ],
)
def test_an_address_that_leads_elsewhere_is_not(url: str, words: str) -> None:
    with pytest.raises(UnsafeLink) as caught:
        asked(url)
    assert words in str(caught.value)


@given(st.text(max_size=60) | st.text(alphabet="htps:/\\@.?#&=[]%start.exactonline.nl\t\n ", max_size=60))
def test_whatever_a_row_says_nothing_else_is_asked(text: str) -> None:
    for url in (text, f"https:{text}", f"{BASE}{text}", f"//{text}"):
        try:
            whole = asked(url)
        except UnsafeLink:
            continue
        parts = parse_url(whole)
        assert (parts.scheme, (parts.hostname or "").lower()) == ("https", "start.exactonline.nl")
        assert parts.port in {None, 443}
