"""What a run could not read, and what that means for its exit code."""

from __future__ import annotations

import logging
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from tap_exact_online.errors import Denied, EnoughForNow, LimitReached, ReadError, TapError, joined
from tap_exact_online.telling.ages import Ages, as_planned, broken
from tap_exact_online.telling.gaps import Gap, Told, lines
from tap_exact_online.telling.older import Older, details, one_warning
from tap_exact_online.telling.progress import Totals
from tap_exact_online.telling.words import counted, listed

_log = logging.getLogger("tap-exact-online")


OUTCOMES: Mapping[int, str] = {
    0: "complete",
    1: "not everything was read. The log says what is missing and why; the next run goes on from the state",
    4: "stopped by a limit. Run again later; the next run goes on from the state",
    130: "ended by Ctrl-C. The next run goes on from the state",
    143: "terminated. The next run goes on from the state",
}
"""What the end of a run means that nothing has broken off: `meltano run` turns every exit code but 0 into 1."""

_LEFT = "as much was read as the settings say{but}. The rest is left for the next run, which goes on from the state"
_BUT = " but for what was skipped"


def tell_outcome(code: int, *, whole: bool = True, skipped: bool = False) -> None:
    """Log an exit code in words, at the end of a run.

    Args:
        code: The exit code.
        whole: Nothing is left for the next run.
        skipped: Something was skipped for lack of a right.
    """
    level = logging.INFO if code == 0 else logging.WARNING if code in _NO_FAULT else logging.ERROR
    but = _BUT * skipped
    words = OUTCOMES.get(code, "ended") + but * (code == 0) if whole else _LEFT.format(but=but)
    _log.log(level, "Exit code %d: %s.", code, words, extra={"exit_code": code})


def tell_failure(error: TapError) -> None:
    """Log what broke a run off, and its exit code, in one line: `meltano config test` shows the last one alone.

    Args:
        error: What did.
    """
    code = error.exit_code
    _log.error("Exit code %d: %s", code, error, extra={"exit_code": code})


_EXAMPLES = 20
"""So many rows of a division that could not be understood are named: there may be any number of them."""
_EXAMPLES_OF_STREAM = 100
"""So many of a stream: there may be any number of divisions."""
_FEW = 5
"""In so many divisions, what was left out without being named is told for each."""

_NOUNS: Mapping[str, str] = {"left": "left for the next run"}
_NO_FAULT = frozenset({LimitReached.exit_code, 130, 143})


@dataclass(slots=True)
class Report:
    """Collects gaps during a run.

    Attributes:
        skip_denied: A missing right does not fail the run.
        failed: What should have been read and was not.
        skipped: What may not be read.
        postponed: What has to wait for Exact's limits.
        until: The moment at which the last of those can be read, or None.
        left: What is left for the next run, because the settings say how much a run is to do: divisions by stream and cause.
        warnings: What a person should read, though everything was read.
        left_out: How many rows could not be understood, by stream and division. A few of them stand in `failed`.
        closed: Divisions that turned out not to be open to us, whatever the list of divisions says.
        ages: How old everything is after the run, where it is to be told.
        unactivated: Streams of which not everything was read, so that a loader is not told that all other rows are gone.
    """

    skip_denied: bool = True
    failed: list[Gap] = field(default_factory=list)
    skipped: list[Gap] = field(default_factory=list)
    postponed: list[Gap] = field(default_factory=list)
    until: datetime | None = None
    left: dict[tuple[str, str], list[int]] = field(default_factory=dict)
    warnings: list[str] = field(default_factory=list)
    left_out: dict[tuple[str, int | None], int] = field(default_factory=dict)
    unactivated: list[str] = field(default_factory=list)
    closed: set[int] = field(default_factory=set)
    ages: Ages | None = None
    _planned: str = ""
    _advice: str = ""
    _told: Told = field(default_factory=Told)
    _examples: Counter[tuple[str, int | None]] = field(default_factory=Counter)
    _examples_of: Counter[str] = field(default_factory=Counter)
    _older: defaultdict[Older, dict[str, set[str]]] = field(default_factory=lambda: defaultdict(dict))
    _said: set[object] = field(default_factory=set)
    """What is said once: that more of it is counted from here on."""

    def missed(
        self, stream: str, division: int | None, error: ReadError | LimitReached, cure: str = ""
    ) -> None:
        """Note that a stream was not read to its end in a division.

        Args:
            stream: The stream.
            division: The division, or None.
            error: Why.
            cure: What to do, where the error does not say it.
        """
        if isinstance(error, EnoughForNow):
            self.left.setdefault((stream, str(error)), []).extend([] if division is None else [division])
            return
        gap = Gap(stream, division, joined(str(error), cure))
        if division is not None and isinstance(error, Denied) and error.whole_division:
            self.closed.add(division)
        if isinstance(error, LimitReached):
            self.postponed.append(gap)
            self.until = max(filter(None, (self.until, error.until)), default=None)
        elif isinstance(error, Denied) and self.skip_denied:
            self.skipped.append(gap)
        else:
            self.failed.append(gap)
        if self._told.takes(gap):
            _log.warning("Not read: %s", gap.line())
            return
        _log.debug("Not read: %s", gap.line())
        if self._first("gaps"):
            _log.warning("More was not read. It is counted from here on, and put together at the end.")

    def rejected(self, stream: str, division: int | None, row: str) -> None:
        """Note a row that could not be understood. It is named by its key, without its content."""
        place = stream, division
        self.left_out[place] = self.left_out.get(place, 0) + 1
        full = self._examples_of[stream] >= _EXAMPLES_OF_STREAM
        if not full and self._examples[place] < _EXAMPLES:
            self._examples[place] += 1
            self._examples_of[stream] += 1
            gap = Gap(stream, division, f"a row was left out: {row}")
            self.failed.append(gap)
            _log.error("%s", gap.line())
        elif self._first((stream, None if full else division)):
            more = Gap(
                stream, None if full else division, "more rows were left out; they are counted from here on"
            )
            _log.error("%s", more.line())

    def _first(self, what: object) -> bool:
        """Tell whether something is to be said for the first time."""
        first = what not in self._said
        self._said.add(what)
        return first

    def _rest(self) -> Iterator[Gap]:
        """Give the rows that were left out without being named."""
        rest: defaultdict[str, dict[int | None, int]] = defaultdict(dict)
        for (stream, division), number in self.left_out.items():
            if more := number - self._examples[stream, division]:
                rest[stream][division] = more
        for stream, divisions in rest.items():
            if len(divisions) <= _FEW:
                yield from (
                    Gap(stream, division, f"{more:,} more rows were left out")
                    for division, more in divisions.items()
                )
            else:
                more = sum(divisions.values())
                yield Gap(stream, None, f"{more:,} more rows were left out, in {len(divisions):,} divisions")

    def withdrawn(self, stream: str, fields: Iterable[str]) -> None:
        """Note fields that Exact does not know any more, and that this run goes on without."""
        names = ", ".join(sorted(fields))
        warning = (
            f"{stream}: Exact does not know {names} any more. Left out for this run; deselect what is gone."
        )
        self.warn(warning)

    def older(self, what: Older, stream: str, fields: Iterable[str]) -> None:
        """Note fields with which rows that were loaded before are not as those of today.

        Args:
            what: How they are not.
            stream: The stream.
            fields: The fields.
        """
        self._older[what].setdefault(stream, set()).update(fields)

    def not_activated(self, stream: str) -> None:
        """Note a stream of which a loader is not told that all other rows are gone."""
        self.unactivated.append(stream)

    def aged(self, read: int, planned: int, ages: Ages, advice: str) -> None:
        """Note how old everything is after a run that did not, or need not, read all of it.

        Args:
            read: How many pairs it has read to their end.
            planned: How many it was to read.
            ages: How old everything is.
            advice: What to do where some of it is older than it may be.
        """
        self.ages, self._planned, self._advice = ages, as_planned(read, planned, ages), advice

    def warn(self, text: str, *, now: bool = True) -> None:
        """Note what a person should read, though everything was read.

        Args:
            text: What.
            now: Say it now, too, and not only at the end of the run.
        """
        self.warnings.append(text)
        if now:
            _log.warning("%s", text)

    @property
    def exit_code(self) -> int:
        """0 complete, 1 some data could not be read, 4 some has to wait."""
        broken = self.ages is not None and bool(self.ages.broken)
        return 1 if self.failed else 4 if self.postponed or broken else 0

    def summarise(self, totals: Totals) -> None:
        """Log what the run came to, and every gap with its cause, most serious first. Many that are alike are put together.

        Args:
            totals: What was read, and what it cost.
        """
        if self.unactivated:
            self.warn(
                f"No ACTIVATE_VERSION was written for {listed(self.unactivated)}, since not every division was read: rows that"
                " are gone in Exact stay in your tables until a run reads all of them.",
                now=False,
            )
        for line in details(self._older):
            _log.info("%s", line)
        if text := one_warning(self._older):
            self.warn(text, now=False)
        self.failed += self._rest()
        numbers = {
            "failed": len(self.failed),
            "postponed": len(self.postponed),
            "skipped": len(self.skipped),
            "left": sum(map(len, self.left.values())),
            "warnings": len(self.warnings),
        }
        notes = [
            f"{number:,} {_NOUNS.get(noun, noun)}"
            for noun, number in numbers.items()
            if number and noun != "warnings"
        ]
        notes += [counted(len(self.warnings), "warning")] if self.warnings else []
        text = f"{totals.text()} {', '.join(notes).capitalize()}{'.' if notes else ''}".strip()
        ages = {} if self.ages is None else self.ages.numbers()
        _log.info("%s", text, extra={**totals.numbers(), **numbers, **ages})
        for title, gaps in (
            ("could not be read", self.failed),
            ("has to wait for Exact's limits", self.postponed),
            ("was skipped for lack of a right (see the setting on_denied)", self.skipped),
        ):
            if gaps:
                _log.warning("%d of the streams and divisions: data %s:", len(gaps), title)
            for line in lines(gaps, totals.divisions):
                _log.warning("  %s", line)
        self._tell_ages()
        for (stream, cause), divisions in self.left.items():
            left = f"{counted(len(divisions), 'division')} ({listed(divisions)})"
            _log.info("  Left for the next run: %s in %s: %s", stream, left, cause)
        for warning in self.warnings:
            _log.warning("  %s", warning)
        if self.until is not None:
            _log.warning("Run again after %s UTC.", self.until.strftime("%Y-%m-%d %H:%M"))

    def _tell_ages(self) -> None:
        """Say how old everything is, where that is to be told, and what is too old."""
        if self.ages is None:
            return
        _log.info("%s", self._planned)
        if self.ages.broken:
            _log.warning("What was read is older than `at_most_old` allows. %s", self._advice)
        for line in broken(self.ages):
            _log.warning("  %s", line)
