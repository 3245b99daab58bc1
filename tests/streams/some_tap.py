"""A tap of one stream, to look at the SDK with: once as the SDK does it by itself, once with our bookmarks."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from typing import Any

import pytest
from singer_sdk import Stream, Tap

from tap_exact_online.streams.sdk import BookkeepingStream, TerminableTap

SCHEMA = {"properties": {"ID": {"type": "integer"}, "Timestamp": {"type": "integer"}}}


class Rows:
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


class Plain(Rows, Stream):  # type: ignore[misc]
    """As the SDK would do it by itself."""

    asked_again: Callable[[], None] = staticmethod(lambda: None)


class Ours(Rows, BookkeepingStream):  # type: ignore[misc]
    """With its own bookmarks."""

    asked_again: Callable[[], None] = staticmethod(lambda: None)


def tap_of(stream: type[Stream], **config: Any) -> Tap:
    class SomeTap(TerminableTap):
        name = "some-tap"
        config_jsonschema: dict[str, Any] = {"properties": {"start_date": {"type": "string"}}}  # noqa: RUF012

        def discover_streams(self) -> list[Stream]:
            return [stream(self)]

    return SomeTap(config=config)


def lines(capsys: pytest.CaptureFixture[str]) -> list[str]:
    """Return what was written, as a loader takes it apart: U+2028 ends no line."""
    return capsys.readouterr().out.split("\n")[:-1]


def messages(capsys: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    return [json.loads(line) for line in lines(capsys)]


def bookmarks(tap: Tap) -> dict[int, Any]:
    return bookmarks_of(json.loads(json.dumps(tap.state)))


def bookmarks_of(state: Any) -> dict[int, Any]:
    return {
        partition["context"]["Division"]: partition.get("at")
        for partition in state["bookmarks"]["rows"]["partitions"]
    }
