# ruff: noqa: SLF001  private steps are what this file is about
"""What this tap takes for granted about the inside of the Singer SDK.

A failure here means that the SDK changed: read `tap_exact_online/streams/sdk/` again before anything else.
"""

from __future__ import annotations

import inspect
import json
import signal
from collections.abc import Iterable
from typing import Any

import pytest
from singer_sdk import Stream, Tap
from singer_sdk.contrib.msgspec import MsgSpecWriter, serialize_jsonl
from singer_sdk.helpers import _state
from singer_sdk.helpers._util import utc_now
from singer_sdk.mapper import SameRecordTransform
from singer_sdk.plugin_base import PluginBase
from singer_sdk.streams._state import StreamStateManager

from tap_exact_online.streams.sdk import BookkeepingStream, PageStream, States, TerminableTap, Writer
from tests.streams.some_tap import Ours, Plain, bookmarks, messages, tap_of


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
        (Stream.finalize_state_progress_markers, ["self", "state"]),
        (StreamStateManager.finalize_progress_markers, ["self", "state", "partitions"]),
        (Stream.get_records, ["self", "context"]),
        (Stream.get_record_counter, ["self", "endpoint", "log_interval"]),
        (Stream.get_sync_timer, ["self"]),
        (Stream.log, ["self", "message", "args", "level", "kwargs"]),
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


def test_the_sdk_says_once_of_each_stream_that_it_was_read(capsys: pytest.CaptureFixture[str]) -> None:
    """What is compared with a stream is read when this is said."""
    said: list[int] = []

    class Told(Ours):
        def finalize_state_progress_markers(self, state: dict[str, Any] | None = None) -> None:
            super().finalize_state_progress_markers(state)
            said.append(len([each for each in messages(capsys) if each["type"] == "RECORD"]))

    tap_of(Told).sync_all()
    assert said == [6]


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


def test_by_itself_the_sdk_ends_a_stream_with_what_its_own_bookmarks_leave_and_nothing_else() -> None:
    """So there is nothing to do where a stream keeps its own: whatever else this step comes to do, ours has to do as well."""
    left = {"progress_markers": {"replication_key": "Timestamp", "replication_key_value": 5, "Note": "x"}}
    signs = {"replication_key_signpost": 9, "starting_replication_value": 1}
    tap = tap_of(Plain)
    stream = tap.streams["rows"]
    stream.get_context_state({"Division": 7}).update(left | signs | {"beside": "stays"})
    stream.get_context_state({"Division": 8}).update(at=5, read=[1, -1, 500])
    before = {**stream.stream_state}
    stream.finalize_state_progress_markers()
    assert stream.stream_state == before
    assert stream.stream_state["partitions"] == [
        {
            "context": {"Division": 7},
            "replication_key": "Timestamp",
            "replication_key_value": 5,
            "beside": "stays",
        },
        {"context": {"Division": 8}, "at": 5, "read": [1, -1, 500]},
    ]


def test_at_the_end_of_a_stream_both_write_the_state_and_leave_the_same(
    capsys: pytest.CaptureFixture[str],
) -> None:
    found = []
    for kind in (Plain, Ours):
        tap = tap_of(kind)
        stream = tap.streams["rows"]
        for division in (7, 8):
            stream.get_context_state({"Division": division})["at"] = division
        stream.state_manager.is_flushed = False
        stream.finalize_state_progress_markers()
        found.append((messages(capsys), tap.state, stream.state_manager.is_flushed))
    assert found[0] == found[1]
    assert [message["type"] for message in found[0][0]] == ["STATE"]


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
    for division in (7, 8):
        stream.keep_bookmark({"Division": division}, 2024, flush=False)
    stream.keep_of_all("by", "Modified")
    assert stream.bookmark({"Division": 7}) is None
    stream.keep_bookmark({"Division": 8}, 5, flush=False)
    assert bookmarks(tap) == {7: None, 8: 5}  # what stood there is no row version
    assert stream.of_all("by") == "Timestamp"


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
