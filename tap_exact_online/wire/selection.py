"""What is asked of an endpoint: the selected properties, and what to do when Exact does not know one of them any more."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from tap_exact_online.edm import Property
from tap_exact_online.wire.odata import Decoder

# Each of Exact's wordings has the culprit in quotes behind the word "property". Everything else in them may be the name of a
# field as well and is not at fault: the word `Type`, the model's name (`...Models.BankAccount`), and in the refusal of a call
# without a filter up to 70 names of fields.
_CULPRIT = re.compile(r"\bproperty(?:\s+named?)?\s+(['\"])(\w+)\1", re.IGNORECASE)
_FILTER = re.compile(r"\bfilter", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Selection:
    """What is asked for, compiled once for all divisions.

    Attributes:
        fields: The properties.
        decoder: Reads the answers.
        lacks: What is selected but not asked for, since Exact does not know it.
    """

    fields: tuple[Property, ...]
    decoder: Decoder
    lacks: frozenset[str] = frozenset()

    def options(self, condition: str) -> dict[str, str]:
        """Return the query options of a read with a filter, or without where that is empty."""
        select = {"$select": ",".join(fact.name for fact in self.fields)}
        return {"$filter": condition, **select} if condition else select


@lru_cache(maxsize=256)
def compiled(
    fields: tuple[Property, ...],
    key: str,
    added: tuple[str, ...] = (),
    identity: tuple[str, ...] = (),
    lacks: frozenset[str] = frozenset(),
) -> Selection:
    """Compile a selection once for all divisions.

    Args:
        fields: The properties to ask for.
        key: The property that names a row in a message.
        added: Names of what is added to each row.
        identity: The properties without which a row is none.
        lacks: What is selected but left out.
    """
    return Selection(fields, Decoder(fields, key, added, identity), lacks)


def unknown_field(said: str) -> str | None:
    """Return the name that an error message calls unknown, None where it names none.

    Args:
        said: The message of a 400.
    """
    found = _CULPRIT.search(said)
    return None if found is None else found[2]


def is_about_a_filter(said: str) -> bool:
    """Tell whether an error message says that a filter is missing, or not one that the endpoint takes."""
    return unknown_field(said) is None and _FILTER.search(said) is not None


def halves(number: int, left: int) -> int:
    """Return how many of so many suspects to ask for next, so that the culprit is found before the refusals are used up.

    A call that is refused counts towards the limit after which Exact blocks the app; one that is answered costs a call. With
    `left` refusals and `n` calls one of `C(n, 0) + ... + C(n, left)` can be told from the others: with the fewest calls that
    do, the part to ask for is the one that can be searched with one call and one refusal less.

    Args:
        number: How many suspects there are, 2 or more.
        left: How many more refusals may be met, 1 or more.
    """
    calls = 0
    while _told(calls, left) < number:
        calls += 1
    return max(1, min(number - 1, _told(calls - 1, left - 1)))


def _told(calls: int, refusals: int) -> int:
    """Return among how many one can be found with so many calls, of which so many may be refused."""
    told, chosen = 0, 1
    for taken in range(min(calls, refusals) + 1):
        told += chosen
        chosen = chosen * (calls - taken) // (taken + 1)
    return told
