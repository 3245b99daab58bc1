"""A real run that records: what is in its files, what is not, and that the tap reads them as it read the answers."""

from __future__ import annotations

import functools
import json
import re
import resource
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tap_exact_online import edm
from tap_exact_online.wire import Decoder
from tests.conftest import Sandbox, running
from tests.doctor.patient import Patient
from tests.evidence.planted import ACCOUNT, CODE, EMAIL, NAME, TEXTS, plant
from tests.faults.quick import FastTap, Quick
from tests.singer import Run, Tap, tap_for

STREAMS = [
    "accounts",
    "transaction_lines",
    "journals",
    "currencies",
    "divisions",
    "vat_codes",
    "cost_centers",
    "financial_periods",
]
_DATE = re.compile(r"/Date\((-?\d+)\)/")
_MIDNIGHT = 86_400_000
Entry = dict[str, Any]


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    options: dict[str, object] = {"rows": 70, "divisions": 2, "refresh_after": 0, "error_limit": 10**6}
    with running(tmp_path_factory.mktemp("world"), options) as started:
        plant(started)
        yield started


@pytest.fixture(scope="module")
def tap(world: Sandbox, tmp_path_factory: pytest.TempPathFactory) -> Tap:
    return FastTap(**vars(tap_for(world, tmp_path_factory.mktemp("tap"))), quick=Quick())


@pytest.fixture(scope="module")
def run(world: Sandbox, tap: Tap) -> Iterator[Run]:
    """A run with every kind of answer: pages, refusals with and without words, an outage, a body that is no JSON."""
    control = world.control
    control.fault("status", path="vat/VATCodes", status=403, body=f"Forbidden - {NAME}", division=1000002)
    control.fault("status", path="hrm/Costcenters", status=400, body=_error(f"Filtering of {EMAIL}"), times=2)
    control.fault("cut", path="sync/CRM/Accounts", division=1000002)
    control.fault("garbled", path="sync/Financial/TransactionLines", division=1000001)
    control.fault("html", path="financial/Journals", division=1000001)
    yield tap.run(catalog=tap.catalog(STREAMS, every_field=True), record=str(tap.folder / "recording"))
    control.clear_faults()


def _error(said: str) -> str:
    return json.dumps({"error": {"code": "", "message": {"lang": "", "value": said}}})


@pytest.fixture(scope="module")
def entries(run: Run, tap: Tap) -> list[Entry]:
    assert run.exit_code == 1, run.log  # the refused cost centers
    files = sorted((tap.folder / "recording").iterdir())
    assert [file.name for file in files] == [f"{number:06}.json" for number in range(1, len(files) + 1)]
    return [json.loads(file.read_bytes()) for file in files]


def facts_of(entry: Entry) -> edm.Endpoint:
    """Return the facts of an endpoint, which a next link may write in small letters."""
    [path] = [path for path in edm.paths() if path.lower() == entry["path"].lower()]
    return edm.load(path)


def rows_of(entry: Entry) -> list[dict[str, Any]]:
    content = (entry["body"] or {}).get("d", [])
    return content if isinstance(content, list) else content.get("results", [content])


def test_no_file_holds_content(entries: list[Entry], run: Run, tap: Tap) -> None:
    assert any(record.get("Name") == NAME for record in run.records["accounts"])  # it was read
    kept = (tap.folder / "store.json").read_text()
    secrets = [value for value in json.loads(kept).values() if isinstance(value, str) and len(value) > 30]
    assert secrets
    for file in (tap.folder / "recording").iterdir():
        text = file.read_text()
        for planted in (*TEXTS, *secrets, tap.config["client_id"], tap.config["client_secret"]):
            assert planted not in text, file.name
    assert not [entry for entry in entries if "oauth" in entry["path"]]


def test_only_the_owner_can_read_it(entries: list[Entry], tap: Tap) -> None:
    assert entries
    folder = tap.folder / "recording"
    assert folder.stat().st_mode & 0o777 == 0o700
    assert {file.stat().st_mode & 0o777 for file in folder.iterdir()} == {0o600}


def test_every_answer_is_there_in_its_order(entries: list[Entry], run: Run) -> None:
    assert [(entry["path"], entry["division"]) for entry in entries[:2]] == [
        ("current/Me", None),
        ("system/Divisions", 1),
    ]
    assert entries[0]["body"]["d"]["results"][0]["CurrentDivision"] == 1
    # The one that was cut short is no answer.
    assert f" {len(entries) + 1} calls" in run.log
    statuses = {(entry["path"], entry["status"]) for entry in entries}
    assert {("vat/VATCodes", 403), ("hrm/Costcenters", 400), ("sync/CRM/Accounts", 200)} <= statuses
    assert {entry["division"] for entry in entries} == {None, 1, 2}
    for entry in entries:
        allowed = {"content-type", "reason", "www-authenticate"}
        names = {name.lower() for name in entry["headers"]}
        assert not [name for name in names - allowed if not name.startswith("x-ratelimit-")]


def test_what_was_no_json_is_there_as_text(entries: list[Entry]) -> None:
    texts = {entry["path"]: entry["text"] for entry in entries if entry["text"]}
    assert texts["vat/VATCodes"] == "Forbidden - xxxxxxxx xxx xx xxxxx xxxx"
    assert texts["financial/Journals"].startswith("<!DOCTYPE html><html><head><title>Exact Online</title>")
    for path in ("sync/Financial/TransactionLines",):
        assert texts[path].startswith('{"d":{"results":[{"__metadata":{"uri":"{base}/api/v1/1/')
    assert all((entry["body"] is None) == (entry["text"] is not None) for entry in entries)


def test_keys_join(entries: list[Entry]) -> None:
    pages = [row for entry in entries for row in rows_of(entry)]
    accounts = {row["ID"] for row in pages if row.get("Name") and "CreditLineSales" in row}
    lines = [row for row in pages if row.get("AccountCode") == "           9999999" and "EntryNumber" in row]
    assert len(accounts) > 60
    assert lines
    assert {row["Account"] for row in lines if row["Account"] in accounts}
    assert ACCOUNT not in accounts
    for entry in entries:  # no key is lost by falling together with another
        fact = facts_of(entry)
        keys = [row[fact.keys[0]] for row in rows_of(entry) if fact.keys[0] in row]
        assert len({*keys}) == len(keys), entry["path"]


def test_row_versions_ascend_and_links_name_them(entries: list[Entry]) -> None:
    linked = 0
    for entry in entries:
        versions = [int(row["Timestamp"]) for row in rows_of(entry) if "Timestamp" in row]
        assert versions == sorted(versions)
        link = entry["body"]["d"].get("__next") if isinstance((entry["body"] or {}).get("d"), dict) else None
        if link is not None:
            linked += 1
            assert link.startswith("{base}/api/v1/")
            key = facts_of(entry).keys[0]
            assert str(rows_of(entry)[-1][key]) in link
    assert linked


@pytest.mark.parametrize(
    "path", ["sync/CRM/Accounts", "sync/Financial/TransactionLines", "financial/Journals"]
)
def test_a_scrubbed_page_is_decoded_to_the_same_shapes(
    entries: list[Entry], world: Sandbox, run: Run, path: str
) -> None:
    fact = edm.load(path)
    decoder = Decoder(fact.properties.values(), fact.keys[0])
    [found, *_] = [
        decoder.decode(json.dumps(entry["body"]).encode())
        for entry in entries
        if entry["path"].lower() == path.lower()
        and entry["division"] == 1
        and entry["body"]
        and rows_of(entry)
    ]
    assert found.rejected == []
    stream = {"sync/CRM/Accounts": "accounts", "financial/Journals": "journals"}.get(
        path, "transaction_lines"
    )
    read = [row for row in run.records[stream] if row["Division"] == 1000001][: len(found.rows)]
    assert len(found.rows) == len(read) > 0
    for scrubbed, row in zip(found.rows, read, strict=True):
        for name, value in scrubbed.items():
            assert shape(name, value) == shape(name, row[name]), name
    stored = {row[fact.keys[0]]: row for row in world.control.iter_rows(1000001, path)}
    raw = [
        row for entry in entries if entry["path"] == path and entry["division"] == 1 for row in rows_of(entry)
    ]
    for scrubbed, row in zip(raw, read, strict=False):  # the padding, which the decoder strips
        for name, value in stored[row[fact.keys[0]]].items():
            if isinstance(value, str) and fact.properties[name].type == "String":
                assert padding(scrubbed[name]) == padding(value), name


def shape(name: str, value: Any) -> Any:
    """Return what must be the same of a value and of what stands for it."""
    if isinstance(value, bool) or value is None or name == "Division":
        return value if name != "Division" else "a division"
    if isinstance(value, str):
        # A date keeps its form, and midnight stays midnight, but for the hour of summer.
        form = re.sub(r"\d", "9", value) if re.match(r"\d{4}-\d\d-\d\dT", value) else len(value)
        return str, form, [each for each in value if ord(each) < ord(" ")]
    if name == "Timestamp":
        return type(value)
    digits = re.sub(r"\d", "9", repr(value))
    # A double holds some fifteen digits: of more, which of them its shortest form has depends on the digits.
    return type(value), digits.split(".")[0] if digits.count("9") > 15 else digits


def padding(text: str) -> tuple[int, int, int]:
    return len(text), len(text) - len(text.lstrip(" ")), len(text) - len(text.rstrip(" "))


def test_codes_keep_their_padding(entries: list[Entry]) -> None:
    codes = {
        row["Code"] for entry in entries if entry["path"] == "sync/CRM/Accounts" for row in rows_of(entry)
    }
    assert re.sub(r"\d", "9", CODE) in codes


def test_a_second_run_gets_a_folder_inside(run: Run, tap: Tap) -> None:
    assert run.records
    before = len([*(tap.folder / "recording").iterdir()])
    again = tap.run(catalog=tap.catalog(["journals"]), record=str(tap.folder / "recording"))
    assert again.exit_code == 0, again.log
    inside = tap.folder / "recording" / "2"
    assert f"Recording scrubbed answers in {inside}" in again.log
    assert min(file.name for file in inside.iterdir()) == "000001.json"
    assert len([*(tap.folder / "recording").iterdir()]) == before + 1


def test_nothing_is_written_unless_asked(tap: Tap, world: Sandbox) -> None:
    assert world.base_url == tap.config["base_url"]
    before = sorted(tap.folder.rglob("*"))
    assert tap.run(catalog=tap.catalog(["journals"]), record="").exit_code == 0
    assert [
        each for each in sorted(tap.folder.rglob("*")) if each not in before and "lock" not in each.name
    ] == []


def test_a_folder_that_cannot_be_made(tap: Tap) -> None:
    file = tap.folder / "a file"
    file.write_text("")
    for folder in (file, file / "inside"):
        run = tap.run(catalog=tap.catalog(["journals"]), record=str(folder))
        assert run.exit_code == 2, run.log
        assert f"`record`: the folder {folder} cannot be used" in run.log
        assert run.records == {}


def test_a_full_disk_ends_the_recording_and_not_the_run(tap: Tap) -> None:
    command = tap.command(catalog=tap.catalog(["accounts", "journals"]), record=str(tap.folder / "full"))
    most = 16 * 1024  # of one file, as nobody can fill a disk for a test; the token store is smaller
    done = subprocess.run(
        command,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
        preexec_fn=functools.partial(resource.setrlimit, resource.RLIMIT_FSIZE, (most, most)),
    )
    assert done.returncode == 0, done.stderr
    assert done.stderr.count("The recording in ") == 1
    assert '"stream":"journals","record"' in done.stdout.replace(" ", "")
    kept = [json.loads(file.read_bytes()) for file in (tap.folder / "full").iterdir()]
    assert kept
    assert not [entry for entry in kept if entry["path"] == "financial/Journals"]


def test_the_doctor_records_too(world: Sandbox, tmp_path: Path) -> None:
    patient = Patient(world, tmp_path, "recorded", {"refresh_token": world.control.new_login("recorded")})
    patient.settings["record"] = str(tmp_path / "asked")
    assert patient.doctor("--streams", "accounts").exit_code == 0
    asked = [json.loads(file.read_bytes()) for file in sorted((tmp_path / "asked").iterdir())]
    assert [entry["path"] for entry in asked] == [
        "current/Me",
        "system/Divisions",
        *["sync/CRM/Accounts"] * 2,
    ]
    assert {entry["query"]["$filter"] for entry in asked[2:]} == {f"Timestamp gt {2**63 - 1}L"}
