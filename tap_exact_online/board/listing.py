"""The list of divisions, kept for an hour: of all processes one reads it, and the others wait for that.

A list of thousands takes a call for each 60, all of them counted to one division and to the contract. One of a single page is
kept for processes that share the work only: it costs a run one call, and a company that was granted a minute ago is there.
"""

from __future__ import annotations

import logging
import zlib
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

import msgspec

from tap_exact_online.board.places import Board

_log = logging.getLogger("tap-exact-online.divisions")

DIVISIONS = "divisions"
"""The name of the document."""
_PAGE = 60
"""Rows that come with one call."""
_KEPT = 3600.0
_DAY = 86_400.0
_LEASE = 180.0
"""More than a list of some thousands takes, a minute's rest for Exact's limits included."""
_POLL = 1.0
_SKEW = 300.0
"""So far the clock of another machine may be ahead: what it has just done is not to be done again for that."""


class Listed(msgspec.Struct):
    """The list as it is kept.

    Attributes:
        at: When it was read (epoch seconds); 0 where it has to be read anew.
        fields: What the rows hold.
        rows: The rows of the divisions.
        closed: Divisions that turned out not to be open, whatever the list says.
        reader: Who reads it anew now, or empty.
        since: Since when (epoch seconds).
    """

    at: float = 0.0
    fields: list[str] = []
    rows: list[dict[str, Any]] = []
    closed: list[int] = []
    reader: str = ""
    since: float = 0.0

    @property
    def is_long(self) -> bool:
        """Whether it takes more than one call."""
        return len(self.rows) > _PAGE


def opened(content: bytes | None) -> Listed | None:
    """Read the document; None where there is none, or none that can be understood."""
    try:
        found = None if content is None else msgspec.json.decode(zlib.decompress(content), type=Listed)
    except (zlib.error, ValueError, RecursionError):
        return None
    return found if found and all(type(row.get("Code")) is int for row in found.rows) else None


def written(listed: Listed) -> bytes:
    """Return the document."""
    return zlib.compress(msgspec.json.encode(listed))


@dataclass(slots=True)
class Listing:
    """Keeps the list on the board.

    Attributes:
        board: The board.
        fields: What the rows have to hold.
        clock: Returns the time in epoch seconds.
        sleep: Waits for a number of seconds.
        claimed: This process has said that it reads the list, and others wait for it.
    """

    board: Board
    fields: Collection[str]
    clock: Callable[[], float]
    sleep: Callable[[float], None]
    claimed: bool = False
    _me: str = field(default_factory=lambda: uuid4().hex)

    @property
    def select(self) -> list[str]:
        """What to ask for, where the list is read anew: what others asked for lately, too, so that one list serves all."""
        listed = self.kept()
        lately = listed is not None and self.clock() - listed.at < _DAY
        others = listed.fields if listed is not None and lately else ()
        return sorted({*self.fields, *others})

    def kept(self) -> Listed | None:
        """Return the list that is kept, however old it is; None where there is none or it cannot be read."""
        try:
            return opened(self.board.read(DIVISIONS))
        except OSError:
            return None  # whatever stands in the way, Exact still has the list

    def at_hand(self, *, shared: bool = True) -> Sequence[Mapping[str, Any]] | None:
        """Return the list where it was read within the last hour; nobody is waited for.

        Args:
            shared: Also a short one, which is kept for those alone who share the work.
        """
        listed = self.kept()
        counts = listed is not None and (shared or listed.is_long) and self._is_fresh(listed)
        return listed.rows if listed is not None and counts else None

    def fresh(self, *, shared: bool) -> Sequence[Mapping[str, Any]] | None:
        """Return the list where it was read within the last hour, by whomever; None where this process is to read it.

        Args:
            shared: Others are likely to want it at the same time, so it is worth while to agree on who reads it, also where
                it is short or none was kept so far.
        """
        waits = False
        while True:
            listed = self.kept()
            if not shared and (listed is None or not listed.is_long):
                return None
            if listed is not None and self._is_fresh(listed):
                minutes = max(0.0, self.clock() - listed.at) / 60
                _log.info("The list of divisions was read %.0f min ago", minutes)
                return listed.rows
            if self._claim():
                return None
            if not waits:
                _log.info("Another process reads the list of divisions; waiting for it")
            waits = True
            self.sleep(_POLL)

    def _is_fresh(self, listed: Listed) -> bool:
        return -_SKEW <= self.clock() - listed.at < _KEPT and {*self.fields} <= {*listed.fields}

    def _claim(self) -> bool:
        """Say that this process reads the list; tell whether it may."""
        now = self.clock()

        def claim(content: bytes | None) -> bytes | None:
            listed = opened(content) or Listed()
            is_read = bool(listed.reader) and -_SKEW <= now - listed.since < _LEASE
            self.claimed = not is_read and not self._is_fresh(listed)
            if not self.claimed:
                return content
            listed.reader, listed.since = self._me, now
            return written(listed)

        try:
            self.board.change(DIVISIONS, claim)
        except OSError:
            return True  # each reads it for itself
        return self.claimed

    def keep(self, rows: Sequence[Mapping[str, Any]], fields: Collection[str]) -> None:
        """Keep a list that was read, where it is long or others wait for it. One that was kept before is replaced.

        Args:
            rows: Its rows.
            fields: What they hold.
        """
        claimed, self.claimed = self.claimed, False
        now = Listed(self.clock(), sorted(fields), [dict(row) for row in rows])
        codes = {row["Code"] for row in rows}

        def keep(content: bytes | None) -> bytes | None:
            if content is None and not claimed and not now.is_long:
                return None
            before = opened(content) or Listed()
            now.closed = [code for code in before.closed if code in codes]
            return written(now)

        self._change(keep)

    def release(self) -> None:
        """Let others read it, who wait for this process: it could not. What was kept before stays."""
        if not self.claimed:
            return

        def release(content: bytes | None) -> bytes | None:
            listed = opened(content)
            if listed is None or listed.reader != self._me:
                return content
            listed.reader, listed.since = "", 0.0
            return written(listed)

        self.claimed = False
        self._change(release)

    def forget(self, closed: Collection[int] = ()) -> None:
        """Let the next run read the list anew: it is no longer true.

        How long it is stays known. So does which divisions are closed although they are listed: to read it once more every hour
        for one that never opens would help nobody.

        Args:
            closed: Divisions that turned out not to be open. None where something else is wrong with the list.
        """

        def forget(content: bytes | None) -> bytes | None:
            listed = opened(content)
            if listed is None or (closed and {*closed} <= {*listed.closed}):
                return content
            listed.at, listed.closed = 0.0, sorted({*listed.closed, *closed})
            return written(listed)

        self.release()
        self._change(forget)

    def _change(self, change: Callable[[bytes | None], bytes | None]) -> None:
        try:
            self.board.change(DIVISIONS, change)
        except OSError as error:
            _log.warning("The list of divisions cannot be kept for other runs: %s", error.strerror)
