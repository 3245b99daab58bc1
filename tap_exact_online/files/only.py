"""Which files are wanted: the setting `files_only`. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from tap_exact_online.errors import ConfigurationError
from tap_exact_online.spoken import spoken

_TYPES, _LARGEST, _NEWEST = "document_types", "largest", "newest_days"
_EXAMPLE = '{"document_types": [10, 20], "largest": 5000000, "newest_days": 365}'
_MOST_DAYS = 100_000


@dataclass(frozen=True, slots=True)
class Only:
    """The setting `files_only`.

    Attributes:
        document_types: The types of documents whose files are wanted; empty for all.
        largest: The bytes of the largest file that is wanted, or None.
        newest_days: How many days ago a document was made at most, or None.
    """

    document_types: frozenset[int] = frozenset()
    largest: int | None = None
    newest_days: int | None = None

    @classmethod
    def parse(cls, value: Mapping[str, Any]) -> Only:
        """Read the setting.

        Raises:
            ConfigurationError: It has another form.
        """
        if unknown := sorted({*value} - {_TYPES, _LARGEST, _NEWEST}):
            msg = f"`files_only` knows {_TYPES}, {_LARGEST} and {_NEWEST}, not {spoken(', '.join(unknown))}."
            raise ConfigurationError(msg)
        types = value.get(_TYPES) or []
        if not isinstance(types, list) or not all(type(each) is int for each in types):
            msg = f"`files_only`: '{_TYPES}' is no list of whole numbers, as in {_EXAMPLE}."
            raise ConfigurationError(msg)
        numbers = {}
        for name, most in ((_LARGEST, None), (_NEWEST, _MOST_DAYS)):
            number = value.get(name)
            if number is not None and (type(number) is not int or number < 1 or number > (most or number)):
                msg = f"`files_only`: '{name}' is no whole number of 1 and more, as in {_EXAMPLE}."
                raise ConfigurationError(msg)
            numbers[name] = number
        return cls(frozenset(types), numbers[_LARGEST], numbers[_NEWEST])

    @property
    def of_documents(self) -> bool:
        """Whether a document has to be known before it is decided on its files."""
        return bool(self.document_types) or self.newest_days is not None

    def size(self, size: float | None) -> bool:
        """Tell whether a file of that size is wanted; one of which nothing is known may be."""
        return self.largest is None or size is None or size <= self.largest

    def document(self, kind: int | None, made: str | None, now: datetime) -> bool:
        """Tell whether the files of a document are wanted.

        Args:
            kind: Its type.
            made: When it was made, in ISO form with an offset; None where Exact does not say.
            now: The time.
        """
        if self.document_types and kind not in self.document_types:
            return False
        if self.newest_days is None or made is None:
            return True
        return datetime.fromisoformat(made) >= now - timedelta(days=self.newest_days)

    def note(self) -> dict[str, Any] | None:
        """Return what a state holds of it: nothing where every file is wanted."""
        told = {
            _TYPES: sorted(self.document_types),
            _LARGEST: self.largest,
            _NEWEST: self.newest_days,
        }
        return {name: value for name, value in told.items() if value} or None
