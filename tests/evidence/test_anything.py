"""Whatever an answer is, it is rewritten and looked at without a failure, and nothing that was planted stays."""

from __future__ import annotations

import json

from hypothesis import example, given
from hypothesis import strategies as st

from tap_exact_online.evidence import Facts
from tap_exact_online.evidence.scrubbing import Scrubber
from tests.evidence.planted import ACCOUNT, AMOUNT, CODE, EMAIL, IBAN, NAME, NUMBER

BASE = "https://start.exactonline.nl"
URL = f"{BASE}/api/v1/1000001/sync/CRM/Accounts?$select=ID,Name"
# Long enough to be told from what is made up, and from what stands for it.
PLANTED = ("Bakkerij", "Vries", "devries", IBAN, "0417164300", "4815162", "2342108", ACCOUNT[:8])
BODY = json.dumps(
    {
        "d": {
            "results": [
                {
                    "__metadata": {"uri": f"{URL}({ACCOUNT})", "type": "Exact.Web.Api.Models.Account"},
                    "Name": NAME,
                    "Code": CODE,
                    "Timestamp": "2342108",
                    "Remarks": f'"{IBAN}"\\ {EMAIL}',
                    "ID": ACCOUNT,
                    "CreditLineSales": AMOUNT,
                    "Hid": NUMBER,
                    "Modified": "/Date(1782404200637)/",
                }
            ],
            "__next": f"{URL}&$skiptoken=2342108L&name={NAME}",
        }
    }
)


def rewritten(url: str, body: bytes) -> str:
    entry = Scrubber(BASE, b"a secret").entry(url, 200, {"Reason": NAME}, body)
    assert entry is not None
    assert {*json.loads(entry)} >= {"body", "text"}
    Facts()(url, 200, {"Date": NAME}, body)
    return entry


@given(
    st.integers(0, len(BODY)),
    st.integers(0, 40),
    st.one_of(
        st.sampled_from(['"', "\\", "{", "}", ":", ",", "[", "\0", '":', '","', "\n", "é"]),
        st.text(max_size=5),
    ),
)
@example(BODY.index("Bakkerij"), 0, '"')
@example(BODY.index(IBAN) - 2, 2, "")
@example(BODY.index("name="), 5, "{")  # content where the name of a query option stands
def test_a_body_that_is_damaged_anywhere(start: int, length: int, instead: str) -> None:
    damaged = BODY[:start] + instead + BODY[start + length :]
    entry = rewritten(URL, damaged.encode("utf-8", "surrogatepass"))
    assert not [planted for planted in PLANTED if planted in entry]


@given(st.binary(max_size=200))
@example(b'{"d":[{"Modified":"/Date(' + b"9" * 5000 + b')/"}]}')
@example(b'{"d":[{"Modified":' + b"9" * 5000 + b"}]}")
@example(b"[" * 100_000)
@example(b'{"d":{"results":[],"__next":"https://start.exactonline.nl[/x?a=\\ud800"}}')
@example(
    b'{"d":{"results":[],"__next":"https://start.exactonline.nl/api/v1/1/x?a=\\ud800&$skiptoken=\\ud800"}}'
)
def test_any_bytes(body: bytes) -> None:
    rewritten(URL, body)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["d", "results", "__next", "uri", "type", "error", "message", "value", "Code", "Timestamp", "ID", "Modified", "Division", "__metadata"]), inner, max_size=4),
    max_leaves=12,
)  # fmt: skip


@given(JSON, st.sampled_from(["sync/CRM/Accounts", "system/Divisions", "general/Currencies", "read/financial/PayablesList", "a/B"]))  # fmt: skip
def test_any_document(document: object, path: str) -> None:
    rewritten(f"{BASE}/api/v1/7/{path}", json.dumps(document).encode())


@given(st.text(max_size=60))
@example("x?$filter=datetime'9999-12-31'&$skiptoken=guid'x'&$skiptoken=''")
def test_any_address(rest: str) -> None:
    rewritten(f"{BASE}/api/v1/7/{rest}", b'{"d":[]}')
