"""What happens in the books between the two runs of the demonstration."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from tap_exact_online.catalog.resources import BY_NAME
from tap_exact_online.sandbox.control import Control


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
    Change("delete", 5, "transaction_lines"),
    Change("delete", 2, "documents"),
    Change("change", 15, "transaction_lines"),
    Change("change", 2, "accounts"),
    Change("change", 4, "gl_accounts"),
    Change("add", 40, "transaction_lines"),
    Change("add", 6, "payment_terms"),
    Change("add", 4, "documents"),
    Change("add", 3, "accounts"),
    Change("add", 2, "cost_centers"),
)
"""A day at the office."""

_PAST = {"add": "added", "change": "changed", "delete": "deleted"}


def apply(control: Control, division: int, changes: Sequence[Change] = DAY) -> None:
    """Let changes happen in a division of the sandbox."""
    for change in changes:
        getattr(control, change.verb)(division, BY_NAME[change.stream].path, count=change.count)


def describe(changes: Sequence[Change] = DAY) -> str:
    """Say in a few lines what happens."""
    parts = {
        verb: ", ".join(f"{c.count} {c.stream.replace('_', ' ')}" for c in changes if c.verb == verb)
        for verb in _PAST
    }
    return "\n".join(f"    {_PAST[verb]:8} {what}" for verb, what in parts.items() if what)
