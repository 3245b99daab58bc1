"""How far a run is, what it costs and what it waits for. Pure: the clock is handed in, and so is what tells of it.

A run of many hours shows by itself that it goes on: `live` draws this on a terminal, or asks for a line twice a minute.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from enum import Enum
from typing import Any

from tap_exact_online.reading import Remaining
from tap_exact_online.telling.words import counted, duration

_WORTH_TELLING = 1.0
"""A wait of less seconds is over before anybody has read of it."""
_FEW_DIVISIONS = 20
"""With so many, a line for each fits on a screen, and somebody may read it. Thousands would hide the lines that matter."""
_SEEN = 20
"""Calls left are looked up for so many of the divisions that are read: those whose pages came last. Others may rest."""


class Cause(Enum):
    """What a run can stand still for."""

    LIMITS = "limits"
    SERVER = "server"


_CAUSES = {Cause.LIMITS: "for Exact's limits", Cause.SERVER: "for the server"}


@dataclass(frozen=True, slots=True)
class Line:
    """Something to tell.

    Attributes:
        text: For a person.
        numbers: The same for a program, by names that structured logs hold beside the text.
        level: The level of `logging`.
    """

    text: str
    numbers: Mapping[str, Any]
    level: int = logging.INFO


@dataclass(frozen=True, slots=True)
class Totals:
    """What a run came to.

    Attributes:
        rows: Rows that were written.
        streams: Streams that were begun.
        divisions: Divisions of which something was asked.
        calls: Calls that went out.
        seconds: How long it took.
        waited_for_limits: Seconds in which nothing was done because Exact allowed no call.
        waited_for_server: Seconds in which nothing was done because the server was in trouble.
    """

    rows: int = 0
    streams: int = 0
    divisions: int = 0
    calls: int = 0
    seconds: float = 0.0
    waited_for_limits: float = 0.0
    waited_for_server: float = 0.0

    def text(self) -> str:
        """Say it in a sentence or two."""
        text = (
            f"Read {counted(self.rows, 'row')} of {counted(self.streams, 'stream')} in {counted(self.divisions, 'division')}:"
            f" {counted(self.calls, 'call')} in {duration(self.seconds)}."
        )
        waits = [
            f"{duration(seconds)} {_CAUSES[cause]}"
            for cause, seconds in (
                (Cause.LIMITS, self.waited_for_limits),
                (Cause.SERVER, self.waited_for_server),
            )
            if seconds
        ]
        return f"{text} Waited {' and '.join(waits)}." if waits else text

    def numbers(self) -> dict[str, Any]:
        """Return it for a program."""
        return {
            name: round(value, 3) if isinstance(value, float) else value
            for name, value in asdict(self).items()
        }


@dataclass(frozen=True, slots=True)
class Status:
    """Where a run is now.

    Attributes:
        stream: The stream that is read, or None where none is.
        done: Its divisions that were read to their end, or given up.
        divisions: All of its divisions.
        rows: Its rows so far.
        rate: Its rows a second.
        calls: Calls of the whole run so far.
        left: Calls left: the least of the divisions that are being read.
        cause: What the run waits for, or None where it does not.
        wait: For how many more seconds.
    """

    stream: str | None
    done: int
    divisions: int
    rows: int
    rate: float
    calls: int
    left: Remaining
    cause: Cause | None
    wait: float

    def reading(self) -> str:
        """Say how far the stream is."""
        if self.stream is None:
            return "No stream yet"
        rows = f"{counted(self.rows, 'row')}, {self.rate:,.0f} a second"
        return f"{self.stream}: {self.done:,} of {counted(self.divisions, 'division')}, {rows}"

    def costing(self) -> str:
        """Say what it waits for, what it cost, and what is left. Where a line is cut off, the end is what goes."""
        left = [
            f"{number:,} {period}"
            for number, period in ((self.left.minute, "this minute"), (self.left.day, "today"))
            if number is not None
        ]
        parts = [] if self.cause is None else [f"waiting {duration(self.wait)} {_CAUSES[self.cause]}"]
        parts.append(counted(self.calls, "call"))
        if left:
            parts.append(f"{' and '.join(left)} left")
        return "; ".join(parts)

    def line(self) -> Line:
        """Return it as a line of a log."""
        numbers = {
            "stream_name": self.stream,
            "divisions_done": self.done,
            "divisions": self.divisions,
            "rows": self.rows,
            "rows_per_second": round(self.rate, 1),
            "calls": self.calls,
            "calls_left_minute": self.left.minute,
            "calls_left_day": self.left.day,
            "waiting_for": self.cause and self.cause.value,
            "waiting_seconds": round(self.wait, 1),
        }
        return Line(f"{self.reading()}; {self.costing()}", numbers)


@dataclass(slots=True)
class _Division:
    """A division that is being read."""

    began: float
    bookmark: Any
    rows: int = 0
    pages: int = 0


@dataclass(slots=True)
class _Stream:
    """A stream that is being read."""

    name: str
    began: float
    divisions: int = 0
    calls: int = 0
    rows: int = 0
    done: int = 0
    reading: dict[int | None, _Division] = field(default_factory=dict)


class Progress:
    """Is told what a run does, and tells how far it is. One thread may tell it, and any ask it for its `status`."""

    def __init__(
        self,
        clock: Callable[[], float],
        sleep: Callable[[float], None],
        tell: Callable[[Line], None],
        calls: Callable[[], int] = lambda: 0,
        left: Callable[[int], Remaining] = lambda _: Remaining(),
    ) -> None:
        """Begin a run.

        Args:
            clock: Returns the time in seconds.
            sleep: Waits for a number of seconds.
            tell: Passes a line on.
            calls: Returns how many calls went out so far.
            left: Returns how many a division has left.
        """
        self._clock = clock
        self._sleep = sleep
        self._tell = tell
        self._calls = calls
        self._left = left
        self._began = clock()
        self._stream: _Stream | None = None
        self._streams: dict[str, _Stream] = {}
        self._names: set[str] = set()
        self._divisions: set[int] = set()
        self._rows = 0
        self._waited = dict.fromkeys(Cause, 0.0)
        self._pause: tuple[Cause, float] | None = None
        self.drawn = False
        """A person sees where the run is: no line for each division, and none for a wait."""

    def begins(self, stream: str, divisions: int) -> None:
        """Take note that a stream begins. It may be told again, with each division of the stream.

        Args:
            stream: Its name.
            divisions: How many divisions it has.
        """
        if self._stream is None or self._stream.name != stream:
            self._names.add(stream)
            self._stream = self._known(stream)
            self._stream.divisions = divisions
            # What was begun before has waited for this.
            self._stream.began = self._clock()
            for division in self._stream.reading.values():
                division.began = self._stream.began

    def division_begins(self, stream: str, division: int | None, bookmark: Any = None) -> None:
        """Take note that a division of a stream begins, which may be before the stream does.

        Args:
            stream: The stream.
            division: The division; None is all of them, for a stream that knows none.
            bookmark: From where it is read; None for everything.
        """
        self._known(stream).reading[division] = _Division(self._clock(), bookmark)
        if division is not None:
            self._divisions.add(division)

    def page(self, stream: str, division: int | None, rows: int) -> None:
        """Take note that a page of a division was written."""
        self._rows += rows
        known = self._known(stream)
        known.rows += rows
        # Behind the others: `status` looks at those that are read just then.
        read = known.reading[division] = known.reading.pop(division)
        read.rows += rows
        read.pages += 1

    def division_ends(
        self,
        stream: str,
        division: int | None,
        bookmark: Any = None,
        *,
        calls: int = 0,
        complete: bool = True,
    ) -> None:
        """Take note that a division of a stream has ended, and tell of it.

        Args:
            stream: The stream.
            division: The division.
            bookmark: From where it will be read. Where it has not moved, the rows that came were known already.
            calls: How many calls it took.
            complete: It was read to its end.
        """
        known = self._known(stream)
        ended = known.reading.pop(division)
        known.done += 1
        known.calls += calls
        if division is not None:
            news = bool(ended.rows) and (bookmark is None or bookmark != ended.bookmark)
            few = known.divisions <= _FEW_DIVISIONS
            loud = few and not self.drawn and (news or not complete)
            self._tell_of_division(stream, division, ended, loud=loud, complete=complete)
        if known.done == known.divisions:
            del self._streams[stream]
            self._tell_of_stream(known)

    def _known(self, stream: str) -> _Stream:
        """Return what is known of a stream."""
        if stream not in self._streams:
            self._streams[stream] = _Stream(stream, self._clock())
        return self._streams[stream]

    def undivided(self, stream: str, rows: int) -> None:
        """Take note of a stream that knows no divisions, when it has been written."""
        self.begins(stream, 1)
        self.division_begins(stream, None)
        self.page(stream, None, rows)
        self.division_ends(stream, None)

    def _tell_of_division(
        self, stream: str, division: int, known: _Division, *, loud: bool, complete: bool
    ) -> None:
        """Tell of a division: of one that had nothing new, or is one of many, only to those who look closely."""
        seconds = self._clock() - known.began
        read = f"{counted(known.rows, 'row')} in {counted(known.pages, 'page')}, {duration(seconds)}"
        numbers = {
            "stream_name": stream,
            "division": division,
            "rows": known.rows,
            "pages": known.pages,
            "seconds": round(seconds, 3),
            "complete": complete,
        }
        text = f"{stream} in division {division}: {'' if complete else 'broken off after '}{read}"
        self._tell(Line(text, numbers, logging.INFO if loud else logging.DEBUG))

    def _tell_of_stream(self, stream: _Stream) -> None:
        seconds = self._clock() - stream.began
        numbers = {
            "stream_name": stream.name,
            "divisions": stream.divisions,
            "rows": stream.rows,
            "calls": stream.calls,
            "seconds": round(seconds, 3),
        }
        text = (
            f"{stream.name}: {counted(stream.rows, 'row')} of {counted(stream.divisions, 'division')},"
            f" {counted(stream.calls, 'call')}, {duration(seconds)}"
        )
        self._tell(Line(text, numbers))

    def rest(self, seconds: float) -> None:
        """Wait until Exact allows the next call."""
        if seconds >= _WORTH_TELLING and not self.drawn:
            text = f"Waiting {duration(seconds)}: Exact allows no more calls in this minute."
            numbers = {"waiting_for": Cause.LIMITS.value, "waiting_seconds": round(seconds, 1)}
            self._tell(Line(text, numbers))
        self._stand_still(Cause.LIMITS, seconds)

    def back_off(self, seconds: float) -> None:
        """Wait for a server in trouble. What the trouble is has been told."""
        self._stand_still(Cause.SERVER, seconds)

    def _stand_still(self, cause: Cause, seconds: float) -> None:
        began = self._clock()
        self._pause = cause, began + seconds
        try:
            self._sleep(seconds)
        finally:  # also where the run is ended in the middle of it
            self._waited[cause] += self._clock() - began
            self._pause = None

    def status(self) -> Status:
        """Return where the run is now. May be called in any thread."""
        stream, pause, now = self._stream, self._pause, self._clock()
        cause, until = pause or (None, now)
        if stream is None:
            return Status(None, 0, 0, 0, 0.0, self._calls(), Remaining(), cause, max(0.0, until - now))
        lefts = [self._left(division) for division in list(stream.reading)[-_SEEN:] if division is not None]
        seconds = now - stream.began
        return Status(
            stream=stream.name,
            done=stream.done,
            divisions=stream.divisions,
            rows=stream.rows,
            rate=stream.rows / seconds if seconds > 0 else 0.0,
            calls=self._calls(),
            left=Remaining(
                min((left.minute for left in lefts if left.minute is not None), default=None),
                min((left.day for left in lefts if left.day is not None), default=None),
            ),
            cause=cause,
            wait=max(0.0, until - now),
        )

    def beat(self) -> None:
        """Tell that the run goes on. May be called in any thread."""
        self._tell(self.status().line())

    def totals(self) -> Totals:
        """Return what the run has come to so far."""
        return Totals(
            rows=self._rows,
            streams=len(self._names),
            divisions=len(self._divisions),
            calls=self._calls(),
            seconds=self._clock() - self._began,
            waited_for_limits=self._waited[Cause.LIMITS],
            waited_for_server=self._waited[Cause.SERVER],
        )
