"""Files of the sandbox: real ones, for whom may see them, within the limits."""

from __future__ import annotations

import re
import struct
import zlib
from urllib.parse import parse_qsl, urlsplit

import pytest
import requests

from tap_exact_online.sandbox.control import Control
from tap_exact_online.sandbox.filing import ATTACHMENT_URL, ATTACHMENTS, DOCUMENTS, IMAGE_URL, ITEMS, pdf
from tests.conftest import StartSandbox
from tests.sandbox.client import Client

INVOICES = "sync/SalesInvoice/SalesInvoices"
LINES = "sync/Financial/TransactionLines"


def rows(client: Client, division: int, path: str = ATTACHMENTS) -> list[dict[str, str]]:
    names = {ATTACHMENTS: "ID,Document,FileName,FileSize,Url,Timestamp", ITEMS: "ID,PictureName,PictureUrl"}
    return client.rows(path, division, select=names[path], filter="Timestamp gt 1L")


def test_an_attachment_is_a_file_of_the_size_that_its_row_says(client: Client, division: int) -> None:
    kinds = set()
    for row in rows(client, division)[:20]:
        parts = urlsplit(row["Url"])
        assert f"{parts.scheme}://{parts.netloc}/{ATTACHMENT_URL}" == f"{client.sandbox.base_url}{parts.path}"
        assert dict(parse_qsl(parts.query)) == {"ID": row["ID"], "_Division_": str(division)}
        answer = client.fetch(f"{row['Url']}&Download=1", accept="*/*")
        assert answer.status_code == 200
        assert len(answer.content) == row["FileSize"]
        kind = answer.headers["Content-Type"]
        assert answer.content.startswith(b"%PDF-" if kind == "application/pdf" else b"\x89PNG")
        assert answer.headers["Content-Disposition"].startswith("attachment")
        assert client.fetch(row["Url"], accept="*/*").content == answer.content
        kinds.add(kind)
    assert kinds == {"application/pdf", "image/png"}


def test_a_pdf_says_where_its_parts_are() -> None:
    content = pdf("Factuur (1)", 3)
    start = int(content.split(b"startxref\n")[1].split(b"\n")[0])
    assert content[start:].startswith(b"xref\n0 6\n")
    places = [int(line.split()[0]) for line in content[start:].splitlines()[3:8]]
    for number, place in enumerate(places, start=1):
        assert content[place:].startswith(b"%d 0 obj" % number)
    stream = re.search(rb"/Length (\d+)>>\nstream\n(.*?)endstream", content, re.DOTALL)
    assert stream is not None
    assert int(stream[1]) == len(stream[2])
    assert content.endswith(b"%%EOF\n")


def test_a_picture_is_a_png(client: Client, division: int) -> None:
    found = [row for row in rows(client, division, ITEMS) if row["PictureUrl"]]
    assert 0 < len(found) < len(rows(client, division, ITEMS))
    client.sandbox.control.options(image_division="row")
    for row in found[:3]:
        content = client.fetch(row["PictureUrl"], accept="*/*").content
        place, chunks = 8, {}
        while place < len(content):
            (size,) = struct.unpack(">I", content[place : place + 4])
            kind, data = content[place + 4 : place + 8], content[place + 8 : place + 8 + size]
            (check,) = struct.unpack(">I", content[place + 8 + size : place + 12 + size])
            assert check == zlib.crc32(kind + data)
            chunks[kind] = data
            place += 12 + size
        width, height = struct.unpack(">II", chunks[b"IHDR"][:8])
        assert len(zlib.decompress(chunks[b"IDAT"])) == height * (1 + 3 * width)


def test_a_picture_whose_address_names_no_division_is_one_of_the_open_one(
    client: Client, control: Control, division: int
) -> None:
    row = next(row for row in rows(client, division, ITEMS) if row["PictureUrl"])
    assert "text/html" in client.fetch(row["PictureUrl"]).headers["Content-Type"]
    named = client.fetch(f"{row['PictureUrl']}&_Division_={division}")
    assert named.headers["Content-Type"] == "image/png"
    control.open_division(division)
    assert client.fetch(row["PictureUrl"]).content == named.content


_AS: dict[str, tuple[int, str]] = {
    "html": (200, "text/html"),
    "403": (403, "application/json"),
    "404": (404, "application/json"),
}


@pytest.mark.parametrize("refused", _AS)
def test_a_file_is_refused_without_the_right(
    client: Client, control: Control, division: int, refused: str
) -> None:
    status, kind = _AS[refused]
    url = rows(client, division)[0]["Url"]
    control.options(refused_file=refused)
    for lost in ({"path": ATTACHMENT_URL}, {"scope": "Organization documents"}, {"path": "*"}):
        control.forbid(**lost)
        answer = client.fetch(url)
        assert (answer.status_code, answer.headers["Content-Type"].split(";")[0]) == (status, kind)
        control.allow()
    control.withdraw_division(division)
    assert client.fetch(url).status_code == status
    counted = control.stats()["client_errors"].get(refused, {}).get(ATTACHMENT_URL, 0)
    assert counted == (0 if refused == "html" else 4)


def test_what_is_no_file_is_refused(client: Client, control: Control, division: int) -> None:
    first, second = rows(client, division)[:2]
    control.options(refused_file="404")
    other = control.add_division()
    for url in (
        second["Url"].replace(second["ID"], "00000000-0000-0000-0000-000000000000"),
        second["Url"].replace(str(division), str(other)),
        f"{client.sandbox.base_url}/{ATTACHMENT_URL}",
        f"{client.sandbox.base_url}/{IMAGE_URL}?ID={second['ID']}&_Division_={division}",
    ):
        assert client.fetch(url).status_code == 404
    control.delete(division, ATTACHMENTS, ids=[first["ID"]])
    assert client.fetch(first["Url"]).status_code == 404
    assert (
        client.fetch(second["Url"].replace("/docs/Sys", "/DOCS/sys").replace("ID=", "id=")).status_code == 200
    )


def test_a_token_is_needed(client: Client, control: Control, division: int) -> None:
    url = rows(client, division)[0]["Url"]
    control.expire_access()
    answer = client.fetch(url)
    assert answer.status_code == 401
    assert "expired" in answer.headers["WWW-Authenticate"]
    assert requests.post(url, timeout=10).status_code == 405


@pytest.mark.parametrize("downloads", ["counted", "silent", "free"])
def test_a_file_counts_as_a_call_or_not(
    client: Client, control: Control, division: int, downloads: str
) -> None:
    url = rows(client, division)[0]["Url"]
    control.reset_limits()
    control.options(downloads=downloads, minute_limit=3)
    answers = [client.fetch(url) for _ in range(4)]
    assert [answer.status_code for answer in answers] == [200] * 3 + [200 if downloads == "free" else 429]
    assert ("X-RateLimit-Minutely-Remaining" in answers[0].headers) is (downloads == "counted")
    assert control.stats()["by_division_endpoint"][str(division)][ATTACHMENT_URL] == 4


def test_faults_of_files(client: Client, control: Control, division: int) -> None:
    row = rows(client, division)[0]
    whole = client.fetch(row["Url"]).content
    for action in ("short", "cut", "html", "empty"):
        control.fault(action, path=ATTACHMENT_URL, contains=row["ID"])
    control.fault("slow", path=ATTACHMENT_URL, skip=4, seconds=0.2)
    assert client.fetch(row["Url"]).content == whole[: len(whole) // 2]
    with pytest.raises(requests.exceptions.ChunkedEncodingError):
        client.fetch(row["Url"])
    assert client.fetch(row["Url"]).text.startswith("<!DOCTYPE html>")
    assert client.fetch(row["Url"]).content == b""
    slow = client.fetch(row["Url"])
    assert slow.content == whole
    assert slow.elapsed.total_seconds() < 5


def test_some_attachments_have_the_same_content(client: Client, division: int) -> None:
    same = [row for row in rows(client, division) if row["FileName"] == "Algemene voorwaarden.pdf"]
    assert len(same) > 1
    assert len({client.fetch(row["Url"]).content for row in same}) == 1


def test_documents_lead_to_invoices_and_entries(control: Control, division: int) -> None:
    documents = control.rows(division, DOCUMENTS)
    numbers = {row["InvoiceNumber"] for row in control.rows(division, INVOICES)}
    entries = {row["EntryID"] for row in control.rows(division, LINES)}
    printed = [row["SalesInvoiceNumber"] for row in documents if row["SalesInvoiceNumber"]]
    booked = [row["FinancialTransactionEntryID"] for row in documents if row["FinancialTransactionEntryID"]]
    assert len(numbers & {*printed}) > 10
    assert len(entries & {*booked}) > 10
    attached = {row["Document"] for row in control.rows(division, ATTACHMENTS)}
    assert attached <= {row["ID"] for row in documents}


def test_documents_are_found_by_their_keys(client: Client, control: Control, division: int) -> None:
    keys = [row["ID"] for row in control.rows(division, DOCUMENTS)][:3]
    text = " or ".join(f"ID eq guid'{key}'" for key in keys)
    found = client.rows("documents/Documents", division, select="ID,Type", filter=text)
    assert {row["ID"] for row in found} == {*keys}
    control.change(division, DOCUMENTS, ids=keys[:1])
    control.delete(division, DOCUMENTS, ids=keys[1:2])
    again = client.rows("documents/Documents", division, select="ID,Subject", filter=text)
    assert {row["ID"] for row in again} == {keys[0], keys[2]}
    refused = client.get("documents/Documents", division, select="ID", filter=f"{text} and Type eq 1")
    assert refused.status_code == 400


@pytest.mark.parametrize(("sizes", "size"), [("kilobytes", "rounded"), ("none", None)])
def test_sizes_may_count_something_else(start_sandbox: StartSandbox, sizes: str, size: str | None) -> None:
    control = start_sandbox(rows=100, divisions=1, file_sizes=sizes).control
    told = {row["FileSize"] for row in control.rows(1000001, ATTACHMENTS)}
    assert told == {None} if size is None else max(told) < 20
