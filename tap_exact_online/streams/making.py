"""Which kind of stream a row of the catalog asks for."""

from __future__ import annotations

from collections.abc import Mapping

from singer_sdk import Tap

from tap_exact_online.catalog import CODE_LISTS, READS, Kind, Resource
from tap_exact_online.streams.kinds import DeletedStream, ModifiedStream, SyncStream
from tap_exact_online.streams.lending import Lender
from tap_exact_online.streams.lines import LinesStream
from tap_exact_online.streams.parts import PartsStream
from tap_exact_online.streams.stream import ExactStream
from tap_exact_online.streams.undivided import CodeListsStream, ReadsStream, UndividedStream, UserStream

_KINDS: Mapping[Kind, type[ExactStream]] = {
    Kind.DIVISIONS: UndividedStream,
    Kind.USER: UserStream,
    Kind.SYNC: SyncStream,
    Kind.MODIFIED: ModifiedStream,
    Kind.LINES: LinesStream,
    Kind.PARTS: PartsStream,
    Kind.FULL: ExactStream,
}
_BY_NAME: Mapping[str, type[ExactStream]] = {
    "deleted": DeletedStream,
    CODE_LISTS: CodeListsStream,
    READS: ReadsStream,
}


def stream_of(tap: Tap, lender: Lender, resource: Resource) -> ExactStream:
    """Return the stream of a row of the catalog, of the kind that its endpoint asks for."""
    kind = _BY_NAME.get(resource.name) or _KINDS[resource.kind]
    return kind(tap, lender, resource)
