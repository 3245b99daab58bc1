"""How a file is fetched: as a call of its division like any other, and what is made of what comes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Generator
from dataclasses import dataclass, field
from functools import partial
from http import HTTPStatus
from typing import Any

from tap_exact_online.catalog import MENU, MENU_DUTCH, Filed
from tap_exact_online.errors import (
    Denied,
    EnoughForNow,
    LimitReached,
    NotKept,
    ReadError,
    Refused,
    Unreachable,
    UnsafeLink,
)
from tap_exact_online.files import Asked, Filing, Known, Unfit, Unkept, is_id
from tap_exact_online.reading import Client, download
from tap_exact_online.spoken import unstopped
from tap_exact_online.wire import BackOff, Call, Need, Sink

_IN_A_ROW = 3
"""So many files that could not be had one after the other, and the division is left alone for this run."""
_SECOND_TRY = 2.0


@dataclass(frozen=True, slots=True)
class Missing:
    """A file that could not be had.

    Attributes:
        why: What to say of it.
    """

    why: str


@dataclass(slots=True)
class Fetching:
    """Fetches the files of one stream.

    Attributes:
        stream: The stream.
        filed: What it goes by.
        filing: What files are kept with.
        client: What to ask with.
    """

    stream: str
    filed: Filed
    filing: Filing
    client: Client
    _in_a_row: Counter[int] = field(default_factory=Counter, init=False)
    _ended: dict[int, ReadError | LimitReached | None] = field(default_factory=dict, init=False)

    def check(self, division: int) -> None:
        """See that another file of a division may be asked for.

        Raises:
            ReadError: It may not.
        """
        if self.filing.trouble:
            raise NotKept(self.filing.trouble)
        if self.filing.enough:
            msg = f"{self.filing.asked:,} files were asked for, as many as `files_most` lets a run."
            raise EnoughForNow(msg)
        if ended := self._ended.get(division):
            raise ended
        if self._in_a_row[division] >= _IN_A_ROW:
            msg = (
                f"{_IN_A_ROW} files in a row could not be had, so this run asks for no more. The user who connected may lack"
                f" the right to see documents: {MENU} (Dutch: {MENU_DUTCH})."
            )
            raise Refused(msg)
        if self.client.errors.left(division, self.filed.address) <= 0:
            msg = f"{self.filed.address}: refused too often within an hour. It is not asked again, lest Exact block the app."
            raise Refused(msg)

    def known(self, division: int, asked: Asked) -> Known | None:
        """Return the file where it was fetched before.

        Raises:
            NotKept: The place cannot be used.
        """
        try:
            return self.filing.known(self.stream, division, asked) if is_id(asked.id) else None
        except OSError as error:
            raise self._unkept(str(error.strerror or error)) from None

    def fetch(self, division: int, asked: Asked) -> Generator[Need, Any, Known | Missing | None]:
        """Fetch a file: a conversation.

        Returns:
            The file; why it could not be had; or None where it is larger than is wanted.

        Raises:
            ReadError: No more of this division's may be asked for.
            LimitReached: The division's calls of this day are used up.
        """
        self.check(division)
        if not is_id(asked.id):
            return Missing(why="its ID has another form than that of a key")
        if not asked.url:
            return Missing(why="Exact gives no address of it")
        try:
            call = download(self.client.base_url, asked.url, self.filed.address, division, self.filed.options)
        except UnsafeLink as error:
            return Missing(str(error))
        self.filing.asked += 1
        came = yield from self._tried(call, division, asked)
        self._in_a_row[division] = self._in_a_row[division] + 1 if isinstance(came, Missing) else 0
        return came

    def _tried(self, call: Call, division: int, asked: Asked) -> Generator[Need, Any, Known | Missing | None]:
        """Ask for a file, and once more where not all of it may have come."""
        sink = Sink(partial(self.filing.receive, self.stream, division, asked))
        try:
            came = yield from self.client.ask(call, sink)
            if isinstance(came, Unfit) and not (came.page or came.large):
                yield BackOff(_SECOND_TRY)
                came = yield from self.client.ask(call, sink)
        except (Denied, Refused, Unreachable) as error:
            self._ended[division] = self.client.refusal(call)
            return self._missing(error)
        if isinstance(came, Unkept):
            raise self._unkept(came.why)
        if isinstance(came, Unfit):
            return None if came.large else Missing(came.why)
        return came

    def _missing(self, error: ReadError) -> Missing:
        """Say why a file was refused."""
        status = error.status if isinstance(error, Refused) else 0
        if HTTPStatus.MULTIPLE_CHOICES <= status < HTTPStatus.BAD_REQUEST:
            return Missing(why=f"{status}: the server sends elsewhere for it, which is not followed")
        return Missing(str(error))

    def _unkept(self, why: str) -> NotKept:
        self.filing.trouble = (
            f"`files`: {self.filing.place.where} cannot be used: {unstopped(why)}. Make room there, or give this program the right to read and"
            " write; the next run goes on."
        )
        return NotKept(self.filing.trouble)
