# ruff: noqa: SLF001  private steps are what this file is about
"""What this tap takes for granted about how the Singer SDK makes messages of records, and of the state.

A failure here means that the SDK changed: read `tap_exact_online/streams/sdk/` again before anything else.
"""

from __future__ import annotations

import copy
import gzip
import json
import threading
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
import pytest
from singer_sdk import Stream, Tap
from singer_sdk.contrib.msgspec import encoder, serialize_jsonl
from singer_sdk.helpers import _state
from singer_sdk.mapper import SameRecordTransform
from typing_extensions import override

from tap_exact_online.streams.sdk import Outgoing, PageStream, States, Writer
from tests.streams.some_tap import SCHEMA, Rows, bookmarks_of, lines, messages, tap_of

Row = msgspec.defstruct("Row", [(name, Any) for name in ("ID", "Timestamp", "Name", "More", "Division")])
NESTED = {
    "properties": {
        **SCHEMA["properties"],
        "Name": {"type": "string"},
        "More": {"type": "object", "properties": {"a": {"type": "integer"}, "b": {"type": "string"}}},
        "Division": {"type": "integer"},
    }
}


class Pages(Rows, PageStream):  # type: ignore[misc]
    """Two pages of each of two divisions."""

    schema = NESTED
    get_records = PageStream.get_records

    @override
    def outgoing(self, context: Any) -> Iterator[Outgoing]:
        for division in [context] if context else self.partitions:
            for number in (1, 2):
                code = division["Division"]
                rows = [
                    Row(10 * code + number, number, 'a "b"\n\u2028\\', {"a": 1, "b": "x\ny"}, code),
                    Row(10 * code + number + 2, number, "caf\u00e9 \U0001f6b2", None, code),
                ]
                yield self.page(rows)
                self.keep_bookmark(division, number, flush=True)


class ByRecord(Pages):
    """The same rows, by the SDK's own loop."""

    @override
    def _are_records_as_rows(self) -> bool:
        return False


def output(tap: Tap, capsys: pytest.CaptureFixture[str]) -> list[str]:
    tap.sync_all()
    return lines(capsys)


@pytest.fixture
def _one_moment(monkeypatch: pytest.MonkeyPatch) -> None:
    moment = datetime(2026, 1, 31, 12, 0, 0, 123456, tzinfo=UTC)
    for module in ("tap_exact_online.streams.sdk.pages", "singer_sdk.streams.core"):
        monkeypatch.setattr(f"{module}.utc_now", lambda: moment)


@pytest.mark.usefixtures("_one_moment")
@pytest.mark.parametrize("method", ["INCREMENTAL", "FULL_TABLE"])
def test_pages_are_written_byte_for_byte_as_the_sdk_writes_their_records(
    method: str, capsys: pytest.CaptureFixture[str]
) -> None:
    found = []
    for kind in (Pages, ByRecord):
        tap = tap_of(kind, emit_activate_version_messages=True)
        tap.streams["rows"].forced_replication_method = method
        tap.streams["rows"]._initialized_at = 1_750_000_000_000
        found.append(output(tap, capsys))
    assert found[0] == found[1]
    kinds = [json.loads(line)["type"] for line in found[0]]
    assert kinds.count("RECORD") == 8
    assert sum(json.loads(line).get("version") == 1_750_000_000 for line in found[0]) == (
        9 if method == "FULL_TABLE" else 0
    )
    # Behind the rows, not before them: until they are all there no other row is known to be gone.
    told = "ACTIVATE_VERSION" in kinds
    assert told == (method == "FULL_TABLE")
    assert not told or "RECORD" not in kinds[kinds.index("ACTIVATE_VERSION") :]


@pytest.mark.usefixtures("_one_moment")
@pytest.mark.parametrize("method", ["INCREMENTAL", "FULL_TABLE"])
def test_a_page_that_was_read_before_its_stream_begins_is_as_one_read_afterwards(
    method: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """The SDK gives a stream its version when it begins."""
    tap = tap_of(Pages, emit_activate_version_messages=True)
    stream = tap.streams["rows"]
    assert isinstance(stream, Pages)
    stream.forced_replication_method = method
    stream.settle_form()
    portions = [portion for page in stream.outgoing(None) for portion in page.portions]
    ahead = [line for portion in portions for line in portion.lines.decode().split("\n") if line]
    capsys.readouterr()
    stream.sync()
    assert [line for line in lines(capsys) if '"RECORD"' in line] == ahead
    assert len(ahead) == 8
    assert all(("version" in json.loads(line)) == (method == "FULL_TABLE") for line in ahead)


def test_what_is_read_but_not_selected_is_not_written(capsys: pytest.CaptureFixture[str]) -> None:
    found = []
    for kind in (Pages, ByRecord):
        tap = tap_of(kind)
        catalog = copy.deepcopy(tap.catalog_dict)
        for entry in catalog["streams"][0]["metadata"]:
            if entry["breadcrumb"] in (["properties", "Name"], ["properties", "Division"]):
                entry["metadata"]["selected"] = False
        written = map(json.loads, output(type(tap)(config={}, catalog=catalog), capsys))
        found.append([line["record"] for line in written if line["type"] == "RECORD"])
    assert found[0] == found[1]
    assert [[*record] for record in found[0]] == [["ID", "Timestamp", "More"]] * 8


def test_a_stream_that_is_not_selected_writes_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    class Flat(Pages):
        schema = {"properties": {**NESTED["properties"], "More": {"type": "object"}}}  # noqa: RUF012

    stream = tap_of(Flat).streams["rows"]
    stream.selected = False
    stream.sync()
    assert "RECORD" not in [line["type"] for line in messages(capsys)]


def test_the_sdk_asks_for_records_in_one_place_and_without_a_partition(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    asked: list[tuple[Any, bool]] = []

    class Watched(Pages):
        @override
        def _sync_records(self, context: Any = None, *, write_messages: bool = True) -> Any:
            asked.append((context, write_messages))
            yield from super()._sync_records(context, write_messages=write_messages)

    batch = {"encoding": {"format": "jsonl"}, "storage": {"root": f"file://{tmp_path}"}}
    output(tap_of(Watched), capsys)
    written = output(tap_of(Watched, batch_config=batch), capsys)
    assert asked == [(None, True), (None, False)]
    assert [json.loads(line)["type"] for line in written if "RECORD" in line] == []
    [lines] = [gzip.decompress(file.read_bytes()).splitlines() for file in tmp_path.iterdir()]
    assert len(lines) == 8


@pytest.mark.parametrize(
    ("config", "by_page"),
    [
        pytest.param({}, True, id="nothing asked for"),
        pytest.param({"stream_maps": {"others": {}}}, True, id="a map of another stream"),
        pytest.param({"flattening_enabled": False, "flattening_max_depth": 2}, True, id="flattening is off"),
        pytest.param(
            {"flattening_enabled": True, "flattening_max_depth": 0}, True, id="flattening of nothing"
        ),
        pytest.param({"stream_maps": {"rows": {}}}, False, id="a map"),
        pytest.param({"stream_maps": {"copy": {"__source__": "rows"}}}, False, id="a copy"),
        pytest.param({"stream_maps": {"rows": {"__alias__": "r"}}}, False, id="another name"),
        pytest.param({"stream_maps": {"__else__": None}}, False, id="all others removed"),
        pytest.param({"flattening_enabled": True, "flattening_max_depth": 2}, False, id="flattening"),
    ],
)
def test_pages_travel_where_a_record_is_a_row(
    config: dict[str, Any], *, by_page: bool, capsys: pytest.CaptureFixture[str]
) -> None:
    """A page has one time, the SDK's loop takes one for each record."""
    records = [line for line in map(json.loads, output(tap_of(Pages, **config), capsys)) if "record" in line]
    assert (len({line["time_extracted"] for line in records}) <= 4) == (by_page or not records)
    if by_page:
        assert [len(line["record"]) for line in records] == [5] * 8


def test_a_default_map_gives_the_record_itself() -> None:
    stream = tap_of(Pages).streams["rows"]
    [default] = stream.stream_maps
    record = {"ID": 1}
    assert type(default) is SameRecordTransform
    assert default.transform(record) is record
    assert not default.flattening_enabled


def test_a_field_of_a_field_that_is_not_selected_is_left_out(capsys: pytest.CaptureFixture[str]) -> None:
    tap = tap_of(Pages)
    catalog = copy.deepcopy(tap.catalog_dict)
    [entry] = [each for each in catalog["streams"][0]["metadata"] if each["breadcrumb"][-1:] == ["b"]]
    entry["metadata"]["selected"] = False
    tap = type(tap)(config={}, catalog=catalog)
    records = [line["record"] for line in map(json.loads, output(tap, capsys)) if line["type"] == "RECORD"]
    assert [record["More"] for record in records] == [{"a": 1}, None] * 4


@pytest.mark.parametrize("most", [1, 3])
def test_a_dry_run_ends_after_so_many_records(most: int, capsys: pytest.CaptureFixture[str]) -> None:
    tap = tap_of(Pages)
    assert tap.streams["rows"].ABORT_AT_RECORD_COUNT is None
    assert tap.run_sync_dry_run(most)
    assert [line["type"] for line in messages(capsys)].count("RECORD") == most


# --- The state -----------------------------------------------------------------------------------------------


def test_a_state_is_written_as_the_sdk_writes_it_and_only_when_it_differs(
    capsys: pytest.CaptureFixture[str],
) -> None:
    tap = tap_of(Pages)
    found = []
    for writer in (tap.state_writer, _state.StateWriter(tap.message_writer)):
        state: dict[str, Any] = {"bookmarks": {}}
        for number in (1, 1, 2):
            state["bookmarks"]["rows"] = {"at": number, "name": "caf\u00e9"}
            writer.write_state(state)
            writer.write_state(state)
        found.append(capsys.readouterr().out)
    assert type(tap.state_writer) is States
    assert found[0] == found[1]
    assert found[0].count("\n") == 2


def test_a_state_goes_through_the_writer_of_states(monkeypatch: pytest.MonkeyPatch) -> None:
    tap = tap_of(Pages)
    written: list[Any] = []
    monkeypatch.setattr(tap.state_writer, "write_state", lambda state: written.append(copy.deepcopy(state)))
    stream = tap.streams["rows"]
    assert isinstance(stream, Pages)
    stream._write_state_message()
    assert written == []  # nothing has changed
    stream.keep_bookmark({"Division": 7}, 5, flush=True)
    assert [bookmarks_of(state) for state in written] == [{7: 5}]
    stream.keep_note({"Division": 7}, "read", "now")
    stream._write_state_message()
    stream._write_state_message()
    assert len(written) == 2


def test_a_page_that_moves_no_bookmark_makes_no_state(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """As where rows are read again, lest one was missed: with many partitions, making a state takes longer than the page."""
    tap = tap_of(Pages)
    made: list[Any] = []
    monkeypatch.setattr(tap.state_writer, "write_state", lambda state: made.append(bookmarks_of(state)))
    stream = tap.streams["rows"]
    assert isinstance(stream, Pages)
    for number in (5, 5, 6):
        stream._write_lines(b"a page\n")
        stream.keep_bookmark({"Division": 7}, number, flush=True)
    assert made == [{7: 5}, {7: 6}]
    assert lines(capsys) == ["a page"] * 3


def test_the_state_of_a_partition_is_the_one_that_the_sdk_has() -> None:
    known = {"context": {"Division": 8}, "at": 5}
    tap = tap_of(Pages)
    tap.load_state({"bookmarks": {"rows": {"by": "Timestamp", "partitions": [known]}}})
    stream = tap.streams["rows"]
    assert stream.get_context_state({"Division": 8})["at"] == 5
    for context in ({"Division": 7}, {"Division": 8}, None):
        assert stream.get_context_state(context) is Stream.get_context_state(stream, context)
    assert [*bookmarks_of(tap.state)] == [8, 7]


def test_to_look_at_a_state_makes_none() -> None:
    """A partition may be begun before its stream, of which the state then knows nothing."""
    tap = tap_of(Pages)
    stream = tap.streams["rows"]
    assert isinstance(stream, Pages)
    assert stream.bookmark({"Division": 7}) is None
    assert stream.note({"Division": 7}, "read") is None
    assert not tap.state.get("bookmarks", {}).get("rows")
    stream.keep_note({"Division": 7}, "read", None)  # it was read: nothing to keep, but known
    assert [*bookmarks_of(tap.state)] == [7]


def test_a_slow_loader_does_not_lose_states(monkeypatch: pytest.MonkeyPatch) -> None:
    """The time for which a loader does not read is no cost of the state."""
    tap = tap_of(Pages)
    stream = tap.streams["rows"]
    written: list[bytes] = []

    def slowly(_self: Writer, parts: Iterable[bytes]) -> None:
        written.append(b"".join(parts))
        assert not threading.Event().wait(0.05)  # as a write waits for a loader that is busy

    monkeypatch.setattr(Writer, "write_parts", slowly)
    assert isinstance(stream, Pages)
    for number in (1, 2, 3):
        stream.keep_bookmark({"Division": 7}, number, flush=True)
    assert len(written) == 3


def test_the_sdk_writes_every_message_into_one_buffer() -> None:
    assert serialize_jsonl({"a": 1}) is serialize_jsonl({"b": 2})
    assert encoder.encode_lines([{"a": "\n"}, {"a": "\r\u2028"}]).count(b"\n") == 2
