"""Streams of files: the rows of a Sync endpoint name them, and each file is fetched once."""

from __future__ import annotations

import json
from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import cached_property
from typing import Any

from msgspec import UNSET
from singer_sdk import Tap
from typing_extensions import override

from tap_exact_online import edm
from tap_exact_online.catalog import FILED, Resource
from tap_exact_online.errors import ConfigurationError, LimitReached, ReadError
from tap_exact_online.files import Asked, Filing, Known, is_id
from tap_exact_online.reading import Conversation
from tap_exact_online.state import MOST_UNREAD, UNREAD, unread_places
from tap_exact_online.streams.documents import AT_ONCE, Documents
from tap_exact_online.streams.fetching import Fetching, Missing
from tap_exact_online.streams.kinds import SyncStream
from tap_exact_online.streams.lending import Condition, Lender, partition_of
from tap_exact_online.streams.sdk import Outgoing
from tap_exact_online.streams.stream import own
from tap_exact_online.wire import Need, Selection, compiled, int64_literal

_REFUSED = "refused_files"
_ONLY = "files_only"


@dataclass(frozen=True, slots=True)
class _Naming(Outgoing):
    """A page of rows that name files.

    Attributes:
        records: The rows.
    """

    records: Sequence[Any] = ()


@dataclass(frozen=True, slots=True)
class _Named(Outgoing):
    """Rows of files that are kept: a part of a page of rows that name them.

    Attributes:
        last: No more of that page is to come, so that the bookmark may move behind it.
        missed: The places of rows whose file could not be had.
        whole: All of that page's rows could be understood.
    """

    last: bool = False
    missed: Sequence[int] = ()
    whole: bool = True


@dataclass(slots=True)
class _Part:
    """What is made of a part of a page."""

    rows: list[dict[str, Any]] = field(default_factory=list)
    rejected: list[str] = field(default_factory=list)
    missed: list[int] = field(default_factory=list)

    def miss(self, record: Any, why: str) -> None:
        """Take note of a file that could not be had."""
        self.rejected.append(f"ID {record.ID if is_id(record.ID) else '?'}: its file could not be had: {why}")
        self.missed.append(_place(record))


def _place(record: Any) -> int:
    """Return the place behind which a row comes first."""
    return max(int(record.Timestamp) - 1, 0)


class FilesStream(SyncStream):
    """A stream of files, resumable after each of them.

    The bookmark moves behind a page of the rows that name files, as that of any Sync stream does. What was fetched before is
    known by the place itself, so a page that is read again costs one call.

    A file that could not be had is a failure by name. The place of its row stays in the state, and every run tries it again
    behind all others, so that it keeps none from being fetched.
    """

    def __init__(self, tap: Tap, lender: Lender, resource: Resource) -> None:
        """Make the stream of one row of the catalog."""
        self._filed = FILED[resource.name]
        self._again: dict[int, set[int]] = {}
        self._overfull: set[int] = set()
        super().__init__(tap, lender, resource)
        self._form = compiled((), resource.key, tuple(self.schema["properties"])).decoder

    @cached_property
    def _filing(self) -> Filing:
        filing = self.exact.filing
        if filing is None:
            msg = f"`files` is not set, but {self.name} cannot be read without."
            raise ConfigurationError(msg)
        return filing

    @cached_property
    def _fetching(self) -> Fetching:
        return Fetching(self.name, self._filed, self._filing, self.exact.client)

    @cached_property
    def _documents(self) -> Documents:
        return Documents(self.exact.client)

    @property
    @override
    def fields(self) -> list[edm.Property]:
        """All that names a file, whatever is selected of it, but for what Exact does not know any more."""
        return [
            fact for name, fact in self.resource.endpoint.properties.items() if name not in self.withdrawn
        ]

    @override
    def prepare(self) -> None:
        super().prepare()
        only, before = self._filing.only.note(), self.of_all(_ONLY)
        if before and before != only:
            command = json.dumps({"streams": [self.name]})
            self.exact.report.warn(
                f"{self.name}: `files_only` has changed, and what it passed over before is not fetched now. Read the stream anew"
                f" once, with TAP_EXACT_ONLINE_REREAD='{command}'; files that are kept are not fetched again."
            )
        self.keep_of_all(_ONLY, only)

    # --- Reading ---

    @override
    def _reader(
        self, selection: Selection, division: int, condition: Condition
    ) -> Callable[[bytes], Outgoing]:
        decode = selection.decoder.patient()

        def read(body: bytes) -> Outgoing:
            page = decode(body)
            for record in page.records:
                if record.Division != division:
                    own(record, division)
            self.complete(page.records)
            return _Naming(
                keys=self.keys(page.records),
                next_link=page.next_link,
                rejected=page.rejected,
                records=page.records,
            )

        return read

    @override
    def unread(self, division: int) -> Sequence[tuple[int, Condition]]:
        """Return nothing: what is to be tried again comes last."""
        return ()

    @override
    def _conversation(self, division: int) -> Conversation[Outgoing]:
        pages, answer = super()._conversation(division), None
        begun = False
        while True:
            try:
                need = pages.send(answer)
            except StopIteration:
                break
            if not begun:
                begun = True
                self._take_up(division)
                self._fetching.check(division)
            answer = None
            if isinstance(need, _Naming):
                yield from self._files_of(division, need)
            else:
                answer = yield need
        yield from self._once_more(division)

    def _take_up(self, division: int) -> None:
        """Take up what earlier runs tell of a division."""
        noted = self.note(partition_of(division), _REFUSED)
        if isinstance(noted, list):
            moments = [moment for moment in noted if isinstance(moment, int)]
            self.exact.client.errors.recall(division, self._filed.address, moments)
            self._note_refusals(division)
        self._again[division] = {*unread_places(self.note(partition_of(division), UNREAD))}

    def _note_refusals(self, division: int) -> None:
        """Let the next runs know of refusals: those of an hour add up, however many runs there are in it."""
        at = [int(moment) for moment in self.exact.client.errors.recent(division, self._filed.address)]
        self.keep_note(partition_of(division), _REFUSED, at or None)

    def _files_of(self, division: int, page: _Naming) -> Conversation[Outgoing]:
        """Give the rows of the files that a page names."""
        records = [each for each in page.records if _place(each) not in self._again[division]]
        starts = range(0, max(len(records), 1), AT_ONCE)
        for start in starts:
            part = _Part()
            try:
                yield from self._fill(part, division, records[start : start + AT_ONCE])
            except (ReadError, LimitReached):
                yield self._made(part)  # what is there is written; the page will be read again
                raise
            made = self._made(part)
            if start == starts[-1]:
                made = replace(
                    made,
                    keys=page.keys,
                    next_link=page.next_link,
                    rejected=[*made.rejected, *page.rejected],
                    last=True,
                    whole=not page.rejected,
                )
            yield made

    def _once_more(self, division: int) -> Conversation[Outgoing]:
        """Try the files again that earlier runs could not have."""
        client = self.exact.client
        for place in sorted(self._again[division]):
            self._fetching.check(division)
            selection = self.selection
            condition = Condition(f"Timestamp gt {int64_literal(place)}", whole=False)
            call = self._call(division, selection, condition, {"$top": "1"})
            page = yield from client.ask(call, self._reader(selection, division, condition))
            part = _Part()
            if isinstance(page, _Naming):
                # Another row: this one is gone, or was changed and has come with its new row version.
                yield from self._fill(
                    part, division, [each for each in page.records if _place(each) == place]
                )
            yield replace(self._made(part), again=place)

    def _fill(self, part: _Part, division: int, records: Sequence[Any]) -> Generator[Need, Any, None]:
        """Fetch the files of some rows that are wanted and not there yet."""
        only = self._filing.only
        asked = [self._asked(record) for record in records]
        kept = [self._fetching.known(division, each) for each in asked]
        documents = None
        if self._filed.document and only.of_documents:
            new = {
                each.document.lower()
                for each, known in zip(asked, kept, strict=True)
                if known is None and each.document and is_id(each.document) and only.size(each.size)
            }
            documents = yield from self._documents.find(division, new)
        now = datetime.fromtimestamp(self.exact.client.clock(), UTC)
        for record, each, known in zip(records, asked, kept, strict=True):
            file: Known | Missing | None = known
            if known is None and self._may_have(each) and only.size(each.size):
                document = (documents or {}).get((each.document or "").lower())
                if documents is None or (document and only.document(document.Type, document.Created, now)):
                    file = yield from self._fetching.fetch(division, each)
                elif document is None:
                    file = Missing(why="its document cannot be read, and `files_only` asks what it is")
            if isinstance(file, Missing):
                part.miss(record, file.why)
                self._note_refusals(division)
            elif file is not None:
                part.rows.append(self._row(division, record, file))

    def _may_have(self, asked: Asked) -> bool:
        """Tell whether a row has a file: every attachment does, an item where it has the address of a picture."""
        return bool(asked.url) or not self._filed.replaced

    def _asked(self, record: Any) -> Asked:
        """Return what a row says of its file."""

        def said(name: str) -> Any:
            value = getattr(record, name, None) if name else None
            return None if value is UNSET else value

        filed = self._filed
        return Asked(
            record.ID,
            said(filed.url),
            str(record.Timestamp) if filed.replaced else "",
            said(filed.name),
            said(filed.size),
            said(filed.document),
        )

    # --- Writing ---

    def _row(self, division: int, record: Any, known: Known) -> dict[str, Any]:
        """Return the row of a file."""
        names = {name: getattr(record, name, UNSET) for name in (self.resource.key, *self._filed.fields)}
        return {
            **{name: value for name, value in names.items() if value is not UNSET},
            "Division": division,
            "Timestamp": record.Timestamp,
            "FileSize": known.size,
            "Sha256": known.sha256,
            "ContentType": known.content_type,
            "Place": f"{self._filing.place.where}/{known.key}",
            "FetchedAt": known.fetched_at,
        }

    def _made(self, part: _Part) -> _Named:
        """Give a part of a page the form in which it leaves."""
        lacks = self.selection.lacks - {"FileSize"}  # that is what came, not what Exact says
        made = self.page(self._form.records(part.rows), lacks)
        return _Named(portions=made.portions, rejected=part.rejected, missed=part.missed)

    @override
    def written(self, division: int, page: Outgoing) -> None:
        if not isinstance(page, _Named):
            return
        if not self._keep_places(division, page.missed):
            self._overfull.add(division)
        if page.last:
            if division in self._overfull or not page.whole:
                self._bookmarks[division].hold()
            super().written(division, replace(page, rejected=()))

    def _keep_places(self, division: int, missed: Sequence[int]) -> bool:
        """Keep the places of rows whose file could not be had; return whether they found room."""
        if not missed:
            return True
        context = partition_of(division)
        before = unread_places(self.note(context, UNREAD))
        new = [place for place in missed if place not in before]
        room = max(0, MOST_UNREAD - len(before))
        if new[:room]:
            self.keep_note(context, UNREAD, sorted({*before, *new[:room]}))
        return len(new) <= room
