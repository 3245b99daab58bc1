"""What happens in the books between the two runs of the demonstration. They hold together afterwards, as real ones do."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid5

from tap_exact_online.catalog.resources import BY_NAME
from tap_exact_online.sandbox.control import Control, ControlError
from tap_exact_online.telling.words import counted

LINES, ACCOUNTS = (BY_NAME[name].path for name in ("transaction_lines", "gl_accounts"))
MEMORIAL, SALE, PURCHASE = 90, 20, 30
"""Types of entries: one of the general journal, and invoices."""
OPEN_ITEMS = frozenset({20, 21, 22})
"""Types of accounts: receivables, prepayments by customers, payables."""
_OURS = UUID("5f0c6d5e-2f0b-4d59-9a55-0d6f4e1d7a10")  # what new keys are made from


@dataclass(frozen=True, slots=True)
class Change:
    """So many rows of a stream are added, changed or deleted in one division.

    Attributes:
        verb: `add`, `change` or `delete`.
        count: How many rows.
        stream: The stream whose rows they are.
    """

    verb: str
    count: int
    stream: str


DAY: Sequence[Change] = (
    Change("delete", 2, "documents"),
    Change("change", 15, "transaction_lines"),
    Change("change", 2, "accounts"),
    Change("change", 4, "gl_accounts"),
    Change("add", 4, "documents"),
    Change("add", 3, "accounts"),
    Change("add", 2, "cost_centers"),
)
"""A day at the office, beside what is booked."""
BOOKED, WITHDRAWN = 10, 2
"""So many entries are booked on that day, and so many deleted: as a whole, since an entry is never changed in part."""

_PAST = {"add": "added", "change": "changed", "delete": "deleted"}


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of entries.

    Attributes:
        booked: The lines of each that was booked.
        withdrawn: The lines of each that was deleted.
    """

    booked: Sequence[int]
    withdrawn: Sequence[int]


def apply(control: Control, division: int, changes: Sequence[Change] = DAY) -> Outcome:
    """Let a day happen in a division of the sandbox."""
    for change in changes:
        getattr(control, change.verb)(division, BY_NAME[change.stream].path, count=change.count)
    lines = control.rows(division, LINES)
    # What is booked on the accounts of customers and suppliers has payment terms, too, which a copy has not.
    control_accounts = {row["ID"] for row in control.rows(division, ACCOUNTS) if row["Type"] in OPEN_ITEMS}
    plain = [
        each
        for each in _entries(lines, MEMORIAL)
        if control_accounts.isdisjoint(line["GLAccount"] for line in each)
    ]
    # Booked now: in a year that is long closed Exact's totals are read again only now and then.
    now = {name: max(lines, key=_period)[name] for name in ("Date", "FinancialYear", "FinancialPeriod")}
    booked = [_book(control, division, each, now) for each in plain[-BOOKED:]]
    return Outcome(booked, _withdraw(control, division, _entries(lines, SALE, PURCHASE)))


def _entries(lines: Sequence[Mapping[str, Any]], *kinds: int) -> list[list[Mapping[str, Any]]]:
    """Return the lines of each entry of these kinds, in the order of the books."""
    entries: dict[str, list[Mapping[str, Any]]] = {}
    for line in lines:
        if line["Type"] in kinds:
            entries.setdefault(line["EntryID"], []).append(line)
    return [each for each in entries.values() if len(each) > 1]


def _period(line: Mapping[str, Any]) -> tuple[int, int]:
    return line["FinancialYear"], line["FinancialPeriod"]


def _book(control: Control, division: int, entry: Sequence[Mapping[str, Any]], now: Mapping[str, Any]) -> int:
    """Book an entry once more, under a number of its own; return how many lines it has."""
    for line in entry:
        keys = {name: str(uuid5(_OURS, line[name])) for name in ("ID", "EntryID")}
        same = {name: value for name, value in line.items() if name not in {"Timestamp", "Modified"}}
        control.set_row(
            division, LINES, {**same, **keys, **now, "EntryNumber": line["EntryNumber"] + 500_000}
        )
    return len(entry)


def _withdraw(control: Control, division: int, entries: Sequence[Sequence[Mapping[str, Any]]]) -> list[int]:
    """Delete the newest entries that nothing was paid of; return how many lines each had."""
    gone: list[int] = []
    for entry in reversed(entries):
        if len(gone) < WITHDRAWN:
            with suppress(ControlError):  # it is paid: then the payment would have to go first
                gone.append(len(control.delete_entry(division, entry[0]["EntryID"])[LINES]))
    return gone


def describe(outcome: Outcome, changes: Sequence[Change] = DAY) -> str:
    """Say in a few lines what has happened."""
    parts = {
        verb: [f"{c.count} {c.stream.replace('_', ' ')}" for c in changes if c.verb == verb] for verb in _PAST
    }
    for verb, entries in (("add", outcome.booked), ("delete", outcome.withdrawn)):
        lines = counted(sum(entries), "transaction line")
        parts[verb].insert(0, f"{counted(len(entries), 'entry', 'entries')} of {lines}")
    return "\n".join(f"    {_PAST[verb]:8} {', '.join(what)}" for verb, what in parts.items())
