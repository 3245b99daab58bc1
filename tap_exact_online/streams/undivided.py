"""Streams that are one for all divisions: their rows are there anyway, or one call away."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any

from singer_sdk.helpers.types import Context
from typing_extensions import override

from tap_exact_online.catalog import advice, code_rows
from tap_exact_online.errors import ReadError
from tap_exact_online.streams.sdk import Outgoing
from tap_exact_online.streams.stream import ExactStream
from tap_exact_online.wire import call_to

_AT_ONCE = 1000


class UndividedStream(ExactStream):
    """A stream whose rows a run has anyway: they cost no call of their own, and stand for all divisions."""

    @property
    @override
    def partitions(self) -> None:
        """None: the list is one for all divisions."""

    @override
    def prepare(self) -> None:
        """Nothing is asked for."""

    def rows(self) -> Iterable[dict[str, Any]]:
        """Give the rows."""
        return (dict(row) for row in self.exact.divisions)

    @override
    def outgoing(self, context: Context | None) -> Iterator[Outgoing]:
        """Give the rows, some at a time: of thousands of divisions there may be a hundred thousand."""
        rows, count = iter(self.rows()), 0
        while some := [*islice(rows, _AT_ONCE)]:
            yield (page := self.page(self.selection.decoder.records(some)))
            count += page.count
        self.exact.progress.undivided(self.name, count)

    @override
    def may_activate(self) -> bool:
        return not self.exact.settings.choice.narrows


class CodeListsStream(UndividedStream):
    """What codes mean: the rows come with the tap, and are all there are."""

    @override
    def rows(self) -> Iterable[dict[str, Any]]:
        # A field that is named in a row is a column: who joins on it finds the name that it has there.
        names = self.exact.settings.column_names
        return ({**row, "Field": names.of(row["Field"])} for row in code_rows())

    @override
    def may_activate(self) -> bool:
        """Always: no setting narrows it."""
        return True


class ReadsStream(UndividedStream):
    """What this run has read to its end. It comes last."""

    @override
    def rows(self) -> Iterable[dict[str, Any]]:
        return (read.row() for divisions in self.exact.reads.values() for read in divisions.values())

    @property
    @override
    def emit_activate_version_messages(self) -> bool:
        """Never: what was read by an earlier run still was."""
        return False


class UserStream(UndividedStream):
    """What Exact knows of the user who connected: one call, which is not counted and needs no division."""

    @override
    def outgoing(self, context: Context | None) -> Iterator[Outgoing]:
        """Read it."""
        client, selection = self.exact.client, self.selection
        call = call_to(self.resource.endpoint, client.base_url, None, selection.options(""))
        try:
            page = client.get(call, selection.decoder.patient())
        except ReadError as error:
            self.exact.report.missed(self.name, None, error, advice(self.resource, error))
            return
        for line in page.rejected:
            self.exact.report.rejected(self.name, None, line)
        yield (made := self.page(page.records, selection.lacks))
        self.exact.progress.undivided(self.name, made.count)

    @override
    def may_activate(self) -> bool:
        """Never: somebody else who connected before is still a user."""
        return False
