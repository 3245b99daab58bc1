"""What a run has met so far, and what follows from it for the next call. Pure: nothing is sent or waited for here."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field

from tap_exact_online.errors import Denied, LimitReached, ReadError, Refused
from tap_exact_online.wire import Call

# The list of divisions is the same under each of them, also under one that is closed: it shows nothing of its own. What
# may be read of SyncTimestamp depends on the endpoint that it is asked about.
_SHOW_NOTHING = frozenset({"system/Divisions", "read/sync/Sync/SyncTimestamp"})

_Error = ReadError | LimitReached


@dataclass(slots=True)
class Experience:
    """What a run has met so far.

    Attributes:
        answered: Something has answered that only Exact would.
        useful: How many answers could be used.
    """

    answered: bool = False
    useful: int = 0
    _read: defaultdict[str, set[int | None]] = field(default_factory=lambda: defaultdict(set))
    _refused: dict[tuple[int | None, str | None], _Error] = field(default_factory=dict)
    _given_up: set[int | str | None] = field(default_factory=set)

    def worked(self, call: Call) -> None:
        """Take note of a call whose answer could be used."""
        self.answered = True
        self.useful += 1
        if call.endpoint not in _SHOW_NOTHING:
            self._read[call.endpoint].add(call.division)

    def contradicts(self, call: Call, error: Denied) -> bool:
        """Tell whether this run has read what is now denied: then rights are the least likely reason."""
        if error.whole_division:
            return any(call.division in divisions for divisions in self._read.values())
        return call.division in self._read.get(call.endpoint, ())

    def refuse(self, call: Call, error: _Error, *, whole_division: bool = False) -> None:
        """Keep a refusal that would only be repeated."""
        self._refused[call.division, None if whole_division else call.endpoint] = error

    def refusal(self, call: Call) -> _Error | None:
        """Return why a call need not be made, or None."""
        both = ((call.division, None), (call.division, call.endpoint))
        return next((self._refused[each] for each in both if each in self._refused), None)

    def turned_away(self, call: Call) -> bool:
        """Tell whether the call's division has refused a good access token elsewhere."""
        return any(
            division == call.division and isinstance(error, Refused) and error.status == 401  # noqa: PLR2004
            for (division, _), error in self._refused.items()
        )

    def give_up(self, call: Call) -> None:
        """Take note of a call that failed on every try."""
        self._given_up |= {call.division, call.endpoint}

    def gave_up(self, call: Call) -> bool:
        """Tell whether the endpoint, in any division, or another one of the division has failed on every try before."""
        return call.endpoint in self._given_up or call.division in self._given_up
