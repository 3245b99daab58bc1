# ruff: noqa: SLF001  private steps are what this file is about
"""What this tap takes for granted about the inside of the Singer SDK.

A failure here means that the SDK changed: read `tap_exact_online/sdk.py` again before anything else.
"""

from __future__ import annotations

import copy
import gzip
import inspect
import json
import signal
import threading
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
import pytest
from singer_sdk import Stream, Tap
from singer_sdk.contrib.msgspec import MsgSpecWriter, encoder, serialize_jsonl
from singer_sdk.helpers import _state
from singer_sdk.helpers._util import utc_now
from singer_sdk.mapper import SameRecordTransform
from singer_sdk.plugin_base import PluginBase
from typing_extensions import override

from tap_exact_online.sdk import BookkeepingStream, Outgoing, PageStream, States, TerminableTap, Writer

SCHEMA = {"properties": {"ID": {"type": "integer"}, "Timestamp": {"type": "integer"}}}


class _Rows:
    """Two partitions; notes what has been written by the time the next row is asked for."""

    name = "rows"
    schema = SCHEMA
    primary_keys = ("ID",)
    replication_key = "Timestamp"
    is_sorted = False
    versions: tuple[int, ...] = (5, 3, 4)

    @property
    def partitions(self) -> list[dict[str, Any]]:
        return [{"Division": 7}, {"Division": 8}]

    def get_records(self, context: Any) -> Iterable[dict[str, Any]]:
        for number, version in enumerate(self.versions, start=1):
            yield {"ID": number, "Timestamp": version, "Division": context["Division"]}
            self.asked_again()  # type: ignore[attr-defined]


class Plain(_Rows, Stream):  # type: ignore[misc]
    """As the SDK would do it by itself."""

    asked_again: Callable[[], None] = staticmethod(lambda: None)


class Ours(_Rows, BookkeepingStream):  # type: ignore[misc]
    """With its own bookmarks."""

    asked_again: Callable[[], None] = staticmethod(lambda: None)


def tap_of(stream: type[Stream], **config: Any) -> Tap:
    class SomeTap(TerminableTap):
        name = "some-tap"
        config_jsonschema: dict[str, Any] = {"properties": {"start_date": {"type": "string"}}}  # noqa: RUF012

        def discover_streams(self) -> list[Stream]:
            return [stream(self)]

    return SomeTap(config=config)


@pytest.fixture(autouse=True)
def _signals() -> Iterator[None]:
    """Making a tap takes over the signals."""
    kept = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    yield
    for number, handler in kept.items():
        signal.signal(number, handler)


def lines(capsys: pytest.CaptureFixture[str]) -> list[str]:
    """Return what was written, as a loader takes it apart: U+2028 ends no line."""
    return capsys.readouterr().out.split("\n")[:-1]


def messages(capsys: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    return [json.loads(line) for line in lines(capsys)]


def bookmarks(tap: Tap) -> dict[int, Any]:
    return bookmarks_of(json.loads(json.dumps(tap.state)))


def bookmarks_of(state: Any) -> dict[int, Any]:
    return {
        partition["context"]["Division"]: partition.get("replication_key_value")
        for partition in state["bookmarks"]["rows"]["partitions"]
    }


@pytest.mark.parametrize(
    ("step", "parameters"),
    [
        (Stream._increment_stream_state, ["self", "latest_record", "context"]),
        (Stream._write_starting_replication_value, ["self", "context"]),
        (Stream._write_state_message, ["self"]),
        (Stream.get_context_state, ["self", "context"]),
        (Stream.get_batch_config, ["self", "config"]),
        (Stream.apply_catalog, ["self", "catalog"]),
        (Stream._sync_records, ["self", "context", "write_messages"]),
        (Stream._write_record_message, ["self", "record"]),
        (Stream._finalize_state, ["self", "state"]),
        (Stream.get_records, ["self", "context"]),
        (Stream.get_record_counter, ["self", "endpoint", "log_interval"]),
        (Stream.get_sync_timer, ["self"]),
        (_state.StateWriter.__init__, ["self", "message_writer"]),
        (_state.StateWriter.write_state, ["self", "state"]),
        (MsgSpecWriter.write_message, ["self", "message"]),
        (MsgSpecWriter.format_message, ["self", "message"]),
        (serialize_jsonl, ["obj", "kwargs"]),
        (SameRecordTransform.transform, ["self", "record"]),
        (utc_now, []),
        (Tap._handle_termination, ["self", "signum", "frame"]),
        (PluginBase._handle_termination, ["self", "signum", "frame"]),
        (Tap.load_state, ["self", "state"]),
    ],
    ids=lambda value: getattr(value, "__qualname__", ""),
)
def test_a_step_that_is_replaced_or_called_has_its_signature(step: Any, parameters: list[str]) -> None:
    assert [*inspect.signature(step).parameters] == parameters


def test_every_step_that_is_replaced_is_one_that_the_sdk_has() -> None:
    for ours, theirs in (
        (BookkeepingStream, Stream),
        (PageStream, Stream),
        (TerminableTap, Tap),
        (Writer, MsgSpecWriter),
        (States, _state.StateWriter),
    ):
        replaced = [name for name, value in vars(ours).items() if getattr(value, "__override__", False)]
        assert replaced
        assert [name for name in replaced if not hasattr(theirs, name)] == []


def test_a_record_is_written_before_the_next_is_asked_for(capsys: pytest.CaptureFixture[str]) -> None:
    written: list[int] = []
    seen: list[int] = []

    class Watched(Ours):
        def _write_record_message(self, record: Any) -> None:
            super()._write_record_message(record)
            written.append(record["ID"])

        asked_again = staticmethod(lambda: seen.append(len(written)))

    tap_of(Watched).sync_all()
    assert seen == [1, 2, 3, 4, 5, 6]
    assert len([m for m in messages(capsys) if m["type"] == "RECORD"]) == 6


def test_by_itself_the_sdk_takes_the_start_date_for_a_bookmark_even_of_a_number() -> None:
    class Empty(Plain):
        versions = ()

    tap = tap_of(Empty, start_date="2024-01-31")
    stream = tap.streams["rows"]
    stream._write_starting_replication_value({"Division": 7})
    assert stream.get_context_state({"Division": 7})["starting_replication_value"] == "2024-01-31"


def test_ours_never_sees_the_start_date() -> None:
    class Empty(Ours):
        versions = ()

    tap = tap_of(Empty, start_date="2024-01-31")
    tap.sync_all()
    assert "2024" not in json.dumps(tap.state)


def test_by_itself_the_sdk_moves_a_bookmark_with_every_record() -> None:
    class Broken(Plain):
        def asked_again(self) -> None:
            raise ConnectionError

    tap = tap_of(Broken)
    with pytest.raises(ConnectionError):
        tap.sync_all()
    assert (
        5
        in json.loads(json.dumps(tap.state))["bookmarks"]["rows"]["partitions"][0][
            "progress_markers"
        ].values()
    )


def test_ours_moves_a_bookmark_only_when_told(capsys: pytest.CaptureFixture[str]) -> None:
    tap = tap_of(Ours)
    tap.sync_all()
    assert bookmarks(tap) == {7: None, 8: None}
    stream = tap.streams["rows"]
    assert isinstance(stream, BookkeepingStream)
    stream.keep_bookmark({"Division": 8}, 99, flush=False)
    assert bookmarks(tap) == {7: None, 8: 99}
    assert stream.bookmark({"Division": 8}) == 99
    assert stream.bookmark({"Division": 7}) is None
    assert messages(capsys)[-1]["type"] == "STATE"


def test_a_bookmark_that_is_flushed_is_written_at_once(capsys: pytest.CaptureFixture[str]) -> None:
    class Flushing(Ours):
        def get_records(self, context: Any) -> Iterable[dict[str, Any]]:
            for row in super().get_records(context):
                yield row
                self.keep_bookmark(context, row["ID"], flush=True)

    tap_of(Flushing).sync_all()
    kinds = [m["type"] for m in messages(capsys)]
    assert kinds[:7] == ["SCHEMA", "RECORD", "STATE", "RECORD", "STATE", "RECORD", "STATE"]


def test_a_bookmark_of_another_key_does_not_count() -> None:
    tap = tap_of(Ours)
    stream = tap.streams["rows"]
    assert isinstance(stream, BookkeepingStream)
    stream.get_context_state({"Division": 7}).update(replication_key="Modified", replication_key_value="2024")
    assert stream.bookmark({"Division": 7}) is None


def test_a_stream_that_is_read_whole_keeps_no_bookmark() -> None:
    tap = tap_of(Ours)
    stream = tap.streams["rows"]
    assert isinstance(stream, BookkeepingStream)
    stream.keep_bookmark({"Division": 7}, 5, flush=False)
    stream.forced_replication_method = "FULL_TABLE"
    stream.keep_bookmark({"Division": 7}, 9, flush=False)
    assert stream.bookmark({"Division": 7}) is None
    assert bookmarks(tap) == {7: 5}


@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 143), (signal.SIGINT, 130)])
def test_a_termination_shows_in_the_exit_code(
    number: signal.Signals, code: int, capsys: pytest.CaptureFixture[str]
) -> None:
    tap_of(Ours)
    with pytest.raises(SystemExit) as caught:
        signal.raise_signal(number)
    assert caught.value.code == code
    assert capsys.readouterr().out == ""


def test_by_itself_the_sdk_leaves_with_0_as_if_the_run_were_complete() -> None:
    tap = tap_of(Plain)
    with pytest.raises(SystemExit) as caught:
        PluginBase._handle_termination(tap, signal.SIGTERM, None)
    assert caught.value.code == 0


# --- Pages ---------------------------------------------------------------------------------------------------

Row = msgspec.defstruct("Row", [(name, Any) for name in ("ID", "Timestamp", "Name", "More", "Division")])
NESTED = {
    "properties": {
        **SCHEMA["properties"],
        "Name": {"type": "string"},
        "More": {"type": "object", "properties": {"a": {"type": "integer"}, "b": {"type": "string"}}},
        "Division": {"type": "integer"},
    }
}


class Pages(_Rows, PageStream):  # type: ignore[misc]
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
    for module in ("tap_exact_online.sdk", "singer_sdk.streams.core"):
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
            state["bookmarks"]["rows"] = {"replication_key_value": number, "name": "caf\u00e9"}
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
    stream.keep_note({"Division": 7}, "read_at", "now")
    stream._write_state_message()
    stream._write_state_message()
    assert len(written) == 2


def test_the_state_of_a_partition_is_the_one_that_the_sdk_has() -> None:
    old = {"context": {"Division": 8}, "replication_key": "Timestamp", "replication_key_value": 5}
    tap = tap_of(Pages)
    tap.load_state({"bookmarks": {"rows": {"partitions": [old]}}})
    stream = tap.streams["rows"]
    assert stream.get_context_state({"Division": 8})["replication_key_value"] == 5
    for context in ({"Division": 7}, {"Division": 8}, None):
        assert stream.get_context_state(context) is Stream.get_context_state(stream, context)
    assert [*bookmarks_of(tap.state)] == [8, 7]


def test_a_slow_loader_does_not_lose_states(monkeypatch: pytest.MonkeyPatch) -> None:
    """The time for which a loader does not read is no cost of the state."""
    tap = tap_of(Pages)
    stream = tap.streams["rows"]
    written: list[bytes] = []

    def slowly(_self: Writer, lines: bytes) -> None:
        written.append(lines)
        assert not threading.Event().wait(0.05)  # as a write waits for a loader that is busy

    monkeypatch.setattr(Writer, "write_lines", slowly)
    assert isinstance(stream, Pages)
    for number in (1, 2, 3):
        stream.keep_bookmark({"Division": 7}, number, flush=True)
    assert len(written) == 3


def test_the_sdk_writes_every_message_into_one_buffer() -> None:
    assert serialize_jsonl({"a": 1}) is serialize_jsonl({"b": 2})
    assert encoder.encode_lines([{"a": "\n"}, {"a": "\r\u2028"}]).count(b"\n") == 2
