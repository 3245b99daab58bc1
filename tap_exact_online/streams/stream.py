"""A stream of one endpoint: what of it is selected, and how its divisions are read.

What makes one stream differ from the next is data, its row in the catalog; `kinds` holds what is more than that.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from http import HTTPStatus
from types import MappingProxyType
from typing import Any

from singer_sdk import Tap, metrics
from singer_sdk.helpers.types import Context
from typing_extensions import override

from tap_exact_online import edm
from tap_exact_online.catalog import Resource, advice, needed
from tap_exact_online.errors import EnoughForNow, LimitReached, ReadError, Refused
from tap_exact_online.reading import SPENT, Arrival, Conversation, Wanted
from tap_exact_online.state import FAILED, REFUSED, Refusals
from tap_exact_online.streams.asking import AskingStream
from tap_exact_online.streams.lending import Condition, Lender, partition_of
from tap_exact_online.streams.remarks import remarks_on
from tap_exact_online.streams.sdk import Outgoing
from tap_exact_online.streams.searching import culprits
from tap_exact_online.wire import (
    Call,
    MalformedBody,
    Need,
    Selection,
    call_to,
    is_about_a_filter,
    unknown_field,
)

_NO_MORE: Mapping[str, str] = MappingProxyType({})


class ExactStream(AskingStream):
    """A stream of one endpoint, read whole in every division."""

    def __init__(self, tap: Tap, lender: Lender, resource: Resource) -> None:
        """Make the stream of one row of the catalog.

        Args:
            tap: The tap, as the SDK knows it.
            lender: What the stream reads with; not used before the first row is asked for.
            resource: The row of the catalog.
        """
        self._remarked: set[str] = set()
        self.left: dict[int, deque[Condition]] = {}
        """What is still to be asked for in each division."""
        super().__init__(tap, lender, resource)

    @property
    @override
    def partitions(self) -> list[dict[str, Any]] | None:
        """One partition for each division."""
        return [partition_of(row["Code"]) for row in self.exact.divisions]

    def wanted(self, context: Context | None = None) -> Wanted[Outgoing]:
        """Say what is to be read.

        Args:
            context: The partition, or None for all of them.
        """
        if context:
            return Wanted(self.name, [context["Division"]], self._conversation)
        planned = self.exact.planned(self.name)
        for division in {each["Division"] for each in self.partitions or ()}.difference(planned):
            self.reckoning.passed_over(division)
        return Wanted(self.name, planned, self._conversation)

    @override
    def finalize_state_progress_markers(self, state: dict[str, Any] | None = None) -> None:
        """Write the state, and let the run know: the SDK calls this when a stream has been read."""
        super().finalize_state_progress_markers(state)
        self.exact.ended(self.name)

    @override
    def outgoing(self, context: Context | None) -> Iterator[Outgoing]:
        """Read divisions, as many at once as the settings say. What cannot be read is reported, and the rest goes on."""
        following, ahead = self.exact.following(self.name), None
        if following is not None:
            following.settle_form()
            ahead = following.wanted()
        progress = self.exact.progress
        wanted = self.wanted(context)
        if wanted.divisions:
            progress.begins(self.name, len(wanted.divisions))
        with metrics.http_request_counter(self.name, endpoint=self.resource.path) as counter:
            for arrival in self.exact.reading.arrivals(wanted, ahead):
                division, page = arrival.division, arrival.page
                if page is None:
                    self._ended(arrival)
                    continue
                counter.increment()
                yield page
                progress.page(self.name, division, page.count)
                self._tell(division, page)
                in_turn = page.again is None
                self.reckoning.page(division, page.count, rejected=bool(page.rejected), in_turn=in_turn)
                if page.again is None:
                    self.written(division, page)
                else:
                    self.read_again(division, page.again, page)

    def _tell(self, division: int, page: Outgoing) -> None:
        """Report what was wrong with a page; what is said of a stream is said once."""
        for line in page.rejected:
            self.exact.report.rejected(self.name, division, line)
        for remark in page.remarks:
            self.remark(remark)

    def remark(self, text: str) -> None:
        """Say something that a person should know of the stream, once."""
        if text not in self._remarked:
            self._remarked.add(text)
            self.exact.report.warn(f"{self.name}: {text}")

    def _conversation(self, division: int) -> Conversation[Outgoing]:
        """Read a division.

        A field that Exact does not know (any more) makes it refuse the whole call: such a field is left out for the rest
        of the run, so that one withdrawn property does not stop a stream.
        """
        self.exact.progress.division_begins(self.name, division, self.bookmark(partition_of(division)))
        client = self.exact.client
        if client.spent:
            raise EnoughForNow(SPENT)
        path = self.resource.path
        if known := self._refusals(division):
            client.errors.recall(division, path, known.at)
            if client.errors.left(division, path) <= 0:
                raise known.error()
        self.reckoning.begins(division)
        self.asked_at[division] = client.clock()
        for place, once_more in self.unread(division):
            selection = self.selection
            read = self._reader(selection, division, once_more)
            page = yield from client.ask(self._call(division, selection, once_more), read)
            yield replace(page, again=place)
        self.recall_refusals_beside(division)
        conditions = self.left[division] = deque((yield from self.begin(division)))
        while conditions:
            condition = yield from self._read(division, conditions.popleft())
            if condition is not None and condition.everything:
                conditions.clear()

    def _read(self, division: int, condition: Condition) -> Generator[Need | Outgoing, Any, Condition | None]:
        """Read what fulfils a condition.

        Returns:
            The condition that was asked for in the end; None where Exact takes none like it, and nothing was read.
        """
        client = self.exact.client
        while True:
            selection = self.selection
            call = self._call(division, selection, condition)
            read = self._reader(selection, division, condition)
            try:
                page = yield from client.ask(call, read)
            except Refused as error:
                other = yield from self._mended(division, condition, selection, error)
                if other is None:
                    return None
                condition = other
            else:
                break
        self.reckoning.asked(division, self.as_held(selection.fields), whole=condition.whole)
        yield page
        link = page.next_link
        del page
        yield from client.follow(call, link, read)
        return condition

    def _call(
        self, division: int, selection: Selection, condition: Condition, options: Mapping[str, str] = _NO_MORE
    ) -> Call:
        """Return the call for the rows that fulfil a condition."""
        asked = {**condition.parameters, **selection.options(condition.text), **options}
        return call_to(self.resource.endpoint, self.exact.client.base_url, division, asked)

    @property
    def _files(self) -> bool:
        """Whether rows go into BATCH files, whose columns are those of the schema before them."""
        return bool(self.config.get("batch_config"))

    def _refusals(self, division: int) -> Refusals | None:
        return Refusals.read(self.note(partition_of(division), REFUSED))

    def _mended(
        self, division: int, condition: Condition, selection: Selection, error: Refused
    ) -> Generator[Need, Any, Condition | None]:
        """Ask for something else after a refusal, or raise it where nothing else helps.

        Returns:
            The condition to ask with; what is left out, the selection knows. None where this one cannot be asked for.
        """
        if error.status != HTTPStatus.BAD_REQUEST:
            raise error
        said, always = str(error), needed(self.resource)
        asked = {fact.name for fact in selection.fields} - always
        named = unknown_field(said)
        if is_about_a_filter(said) or (named in always and f"{named} " in condition.text):
            return self.without_filter(division, condition, error)
        if condition.parameters and named is None:
            return self.without_parameters(division, condition, error)
        # A name that was not asked for is not the culprit: the text may tell of two, or write it in another letter case.
        name = named if named in asked | always else None
        found = frozenset({name}) if name else (yield from self._searched(division, condition, selection))
        if not found or not found <= asked:
            raise error
        if name and self.withdrawn:
            # Not the only one: with those that the newest reference lacks, before every refusal is spent on one.
            found |= {fact.name for fact in selection.fields if fact.absent} - always
        self.leave_out(found)
        if self._files:
            raise _NotIntoFilesError(self.name, found)
        return condition

    def _searched(
        self, division: int, condition: Condition, selection: Selection
    ) -> Generator[Need, Any, frozenset[str]]:
        """Find the culprits of a refusal that names none."""
        client, path = self.exact.client, self.resource.path
        always = needed(self.resource)

        def ask(some: Sequence[edm.Property]) -> Generator[Need, Any, bool]:
            chosen = [fact for fact in selection.fields if fact.name in always or fact in some]
            narrow = self.compiled(chosen)
            try:
                yield from client.ask(
                    self._call(division, narrow, condition, {"$top": "1"}), narrow.decoder.decode
                )
            except Refused as error:
                if error.status != HTTPStatus.BAD_REQUEST:
                    raise
                return False
            return True

        suspects = [fact for fact in selection.fields if fact.name not in always]
        # One is kept: with none left the stream itself could not be asked for any more.
        return (yield from culprits(suspects, ask, lambda: client.errors.left(division, path) - 1))

    def without_filter(self, division: int, condition: Condition, error: Refused) -> Condition | None:  # noqa: ARG002
        """Return another condition after the filter was refused, or raise the refusal where there is none."""
        raise error

    def without_parameters(self, division: int, condition: Condition, error: Refused) -> Condition | None:  # noqa: ARG002
        """Return another condition after a call with parameters was refused, or raise the refusal where there is none."""
        raise error

    def _reader(
        self, selection: Selection, division: int, condition: Condition
    ) -> Callable[[bytes], Outgoing]:
        """Return what turns an answer into a page to write. It runs in the thread that made the call."""
        decode = selection.decoder.patient()
        files = self._files

        def read(body: bytes) -> Outgoing:
            page = decode(body)
            for record in page.records:
                if record.Division != division:
                    own(record, division)
            keys = self.keys(page.records)  # in the order in which they came
            self.complete(page.records)
            made = self.page(
                page.records,
                selection.lacks,
                partial=page.partial,
                keys=keys,
                next_link=page.next_link,
                rejected=page.rejected,
                remarks=remarks_on(page, selection),
                part=condition.part,
            )
            if files and page.partial:
                msg = "rows lack properties that were asked for, and files cannot leave a column out"
                raise MalformedBody(msg)
            return made

        return read

    def keys(self, records: Sequence[Any]) -> Sequence[Any]:
        """Return the replication key of each row."""
        key = self.replication_key
        return [getattr(record, key) or None for record in records] if key else ()

    def complete(self, records: list[Any]) -> None:
        """Add what the endpoint does not say itself, and put the rows in the order in which they are written."""

    def begin(self, division: int) -> Generator[Need, Any, Sequence[Condition]]:  # noqa: ARG002  other kinds have a bookmark
        """Find out what to read: a conversation.

        Args:
            division: The division.

        Returns:
            The conditions, each of which is asked for by itself; none where there is nothing to read.
        """
        yield from ()
        return [Condition()]

    def unread(self, division: int) -> Sequence[tuple[int, Condition]]:  # noqa: ARG002  other kinds have such places
        """Return the places of rows that could not be understood: from each a page is read once more."""
        return ()

    def read_again(self, division: int, place: int, page: Outgoing) -> None:
        """Take note that a page was read once more."""

    def written(self, division: int, page: Outgoing) -> None:
        """Take note that a page has been written."""

    def finished(self, division: int) -> None:
        """Take note that a division has been read to its end."""

    def _ended(self, arrival: Arrival[Outgoing]) -> None:
        division, error = arrival.division, arrival.error
        partition = partition_of(division)
        self.exact.progress.division_ends(
            self.name, division, self.bookmark(partition), calls=arrival.calls, complete=error is None
        )
        if error is None:
            self.keep_note(partition, REFUSED, None)
            self.keep_note(partition, FAILED, None)
            self.finished(division)
            understood = self.reckoning.finished(division, arrival.calls)
            self.keep_asked(division, understood=understood)
        else:
            self._failed(division, error)
        self.keep_refusals_beside(division)
        self.let_go(division)

    def let_go(self, division: int) -> None:
        """Forget what only the reading of a division needed: there may be thousands of them in each of many streams."""
        self.asked_at.pop(division, None)
        self.left.pop(division, None)

    def _failed(self, division: int, error: ReadError | LimitReached) -> None:
        """Let the next runs know that a division was asked in vain, and report it."""
        partition = partition_of(division)
        at = self.exact.client.errors.recent(division, self.resource.path)
        if refusals := Refusals.of(error, at, self._refusals(division)):
            self.keep_note(partition, REFUSED, refusals.note())
        if isinstance(error, ReadError) and not isinstance(error, EnoughForNow):
            self.keep_note(partition, FAILED, int(self.exact.client.clock()))
        self.exact.report.missed(self.name, division, error, advice(self.resource, error))

    @override
    def may_activate(self) -> bool:
        """Tell whether what this run did not write is gone: everything was read, and nothing narrows the run."""
        return self.reckoning.everything()

    @override
    def not_activated(self) -> None:
        if not self.reckoning.by_design():
            self.exact.report.not_activated(self.name)


class _NotIntoFilesError(ReadError):
    """A column is left out of rows that go into BATCH files, whose columns cannot change."""

    def __init__(self, stream: str, lacks: Iterable[str]) -> None:
        names = ", ".join(sorted(lacks)) or "some fields"
        super().__init__(
            f"{stream}: Exact does not give {names} (any more), and rows that go into files cannot leave a column out."
            " The next run goes without it from the beginning."
        )


def own(record: Any, division: int) -> None:
    """Let a row say whose it is; refuse one that says something else.

    Raises:
        MalformedBody: It is another division's. So the whole answer is no answer to what was asked (seen twice in public).
    """
    if isinstance(record.Division, int):
        msg = f"a row of it is of division {record.Division}"
        raise MalformedBody(msg)
    record.Division = division
