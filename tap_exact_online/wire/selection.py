"""What is asked of an endpoint: the selected properties, and what to do when Exact does not know one of them any more."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from functools import lru_cache

from tap_exact_online.edm import Property
from tap_exact_online.wire.odata import Decoder


@dataclass(frozen=True, slots=True)
class Selection:
    """What is asked for, compiled once for all divisions.

    Attributes:
        fields: The properties.
        decoder: Reads the answers.
    """

    fields: tuple[Property, ...]
    decoder: Decoder

    def options(self, condition: str) -> dict[str, str]:
        """Return the query options of a read with a filter, or without where that is empty."""
        select = {"$select": ",".join(fact.name for fact in self.fields)}
        return {"$filter": condition, **select} if condition else select


@lru_cache(maxsize=256)
def compiled(fields: tuple[Property, ...], key: str, added: tuple[str, ...]) -> Selection:
    """Compile a selection once for all divisions.

    Args:
        fields: The properties to ask for.
        key: The property that names a row in a message.
        added: Names of what is added to each row.
    """
    return Selection(fields, Decoder(fields, key, added))


def unknown_fields(said: str, asked: Iterable[Property], needed: Collection[str]) -> set[str]:
    """Return the asked-for fields that an error message names, without those that no read can do without."""
    words = set(re.findall(r"\w+", said))
    return {fact.name for fact in asked if fact.name in words and fact.name not in needed}
