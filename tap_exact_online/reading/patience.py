"""How long to go on trying a call that may yet succeed. Pure: nothing waits here."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from tap_exact_online.wire import Retry

_LONGEST_WAIT = 60.0
# Growing waits of 2 s and more: about four minutes in all. A server that has never answered in this run is more
# likely a wrong setting than a hiccup, and is given up sooner; so is what fails where everything else works.
_TRIES = 8
_TRIES_WHERE_OTHERS_WORK = 4
_TRIES_BEFORE_FIRST_ANSWER = 3
# Tries that count as errors are what is scarce, not time: few of them, over about the same four minutes.
_SPREAD = (1.0, 4.0, 10.0)
_SPREAD_WHERE_OTHERS_WORK = _SPREAD[:1]


@dataclass(frozen=True, slots=True)
class Patience:
    """How long to try.

    Attributes:
        maintenance: Seconds to wait in all while Exact is out of order.
    """

    maintenance: float = 3600.0

    def wait(
        self, action: Retry, tries: int, waited: float, *, answered: bool, others_work: bool = False
    ) -> float | None:
        """Return the seconds to wait before the next try, or None to give up.

        Args:
            action: What the last try came to.
            tries: How many tries came to something of this kind.
            waited: Seconds waited between all tries so far.
            answered: The server has answered in this run before.
            others_work: The server answers other calls meanwhile, so that this one's failure is its own. It says nothing
                of maintenance, which comes to one part of Exact after the other.
        """
        if not answered:
            return 2.0**tries if tries < _TRIES_BEFORE_FIRST_ANSWER else None
        if action.counted:
            spread = _SPREAD_WHERE_OTHERS_WORK if others_work else _SPREAD
            return action.after * spread[tries - 1] if tries <= len(spread) else None
        wait = min(action.after * 2.0 ** min(tries - 1, 10), _LONGEST_WAIT)
        if action.maintenance and waited < self.maintenance:
            return min(wait, max(self.maintenance - waited, 1.0))
        few = others_work and not action.maintenance
        return wait if tries < (_TRIES_WHERE_OTHERS_WORK if few else _TRIES) else None


@dataclass(slots=True)
class Course:
    """What one call has been through.

    Attributes:
        tries: How many tries came to what is to be tried again, by its kind: an hour of maintenance says nothing of what
            comes behind it.
        waited: Seconds waited between them.
        limited: How often no calls were left.
        renewed: Another access token was asked for.
        turned_away: It was repeated with a token that is good.
        useful: How many answers of use this run had when the call first failed.
    """

    tries: Counter[tuple[bool, bool]] = field(default_factory=Counter)
    waited: float = 0.0
    limited: int = 0
    renewed: bool = False
    turned_away: bool = False
    useful: int = 0

    def failed(self, action: Retry, useful: int) -> int:
        """Count a failed try, and return how many there were of its kind."""
        if not self.tries:
            self.useful = useful
        self.tries[action.maintenance, action.counted] += 1
        return self.tries[action.maintenance, action.counted]
