"""The payment terms: which part of an invoice is due when, and since when it is settled."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from tap_exact_online.sandbox.calendars import DAYS, MILLION
from tap_exact_online.sandbox.chart import GL, RECEIVABLES
from tap_exact_online.sandbox.entries import Slot
from tap_exact_online.sandbox.lines import Term
from tap_exact_online.sandbox.rounds import Rounds, part
from tap_exact_online.sandbox.specials import Plan

_MATCHED, _OPEN, _SELECTED, _SENT = 50, 20, 30, 40
_UNDER_WAY = {0: _SELECTED, 1: _SENT}  # of seven that are open
_IN = 7


class Terms:
    """The payment terms of one division: first those of invoices that the opening balance holds.

    Args:
        rounds: The entries of the cycle.
        plan: Which entries there are beside them; None without an opening balance.
        days: Financial year and period of each day.
        first: Gives the index of an entry's first line.
    """

    def __init__(
        self,
        rounds: Rounds,
        plan: Plan | None,
        days: Sequence[tuple[int, int]],
        first: Callable[[int], int],
    ) -> None:
        self._rounds = rounds
        self._slots = rounds.cycle.slots
        self._kinds = len(rounds.cycle.kinds)
        self._before = [(self._slots.index(slot), turn) for slot, turn in plan.before] if plan else []
        self._opening = plan.first_before + (plan.header != "control") if plan else 0
        self._days = days
        self._first = first
        turns, place = divmod(rounds.entries, self._kinds)
        begun = sum(1 for slot in self._slots if slot.entry < place)
        self.count = len(self._before) + turns * len(self._slots) + begun

    def term(self, index: int) -> Term:
        """Return a payment term; those behind the last repeat the first, and are settled as soon as they begin."""
        if index >= self.count:
            known = self.term(index % self.count) if self.count else self._none()
            year, period = self._days[max(known.day, 0)]
            return known._replace(end=known.day, end_year=year, end_period=period, status=_MATCHED)
        before = len(self._before)
        if index < before:
            known = self._term(*self._before[index], self._opening + index)
            return known._replace(entry=self._rounds.entries, owner=self._rounds.entries)
        turn, at = divmod(index - before, len(self._slots))
        return self._term(at, turn, self._first(turn * self._kinds + self._slots[at].entry))

    def slot(self, index: int) -> int:
        """Return which of the terms of a round a term is."""
        index %= max(1, self.count)
        before = len(self._before)
        return self._before[index][0] if index < before else (index - before) % len(self._slots)

    def of(self, number: int) -> list[int]:
        """Return the terms of the invoice that an entry of the cycle books."""
        turn, place = divmod(number, self._kinds)
        return [self._index(at, turn) for at, slot in enumerate(self._slots) if slot.entry == place]

    def settled_by(self, number: int) -> list[int]:
        """Return the terms of other entries that an entry of the cycle settles."""
        turn, place = divmod(number, self._kinds)
        return [
            self._index(at, turn - slot.lag * self._rounds.delay)
            for at, slot in enumerate(self._slots)
            if slot.settled == place != slot.entry
        ]

    def _index(self, at: int, turn: int) -> int:
        if turn < 0:
            return self._before.index((at, turn))
        return len(self._before) + turn * len(self._slots) + at

    def _none(self) -> Term:
        """Return a term of nothing, for books without invoices."""
        day, gl = DAYS - 1, GL[RECEIVABLES]
        return Term(
            0, 0, 0, "receivable", gl, 0, 0, day, day, None, None, None, _OPEN, 20, "EUR", 0, 0, MILLION, 0
        )

    def _settled(self, slot: Slot, turn: int) -> int | None:
        """Return the number of the entry that settles a term, if there is one by now."""
        if slot.settled is None:
            return None
        number = (turn + slot.lag * self._rounds.delay) * self._kinds + slot.settled
        return number if number < self._rounds.entries else None

    def _term(self, at: int, turn: int, line: int) -> Term:
        slot = self._slots[at]
        number = turn * self._kinds + slot.entry
        entry, kind = self._rounds.entry(number), self._rounds.cycle.kinds[slot.entry]
        control = self._rounds.cycle.control(slot.entry)
        settled = self._settled(slot, turn)
        end = year = period = None
        if settled is not None:
            end = self._rounds.day(settled)
            year, period = self._days[max(end, 0)]
        split = self._settled(self._slots[at - 1], turn) if slot.share[0] else None
        receivable = control.gl == RECEIVABLES
        return Term(
            number,
            number if split is None else split,
            line,
            "receivable" if receivable else "payable",
            GL[control.gl],
            entry.relation or 0,
            number,
            entry.day,
            entry.day + kind.days,
            end,
            year,
            period,
            _UNDER_WAY.get(number % _IN, _OPEN) if end is None else _MATCHED,
            20 if receivable else 22,
            self._rounds.currency(kind),
            control.sign * part(entry.cents[control.amount], slot.share),
            control.sign * part(entry.foreign[control.amount], slot.share),
            entry.rate,
            at,
        )
