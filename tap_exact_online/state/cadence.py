"""How often a stream is asked at most. Pure.

A list of codes need not be asked every hour. A stream that is not due costs no call: what was read of it before is still what
is known, so that is no gap.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from tap_exact_online.catalog import Cadence, Resource, check_streams
from tap_exact_online.errors import ConfigurationError
from tap_exact_online.spoken import spoken

ASKED_FOR = "asked_for"
"""Under this name the state keeps a fingerprint of the fields that were asked for when a division was read last."""
_DAYS: Mapping[Cadence, int] = {Cadence.ALWAYS: 0, Cadence.DAILY: 1, Cadence.WEEKLY: 7}
_ALL_OTHERS = "*"


def is_due(cadence: Cadence, asked: Any, now: float) -> bool:
    """Tell whether what was asked then may be asked again.

    Days are counted, not hours: a run that begins a minute earlier than that of yesterday is as good as that one.

    Args:
        cadence: How often it is asked at most.
        asked: When it was asked last: epoch seconds, or whatever else a state holds.
        now: The time now.
    """
    if not isinstance(asked, int | float) or isinstance(asked, bool) or not 0 <= asked <= now:
        return True
    return (_day(now) - _day(asked)) >= _DAYS[cadence]


def _day(seconds: float) -> int:
    return datetime.fromtimestamp(seconds, UTC).toordinal()


@dataclass(frozen=True, slots=True)
class Cadences:
    """What the user says of it, which goes before what the table of streams says.

    Attributes:
        others: The cadence of all streams that are not named, or None for that of the table.
        named: That of single streams.
    """

    others: Cadence | None = None
    named: Mapping[str, Cadence] = field(default_factory=dict)

    @classmethod
    def parse(cls, value: Mapping[str, Any]) -> Cadences:
        """Read the setting `cadence`.

        Raises:
            ConfigurationError: It names a stream or a cadence that does not exist.
        """
        said = {str(name): _cadence(str(name), each) for name, each in value.items()}
        others = said.pop(_ALL_OTHERS, None)
        check_streams(said, "`cadence`: ")
        return cls(others, said)

    def of(self, resource: Resource) -> Cadence:
        """Return the cadence of a stream."""
        return self.named.get(resource.name) or self.others or Cadence(resource.cadence)


def _cadence(stream: str, text: Any) -> Cadence:
    try:
        return Cadence(text)
    except ValueError:
        kinds = ", ".join(each.value for each in Cadence)
        msg = f"`cadence`: '{spoken(text, 60)}' of '{spoken(stream, 60)}' is none of {kinds}."
        raise ConfigurationError(msg) from None
