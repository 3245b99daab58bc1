"""A hash in place of a value that tells of a person: the same for the same value, in every stream and run with one salt."""

from __future__ import annotations

import hmac
from collections.abc import Iterable
from functools import lru_cache
from typing import Any

import msgspec

_EMPTY = (None, "", msgspec.UNSET)
# What comes again and again is short: names, towns. A remark comes once.
_SHORT = 64
_MANY = 8192


class Pseudonyms:
    """Makes the hashes of one salt.

    Attributes:
        mark: What tells this salt from others, and nothing of it: so a state knows with which one rows were hashed.
    """

    def __init__(self, salt: str) -> None:
        """Take the salt; nothing that is shown holds it."""
        # A copy of it is made sooner than one from the salt.
        self._keyed = hmac.new(salt.encode(), digestmod="sha256")
        self._of_short = lru_cache(maxsize=_MANY)(self._made)
        self.mark = self._made("which salt")[:4]

    def _made(self, text: str) -> str:
        keyed = self._keyed.copy()
        keyed.update(text.encode("utf-8", "surrogatepass"))
        return keyed.hexdigest()

    def of(self, text: str) -> str:
        """Return the hash of a text."""
        return self._of_short(text) if len(text) <= _SHORT else self._made(text)

    def replace(self, records: Iterable[Any], names: Iterable[str]) -> None:
        """Put the hash in place of the text in attributes of records; what is null or empty stays so.

        Args:
            records: Structs.
            names: The attributes.
        """
        of = self.of
        for name in names:
            for record in records:
                value = getattr(record, name)
                if value not in _EMPTY:
                    setattr(record, name, of(value))
