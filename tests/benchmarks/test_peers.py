"""Other taps are measured with the rows that this one is measured with, whatever format they read."""

from __future__ import annotations

import http.client
import importlib
import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from xml.etree import ElementTree as ET

import pytest
import requests

from tap_exact_online import edm

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"
LINES = "sync/Financial/TransactionLines"
ROWS = 2500
ATOM = "{http://www.w3.org/2005/Atom}"
DATA = "{http://schemas.microsoft.com/ado/2007/08/dataservices}"
METADATA = "{http://schemas.microsoft.com/ado/2007/08/dataservices/metadata}"
FORMATS = {"json": "application/json", "atom": "*/*"}


@pytest.fixture(scope="module")
def rig() -> Iterator[Callable[[str], Any]]:
    """Return a function that gives a module of the benchmarks."""
    with pytest.MonkeyPatch.context() as patched:
        patched.syspath_prepend(str(BENCHMARKS))
        yield importlib.import_module
    for name in [name for name in sys.modules if name in {"rig", "peers"} or name.startswith("rig.")]:
        del sys.modules[name]


class Client:
    """What a program sees that is told of the server in its environment."""

    def __init__(self, served: Any, front: Any) -> None:
        self.front = front
        self.token = served.access_token()
        self.login = served.connection("a peer")
        self.division = served.control.divisions()[0]["Code"]

    def send(self, method: str, path: str, accept: str = "*/*", **options: Any) -> requests.Response:
        environment = self.front.environment
        headers = {"Accept": accept, "Authorization": f"Bearer {self.token}"}
        address = path if path.startswith("https:") else f"https://start.exactonline.nl/api/{path}"
        return requests.request(
            method,
            address,
            headers=headers,
            proxies={"https": environment["HTTPS_PROXY"]},
            verify=environment["REQUESTS_CA_BUNDLE"],
            timeout=30,
            **options,
        )

    def lines(self, query: str = "", accept: str = "*/*", path: str = LINES) -> requests.Response:
        answer = self.send("GET", f"v1/{self.division}/{path}?{query}", accept)
        answer.raise_for_status()
        return answer


@pytest.fixture(scope="module")
def client(rig: Callable[[str], Any]) -> Iterator[Client]:
    serve, front = rig("rig.serving").serve, rig("rig.front").front
    with serve(divisions=1, rows=ROWS, table={LINES: ROWS}) as served, front(served) as running:
        yield Client(served, running)


def feed_of(answer: requests.Response) -> ET.Element:
    return ET.fromstring(answer.content)  # noqa: S314  our own


def read(element: ET.Element) -> tuple[str, Any]:
    """Return a property as JSON would have it."""
    name, kind = element.tag.removeprefix(DATA), element.get(f"{METADATA}type")
    if element.get(f"{METADATA}null") == "true":
        return name, None
    text = element.text or ""
    convert: dict[str | None, Callable[[str], Any]] = {
        "Edm.Double": float,
        "Edm.Boolean": {"true": True, "false": False}.__getitem__,
        **dict.fromkeys(("Edm.Int16", "Edm.Int32", "Edm.Byte"), int),
    }
    return name, convert.get(kind, str)(text)


def expected(name: str, value: Any, moment: Callable[[str], str]) -> Any:
    kind = edm.load(LINES).properties[name].type
    if isinstance(value, str):
        return moment(value) if kind == "DateTime" else value.replace("\0", "")
    return value


def test_a_page_says_the_same_in_both_formats(client: Client, rig: Callable[[str], Any]) -> None:
    rows = client.lines(accept="application/json").json()["d"]["results"]
    entries = feed_of(client.lines()).findall(f"{ATOM}entry/{ATOM}content/{METADATA}properties")
    assert len(rows) == len(entries) == 1000
    moment = rig("rig.floor").wall_clock
    for row, entry in zip(rows, entries, strict=True):
        del row["__metadata"]
        assert dict(map(read, entry)) == {name: expected(name, value, moment) for name, value in row.items()}
    assert {*rows[0]} == {*edm.load(LINES).properties}


def test_a_feed_has_the_form_that_taps_rely_on(client: Client) -> None:
    feed = feed_of(client.lines("$select=ID,AccountName,Timestamp"))
    assert [link.get("rel") for link in feed.findall(f"{ATOM}link")] == ["self", "next"]
    fields = feed.find(f"{ATOM}entry/{ATOM}content/{METADATA}properties")
    assert fields is not None
    kinds = {field.tag.removeprefix(DATA): field.get(f"{METADATA}type") for field in fields}
    assert kinds == {"Timestamp": "Edm.Int64", "AccountName": None, "ID": "Edm.Guid"}


@pytest.mark.parametrize("wanted", FORMATS)
def test_next_links_lead_to_every_row_once(client: Client, wanted: str) -> None:
    found: list[str | None] = []
    answer = client.lines("$select=ID", FORMATS[wanted])
    for page in range(3):
        link: str | None
        if wanted == "json":
            body = answer.json()["d"]
            found += [row["ID"] for row in body["results"]]
            link = body.get("__next")
        else:
            feed = feed_of(answer)
            found += [element.text for element in feed.iter(f"{DATA}ID")]
            link = {each.get("rel"): each.get("href") for each in feed.findall(f"{ATOM}link")}.get("next")
        assert (link is None) == (page == 2)
        answer = client.send("GET", link, FORMATS[wanted]) if link else answer
    assert len(found) == len({*found}) == ROWS


@pytest.mark.parametrize(
    ("path", "query"),
    [
        ("bulk/Financial/TransactionLines", "$filter=Modified gt datetime'2000-01-01T00:00:00'"),
        ("/financialtransaction/TransactionLines", ""),
        (LINES, "$filter=Timestamp gt 1"),
        (LINES, "$skiptoken=1L"),
        (LINES, "$select=ID,Unknown"),
    ],
)
def test_the_lines_are_found_however_they_are_asked_for(client: Client, path: str, query: str) -> None:
    def ids(answer: requests.Response) -> list[str | None]:
        return [element.text for element in feed_of(answer).iter(f"{DATA}ID")]

    assert ids(client.lines(query, path=path)) == ids(client.lines("$select=ID"))


def test_everything_else_is_asked_of_the_sandbox(client: Client) -> None:
    me = client.send("GET", "v1/current/Me?$select=CurrentDivision", "application/json").json()
    assert me["d"]["results"][0]["CurrentDivision"] == client.division
    names = ("client_id", "client_secret", "refresh_token")
    form = {"grant_type": "refresh_token", **{name: client.login[name] for name in names}}
    assert client.send("POST", "oauth2/token", data=form).json()["token_type"].lower() == "bearer"


def test_no_other_server_is_reached(client: Client) -> None:
    connection = http.client.HTTPConnection(urlsplit(client.front.address).netloc, timeout=30)
    connection.set_tunnel("www.example.com", 443)
    with pytest.raises(OSError, match="403"):
        connection.request("GET", "/")


@pytest.mark.parametrize(
    ("ids", "said"),
    [
        (["a", "b"], ""),
        (["b", "a"], ""),
        (["a"], "it wrote 1 records of the 2 rows that were served"),
        (["a", "b", "b"], "it wrote 3 records of the 2 rows that were served"),
        (["a", "c"], "it wrote other rows than were served"),
    ],
)
def test_only_what_wrote_the_rows_is_compared(
    rig: Callable[[str], Any], tmp_path: Path, ids: list[str], said: str
) -> None:
    peers = rig("peers")

    def wrote(ids: list[str]) -> Any:
        schema = {"type": "SCHEMA", "stream": "transaction_lines", "schema": {"properties": {"ID": {}}}}
        file = tmp_path / "output"
        lines = [{"type": "RECORD", "stream": "transaction_lines", "record": {"ID": each}} for each in ids]
        file.write_text("".join(json.dumps(line) + "\n" for line in [schema, *lines]))
        return peers.written(file)

    assert wrote(ids).columns == 1
    assert peers.unfit(wrote(["a", "b"]), wrote(ids)) == said


def test_peers_are_measured() -> None:
    tap = f"{sys.executable} {Path(__file__).with_name('atom_tap.py')}"
    peers = {"hotgluexyz/tap-exact": tap, "TicketSwap/tap-exact": f"{tap} --pages 1", "tap-exact": "/nowhere"}
    options = [f"--peer={name}={command}" for name, command in peers.items()]
    script = [sys.executable, str(BENCHMARKS / "peers.py"), "--rows=1200", "--rounds=1", "--no-install"]
    done = subprocess.run([*script, "--json", *options], capture_output=True, check=False)
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    ours, theirs, *servers = found["programs"]
    assert (ours["program"], ours["ours / theirs, by wall"]) == ("this tap", 1)
    assert (theirs["program"], theirs["columns"]) == ("hotgluexyz/tap-exact", 2)
    assert all(row["program"].startswith("the server itself") for row in servers)
    left_out = found["not compared"]
    assert left_out["TicketSwap/tap-exact"] == "it wrote 1,000 records of the 1,200 rows that were served"
    assert "nowhere" in left_out["tap-exact"]
