"""The entries that books have at certain days: opening balance, returns of VAT, revaluations and the ends of years.

Each settles or closes what the entries of the cycle add up to until its day, so its amounts are reckoned when they are asked for.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial
from typing import Literal, NamedTuple

from tap_exact_online.sandbox.calendars import DAYS, QUARTERS, Calendar
from tap_exact_online.sandbox.chart import CURRENCY_BANK, EXCHANGE, RETAINED, VAT_RETURN, of_result
from tap_exact_online.sandbox.entries import BANK, CLEARING, Cycle, Header, Slot
from tap_exact_online.sandbox.rounds import Rounds, exchange, part

YearEnd = Literal["none", "balances"]
Closing = Literal["result", "none"]
OPENING, RETURN, REVALUATION, CLOSING, END, START = 10, 50, 80, 310, 327, 328
LEAST = 30
_VAT_ACCOUNTS = ("1500", "1505", "1510", "1520")
_FILED, _PAID = 25, 30  # days after a quarter
_UNIT = 10_000  # cents: what opening balances are multiples of, for each round of entries
_ASSETS = (
    ("0100", 60),
    ("0110", -10),
    ("0200", 20),
    ("0210", -5),
    ("0300", 2),
    ("1000", 1),
    ("1100", 10),
    ("1110", 30),
    ("3000", 8),
    ("0700", -40),
    ("0750", -4),
    ("0500", -18),
)


class Booked(NamedTuple):
    """A line of such an entry.

    Attributes:
        line: The line number.
        gl: Code of the ledger account; empty for none.
        cents: The amount, debit positive.
        center: Number of the cost center.
        unit: Number of the cost unit.
        relation: Index of the customer or supplier.
    """

    line: int
    gl: str
    cents: int
    center: int | None = None
    unit: int | None = None
    relation: int | None = None


@dataclass(frozen=True, slots=True)
class Special:
    """An entry outside the cycle.

    Attributes:
        kind: The number of the transaction type.
        journal: Code of the journal.
        day: Its day.
        lines: How many lines it has.
        foreign: Whether it is in the currency of the currency account, in which its amounts are 0.
        early: Whether it comes before all other entries of its day.
        book: Gives the lines.
    """

    kind: int
    journal: str
    day: int
    lines: int
    book: Callable[[Specials], list[Booked]]
    foreign: bool = False
    early: bool = False


@dataclass(frozen=True)
class Plan:
    """Which of these entries a set of books has.

    Attributes:
        cycle: The kinds of entries beside them.
        calendar: The periods.
        header: What line 0 of a memorial entry is.
        delay: After how many rounds an invoice is usually settled.
        closing: Whether years are closed.
        year_end: Whether closed years end and begin with all balances.
    """

    cycle: Cycle
    calendar: Calendar
    header: Header
    delay: int
    closing: Closing
    year_end: YearEnd

    @property
    def before(self) -> list[tuple[Slot, int]]:
        """The payment terms of invoices from before the books: their slot, and the round below 0."""
        return [
            (slot, turn)
            for slot in self.cycle.slots
            if slot.settled is not None
            for turn in range(-slot.lag * self.delay, 0)
        ]

    @property
    def first_before(self) -> int:
        """How many lines of the opening balance come before the first of those invoices, a header of its own aside."""
        return len(_ASSETS) + 1

    @property
    def accounts_of_result(self) -> list[tuple[str, int | None, int | None]]:
        """The accounts of the profit and loss, each with the cost centers and units that it is booked with."""
        found = {
            (each.posting.gl, each.posting.center, each.posting.unit): None
            for each in self.cycle.places
            if each.posting.gl and of_result(each.posting.gl)
        }
        return [*found]

    @property
    def accounts_of_balance(self) -> list[str]:
        """The accounts of the balance sheet that anything is booked on."""
        found = dict.fromkeys(
            [each.posting.gl for each in self.cycle.places]
            + [gl for gl, _ in _ASSETS]
            + [RETAINED, VAT_RETURN, *_VAT_ACCOUNTS]
        )
        return [gl for gl in found if gl and not of_result(gl)]

    def made(self, room: int) -> list[Special]:
        """Return the entries in the order of their days: all that take no more than two fifths of the lines."""
        if room < LEAST:
            return []  # books too small for an opening balance
        opening = [self._memorial(OPENING, 0, self.first_before + len(self.before), _opening, early=True)]
        years = list(self._years())
        for chosen in ([*opening, *years, *self._returns()], [*opening, *years], opening):
            if sum(each.lines for each in chosen) * 5 <= room * 2:
                return sorted(chosen, key=lambda each: (each.day, not each.early))
        return []

    def _memorial(
        self, kind: int, day: int, lines: int, book: Callable[[Specials], list[Booked]], **more: bool
    ) -> Special:
        count = lines + (self.header != "control")
        return Special(kind, "90", day, count, lambda known: self._headed(book(known)), **more)

    def _headed(self, rows: list[Booked]) -> list[Booked]:
        if self.header == "control":
            return [each._replace(line=line) for line, each in enumerate(rows)]
        gl = CLEARING if self.header == "zero" else ""
        return [Booked(0, gl, 0), *(each._replace(line=line) for line, each in enumerate(rows, 1))]

    def _returns(self) -> Iterable[Special]:
        for first, last in QUARTERS:
            if last + _PAID < DAYS:
                book, pay = (
                    partial(_return, first=first, last=last),
                    partial(_payment, first=first, last=last),
                )
                yield self._memorial(RETURN, last + _FILED, len(_VAT_ACCOUNTS) + 1, book)
                yield Special(BANK, "20", last + _PAID, 2, pay)

    def _years(self) -> Iterable[Special]:
        first = 0
        for period in self.calendar.closed:
            last = period.last
            yield self._memorial(REVALUATION, last, 2, partial(_revaluation, last=last), foreign=True)
            if self.closing == "result":
                count = len(self.accounts_of_result) + 1
                yield self._memorial(CLOSING, last, count, partial(_closing, first=first, last=last))
            if self.year_end == "balances":
                count = len(self.accounts_of_balance)
                yield self._memorial(END, last, count, partial(_balances, last=last, sign=-1))
                yield self._memorial(
                    START, last + 1, count, partial(_balances, last=last, sign=1), early=True
                )
            first = last + 1


class Specials:
    """These entries of one division, with the entries of the cycle that they settle and close.

    Args:
        plan: Which there are.
        rounds: The entries of the cycle.
        made: The entries.
    """

    def __init__(self, plan: Plan, rounds: Rounds, made: list[Special]) -> None:
        self.plan = plan
        self.rounds = rounds
        self.made = made
        self._booked: dict[int, list[Booked]] = {}

    def booked(self, nth: int) -> list[Booked]:
        """Return the lines of an entry."""
        if nth not in self._booked:
            self._booked[nth] = self.made[nth].book(self)
        return self._booked[nth]

    def moved(self, first: int, last: int, *kinds: int) -> dict[tuple[str, int | None, int | None], int]:
        """Return what was booked from one day to another on each account, cost center and unit.

        Args:
            first: The first day.
            last: The last day.
            kinds: Which of the entries outside the cycle count, too.
        """
        start = self.rounds.after(first - 1) if first > 0 else 0
        sums = self.rounds.sums(self.rounds.after(last)) - self.rounds.sums(start)
        found: dict[tuple[str, int | None, int | None], int] = defaultdict(int)
        for place, cents in zip(self.plan.cycle.places, sums.cents, strict=True):
            found[place.posting.gl, place.posting.center, place.posting.unit] += cents
        for nth, each in enumerate(self.made):
            if each.kind in kinds and first <= each.day <= last:
                for row in self.booked(nth):
                    found[row.gl, row.center, row.unit] += row.cents
        return found


def _opening(known: Specials) -> list[Booked]:
    rounds, cycle = known.rounds, known.plan.cycle
    unit = _UNIT * max(1, rounds.entries // len(cycle.kinds))
    rows = [Booked(0, gl, times * unit) for gl, times in _ASSETS]
    for slot, turn in known.plan.before:
        entry, control = (
            rounds.entry(turn * len(cycle.kinds) + slot.entry),
            cycle.places[slot.control].posting,
        )
        cents = control.sign * part(entry.cents[control.amount], slot.share)
        rows.append(Booked(0, control.gl, cents, relation=entry.relation))
    rows.insert(len(_ASSETS), Booked(0, RETAINED, -sum(row.cents for row in rows)))
    return rows


def _by_account(moved: dict[tuple[str, int | None, int | None], int]) -> dict[str, int]:
    found: dict[str, int] = defaultdict(int)
    for (gl, _, _), cents in moved.items():
        found[gl] += cents
    return found


def _return(known: Specials, first: int, last: int) -> list[Booked]:
    """Book the VAT of a quarter on the account for what was returned."""
    moved = _by_account(known.moved(first, last))
    rows = [Booked(0, gl, -moved[gl]) for gl in _VAT_ACCOUNTS]
    return [*rows, Booked(0, VAT_RETURN, -sum(row.cents for row in rows))]


def _payment(known: Specials, first: int, last: int) -> list[Booked]:
    due = _return(known, first, last)[-1].cents
    return [Booked(0, "1100", due), Booked(1, VAT_RETURN, -due)]


def _revaluation(known: Specials, last: int) -> list[Booked]:
    """Bring the currency account to the rate of a day."""
    rounds, places = known.rounds, known.plan.cycle.places
    sums = rounds.sums(rounds.after(last))
    on_it = [at for at, place in enumerate(places) if place.posting.gl == CURRENCY_BANK]
    kind = places[on_it[0]].kind
    worth = exchange(sum(sums.foreign[at] for at in on_it), rounds.rate(kind, last))
    booked = sum(sums.cents[at] for at in on_it) + sum(
        row.cents
        for nth, each in enumerate(known.made)
        if each.kind == REVALUATION and each.day < last
        for row in known.booked(nth)
        if row.gl == CURRENCY_BANK
    )
    return [Booked(0, CURRENCY_BANK, worth - booked), Booked(0, EXCHANGE, booked - worth)]


def _closing(known: Specials, first: int, last: int) -> list[Booked]:
    """Book every account of the profit and loss against itself, and the result on the retained earnings."""
    moved = known.moved(first, last, REVALUATION)
    rows = [
        Booked(0, gl, -moved[gl, center, unit], center, unit)
        for gl, center, unit in known.plan.accounts_of_result
    ]
    return [*rows, Booked(0, RETAINED, -sum(row.cents for row in rows))]


def _balances(known: Specials, last: int, sign: int) -> list[Booked]:
    moved = _by_account(known.moved(0, last, OPENING, RETURN, BANK, REVALUATION, CLOSING))
    return [Booked(0, gl, sign * moved[gl]) for gl in known.plan.accounts_of_balance]
